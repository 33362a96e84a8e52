/**
 * The client of an API server behind a URL: ours from another process, or a real cluster's. JSON over HTTPS with
 * kept connections; client certificate or bearer token.
 */

import { request as httpRequest, Agent as HttpAgent } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import type { KubernetesObject, ObjectName } from '../api/object.ts'
import type { Resource, ResourceInfo } from '../api/resource.ts'
import { apiVersionOf } from '../api/resource.ts'
import type {
  Client,
  DeleteOptions,
  ListOptions,
  NewObject,
  ObjectList,
  PatchOptions,
  SubresourceBody,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './client.ts'
import { PATCH_TYPES } from './client.ts'
import { trusting } from '../net/trust.ts'
import { deepFreeze } from '../api/deep-freeze.ts'
import type { ClientConfig } from './kubeconfig.ts'
import { linesOf } from './lines.ts'
import { queryText, resourcePath } from './resource-url.ts'
import { statusError } from './status-error.ts'

export interface HttpClientOptions {
  /** as servers log it, and the default field manager: `portolan` */
  readonly userAgent?: string | undefined
  /** how long nothing may come while an answer is awaited; default 30 000 */
  readonly timeoutMs?: number | undefined
}

/** A Client that holds connections; disposing it closes them. */
export type HttpClient = Client & Disposable

/** No connection is made before the first request. */
export function httpClient(config: ClientConfig, options: HttpClientOptions = {}): HttpClient {
  return new HttpApiClient(config, options)
}

interface Call {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly contentType?: string
  readonly signal?: AbortSignal | undefined
  /** how long nothing may come; default the client's timeout */
  readonly silenceMs?: number
}

const MAX_SOCKETS = 64
/** Two missed bookmarks and a half: a watch this silent has lost its server. */
const WATCH_SILENCE_MS = 150_000
const WATCH_SECONDS = 540

class HttpApiClient implements HttpClient {
  readonly #server: URL
  readonly #agent: HttpAgent | Agent
  readonly #headers: Readonly<Record<string, string>>
  readonly #timeoutMs: number

  constructor(config: ClientConfig, options: HttpClientOptions) {
    this.#server = new URL(config.server)
    this.#agent = this.#server.protocol === 'http:' ? new HttpAgent(KEEP_ALIVE) : secureAgent(config)
    this.#timeoutMs = options.timeoutMs ?? 30_000
    this.#headers = {
      Accept: 'application/json',
      'User-Agent': options.userAgent ?? 'portolan',
      ...(config.token === undefined ? {} : { Authorization: `Bearer ${config.token}` }),
    }
  }

  async get<T extends KubernetesObject>(resource: Resource<T>, name: ObjectName): Promise<T> {
    return (await this.#json({ method: 'GET', path: resourcePath(resource, name) })) as T
  }

  async list<T extends KubernetesObject>(
    resource: Resource<T>,
    options: ListOptions = {},
  ): Promise<ObjectList<T>> {
    const path = resourcePath(resource, { namespace: options.namespace }) + queryText(selectors(options))
    const list = (await this.#json({ method: 'GET', path })) as {
      readonly metadata: { readonly resourceVersion: string }
      readonly items?: readonly T[] | null
    }
    const items = (list.items ?? []).map((item) => withKind(resource, item))
    return { resourceVersion: list.metadata.resourceVersion, items }
  }

  async *watch<T extends KubernetesObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>> {
    const { signal } = options
    const query = {
      ...selectors(options),
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: options.resourceVersion,
      timeoutSeconds: String(WATCH_SECONDS),
    }
    const path = resourcePath(resource, { namespace: options.namespace }) + queryText(query)
    try {
      const response = await this.#send({ method: 'GET', path, signal, silenceMs: WATCH_SILENCE_MS })
      for await (const line of linesOf(response)) yield watchEvent(resource, line)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  async create<T extends KubernetesObject>(
    resource: Resource<T>,
    object: NewObject<T>,
    options: WriteOptions = {},
  ): Promise<T> {
    const { namespace } = object.metadata
    const path = resourcePath(resource, { namespace }) + queryText(writeQuery(options))
    return (await this.#json({ method: 'POST', path, body: object })) as T
  }

  async update<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const path = resourcePath(resource, nameOf(object)) + queryText(writeQuery(options))
    return (await this.#json({ method: 'PUT', path, body: object })) as T
  }

  async updateStatus<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const place = { ...nameOf(object), subresource: 'status' }
    const path = resourcePath(resource, place) + queryText(writeQuery(options))
    return (await this.#json({ method: 'PUT', path, body: object })) as T
  }

  async patch<T extends KubernetesObject>(
    resource: Resource<T>,
    name: ObjectName,
    patch: unknown,
    options: PatchOptions,
  ): Promise<T> {
    const { type, subresource, force } = options
    const path =
      resourcePath(resource, { ...name, subresource }) + queryText({ ...writeQuery(options), force })
    const contentType = PATCH_TYPES[type]
    return (await this.#json({ method: 'PATCH', path, body: patch, contentType })) as T
  }

  async delete<T extends KubernetesObject>(
    resource: Resource<T>,
    name: ObjectName,
    options: DeleteOptions = {},
  ): Promise<void> {
    const { dryRun, ...rest } = options
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...rest, ...(dryRun ? { dryRun: ['All'] } : {}) }
    await this.#json({ method: 'DELETE', path: resourcePath(resource, name), body })
  }

  async createSubresource(
    resource: Resource<KubernetesObject>,
    name: ObjectName,
    { subresource, body }: SubresourceBody,
  ): Promise<unknown> {
    return await this.#json({ method: 'POST', path: resourcePath(resource, { ...name, subresource }), body })
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }

  async #json(call: Call): Promise<unknown> {
    const response = await this.#send(call)
    return deepFreeze(JSON.parse(await wholeText(response)) as unknown)
  }

  /** Resolves with an answer whose body is yet to be read; rejects with ApiError for one that is no success. */
  async #send(call: Call): Promise<IncomingMessage> {
    const response = await this.#begin(call)
    const code = response.statusCode ?? 0
    if (code >= 200 && code < 300) return response
    throw statusError(code, await wholeText(response))
  }

  #begin(call: Call): Promise<IncomingMessage> {
    const send = this.#server.protocol === 'http:' ? httpRequest : httpsRequest
    const text = call.body === undefined ? undefined : JSON.stringify(call.body)
    return new Promise((resolve, reject) => {
      const outgoing = send({
        agent: this.#agent,
        host: this.#server.hostname.replace(/^\[|\]$/g, ''),
        port: this.#server.port === '' ? undefined : Number(this.#server.port),
        method: call.method,
        path: this.#server.pathname.replace(/\/$/, '') + call.path,
        headers: {
          ...this.#headers,
          ...(text === undefined
            ? {}
            : {
                'Content-Type': call.contentType ?? 'application/json',
                'Content-Length': Buffer.byteLength(text),
              }),
        },
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      })
      const silenceMs = call.silenceMs ?? this.#timeoutMs
      outgoing.setTimeout(silenceMs, () => outgoing.destroy(new Error(`no answer for ${silenceMs} ms`)))
      // Also after the answer began: then its reader hears of it, and nobody waits here any more.
      outgoing.on('error', reject)
      outgoing.once('response', resolve)
      outgoing.end(text)
    })
  }
}

const KEEP_ALIVE = { keepAlive: true, maxSockets: MAX_SOCKETS, scheduling: 'lifo' } as const

function secureAgent(config: ClientConfig): Agent {
  return new Agent({
    ...KEEP_ALIVE,
    ...trusting(config.caCertificate),
    cert: config.clientCertificate,
    key: config.clientKey,
    rejectUnauthorized: config.skipTlsVerify !== true,
    ...(config.tlsServerName === undefined ? {} : { servername: config.tlsServerName }),
  })
}

async function wholeText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

const selectors = ({ labelSelector, fieldSelector }: ListOptions) => ({ labelSelector, fieldSelector })

const writeQuery = ({ fieldManager, dryRun }: WriteOptions) => ({
  fieldManager,
  dryRun: dryRun ? 'All' : undefined,
})

const nameOf = ({ metadata: { namespace, name } }: KubernetesObject): ObjectName => ({ namespace, name })

/** kube-apiserver leaves apiVersion and kind out of a list's items. */
function withKind<T extends KubernetesObject>(resource: ResourceInfo, item: T): T {
  if (item.kind !== undefined && item.apiVersion !== undefined) return item
  return Object.freeze({ ...item, apiVersion: apiVersionOf(resource), kind: resource.kind })
}

interface WireEvent {
  readonly type: string
  readonly object: KubernetesObject & { readonly code?: number }
}

/** Throws the ApiError of an ERROR event. */
function watchEvent<T extends KubernetesObject>(resource: ResourceInfo, line: string): WatchEvent<T> {
  const { type, object } = JSON.parse(line) as WireEvent
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: withKind(resource, deepFreeze(object) as T) }
    case 'BOOKMARK':
      return { type, resourceVersion: object.metadata.resourceVersion ?? '' }
    default:
      throw statusError(object.code ?? 500, JSON.stringify(object))
  }
}
