/**
 * What the query string of a list, watch or deletecollection says. Pure.
 *
 * kubernetes/apimachinery pkg/apis/meta/internalversion (ListOptions, SetListOptionsDefaults).
 */

import { booleanOf, int64Of } from './query-values.ts'
import type { ListQuery, WatchQuery } from '../registry/registry.ts'

const some = (value: string | null): string | undefined =>
  value === null || value === '' ? undefined : value

const positive = (value: number | undefined): number | undefined =>
  value !== undefined && value > 0 ? value : undefined

/**
 * @returns what a list or deletecollection is restricted to
 * @throws ApiError BadRequest for numbers that are none, also in parameters that only a watch heeds
 */
export function listQuery(query: URLSearchParams, namespace: string | undefined): ListQuery {
  timeoutSeconds(query)
  return {
    ...restriction(query, namespace),
    limit: positive(int64Of(query, 'limit')),
    sendInitialEvents: booleanOf(query, 'sendInitialEvents'),
  }
}

/** @returns what a watch shows. Throws ApiError BadRequest for numbers that are none */
export function watchQuery(query: URLSearchParams, namespace: string | undefined): WatchQuery {
  int64Of(query, 'limit')
  const asked: WatchQuery = {
    ...restriction(query, namespace),
    sendInitialEvents: booleanOf(query, 'sendInitialEvents'),
    allowWatchBookmarks: booleanOf(query, 'allowWatchBookmarks') ?? false,
  }
  const isWhole = (asked.resourceVersion ?? '0') === '0'
  const isOpen = asked.sendInitialEvents === undefined && asked.resourceVersionMatch === undefined
  // The old way of asking for what there is, and then its changes.
  return isWhole && isOpen
    ? { ...asked, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }
    : asked
}

function restriction(query: URLSearchParams, namespace: string | undefined): Omit<ListQuery, 'limit'> {
  return {
    namespace,
    labelSelector: some(query.get('labelSelector')),
    fieldSelector: some(query.get('fieldSelector')),
    continue: some(query.get('continue')),
    resourceVersion: some(query.get('resourceVersion')),
    resourceVersionMatch: some(query.get('resourceVersionMatch')),
  }
}

/** How long a watch is to last; undefined: as long as the server likes; 0: it is over. Throws ApiError BadRequest */
export function timeoutSeconds(query: URLSearchParams): number | undefined {
  const seconds = int64Of(query, 'timeoutSeconds')
  return seconds === undefined || Number(seconds) === 0 ? undefined : Math.max(0, Number(seconds))
}
