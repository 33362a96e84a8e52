/**
 * One call of a webhook: the version its rules mean, the request with its objects in that version, and what a patch of
 * them makes of the object that was asked for. Pure.
 *
 * kubernetes/apiserver pkg/admission/conversion.go (VersionedAttributes), pkg/admission/plugin/webhook/mutating/dispatcher.go.
 */

import { ApiError, isApiError } from '../../../api/api-error.ts'
import type { KubernetesObject } from '../../../api/object.ts'
import type { ResourceInfo } from '../../../api/resource.ts'
import { apiVersionOf } from '../../../api/resource.ts'
import type { ServedKinds } from '../../kinds.ts'
import { applyJsonPatch } from '../../patch/json-patch.ts'
import type { AdmissionRequest } from '../admission.ts'
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
 * @returns the object in the request's own version. @throws ApiError InternalError when it cannot be read; what
 * applying the patch throws
 */
export function patchedObject(
  { matched, request }: Invocation,
  sent: KubernetesObject,
  patch: unknown,
  kinds: ServedKinds,
): KubernetesObject {
  const { resource } = request
  const { rules, renamed } = kinds.of(matched)
  const patched = applyJsonPatch(sent, patch)
  const read = renamed === undefined ? readAs(matched, patched, kinds) : (patched as KubernetesObject)
  const named = { ...read, apiVersion: apiVersionOf(matched) }
  return inVersion(rules.setDefaults(named), { from: matched, to: resource }, kinds)
}

/** @returns what the webhooks made of an object, without what its kind does not know. @throws ApiError InternalError */
export function readChanged(
  { resource }: AdmissionRequest,
  object: KubernetesObject,
  kinds: ServedKinds,
): KubernetesObject {
  return kinds.of(resource).renamed === undefined ? object : readAs(resource, object, kinds)
}

function readAs(resource: ResourceInfo, value: unknown, kinds: ServedKinds): KubernetesObject {
  try {
    const { object } = kinds.of(resource).decode(value)
    return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind }
  } catch (error) {
    if (!isApiError(error)) throw error
    const why = error.message.replace(/^.*? cannot be handled as an? \w+: /, '')
    throw new ApiError('InternalError', `Internal error occurred: ${why}`, { cause: error })
  }
}
