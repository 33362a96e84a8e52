/**
 * At which revision a list or watch is to be answered. Pure.
 *
 * The table of resourceVersion and resourceVersionMatch is documented upstream (API concepts); texts from
 * kubernetes/apimachinery pkg/apis/meta/internalversion/validation/validation.go. Differs: where upstream answers
 * 500 to a resourceVersion that is no number (reads of one object, watches), 400 is answered, as to lists.
 */

import { ApiError, badRequest } from '../../api/api-error.ts'
import type { FieldError } from '../../api/field-error.ts'
import { forbiddenField, invalidValue, notSupported, when } from '../../api/validation/faults.ts'
import { fieldErrorMessage } from '../../api/field-error.ts'
import { uint64Fault } from './query-values.ts'
import type { ListQuery, WatchQuery } from '../registry/registry.ts'
import { refuse } from './write-options.ts'

/** Read at exactly this revision, or at the newest if that is not older. */
export type ReadPoint = { readonly kind: 'newest' } | { readonly kind: 'exact'; readonly revision: number }

/** @throws ApiError Invalid for combinations that make no sense */
export function checkListQuery(query: ListQuery): void {
  refuse('ListOptions', listFaults(query))
}

/** @throws ApiError BadRequest for what is no resourceVersion, Timeout for a revision yet to come */
export function listPoint(
  query: ListQuery,
  current: number,
  /** the query names the one object it is about: a limit means nothing then */
  { isOneObject = false }: { readonly isOneObject?: boolean } = {},
): ReadPoint {
  const { resourceVersion = '', resourceVersionMatch: match = '' } = query
  if (query.continue && !isAny(resourceVersion)) {
    throw badRequest('specifying resource version is not allowed when using continue')
  }
  const revision = parseRevision(resourceVersion, 'invalid resource version: ')
  const isLimited = match === '' && query.limit !== undefined
  // Upstream asks its store then, and not its cache, which alone says when to come again.
  const isOfStore = isOneObject && (match === 'Exact' || isLimited)
  if (revision > current) throw tooLarge(revision, current, isOfStore ? {} : COME_AGAIN)
  const isPage = query.limit !== undefined && !isOneObject
  const isExact = match === 'Exact' || (match === '' && isPage && revision > 0)
  // However it is written, 0 is any.
  return isExact && revision > 0 ? { kind: 'exact', revision } : { kind: 'newest' }
}

const isAny = (resourceVersion: string): boolean => resourceVersion === '' || resourceVersion === '0'

/** How many objects a page has. Who is content with anything gets all of it from upstream's cache: without pages. */
export function pageSize(query: ListQuery): number | undefined {
  return query.resourceVersion === '0' ? undefined : query.limit
}

const MATCH = 'resourceVersionMatch'
const EVENTS = 'sendInitialEvents'

function listFaults(query: ListQuery): readonly FieldError[] {
  const { resourceVersion = '', resourceVersionMatch: match = '' } = query
  const forbidden = (why: string): FieldError => forbiddenField(MATCH, `${MATCH} ${why}`)
  const ofMatch = [
    ...when(resourceVersion === '', () => forbidden('is forbidden unless resourceVersion is provided')),
    ...when(query.continue, () => forbidden('is forbidden when continue is provided')),
    ...when(match !== 'Exact' && match !== 'NotOlderThan', () =>
      notSupported(MATCH, match, ['Exact', 'NotOlderThan', '']),
    ),
    ...when(match === 'Exact' && resourceVersion === '0', () =>
      forbidden('"exact" is forbidden for resourceVersion "0"'),
    ),
  ]
  return [
    ...(match === '' ? [] : ofMatch),
    ...when(query.sendInitialEvents !== undefined, () =>
      forbiddenField(EVENTS, `${EVENTS} is forbidden for list`),
    ),
  ]
}

/** Where a watch starts: after a revision, or with the current objects as events. */
export type WatchPoint =
  | { readonly kind: 'initial'; readonly withBookmark: boolean }
  | { readonly kind: 'after'; readonly revision: number }

/** @throws ApiError Invalid for combinations that make no sense, BadRequest for what is no resourceVersion */
export function watchPoint(query: WatchQuery, current: number): WatchPoint {
  const { resourceVersion = '', sendInitialEvents } = query
  refuse('ListOptions', watchFaults(query))
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

function watchFaults(query: WatchQuery): readonly FieldError[] {
  const { resourceVersionMatch: match = '', sendInitialEvents } = query
  const forbidden = (why: string): FieldError => forbiddenField(MATCH, why)
  const ofMatch = [
    ...when(sendInitialEvents === undefined, () =>
      forbidden(`${MATCH} is forbidden for watch unless ${EVENTS} is provided`),
    ),
    ...when(match !== 'NotOlderThan', () => notSupported(MATCH, match, ['NotOlderThan'])),
    ...when(query.continue, () => forbidden(`${MATCH} is forbidden when continue is provided`)),
  ]
  return [
    ...when(sendInitialEvents !== undefined && match !== 'NotOlderThan', () =>
      forbidden(`${EVENTS} requires setting ${MATCH} to NotOlderThan`),
    ),
    ...(match === '' ? [] : ofMatch),
  ]
}

/** @returns 0 for absent and "0". Throws ApiError BadRequest */
export function parseRevision(text: string, prefix = ''): number {
  const fault = text === '' ? undefined : uint64Fault(text)
  if (fault === undefined) return Number(text)
  throw badRequest(prefix + fieldErrorMessage(invalidValue('resourceVersion', text, fault)))
}

const COME_AGAIN = { retryAfterSeconds: 1 }

/** 504: the revision may come, so the client is told to ask again. */
export function tooLarge(
  revision: number,
  current: number,
  again: { readonly retryAfterSeconds?: number } = COME_AGAIN,
): ApiError {
  const message = `Too large resource version: ${revision}, current: ${current}`
  return new ApiError('Timeout', `Timeout: ${message}`, {
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      ...again,
    },
  })
}
