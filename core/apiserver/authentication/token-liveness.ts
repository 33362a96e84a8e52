/**
 * Whether what a service account's token was given for is still there, and in upstream's words what is not
 * (kubernetes/kubernetes pkg/serviceaccount/{claims,legacy}.go). Pure.
 */

import { notFound } from '../../api/api-error.ts'
import type { Secret } from '../../api/generated/core-v1.ts'
import type { KubernetesObject, ObjectName } from '../../api/object.ts'
import type { Resource } from '../../api/resource.ts'
import { NODES, PODS, SECRETS, SERVICE_ACCOUNTS } from '../../api/scheme.ts'
import { parseTimestamp } from '../../api/timestamp.ts'
import type { SecretTokenGrant } from '../../api/token-secret.ts'

/** The object as stored now; undefined when there is none. */
export type Find = (resource: Resource<KubernetesObject>, name: ObjectName) => KubernetesObject | undefined

export interface Reference {
  readonly name: string
  readonly uid: string
}

/** What a token that ends says of Kubernetes' own. */
export interface Claims {
  readonly namespace: string
  readonly serviceaccount: Reference
  readonly pod?: Reference
  readonly secret?: Reference
  readonly node?: Reference
}

const INVALIDATED = 'service account token has been invalidated'
/** for what a pod does last */
const DELETION_LEEWAY_MS = 60_000
/** Set by whoever has found that nobody uses a token any more. */
const INVALID_SINCE = 'kubernetes.io/legacy-token-invalid-since'

/** Of a token that ends. @returns undefined when all is there that it was bound to */
export function claimsFault(claims: Claims, find: Find, nowMs: number): string | undefined {
  const { namespace, serviceaccount, pod, secret, node } = claims
  const bound = (
    resource: Resource<KubernetesObject>,
    reference: Reference | undefined,
    what: string,
  ): string | undefined => {
    if (reference === undefined) return undefined
    const inNamespace = resource.namespaced ? { namespace } : {}
    const found = find(resource, { ...inNamespace, name: reference.name })
    if (found === undefined || isOver(found, nowMs)) return INVALIDATED
    const { uid } = found.metadata
    return uid === reference.uid
      ? undefined
      : `${what} UID (${uid}) does not match ${claimOf(what)} (${reference.uid})`
  }
  const account = find(SERVICE_ACCOUNTS, { namespace, name: serviceaccount.name })
  if (account === undefined) return notFound(SERVICE_ACCOUNTS, serviceaccount.name).message
  return (
    bound(SERVICE_ACCOUNTS, serviceaccount, 'service account') ??
    bound(SECRETS, secret, 'secret') ??
    bound(PODS, pod, 'pod') ??
    // The node of a pod goes with the pod.
    (pod === undefined ? bound(NODES, node, 'node') : undefined)
  )
}

const claimOf = (what: string): string =>
  what === 'service account' ? 'claim' : `service account ${what} ref claim`

function isOver({ metadata }: KubernetesObject, nowMs: number): boolean {
  const deletedMs = parseTimestamp(metadata.deletionTimestamp)
  return deletedMs !== undefined && nowMs > deletedMs + DELETION_LEEWAY_MS
}

/** Of a token that a Secret keeps. @returns undefined when the Secret and the account are there */
export function secretTokenFault(grant: SecretTokenGrant, token: string, find: Find): string | undefined {
  const { namespace, account, secret: name } = grant
  const secret = find(SECRETS, { namespace, name }) as Secret | undefined
  if (secret === undefined || secret.metadata.deletionTimestamp !== undefined)
    return 'Token has been invalidated'
  if (Buffer.from(secret.data?.['token'] ?? '', 'base64').toString() !== token)
    return "Token does not match server's copy"
  const found = find(SERVICE_ACCOUNTS, { namespace, name: account.name })
  if (found === undefined) return notFound(SERVICE_ACCOUNTS, account.name).message
  const { uid, deletionTimestamp } = found.metadata
  if (deletionTimestamp !== undefined) return `ServiceAccount ${namespace}/${account.name} has been deleted`
  if (uid !== account.uid) return `ServiceAccount UID (${uid}) does not match claim (${account.uid})`
  return undefined
}

/** Of a token that is alive, but that somebody has found to be used by nobody. @returns undefined when nobody did */
export function markedFault(
  { namespace, account, secret }: SecretTokenGrant,
  { metadata }: Secret,
): string | undefined {
  if (!metadata.labels?.[INVALID_SINCE]) return undefined
  const what = `the token in secret ${namespace}/${secret} for service account ${namespace}/${account.name} has been marked invalid`
  return `${what}. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${INVALID_SINCE}' label from the secret to temporarily allow use of this token`
}
