/**
 * apiextensions.k8s.io ConversionReviews: what a webhook is asked to convert, and what is made of its answer. Pure.
 * kubernetes/apiextensions-apiserver pkg/apiserver/conversion/webhook_converter.go.
 */

import { deepFreeze } from '../../../api/deep-freeze.ts'
import { sortedJson } from '../../../api/json-schema/schema.ts'
import type { KubernetesObject } from '../../../api/object.ts'
import { REVIEW_VERSIONS } from '../../../api/validation/webhook-client.ts'
import { goTypeError } from '../../requests/go-json.ts'
import { isObject, jsonCopy } from '../../requests/json-value.ts'
import type { JsonObject } from '../../requests/json-value.ts'
import { otherKind, unreadableReview } from '../../admission/webhooks/review-kind.ts'
import { restoredMetadata } from './restored-metadata.ts'

const GROUP = 'apiextensions.k8s.io'

/** One request to a webhook. */
export interface ConversionRequest {
  readonly uid: string
  /** of the review */
  readonly version: string
  /** group and version the objects are wanted in */
  readonly desired: string
  readonly objects: readonly KubernetesObject[]
}

/** @returns the first version of reviews that both sides know; undefined: there is none */
export const reviewVersion = (versions: readonly string[]): string | undefined =>
  versions.find((version) => REVIEW_VERSIONS.includes(version))

/** @returns the review's body. Upstream sends an empty response along */
export function conversionReview({ uid, version, desired, objects }: ConversionRequest): object {
  return {
    kind: 'ConversionReview',
    apiVersion: `${GROUP}/${version}`,
    request: { uid, desiredAPIVersion: desired, objects },
    response: { uid: '', convertedObjects: null, result: { metadata: {} } },
  }
}

/**
 * @param subject the objects, as messages name them: `stable.example.com/v1, Kind=CronTab`
 * @returns the objects, converted, in the order they were sent
 * @throws Error worded as upstream
 */
export function convertedObjects(
  answer: unknown,
  request: ConversionRequest,
  subject: string,
): readonly KubernetesObject[] {
  const objects = during(`conversion webhook for ${subject} failed`, () => answeredObjects(answer, request))
  const { length } = request.objects
  if (objects.length !== length) {
    const counts = `returned ${objects.length} objects, expected ${length}`
    throw new Error(`conversion webhook for ${subject} ${counts}`)
  }
  return request.objects.map((object, index) => {
    const converted = readObject(objects[index])
    return during(`conversion webhook for ${subject} returned invalid`, () =>
      checked(object, converted, request.desired, index),
    )
  })
}

/** @throws Error with what went wrong before its message; what separates them is the inner one's */
function during<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const separator = what.endsWith('invalid') ? ' ' : ': '
    throw new Error(`${what}${separator}${why}`, { cause: error })
  }
}

function answeredObjects(answer: unknown, { uid, version }: ConversionRequest): readonly unknown[] {
  const review = isObject(answer) ? answer : {}
  const kind = { group: GROUP, version, kind: 'ConversionReview' }
  // The older version did without a look at what the answer says of itself.
  const fault = unreadableReview(review, kind) ?? (version === 'v1' ? otherKind(review, kind) : undefined)
  if (fault !== undefined) throw new Error(fault)
  const { response } = review
  if (!isObject(response)) throw new Error('no response provided')
  if (version === 'v1' && response['uid'] !== uid) {
    const [wanted, got] = [uid, response['uid'] ?? ''].map((text) => JSON.stringify(text))
    throw new Error(`expected response.uid=${wanted}, got ${got}`)
  }
  const { status = '', message } = (isObject(response['result']) ? response['result'] : {}) as JsonObject
  if (status !== 'Success') {
    const silent = `response.result.status was '${String(status)}', not 'Success'`
    throw new Error(typeof message === 'string' && message !== '' ? message : silent)
  }
  const objects = response['convertedObjects']
  return Array.isArray(objects) ? objects : []
}

function readObject(value: unknown): JsonObject {
  if (value === null || value === undefined) throw new Error('unexpected end of JSON input')
  if (!isObject(value)) throw new Error(goTypeError(value, 'map[string]interface {}'))
  if (typeof value['kind'] === 'string' && value['kind'] !== '') return value
  throw new Error(`Object 'Kind' is missing in '${JSON.stringify(sortedJson(value))}'`)
}

/** @throws Error that goes on after `returned invalid` */
function checked(
  original: KubernetesObject,
  converted: JsonObject,
  desired: string,
  index: number,
): KubernetesObject {
  const { apiVersion = '', kind } = converted
  const metadata = (isObject(converted['metadata']) ? converted['metadata'] : {}) as JsonObject
  if (apiVersion !== desired)
    throw new Error(
      `object at index ${index}: invalid groupVersion (expected ${desired}, received ${String(apiVersion)})`,
    )
  if (kind !== original.kind)
    throw new Error(
      `object at index ${index}: invalid kind (expected ${original.kind}, received ${String(kind)})`,
    )
  for (const [what, field] of IDENTITY) {
    const [before = '', after = ''] = [original.metadata[field], metadata[field]]
    if (before !== after) throw new Error(`object: must have the same ${what}: ${before} != ${String(after)}`)
  }
  return deepFreeze({
    ...(jsonCopy(converted) as KubernetesObject),
    metadata: during('metadata', () => restoredMetadata(original.metadata, metadata)),
  })
}

const IDENTITY = [
  ['name', 'name'],
  ['namespace', 'namespace'],
  ['UID', 'uid'],
] as const
