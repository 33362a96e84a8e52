/**
 * admission.k8s.io/v1 AdmissionReviews: what a webhook is asked, and what its answer means. Pure.
 * kubernetes/apiserver pkg/admission/plugin/webhook/request/admissionreview.go.
 */

import { ApiError } from '../../../api/api-error.ts'
import type { Status } from '../../../api/generated/meta-v1.ts'
import type { ResourceInfo } from '../../../api/resource.ts'
import { goQuoted } from '../../../api/go-text.ts'
import { goSyntaxError, goTypeError } from '../../requests/go-json.ts'
import type { JsonObject } from '../../requests/json-value.ts'
import { isObject } from '../../requests/json-value.ts'
import type { AdmissionRequest } from '../admission-request.ts'
import { otherKind, unreadableReview } from './review-kind.ts'
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

/** What it answered cannot be read as a review. */
export class UnreadableResponse extends Error {}

/** Its patch is none. */
export class UnusablePatch extends Error {}

const REVIEW = { group: 'admission.k8s.io', version: 'v1', kind: 'AdmissionReview' }

/** Whom an answer is of. */
export interface Answering {
  readonly uid: string
  readonly name: string
  /** only mutating webhooks may */
  readonly mayPatch: boolean
}

/** @throws InvalidResponse when the answer is none; ApiError when it is no */
export function verdictOf(answer: unknown, { uid, name, mayPatch }: Answering): Verdict {
  const review = isObject(answer) ? answer : {}
  const unreadable = unreadableReview(review, REVIEW)
  if (unreadable !== undefined) throw new UnreadableResponse(unreadable)
  const { response } = review
  if (!isObject(response)) throw new InvalidResponse('webhook response was absent')
  if (response['uid'] !== uid)
    throw new InvalidResponse(
      `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response['uid'] ?? '')}`,
    )
  const other = otherKind(review, REVIEW)
  if (other !== undefined) throw new InvalidResponse(other)
  const patch = mayPatch ? patchOf(response) : refusePatch(response)
  const warnings = (Array.isArray(response['warnings']) ? response['warnings'] : []).map(String)
  if (response['allowed'] !== true) throw denied(name, response['status'])
  if (patch === undefined) return { patch: [], warnings }
  const operations = operationsOf(patch.text)
  if (operations.length > 0 && patch.type !== 'JSONPatch')
    throw new UnusablePatch(`unsupported patch type ${goQuoted(patch.type)}`)
  return { patch: operations, warnings }
}

function refusePatch({ patch, patchType }: JsonObject): undefined {
  if (patch) throw new InvalidResponse('validating webhook may not return response.patch')
  if (patchType !== undefined && patchType !== null)
    throw new InvalidResponse('validating webhook may not return response.patchType')
  return undefined
}

/** @throws InvalidResponse for a patch without its type, or a type without a patch */
function patchOf({
  patch,
  patchType,
}: JsonObject): { readonly text: string; readonly type: string } | undefined {
  const text = typeof patch === 'string' ? patch : ''
  if (/[^A-Za-z0-9+/=]/.test(text))
    throw new UnreadableResponse(`illegal base64 data at input byte ${text.search(/[^A-Za-z0-9+/=]/)}`)
  const isTyped = patchType !== undefined && patchType !== null
  if (text !== '' && !isTyped)
    throw new InvalidResponse('webhook returned response.patch but not response.patchType')
  if (text === '' && isTyped)
    throw new InvalidResponse('webhook returned response.patchType but not response.patch')
  if (text === '') return undefined
  if (patchType === '') throw new InvalidResponse('webhook returned invalid response.patchType of ""')
  return { text, type: String(patchType) }
}

function operationsOf(patch: string): readonly unknown[] {
  const bytes = Buffer.from(patch, 'base64')
  const fault = goSyntaxError(bytes)
  const undecodable = 'received undecodable patch in webhook response: '
  if (fault !== undefined) throw new UnusablePatch(`${undecodable}${fault}`)
  const operations: unknown = JSON.parse(bytes.toString('utf8'))
  if (operations === null) return []
  if (!Array.isArray(operations))
    throw new UnusablePatch(`${undecodable}${goTypeError(operations, 'jsonpatch.Patch')}`)
  return operations
}

/** Who says no may say so with a code and a reason of its own: 400 and none where it says nothing. */
function denied(webhook: string, given: unknown): ApiError {
  const status = (isObject(given) ? given : {}) as Partial<Status>
  const { reason, code = 0, details } = status
  const prefix = `admission webhook ${JSON.stringify(webhook)} denied the request`
  const why = status.message || reason
  const message = why ? `${prefix}: ${why}` : `${prefix} without explanation`
  const said = { code: Math.min(Math.max(code, 400), 599), reason }
  return new ApiError('Forbidden', message, { said, ...(details ? { details } : {}) })
}
