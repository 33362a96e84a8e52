/** Requests to watch: when they end, what they tell of beside changes. The stream itself is ./watch-stream.ts. */

import type { Clock, Random } from '../../../host/host.ts'
import { ApiError, badRequest } from '../../api/api-error.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { apiVersionOf } from '../../api/resource.ts'
import { parseFieldSelector } from '../../api/selector-syntax.ts'
import { ConversionFailure, afterConversion } from '../custom-resources/conversion/unconverted.ts'
import type { Registry, RegistryEvent, WatchQuery } from '../registry/registry.ts'
import { listQuery, timeoutSeconds, watchQuery } from '../requests/list-options.ts'
import { checkListQuery } from '../requests/list-query.ts'
import { booleanOf } from '../requests/query-values.ts'
import type { ApiResponse } from '../requests/request.ts'
import type { ResourceRoute } from '../requests/route.ts'
import type { Exchange } from './exchange.ts'
import { watchEncoder, watchStream } from './watch-stream.ts'

/** Watches without timeoutSeconds last between this and twice this (--min-request-timeout). */
const MIN_WATCH_MS = 1_800_000

export interface WatchOptions {
  readonly registry: Registry
  readonly clock: Clock
  readonly random: Pick<Random, 'next'>
}

/** Rejects with ApiError before the first event. */
export async function watchAnswer(
  { request, route, view }: Exchange,
  { registry, clock, random }: WatchOptions,
): Promise<ApiResponse> {
  // The old paths are those of lists to upstream until it is to be answered.
  if (route.isWatch && !booleanOf(request.query, 'watch'))
    checkListQuery(listQuery(request.query, route.namespace))
  const asked = watchQuery(request.query, route.namespace)
  const query = route.name === undefined ? asked : ofOneName(asked, route.name)
  const seconds = timeoutSeconds(request.query)
  const timeoutMs = seconds === undefined ? MIN_WATCH_MS * (1 + random.next()) : seconds * 1000
  const end = registry.kinds.endOf?.(route.resource)
  const signal = AbortSignal.any([request.signal, ...(end ? [end] : [])])
  const encode = watchEncoder(route.resource, view)
  const start = () => {
    const { bookmark, saw } = bookmarks(registry, route, query)
    return watchStream({
      encode,
      open: (onEvent, onFailure) => {
        const seen = (event: RegistryEvent): void => {
          saw(event)
          onEvent(event)
        }
        return registry.watch(route.resource, query, seen, onFailure)
      },
      bookmark: query.allowWatchBookmarks ? bookmark : undefined,
      timeoutMs,
      clock,
      signal,
    })
  }
  const chunks = await afterConversion(start).catch((error: unknown) => {
    throw error instanceof ConversionFailure ? notReady(route.resource, error) : error
  })
  return { kind: 'stream', headers: { 'Content-Type': 'application/json' }, chunks }
}

/** What a watch tells of beside changes. */
interface Bookmarks {
  readonly bookmark: () => RegistryEvent | undefined
  /** to be told of every event */
  readonly saw: (event: RegistryEvent) => void
}

/** 429, as upstream has it while its watch cache cannot be filled. */
function notReady(resource: ResourceInfo, { message }: ConversionFailure): ApiError {
  const kind = `${apiVersionOf(resource)}, Kind=${resource.kind}`
  const text = `storage is (re)initializing: failed to list ${kind}: ${message}`
  return new ApiError('TooManyRequests', text, { details: { retryAfterSeconds: 1 } })
}

/** Bookmarks of a watch that starts now. They tell of more than what the client knew at its start. */
function bookmarks(registry: Registry, { resource }: ResourceRoute, query: WatchQuery): Bookmarks {
  let told = 0
  const saw = (event: RegistryEvent): void => {
    if (event.type !== 'BOOKMARK') told = Math.max(told, Number(event.object.metadata.resourceVersion))
  }
  const { resourceVersion = '0', sendInitialEvents } = query
  const isFromNow = resourceVersion === '0' || sendInitialEvents === true
  const start = Number(isFromNow ? registry.revision() : resourceVersion)
  // Events that are being converted are yet to be told of.
  const isBehind = registry.kinds.of(resource).together !== undefined
  const bookmark: Bookmarks['bookmark'] = () => {
    const resourceVersion = isBehind ? String(told) : registry.revision()
    return Number(resourceVersion) > start ? { type: 'BOOKMARK', resourceVersion } : undefined
  }
  return { bookmark, saw }
}

/** The old paths of watches name an object; a selector may say the same, and nothing else. */
function ofOneName(query: WatchQuery, name: string): WatchQuery {
  const fields = parseFieldSelector(query.fieldSelector ?? '')
  const isSame = fields.some(
    ({ field, operator, value }) => field === 'metadata.name' && operator === '=' && value === name,
  )
  if (fields.length > 0 && !isSame) {
    throw badRequest("fieldSelector metadata.name doesn't match requested name")
  }
  return fields.length > 0 ? query : { ...query, fieldSelector: `metadata.name=${name}` }
}
