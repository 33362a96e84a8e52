/**
 * POST serviceaccounts/NAME/token: a token of an account, for whoever may ask for it.
 * kubernetes/kubernetes pkg/registry/core/serviceaccount/storage/token.go, pkg/apis/authentication/validation.
 */

import { ApiError, badRequest, conflict, invalid, notFound } from '../../api/api-error.ts'
import type { FieldError } from '../../api/field-error.ts'
import type { BoundObjectReference, TokenRequest } from '../../api/generated/authentication-v1.ts'
import type { Pod } from '../../api/generated/core-v1.ts'
import type { KubernetesObject, ObjectName } from '../../api/object.ts'
import type { Resource } from '../../api/resource.ts'
import { NODES, PODS, SECRETS, SERVICE_ACCOUNTS } from '../../api/scheme.ts'
import { timestamp } from '../../api/timestamp.ts'
import { invalidValue, required, when } from '../../api/validation/faults.ts'
import type { PartAdmission } from '../objects/admit-part.ts'
import { decodeSubresourceBody, withRequestNamespace } from '../requests/decode-body.ts'
import type { RequestContext } from '../registry/registry.ts'
import type { ServiceAccountTokens, TokenFacts, TokenGrant } from './service-account-tokens.ts'

const DEFAULT_SECONDS = 3600
const MIN_SECONDS = 600
const MAX_SECONDS = 2 ** 32
const MAX_AUDIENCES = 100

export interface TokenRequestOptions {
  readonly tokens: ServiceAccountTokens
  readonly find: TokenFacts['find']
  readonly admission: PartAdmission
}

const TOKEN_REQUESTS = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
}

/** @returns the body as a TokenRequest for that account. @throws ApiError BadRequest, Invalid */
export function decodedTokenRequest(
  body: unknown,
  account: ObjectName,
  context: RequestContext,
): TokenRequest {
  const given = decodeSubresourceBody(TOKEN_REQUESTS, body, context)
  const { spec, ...request } = withRequestNamespace(given, account.namespace) as Partial<TokenRequest>
  const { expirationSeconds = DEFAULT_SECONDS, ...rest } = spec ?? {}
  // As Go shows it to webhooks.
  const shown = { audiences: null, boundObjectRef: null, ...rest, expirationSeconds }
  return { ...request, spec: shown, status: {} } as object as TokenRequest
}

function checkName({ metadata }: Partial<TokenRequest>, account: string): void {
  const { name } = metadata ?? {}
  if (!name || name === account) return
  const detail = 'must match the service account name if specified'
  throw invalid(TOKEN_REQUESTS, account, [invalidValue('metadata.name', name, detail)])
}

/** Rejects with ApiError: no such account, a bound object that is gone or another's, limits. */
export async function requestedToken(
  { tokens, find, admission }: TokenRequestOptions,
  { namespace = '', name }: ObjectName,
  sent: TokenRequest,
): Promise<KubernetesObject> {
  const request = await admission.change(sent)
  checkName(request, name)
  const account = find(SERVICE_ACCOUNTS, { namespace, name })
  if (account === undefined) throw notFound(SERVICE_ACCOUNTS, name)
  const errors = requestFaults(request)
  if (errors.length > 0) throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', errors)
  const { expirationSeconds = DEFAULT_SECONDS } = request.spec
  const boundObjectRef = request.spec.boundObjectRef ?? undefined
  const chosen = request.spec.audiences?.length ? request.spec.audiences : tokens.issuers
  await admission.judge({
    ...request,
    metadata: { ...request.metadata, name, namespace },
    spec: { ...request.spec, audiences: chosen },
  })
  const { token, expiresMs } = await tokens.issue({
    account: { namespace, name, uid: account.metadata.uid ?? '' },
    audiences: chosen,
    expirationSeconds,
    bound: boundObjectRef && boundTo(boundObjectRef, { namespace, name }, find),
  })
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: account.metadata.creationTimestamp },
    spec: { audiences: chosen, expirationSeconds, boundObjectRef: boundObjectRef ?? null },
    status: { token, expirationTimestamp: timestamp(expiresMs) },
  } as KubernetesObject
}

function requestFaults({ spec }: TokenRequest): readonly FieldError[] {
  const { expirationSeconds: seconds = DEFAULT_SECONDS } = spec
  const [audiences, boundObjectRef] = [spec.audiences ?? [], spec.boundObjectRef ?? undefined]
  const field = 'spec.expirationSeconds'
  return [
    ...when(seconds < MIN_SECONDS, () =>
      invalidValue(field, seconds, 'may not specify a duration less than 10 minutes'),
    ),
    ...when(seconds > MAX_SECONDS, () =>
      invalidValue(field, seconds, 'may not specify a duration larger than 2^32 seconds'),
    ),
    ...when(audiences.length > MAX_AUDIENCES, () => ({
      type: 'tooMany' as const,
      field: 'spec.audiences',
      value: audiences.length,
      detail: `must have at most ${MAX_AUDIENCES} items`,
    })),
    ...when(boundObjectRef !== undefined && !boundObjectRef.name, () => required('spec.boundObjectRef.name')),
  ]
}

const BINDABLE: Readonly<Record<string, Resource<KubernetesObject>>> = {
  'v1 Pod': PODS,
  'v1 Secret': SECRETS,
  'v1 Node': NODES,
}

function boundTo(
  { apiVersion = '', kind = '', name = '', uid }: BoundObjectReference,
  account: { readonly namespace: string; readonly name: string },
  find: TokenFacts['find'],
): NonNullable<TokenGrant['bound']> {
  const key = `${apiVersion} ${kind}`
  const resource = Object.hasOwn(BINDABLE, key) ? BINDABLE[key] : undefined
  if (resource === undefined)
    throw badRequest(`cannot bind token for serviceaccount to object of type ${apiVersion}, Kind=${kind}`)
  const object = find(resource, { name, namespace: resource.namespaced ? account.namespace : undefined })
  if (object === undefined) throw notFound(resource, name)
  const found = object.metadata.uid ?? ''
  if (uid && uid !== found) {
    const record = `the UID in the bound object reference (${uid}) does not match the UID in record`
    throw conflict(resource, name, `${record}. The object might have been deleted and then recreated`)
  }
  const reference = { name, uid: found }
  if (resource === SECRETS) return { secret: reference }
  if (resource === NODES) return { node: reference }
  return { pod: reference, ...nodeOf(object as Pod, account.name, find) }
}

function nodeOf(
  pod: Pod,
  account: string,
  find: TokenFacts['find'],
): Pick<NonNullable<TokenGrant['bound']>, 'node'> {
  const { serviceAccountName = '', nodeName } = pod.spec
  if (serviceAccountName !== account) {
    throw new ApiError(
      'BadRequest',
      `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`,
    )
  }
  const node = nodeName ? find(NODES, { name: nodeName }) : undefined
  return node ? { node: { name: node.metadata.name, uid: node.metadata.uid ?? '' } } : {}
}
