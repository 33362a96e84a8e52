/**
 * A client that lists and watches over HTTPS as an informer does, in any of the ways there are, and holds every answer
 * against what the API promises. It can be cut off at any time and goes on from where it was.
 */

import { once } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import type { SeenObject, Segment, Told } from './watch-history.ts'
import { keyOf, revisionOf } from './watch-history.ts'

export interface Endpoint {
  readonly port: number
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export interface InformerOptions {
  /** asked anew for each request: a server that was started again has another port */
  readonly endpoint: () => Endpoint
  /** `/api/v1/pods`, `/api/v1/namespaces/a/pods` */
  readonly path: string
  /** selectors, as query parameters */
  readonly selection: Readonly<Record<string, string>>
  readonly list: 'whole' | 'any' | 'paged' | 'streamed'
  readonly shape: 'object' | 'Table' | 'PartialObjectMetadata'
  readonly hasBookmarks: boolean
  /** undefined: the server's own choice */
  readonly timeoutSeconds: number | undefined
  /** shared by all clients of one cluster */
  readonly newest: Newest
}

/** The highest revision anybody was told of, by whatever server. */
export interface Newest {
  revision: number
}

/** A promise of the API was not kept. */
export class Broken extends Error {}

const PAGE = 3
const RETRY_MS = 5

export class HttpInformer {
  readonly options: InformerOptions
  readonly segments: Segment[] = []
  readonly known = new Map<string, SeenObject>()
  /** how often it had to list again because its revision was gone */
  expirations = 0
  #segment: Segment | undefined
  #request: ClientRequest | undefined
  #isStopped = false
  #pause: PromiseWithResolvers<void> | undefined
  #running: Promise<void> | undefined

  constructor(options: InformerOptions) {
    this.options = options
  }

  /** The promise rejects with Broken when what it is told cannot be. */
  start(): Promise<void> {
    this.#running ??= this.#run()
    return this.#running
  }

  /** Breaks its connection, if it has one: in the middle of whatever is on it. */
  cut(): void {
    this.#request?.destroy()
  }

  /** Stays away until `resume`. */
  pause(): void {
    this.#pause ??= Promise.withResolvers()
    this.cut()
  }

  resume(): void {
    this.#pause?.resolve()
    this.#pause = undefined
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.resume()
    this.cut()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.#pause?.promise
      try {
        const isListed = this.#segment !== undefined || this.options.list === 'streamed'
        await (isListed ? this.#watch() : this.#list())
      } catch (error) {
        if (error instanceof Broken) throw error
        // The connection broke: by our hand, by the server's end, or because there is none at the moment.
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  async #list(): Promise<void> {
    const { list } = this.options
    const items: SeenObject[] = []
    let query: Record<string, string> = list === 'any' ? { resourceVersion: '0' } : {}
    if (list === 'paged') query = { limit: String(PAGE) }
    let revision: string | undefined
    const atLeast = list === 'any' ? 0 : this.options.newest.revision
    for (;;) {
      const { code, body } = await this.#whole(query)
      const { metadata } = body
      if (code === 410 && query['continue'] !== undefined) {
        this.#check(metadata.continue !== undefined, 'a continue token that is gone comes without another')
        this.expirations += 1
        return
      }
      this.#check(code === 200, `list answered ${code} ${JSON.stringify(body)}`)
      revision ??= metadata.resourceVersion
      this.#check(revision === metadata.resourceVersion, 'pages are of different revisions')
      const page = itemsOf(body)
      this.#check(list !== 'paged' || page.length <= PAGE, `a page of ${page.length}`)
      items.push(...page)
      if (!metadata.continue) break
      query = { limit: String(PAGE), continue: metadata.continue }
    }
    this.#begin(Number(revision), items, atLeast)
  }

  /** @param atLeast known to somebody when the list was asked for */
  #begin(from: number, snapshot: readonly SeenObject[], atLeast: number): void {
    this.#check(from >= atLeast, `a list of ${from}, after ${atLeast} was known`)
    const keys = snapshot.map(keyOf)
    this.#check(new Set(keys).size === keys.length, `told twice of one of ${keys.join()}`)
    const newest = Math.max(0, ...snapshot.map(revisionOf))
    this.#check(newest <= from, `a list of ${from} has an object of ${newest}`)
    this.#segment = { from, snapshot, told: [], to: from }
    this.segments.push(this.#segment)
    this.known.clear()
    for (const object of snapshot) this.known.set(keyOf(object), object)
  }

  async #watch(): Promise<void> {
    const { hasBookmarks, timeoutSeconds } = this.options
    const initial: SeenObject[] | undefined = this.#segment === undefined ? [] : undefined
    const atLeast = this.options.newest.revision
    const start = initial ? STREAMED : { resourceVersion: String(this.#segment?.to) }
    const query = {
      ...start,
      watch: 'true',
      ...(hasBookmarks || initial ? { allowWatchBookmarks: 'true' } : {}),
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds: String(timeoutSeconds) }),
    }
    const response = await this.#ask(query)
    this.#check(response.statusCode === 200, `watch answered ${response.statusCode}`)
    let isFirst = true
    for await (const line of linesOf(response)) {
      const { type, object } = JSON.parse(line) as WireEvent
      if (type === 'ERROR') return this.#expired(object)
      const seen = this.#objectOf(object, isFirst)
      isFirst = false
      if (this.#segment !== undefined) this.#take(type, seen)
      else if (type === 'ADDED') initial?.push(seen)
      else this.#begin(this.#endOfList(type, seen), initial ?? [], atLeast)
    }
  }

  #expired(status: WireObject): void {
    this.#check(status.code === 410, `the watch ended with ${JSON.stringify(status)}`)
    this.#segment = undefined
    this.expirations += 1
  }

  #endOfList(type: string, { metadata }: SeenObject): number {
    const { annotations, resourceVersion } = metadata as { annotations?: object; resourceVersion: string }
    const isMarked = annotations !== undefined && 'k8s.io/initial-events-end' in annotations
    this.#check(type === 'BOOKMARK' && isMarked, `${type} among the initial events`)
    return Number(resourceVersion)
  }

  #take(type: string, object: SeenObject): void {
    const segment = this.#segment
    if (segment === undefined) return
    const revision = revisionOf(object)
    if (type === 'BOOKMARK') {
      this.#check(this.options.hasBookmarks || this.options.list === 'streamed', 'an unasked bookmark')
      this.#check(revision >= segment.to, `a bookmark of ${revision} after ${segment.to}`)
      segment.to = revision
      return
    }
    const key = keyOf(object)
    this.#check(revision > segment.to, `${type} ${key} at ${revision}, after ${segment.to}`)
    this.#check(this.known.has(key) === (type !== 'ADDED'), `${type} ${key}, which is no news`)
    segment.to = revision
    this.options.newest.revision = Math.max(this.options.newest.revision, revision)
    segment.told.push({ type: type as Told['type'], revision, object })
    if (type === 'DELETED') this.known.delete(key)
    else this.known.set(key, object)
  }

  /** The object of an event, out of its Table where it is in one. */
  #objectOf(object: WireObject, isFirst: boolean): SeenObject {
    const { shape } = this.options
    if (shape !== 'Table') {
      this.#check(shape === 'object' || object.kind === shape, `a ${object.kind}`)
      return object as unknown as SeenObject
    }
    const [row, ...more] = object.rows ?? []
    this.#check(row !== undefined && more.length === 0, `a Table of ${object.rows?.length} rows`)
    this.#check(
      Array.isArray(object.columnDefinitions) === isFirst,
      'columns in a Table that is not the first',
    )
    return row?.object as unknown as SeenObject
  }

  #check(holds: boolean, what: string): asserts holds {
    if (!holds) throw new Broken(`${describeOptions(this.options)}: ${what}`)
  }

  async #whole(query: Readonly<Record<string, string>>): Promise<{ code: number; body: WireObject }> {
    const response = await this.#ask(query)
    let text = ''
    for await (const chunk of response) text += String(chunk)
    return { code: response.statusCode ?? 0, body: JSON.parse(text) as WireObject }
  }

  async #ask(query: Readonly<Record<string, string>>): Promise<IncomingMessage> {
    const { endpoint, path, selection, shape } = this.options
    const kind = shape === 'PartialObjectMetadata' && query['watch'] === undefined ? `${shape}List` : shape
    const accept = shape === 'object' ? 'application/json' : `application/json;as=${kind};v=v1;g=meta.k8s.io`
    const sent = request({
      ...endpoint(),
      host: '127.0.0.1',
      path: `${path}?${new URLSearchParams({ ...selection, ...query }).toString()}`,
      headers: { Accept: accept },
      agent: false,
    })
    this.#request = sent
    // Who waits for the answer, or reads it, hears of the same failure.
    sent.on('error', () => undefined)
    sent.end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    if (this.#isStopped) sent.destroy()
    return response
  }
}

/** For messages. */
export const describeOptions = ({ newest: _newest, ...options }: InformerOptions): string =>
  JSON.stringify(options)

const STREAMED = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }

interface WireObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly code?: number
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string }
  readonly items?: readonly SeenObject[] | null
  readonly rows?: readonly { readonly object: SeenObject }[]
  readonly columnDefinitions?: readonly unknown[] | null
}

interface WireEvent {
  readonly type: string
  readonly object: WireObject
}

/** Items have their list's kind, and do not say so. */
function itemsOf({ apiVersion, kind = '', items, rows }: WireObject): readonly SeenObject[] {
  if (rows !== undefined) return rows.map(({ object }) => object)
  return (items ?? []).map((item) => ({ apiVersion, kind: kind.replace(/List$/, ''), ...item }))
}

/** Whole lines; what a broken connection leaves of one is forgotten. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = ''
  response.setEncoding('utf8')
  for await (const chunk of response) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}
