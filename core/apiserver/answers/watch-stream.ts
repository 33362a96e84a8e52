/**
 * A watch as the lines a client reads: one JSON object per event, bookmarks in between, an ERROR event when it goes
 * wrong midway, an orderly end when its time is up. Effects are passed in.
 *
 * kubernetes/apiserver pkg/endpoints/handlers/watch.go.
 */

import type { Clock } from '../../../host/host.ts'
import type { ApiError } from '../../api/api-error.ts'
import { isApiError } from '../../api/api-error.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { apiVersionOf } from '../../api/resource.ts'
import { messageOfKind } from '../../api/schema/field-table.ts'
import { isBuiltIn } from '../../api/scheme.ts'
import { printedEmpty } from '../../api/zero-values.ts'
import type { KubernetesObject } from '../../api/object.ts'
import { AsyncQueue } from '../async-queue.ts'
import type { RegistryEvent } from '../registry/registry.ts'
import type { View } from './representation.ts'
import { tableOptions } from './representation.ts'
import type { Table } from './table.ts'
import { partialMetadata, tableOf } from './table.ts'

const BOOKMARK_INTERVAL_MS = 60_000
/** The last bookmark goes out this long before the end, so that the client goes on from a recent revision. */
const LAST_BOOKMARK_LEAD_MS = 2_000
/** A client that lets this much pile up is cut off and lists again. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024

type Bookmark = RegistryEvent & { readonly type: 'BOOKMARK' }

/** Turns events into lines. It remembers whether column definitions went out: they are in the first Table only. */
export function watchEncoder(resource: ResourceInfo, view: View): (event: RegistryEvent) => Uint8Array {
  let hasSentColumns = false
  const { shape } = view.representation
  const shown = (event: RegistryEvent): string => {
    const object = event.type === 'BOOKMARK' ? bookmarkObject(resource, event) : event.object
    if (shape.kind === 'object') return JSON.stringify(object)
    if (shape.kind !== 'Table') return JSON.stringify(partialMetadata(object, shape.version))
    const table = event.type === 'BOOKMARK' ? bookmarkTable(object, view) : objectTable(object, view)
    const columnDefinitions = hasSentColumns ? null : table.columnDefinitions
    hasSentColumns = true
    return JSON.stringify({ ...table, columnDefinitions })
  }
  return (event) => {
    if (shape.kind === 'object' && event.type !== 'BOOKMARK') return view.texts.line(event.type, event.object)
    return Buffer.from(`{"type":"${event.type}","object":${shown(event)}}\n`)
  }
}

function objectTable(object: KubernetesObject, view: View): Table {
  const metadata = { resourceVersion: object.metadata.resourceVersion }
  return tableOf(view.printer, [object], { ...tableOptions(view), metadata })
}

/** The row has the annotation that some bookmarks are told by, if its object is to be seen at all. */
function bookmarkTable(object: KubernetesObject, view: View): Table {
  const named = { ...object, metadata: { ...object.metadata, name: '' } }
  const table = objectTable(named, view)
  const { includeObject, version } = tableOptions(view)
  const isHidden = includeObject === 'None' && object.metadata.annotations === undefined
  const whole = includeObject === 'Object' ? object : partialMetadata(object, version)
  return { ...table, rows: table.rows.map((row) => ({ ...row, object: isHidden ? null : whole })) }
}

const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

/** An empty object of the kind, as Go prints it, with a revision. It has no name, as no object can be. */
function bookmarkObject(resource: ResourceInfo, event: Bookmark): KubernetesObject {
  const apiVersion = apiVersionOf(resource)
  const message = isBuiltIn(resource) ? messageOfKind(apiVersion, resource.kind) : undefined
  const metadata = {
    resourceVersion: event.resourceVersion,
    ...(event.initialEventsEnd ? { annotations: { [INITIAL_EVENTS_END]: 'true' } } : {}),
  }
  const empty = message === undefined ? {} : printedEmpty(message)
  return { kind: resource.kind, apiVersion, ...empty, metadata } as unknown as KubernetesObject
}

export interface WatchStreamOptions {
  readonly encode: (event: RegistryEvent) => Uint8Array
  /** Starts the watch; throws ApiError before the first event when there can be none. */
  readonly open: (onEvent: (event: RegistryEvent) => void, onFailure: (error: unknown) => void) => () => void
  /** What a bookmark tells; undefined when it would tell nothing new. Absent: the client wants no bookmarks. */
  readonly bookmark?: (() => RegistryEvent | undefined) | undefined
  readonly timeoutMs: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * Opens the watch at once, and throws at once what is wrong with the request. A revision that is gone, or yet to come,
 * is no such thing: the answer is an ERROR event and the end. What is returned ends the watch when it is done with.
 */
export function watchStream(options: WatchStreamOptions): AsyncIterable<Uint8Array> {
  const queue = new AsyncQueue<Uint8Array>(({ length }) => length)
  return lines({ ...options, queue, stop: opened(options, queue) })
}

function opened({ open, encode }: WatchStreamOptions, queue: AsyncQueue<Uint8Array>): () => void {
  const failed = ({ status }: ApiError): void => {
    queue.push(Buffer.from(`{"type":"ERROR","object":${JSON.stringify(status)}}\n`))
    queue.end()
  }
  try {
    return open(
      (event) => {
        queue.push(encode(event))
        if (queue.weight > MAX_PENDING_BYTES) queue.end()
      },
      (error) => (isApiError(error) ? failed(error) : queue.end(error)),
    )
  } catch (error) {
    if (!isApiError(error, 'Expired') && !isApiError(error, 'Timeout')) throw error
    failed(error)
    return () => undefined
  }
}

async function* lines(
  options: WatchStreamOptions & { readonly queue: AsyncQueue<Uint8Array>; readonly stop: () => void },
): AsyncGenerator<Uint8Array> {
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
      const [first] = waiting
      yield first !== undefined && waiting.length === 1 ? first : Buffer.concat(waiting)
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
  { clock, timeoutMs, bookmark, encode, queue }: WatchStreamOptions & { queue: AsyncQueue<Uint8Array> },
  signal: AbortSignal,
): Promise<void> {
  const endMs = clock.monotonic() + timeoutMs
  const lastBookmarkMs = endMs - LAST_BOOKMARK_LEAD_MS
  // Too short a watch has none.
  let hasSentLast = timeoutMs <= LAST_BOOKMARK_LEAD_MS
  for (;;) {
    const left = endMs - clock.monotonic()
    if (left <= 0) return queue.end()
    const untilLast = lastBookmarkMs - clock.monotonic()
    const isLast = !hasSentLast && untilLast <= BOOKMARK_INTERVAL_MS
    const nextMs = hasSentLast ? left : isLast ? Math.max(untilLast, 0) : BOOKMARK_INTERVAL_MS
    if (!(await slept(clock, nextMs, signal))) return
    if (hasSentLast) continue
    // A timer may be early: then the next round is short, and must not tell the same again.
    hasSentLast = isLast
    const told = bookmark?.()
    if (told) queue.push(encode(told))
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
