/**
 * admission.k8s.io/v1 AdmissionReviews: what a webhook is asked, and what its answer means. Pure.
 * kubernetes/apiserver pkg/admission/plugin/webhook/request/admissionreview.go.
 */

import { ApiError } from '../../../api/api-error.ts'
import type { Status } from '../../../api/generated/meta-v1.ts'
import type { ResourceInfo } from '../../../api/resource.ts'
import { isObject } from '../../json-value.ts'
import type { AdmissionRequest } from '../admission.ts'
import { requestObject } from '../request-object.ts'

/**
 * @param request with its objects in the version that the webhook's rules mean
 * @param matched that version
 * @returns the review's body; `uid` tells answers apart
 */
export function reviewOf(request: AdmissionRequest, matched: ResourceInfo, uid: string): object {
  const { operation, object, old } = request
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid,
      ...requestObject(request, matched),
      object: operation === 'delete' ? null : object,
      oldObject: old ?? null,
    },
  }
}

export interface Verdict {
  /** a JSON patch; empty: nothing is to change */
  readonly patch: readonly unknown[]
  readonly warnings: readonly string[]
}

/** A webhook answered, but not what it was asked. */
export class InvalidResponse extends Error {}

/** Whom an answer is of. */
export interface Answering {
  readonly uid: string
  readonly name: string
  /** only mutating webhooks may */
  readonly mayPatch: boolean
}

/** @throws InvalidResponse when the answer is none; ApiError when it is no */
export function verdictOf(answer: unknown, { uid, name, mayPatch }: Answering): Verdict {
  const response = isObject(answer) ? answer['response'] : undefined
  if (!isObject(answer) || answer['kind'] !== 'AdmissionReview' || !isObject(response)) {
    throw new InvalidResponse('webhook response was not an AdmissionReview with a response')
  }
  if (answer['apiVersion'] !== 'admission.k8s.io/v1') {
    throw new InvalidResponse(
      `expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${String(answer['apiVersion'])}, Kind=AdmissionReview`,
    )
  }
  if (response['uid'] !== uid)
    throw new InvalidResponse(
      `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response['uid'] ?? '')}`,
    )
  const warnings = (Array.isArray(response['warnings']) ? response['warnings'] : []).map(String)
  const { patch, patchType } = response
  if (patch && !mayPatch) throw new InvalidResponse('validating webhook may not return response.patch')
  if (response['allowed'] !== true) throw denied(name, response['status'])
  if (typeof patch !== 'string' || patch === '') return { patch: [], warnings }
  if (patchType !== 'JSONPatch')
    throw new InvalidResponse(
      `invalid response.patchType, not "JSONPatch": ${JSON.stringify(patchType ?? '')}`,
    )
  return { patch: operationsOf(patch), warnings }
}

function operationsOf(patch: string): readonly unknown[] {
  const operations: unknown = JSON.parse(Buffer.from(patch, 'base64').toString('utf8'))
  if (Array.isArray(operations)) return operations
  throw new InvalidResponse('a JSON patch is an array of operations')
}

/** 403 unless the webhook names another code. */
function denied(webhook: string, given: unknown): ApiError {
  const status = (isObject(given) ? given : {}) as Partial<Status>
  const prefix = `admission webhook ${JSON.stringify(webhook)} denied the request`
  const message = status.message
    ? `${prefix}: ${status.message}`
    : status.reason
      ? `${prefix}: ${status.reason}`
      : `${prefix} without explanation`
  return new ApiError('Forbidden', message, status.details ? { details: status.details } : {})
}
