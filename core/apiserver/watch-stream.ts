/**
 * A watch as the lines a client reads: one JSON object per event, bookmarks in between, an ERROR event when it goes
 * wrong midway, an orderly end when its time is up. Effects are passed in.
 *
 * kubernetes/apiserver pkg/endpoints/handlers/watch.go.
 */

import type { Clock } from '../../host/host.ts'
import type { ResourceInfo } from '../api/resource.ts'
import { apiVersionOf } from '../api/resource.ts'
import { AsyncQueue } from './async-queue.ts'
import type { RegistryEvent } from './registry.ts'
import type { View } from './representation.ts'
import { tableOptions } from './representation.ts'
import { partialMetadata, tableOf } from './table.ts'

const BOOKMARK_INTERVAL_MS = 60_000
/** The last bookmark goes out this long before the end, so that the client goes on from a recent revision. */
const LAST_BOOKMARK_LEAD_MS = 2_000
/** A client that lets this much pile up is cut off and lists again. */
const MAX_PENDING_CHARACTERS = 64 * 1024 * 1024

/** Turns events into lines. It remembers whether column definitions went out: they are in the first Table only. */
export function watchEncoder(resource: ResourceInfo, view: View): (event: RegistryEvent) => string {
  let hasSentColumns = false
  const { shape } = view.representation
  const shown = (event: RegistryEvent): string => {
    const object = event.type === 'BOOKMARK' ? bookmarkObject(resource, event) : event.object
    if (shape.kind === 'object') return view.texts.of(object)
    if (shape.kind !== 'Table') return JSON.stringify(partialMetadata(object, shape.version))
    const metadata = { resourceVersion: object.metadata.resourceVersion }
    const table = tableOf(view.printer, [object], { ...tableOptions(view), metadata })
    const columnDefinitions = hasSentColumns ? null : table.columnDefinitions
    hasSentColumns = true
    return JSON.stringify({ ...table, columnDefinitions })
  }
  return (event) => `{"type":"${event.type}","object":${shown(event)}}\n`
}

const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

function bookmarkObject(resource: ResourceInfo, event: RegistryEvent & { type: 'BOOKMARK' }) {
  return {
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    metadata: {
      name: '',
      resourceVersion: event.resourceVersion,
      ...(event.initialEventsEnd ? { annotations: { [INITIAL_EVENTS_END]: 'true' } } : {}),
    },
  }
}

export interface WatchStreamOptions {
  readonly encode: (event: RegistryEvent) => string
  /** Starts the watch; throws ApiError before the first event when there can be none. */
  readonly open: (onEvent: (event: RegistryEvent) => void) => () => void
  /** the revision up to which all events have been handed out; absent: the client wants no bookmarks */
  readonly currentRevision?: (() => string) | undefined
  readonly timeoutMs: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Opens the watch at once (and throws at once); what is returned ends it when it is done with. */
export function watchStream(options: WatchStreamOptions): AsyncIterable<string> {
  const { signal, encode } = options
  const queue = new AsyncQueue<string>((line) => line.length)
  const stop = options.open((event) => {
    queue.push(encode(event))
    if (queue.weight > MAX_PENDING_CHARACTERS) queue.end()
  })
  return lines({ ...options, queue, stop, signal })
}

async function* lines(
  options: WatchStreamOptions & { readonly queue: AsyncQueue<string>; readonly stop: () => void },
): AsyncGenerator<string> {
  const { queue, stop, signal } = options
  const timers = new AbortController()
  const cut = (): void => queue.end()
  signal.addEventListener('abort', cut, { once: true })
  if (signal.aborted) cut()
  const ticking = keepTime(options, timers.signal).catch((error: unknown) => queue.end(error))
  try {
    for (;;) {
      const waiting = await queue.takeAll()
      if (waiting === undefined) return
      yield waiting.join('')
    }
  } finally {
    stop()
    timers.abort()
    signal.removeEventListener('abort', cut)
    await ticking
  }
}

/** Sends bookmarks until the time is up, then ends the stream. Resolves early when `signal` aborts. */
async function keepTime(
  { clock, timeoutMs, currentRevision, encode, queue }: WatchStreamOptions & { queue: AsyncQueue<string> },
  signal: AbortSignal,
): Promise<void> {
  const endMs = clock.monotonic() + timeoutMs
  const lastBookmarkMs = endMs - LAST_BOOKMARK_LEAD_MS
  let hasSentLast = false
  for (;;) {
    const left = endMs - clock.monotonic()
    if (left <= 0) return queue.end()
    const untilLast = lastBookmarkMs - clock.monotonic()
    const nextMs = hasSentLast || untilLast <= 0 ? left : Math.min(BOOKMARK_INTERVAL_MS, untilLast)
    if (!(await slept(clock, nextMs, signal))) return
    if (currentRevision === undefined || hasSentLast) continue
    hasSentLast = clock.monotonic() >= lastBookmarkMs
    queue.push(encode({ type: 'BOOKMARK', resourceVersion: currentRevision() }))
  }
}

/** @returns false when the signal aborted first */
async function slept(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal)
    return true
  } catch (error) {
    if (signal.aborted) return false
    throw error
  }
}
