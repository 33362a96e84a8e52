/**
 * One call of a webhook: the version its rules mean, the request with its objects in that version, and what a patch of
 * them makes of the object that was asked for. Pure.
 *
 * kubernetes/apiserver pkg/admission/conversion.go (VersionedAttributes), pkg/admission/plugin/webhook/mutating/dispatcher.go.
 */

import { ApiError, internalError, isApiError } from '../../../api/api-error.ts'
import type { KubernetesObject } from '../../../api/object.ts'
import type { ResourceInfo } from '../../../api/resource.ts'
import type { KindName } from '../../../api/strict-decode.ts'
import { strictDecode } from '../../../api/strict-decode.ts'
import { apiVersionOf } from '../../../api/resource.ts'
import { goTypeError } from '../../requests/go-json.ts'
import { isObject } from '../../requests/json-value.ts'
import type { ServedKinds } from '../../registry/kinds.ts'
import { VERSION_AND_KIND } from './rest-answer.ts'
import { JsonPatchError, applyJsonPatch } from '../../objects/patch/json-patch.ts'
import type { AdmissionRequest } from '../admission-request.ts'
import { inVersion } from '../equivalents.ts'
import type { Webhook } from './matching.ts'

export interface Invocation {
  readonly webhook: Webhook
  readonly matched: ResourceInfo
  /** as it came */
  readonly request: AdmissionRequest
}

/** @returns the request with both objects in the version the webhook is told of; its resource stays */
export function sentRequest({ matched, request }: Invocation, kinds: ServedKinds): AdmissionRequest {
  const { resource, object, old } = request
  if (matched === resource) return request
  const sent = (one: KubernetesObject): KubernetesObject =>
    inVersion(one, { from: resource, to: matched }, kinds)
  return { ...request, object: sent(object), old: old && sent(old) }
}

/**
 * Upstream reads what a patch made as it reads a body, and defaults it in the version that was patched. A custom resource
 * is read once all webhooks were asked (`readChanged`): what one version does not know another may.
 *
 * @returns what gives the object in the request's own version, which may throw Unconverted. @throws ApiError InternalError when the patch does not fit, or what
 * it makes cannot be read: a webhook that may fail may not do that
 */
export function patchedObject(
  { webhook, matched, request }: Invocation,
  sent: KubernetesObject,
  patch: readonly unknown[],
  kinds: ServedKinds,
): () => KubernetesObject {
  const { resource } = request
  if (request.operation === 'delete') {
    const what = 'attempted to modify the object, which is not supported for this operation'
    throw internalError(`admission webhook ${JSON.stringify(webhook.name)} ${what}`)
  }
  const patched = applied(patch, sent)
  if (!isOf(matched, sent)) {
    const read = readPart(patched, sent, kinds)
    return () => read
  }
  const { rules, converted } = kinds.of(matched)
  const read = converted === undefined ? readAs(matched, patched, kinds) : (patched as KubernetesObject)
  const named = { ...read, apiVersion: apiVersionOf(matched) }
  const defaulted = rules.setDefaults(named)
  return () => inVersion(defaulted, { from: matched, to: resource }, kinds)
}

function applied(patch: readonly unknown[], object: KubernetesObject): unknown {
  try {
    return applyJsonPatch(object, patch)
  } catch (error) {
    throw error instanceof JsonPatchError ? internalError(error.message, error) : error
  }
}

/** @returns what the webhooks made of an object, without what its kind does not know. @throws ApiError InternalError */
export function readChanged(
  { resource }: AdmissionRequest,
  object: KubernetesObject,
  kinds: ServedKinds,
): KubernetesObject {
  const isCustom = kinds.of(resource).converted !== undefined && isOf(resource, object)
  return isCustom ? readAs(resource, object, kinds) : object
}

/** Whether it is an object of the resource, and none that is sent to a part of it (a Scale, a Binding). */
const isOf = (resource: ResourceInfo, { apiVersion, kind }: KubernetesObject): boolean =>
  kind === resource.kind && apiVersion === apiVersionOf(resource)

/** @throws ApiError InternalError for what cannot be read as what it was, or says that it is something else */
function readPart(
  patched: unknown,
  { apiVersion, kind }: KubernetesObject,
  kinds: ServedKinds,
): KubernetesObject {
  const own = { ...groupVersionOf(apiVersion), kind }
  const value = kindedAs(patched, own, kinds)
  return read(() => strictDecode(own, value, { asGiven: true }).object)
}

function readAs(resource: ResourceInfo, value: unknown, kinds: ServedKinds): KubernetesObject {
  const { apiVersion, kind } = { apiVersion: apiVersionOf(resource), kind: resource.kind }
  const kinded = { metadata: {}, ...kindedAs(value, resource, kinds) }
  return read(() => ({ ...kinds.of(resource).decode(kinded).object, apiVersion, kind }))
}

/**
 * The document with its kind: one it does not say is the one it had.
 * @throws ApiError for another: InternalError when there is none such, else in the words of a conversion that nobody made
 */
function kindedAs(value: unknown, own: KindName, kinds: ServedKinds): object {
  if (!isObject(value))
    throw internalError(
      `couldn't get version/kind; json parse error: ${goTypeError(value, VERSION_AND_KIND)}`,
    )
  const apiVersion = value['apiVersion'] || apiVersionOf(own)
  const kind = value['kind'] || own.kind
  const kinded = { ...value, apiVersion, kind }
  if (apiVersion === apiVersionOf(own) && kind === own.kind) return kinded
  const other = kinds.resources.find((row) => row.kind === kind && apiVersionOf(row) === apiVersion)
  if (other === undefined) {
    const [shownKind, shownVersion] = [kind, apiVersion].map((text) => JSON.stringify(text))
    const where = 'in scheme "pkg/runtime/scheme.go:110"'
    throw internalError(`no kind ${shownKind} is registered for version ${shownVersion} ${where}`)
  }
  read(() => kinds.of(other).decode({ metadata: {}, ...kinded }).object)
  const hub = own.group.split('.')[0] || 'core'
  throw new ApiError(
    'Unknown',
    `converting (${other.version}.${other.kind}) to (${hub}.${own.kind}): unknown conversion`,
  )
}

function read(decode: () => KubernetesObject): KubernetesObject {
  try {
    return decode()
  } catch (error) {
    if (!isApiError(error)) throw error
    const why = error.message.replace(/^.*? cannot be handled as an? \w+: /, '')
    throw internalError(why, error)
  }
}

function groupVersionOf(apiVersion: string): Pick<KindName, 'group' | 'version'> {
  const [version = '', group = ''] = apiVersion.split('/').toReversed()
  return { group, version }
}
