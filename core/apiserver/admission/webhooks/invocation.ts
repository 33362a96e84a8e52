/**
 * One call of a webhook: the version its rules mean, the request with its objects in that version, and what a patch of
 * them makes of the object that was asked for. Pure.
 *
 * kubernetes/apiserver pkg/admission/conversion.go (VersionedAttributes), pkg/admission/plugin/webhook/mutating/dispatcher.go.
 */

import { internalError, isApiError } from '../../../api/api-error.ts'
import type { KubernetesObject } from '../../../api/object.ts'
import type { ResourceInfo } from '../../../api/resource.ts'
import { apiVersionOf } from '../../../api/resource.ts'
import type { ServedKinds } from '../../kinds.ts'
import { JsonPatchError, applyJsonPatch } from '../../patch/json-patch.ts'
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
  const { rules, converted } = kinds.of(matched)
  const patched = applied(patch, sent)
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
  return kinds.of(resource).converted === undefined ? object : readAs(resource, object, kinds)
}

function readAs(resource: ResourceInfo, value: unknown, kinds: ServedKinds): KubernetesObject {
  try {
    const { object } = kinds.of(resource).decode(value)
    return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind }
  } catch (error) {
    if (!isApiError(error)) throw error
    const why = error.message.replace(/^.*? cannot be handled as an? \w+: /, '')
    throw internalError(why, error)
  }
}
