/**
 * Watches: the store's events as a client with selectors sees them. An object that starts to match is ADDED, one
 * that stops is DELETED. Nothing is copied but the last state of deleted objects, once per event for all watchers.
 */

import { ApiError } from '../../api/api-error.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { deepFreeze } from '../../api/deep-freeze.ts'
import type { StoreEvent } from '../../store/store.ts'
import { CompactedError } from '../../store/store.ts'
import { Unconverted } from '../custom-resources/conversion/unconverted.ts'
import type { Environment } from '../registry/environment.ts'
import { listObjects } from './list.ts'
import { watchPoint } from '../requests/list-query.ts'
import type { RegistryEvent, WatchQuery } from '../registry/registry.ts'
import type { Selection } from './selection.ts'
import { selectionOf } from './selection.ts'

/** Last states by the event that ended them. */
export type LastStates = WeakMap<StoreEvent, KubernetesObject>

/** @throws ApiError Expired when the start is no longer kept, Invalid or BadRequest for the query; Unconverted */
export function watchObjects(
  env: Environment,
  lastStates: LastStates,
  request: { readonly resource: ResourceInfo; readonly query: WatchQuery },
  { onEvent, onFailure }: Watcher,
): () => void {
  const { resource, query } = request
  const selection = selectionOf(env, resource, query)
  const point = watchPoint(query, env.store.revision)
  const after = point.kind === 'after' ? point.revision : env.store.revision
  if (point.kind === 'initial') {
    const { namespace, labelSelector, fieldSelector } = query
    const { items } = listObjects(env, resource, { namespace, labelSelector, fieldSelector })
    for (const object of items) onEvent({ type: 'ADDED', object })
    if (point.withBookmark) {
      onEvent({ type: 'BOOKMARK', resourceVersion: String(after), initialEventsEnd: true })
    }
  }
  const { fromStorage: show, together } = env.kinds.of(resource)
  const tell = (event: StoreEvent): void => {
    const seen = visible(show ? shownEvent(event, show) : event, selection, lastStates)
    if (seen) onEvent(seen)
  }
  if (together === undefined) return follow(env, selection, after, tell)
  const line = inOrder(tell, onFailure)
  const unfollow = follow(env, selection, after, line.next)
  return () => {
    line.end()
    unfollow()
  }
}

/** Who is told of events. */
export interface Watcher {
  readonly onEvent: (event: RegistryEvent) => void
  /** nothing follows it: an object of an event could not be converted */
  readonly onFailure?: ((error: unknown) => void) | undefined
}

/** A watcher further behind than this has to list again. */
const MAX_WAITING = 20_000

/** Tells of one event after the other, however long the conversions of one take; at once where there are none. */
function inOrder(
  tell: (event: StoreEvent) => void,
  onFailure: (error: unknown) => void = () => undefined,
): { readonly next: (event: StoreEvent) => void; readonly end: () => void } {
  const waiting: StoreEvent[] = []
  let isEnded = false
  const end = (): void => {
    isEnded = true
    waiting.length = 0
  }
  /** Tells what can be told by now. @returns what has to be done before the rest */
  const told = (): Unconverted | undefined => {
    for (let event = waiting[0]; event !== undefined && !isEnded; event = waiting[0]) {
      try {
        tell(event)
      } catch (error) {
        if (error instanceof Unconverted) return error
        throw error
      }
      waiting.shift()
    }
    return undefined
  }
  const fail = (error: unknown): void => {
    if (!isEnded) onFailure(error)
    end()
  }
  let isDraining = false
  const drain = async (): Promise<void> => {
    isDraining = true
    try {
      for (let missing = told(); missing !== undefined && !isEnded; missing = told()) await missing.convert()
    } finally {
      isDraining = false
    }
  }
  const next = (event: StoreEvent): void => {
    if (isEnded) return
    waiting.push(event)
    if (waiting.length > MAX_WAITING) fail(new ApiError('Expired', 'the conversion of events takes too long'))
    else if (!isDraining) drain().catch(fail)
  }
  return { next, end }
}

function follow(
  env: Environment,
  { prefix }: Selection,
  after: number,
  onChange: (event: StoreEvent) => void,
): () => void {
  try {
    return env.store.watch(prefix, after, (events) => events.forEach(onChange))
  } catch (error) {
    throw error instanceof CompactedError ? new ApiError('Expired', error.message, { cause: error }) : error
  }
}

/** The event with its objects in the version that is watched. */
function shownEvent(event: StoreEvent, show: (object: KubernetesObject) => KubernetesObject): StoreEvent {
  const { value, previous } = event
  return { ...event, value: show(value), previous: previous && show(previous) }
}

/** What a watcher with this selection sees of a change; undefined: nothing. */
function visible(
  event: StoreEvent,
  { matches }: Selection,
  lastStates: LastStates,
): RegistryEvent | undefined {
  const { kind, value, previous } = event
  const matchesNow = kind === 'put' && (matches === undefined || matches(value))
  const before = kind === 'put' ? previous : value
  const matchedBefore = before !== undefined && (matches === undefined || matches(before))
  if (matchesNow) return { type: matchedBefore ? 'MODIFIED' : 'ADDED', object: value }
  return matchedBefore ? { type: 'DELETED', object: lastState(event, before, lastStates) } : undefined
}

/** The object as it last was, with the revision at which it went out of sight. */
function lastState(event: StoreEvent, object: KubernetesObject, lastStates: LastStates): KubernetesObject {
  const known = lastStates.get(event)
  if (known) return known
  const metadata = { ...object.metadata, resourceVersion: String(event.revision) }
  const state = deepFreeze({ ...object, metadata })
  lastStates.set(event, state)
  return state
}
