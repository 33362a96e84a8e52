/**
 * At which revision a list or watch is to be answered. Pure.
 *
 * The table of resourceVersion and resourceVersionMatch is documented upstream (API concepts); texts from
 * kubernetes/apimachinery pkg/apis/meta/internalversion/validation/validation.go.
 */

import { ApiError, badRequest, invalid } from '../api/api-error.ts'
import type { ListQuery, WatchQuery } from './registry.ts'

/** Read at exactly this revision, or at the newest if that is not older. */
export type ReadPoint = { readonly kind: 'newest' } | { readonly kind: 'exact'; readonly revision: number }

/** @throws ApiError Invalid for combinations that make no sense, Timeout for a revision yet to come */
export function listPoint(query: ListQuery, current: number): ReadPoint {
  const { resourceVersion = '', resourceVersionMatch: match = '' } = query
  if (match !== '' && query.continue) throw forbidden('is forbidden when continue is provided')
  if (match !== '' && resourceVersion === '')
    throw forbidden('is forbidden unless resourceVersion is provided')
  checkMatch(match)
  if (match === 'Exact' && resourceVersion === '0')
    throw forbidden('"exact" is forbidden for resourceVersion "0"')
  const revision = parseRevision(resourceVersion)
  if (query.continue && revision !== 0) {
    throw badRequest('specifying resource version is not allowed when using continue')
  }
  if (revision > current) throw tooLarge(revision, current)
  const isExact = match === 'Exact' || (match === '' && query.limit !== undefined && revision > 0)
  return isExact ? { kind: 'exact', revision } : { kind: 'newest' }
}

/** Where a watch starts: after a revision, or with the current objects as events. */
export type WatchPoint =
  | { readonly kind: 'initial'; readonly withBookmark: boolean }
  | { readonly kind: 'after'; readonly revision: number }

/** @throws ApiError Invalid for combinations that make no sense */
export function watchPoint(query: WatchQuery, current: number): WatchPoint {
  const { resourceVersion = '', resourceVersionMatch: match = '', sendInitialEvents } = query
  if (sendInitialEvents === undefined) {
    if (match !== '') throw forbidden('is forbidden for watch unless sendInitialEvents is provided')
  } else if (match !== 'NotOlderThan') {
    throw forbidden(
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      'sendInitialEvents',
    )
  }
  const revision = parseRevision(resourceVersion)
  if (sendInitialEvents === true) {
    if (revision > current) throw tooLarge(revision, current)
    return { kind: 'initial', withBookmark: query.allowWatchBookmarks === true }
  }
  if (revision !== 0) return { kind: 'after', revision }
  return sendInitialEvents === false
    ? { kind: 'after', revision: current }
    : { kind: 'initial', withBookmark: false }
}

/** @returns 0 for absent and "0" */
function parseRevision(text: string): number {
  if (text === '') return 0
  if (/^\d+$/.test(text)) return Number(text)
  throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
    { type: 'invalid', field: 'resourceVersion', value: text, detail: 'strconv.ParseUint: invalid syntax' },
  ])
}

function checkMatch(match: string): void {
  if (match === '' || match === 'Exact' || match === 'NotOlderThan') return
  throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
    {
      type: 'notSupported',
      field: 'resourceVersionMatch',
      value: match,
      detail: 'supported values: "Exact", "NotOlderThan", ""',
    },
  ])
}

function forbidden(detail: string, field = 'resourceVersionMatch'): ApiError {
  const text = field === 'resourceVersionMatch' ? `resourceVersionMatch ${detail}` : detail
  return invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
    { type: 'forbidden', field, detail: text },
  ])
}

function tooLarge(revision: number, current: number): ApiError {
  const message = `Too large resource version: ${revision}, current: ${current}`
  return new ApiError('Timeout', `Timeout: ${message}`, {
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version', field: '' }],
      retryAfterSeconds: 1,
    },
  })
}
