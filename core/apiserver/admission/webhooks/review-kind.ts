/**
 * Whether what a webhook answered is a review of the kind it was asked with. Pure; the words are those of the decoder
 * that upstream's clients of webhooks have (kubernetes/apiserver pkg/util/webhook/client.go, kubernetes/apimachinery
 * pkg/runtime/scheme.go).
 */

import { apiVersionOf } from '../../../api/resource.ts'
import { REVIEW_VERSIONS } from '../../../api/validation/webhook-client.ts'
import type { JsonObject } from '../../requests/json-value.ts'

export interface ReviewKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** @returns why the answer cannot be read. One without a kind is taken for what was asked for: `otherKind` looks again */
export function unreadableReview(
  answer: JsonObject,
  { group, version, kind }: ReviewKind,
): string | undefined {
  const { apiVersion = '', kind: found = '' } = answer
  const wanted = apiVersionOf({ group, version })
  if ((apiVersion === '' && found === '') || (apiVersion === wanted && found === kind)) return undefined
  const [foundGroup, other = ''] = String(apiVersion).split('/')
  const isKnown = foundGroup === group && REVIEW_VERSIONS.includes(other) && found === kind
  if (isKnown || (apiVersion === 'v1' && found === 'Status')) {
    const name = isKnown ? `${other}.${kind}` : 'v1.Status'
    return `converting (${name}) to (${version}.${kind}): unknown conversion`
  }
  const [shownKind, shownVersion] = [found, apiVersion].map((text) => JSON.stringify(text))
  return `no kind ${shownKind} is registered for version ${shownVersion} in scheme "pkg/runtime/scheme.go:110"`
}

/** @returns why an answer that can be read is none, for it does not say what it is */
export function otherKind({ apiVersion, kind: found }: JsonObject, review: ReviewKind): string | undefined {
  const { kind } = review
  if (apiVersion === apiVersionOf(review) && found === kind) return undefined
  return `expected webhook response of ${apiVersionOf(review)}, Kind=${kind}, got /, Kind=`
}
