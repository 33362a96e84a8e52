/**
 * What the store knows, in memory: the current value of every key, the recent past, and who watches. Pure: no
 * clock, no I/O; changes come in through `apply`, one revision at a time, in order.
 *
 * Keys fall into buckets by their first two segments (`/registry/pods/`), so that a busy resource neither slows
 * nor shortens the history of a quiet one. Each bucket keeps at least `historyLimit` events; older ones are
 * compacted: reading or watching from before them is a CompactedError (etcd's contract, kube-apiserver's 410).
 */

import type { KubernetesObject } from '../api/object.ts'
import type { Change, StoredValue, StoreEvent } from './store.ts'
import { CompactedError } from './store.ts'
import { deepFreeze } from '../api/deep-freeze.ts'
import { SortedValues } from './sorted-values.ts'

export type EventHandler = (events: readonly StoreEvent[]) => void

interface PastEvent extends StoreEvent {
  readonly previousRevision: number
}

interface Bucket {
  readonly values: SortedValues
  past: PastEvent[]
  /** events at or below this revision are no longer kept */
  compactedRevision: number
}

/** `/registry/pods/` for `/registry/pods/default/a`; the whole of a shorter key. */
function bucketName(key: string): string {
  const end = key.indexOf('/', key.indexOf('/', 1) + 1)
  return end < 0 ? key : key.slice(0, end + 1)
}

export class MemoryIndex {
  readonly #historyLimit: number
  readonly #buckets = new Map<string, Bucket>()
  readonly #watchers = new Map<string, Set<EventHandler>>()
  #revision: number
  /** nothing before this revision is known (it was loaded from disk as a whole) */
  readonly #firstRevision: number

  /** Starts from values that are all visible at `revision`, with no past before it. */
  constructor(revision: number, values: Iterable<StoredValue>, historyLimit: number) {
    this.#revision = revision
    this.#firstRevision = revision
    this.#historyLimit = historyLimit
    for (const stored of values) {
      deepFreeze(stored.value)
      this.#bucket(stored.key).values.set(stored)
    }
  }

  get revision(): number {
    return this.#revision
  }

  get(key: string): StoredValue | undefined {
    return this.#buckets.get(bucketName(key))?.values.get(key)
  }

  /** All values under `prefix` in key order, as of `atRevision`. @throws CompactedError */
  range(prefix: string, atRevision: number = this.#revision): readonly StoredValue[] {
    const parts = this.#bucketsUnder(prefix).map((bucket) => this.#rangeOf(bucket, prefix, atRevision))
    return parts.length === 1 ? (parts[0] ?? []) : parts.flat().sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  /** Makes the changes of one revision visible and tells the watchers. Revisions must grow. */
  apply(revision: number, changes: readonly Change[]): void {
    this.#revision = revision
    const events = changes.flatMap((change) => this.#record(revision, change))
    this.#publish(events)
  }

  /** Moves on without a change (a revision that failed, or that a restart skips). */
  skipTo(revision: number): void {
    this.#revision = Math.max(this.#revision, revision)
  }

  /**
   * Past events after `afterRevision`, then live ones. `prefix` ends at a `/`, or is one whole key.
   * @throws CompactedError
   */
  watch(prefix: string, afterRevision: number, handler: EventHandler): () => void {
    if (afterRevision < this.#firstRevision) throw new CompactedError(afterRevision, this.#firstRevision)
    const past = this.#bucketsUnder(prefix).flatMap((bucket) => eventsAfter(bucket, prefix, afterRevision))
    past.sort((a, b) => a.revision - b.revision)
    for (const events of byRevision(past)) handler(events)
    const live = afterRevision <= this.#revision ? handler : onlyAfter(afterRevision, handler)
    const handlers = this.#watchers.get(prefix) ?? new Set()
    this.#watchers.set(prefix, handlers.add(live))
    return () => {
      handlers.delete(live)
      if (handlers.size === 0 && this.#watchers.get(prefix) === handlers) this.#watchers.delete(prefix)
    }
  }

  #bucket(key: string): Bucket {
    const name = bucketName(key)
    const existing = this.#buckets.get(name)
    if (existing) return existing
    const bucket = { values: new SortedValues(), past: [], compactedRevision: this.#firstRevision }
    this.#buckets.set(name, bucket)
    return bucket
  }

  /** A prefix with two whole segments lies in one bucket, which is made if it is missing. */
  #bucketsUnder(prefix: string): Bucket[] {
    if (prefix.split('/').length > 3) return [this.#bucket(prefix)]
    return [...this.#buckets].filter(([key]) => key.startsWith(prefix)).map(([, bucket]) => bucket)
  }

  #rangeOf(bucket: Bucket, prefix: string, atRevision: number): readonly StoredValue[] {
    if (atRevision >= this.#revision) return bucket.values.under(prefix)
    const undone = new Map<string, PastEvent>()
    for (const event of eventsAfter(bucket, prefix, atRevision)) {
      if (!undone.has(event.key)) undone.set(event.key, event)
    }
    const kept = bucket.values.under(prefix).filter((value) => !undone.has(value.key))
    const before = [...undone.values()].flatMap(({ key, previous, previousRevision }) =>
      previous === undefined ? [] : [{ key, value: previous, modRevision: previousRevision }],
    )
    return before.length === 0 ? kept : [...kept, ...before].sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  #record(revision: number, change: Change): readonly PastEvent[] {
    const bucket = this.#bucket(change.key)
    const before = bucket.values.get(change.key)
    if (change.kind === 'delete' && before === undefined) return []
    const value = change.kind === 'put' ? deepFreeze(change.value) : (before?.value as KubernetesObject)
    const event: PastEvent = {
      kind: change.kind,
      key: change.key,
      revision,
      value,
      previous: before?.value,
      previousRevision: before?.modRevision ?? 0,
    }
    if (change.kind === 'put') bucket.values.set({ key: change.key, value, modRevision: revision })
    else bucket.values.delete(change.key)
    bucket.past.push(event)
    this.#compact(bucket)
    return [event]
  }

  /** Halves the past once it is twice as long as needed, so that compaction costs nothing per event. */
  #compact(bucket: Bucket): void {
    if (bucket.past.length < 2 * this.#historyLimit) return
    const cut = bucket.past.length - this.#historyLimit
    bucket.compactedRevision = bucket.past[cut - 1]?.revision ?? bucket.compactedRevision
    bucket.past = bucket.past.slice(firstAfter(bucket.past, bucket.compactedRevision))
  }

  /** Looks up the watchers of each path the event's key lies under; the cost does not grow with other watches. */
  #publish(events: readonly StoreEvent[]): void {
    const perHandler = new Map<EventHandler, StoreEvent[]>()
    for (const event of events) {
      for (const prefix of prefixesOf(event.key)) {
        for (const handler of this.#watchers.get(prefix) ?? []) {
          const list = perHandler.get(handler)
          if (list) list.push(event)
          else perHandler.set(handler, [event])
        }
      }
    }
    for (const [handler, own] of perHandler) callSafely(handler, own)
  }
}

function eventsAfter(bucket: Bucket, prefix: string, revision: number): PastEvent[] {
  if (revision < bucket.compactedRevision) throw new CompactedError(revision, bucket.compactedRevision)
  const past = bucket.past.slice(firstAfter(bucket.past, revision))
  return past.filter((event) => event.key.startsWith(prefix))
}

/** One broken watcher must not cost the others their events, nor go unnoticed: its error becomes uncaught. */
function callSafely(handler: EventHandler, events: readonly StoreEvent[]): void {
  try {
    handler(events)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

/** `/`, `/registry/`, `/registry/pods/`, `/registry/pods/default/` and the key itself. */
function* prefixesOf(key: string): Iterable<string> {
  for (let slash = key.indexOf('/'); slash >= 0; slash = key.indexOf('/', slash + 1))
    yield key.slice(0, slash + 1)
  yield key
}

function* byRevision(events: readonly StoreEvent[]): Iterable<StoreEvent[]> {
  let group: StoreEvent[] = []
  for (const event of events) {
    if (group.length > 0 && group[0]?.revision !== event.revision) {
      yield group
      group = []
    }
    group.push(event)
  }
  if (group.length > 0) yield group
}

function onlyAfter(revision: number, handler: EventHandler): EventHandler {
  return (events) => {
    if ((events[0]?.revision ?? 0) > revision) handler(events)
  }
}

/** Index of the first event with a revision above `revision`. */
function firstAfter(events: readonly PastEvent[], revision: number): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((events[middle]?.revision ?? 0) <= revision) low = middle + 1
    else high = middle
  }
  return low
}
