/**
 * How etcd's gRPC gateway is talked to: JSON over HTTP(S), on kept-alive connections, to the first of the given servers
 * that answers. Errors carry etcd's own text.
 */

import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { trusting } from '../../net/trust.ts'
import { StoreError } from '../store.ts'

export interface GatewayTls {
  readonly ca?: string | undefined
  readonly certificate?: string | undefined
  readonly key?: string | undefined
}

export interface GatewayOptions {
  /** `http://127.0.0.1:2379`; tried in turn */
  readonly servers: readonly string[]
  /** PEM texts, for https servers */
  readonly tls?: GatewayTls | undefined
}

/** A call that never reached a server may be made again, whatever it asks for. */
const NOT_SENT = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'])
const MAX_CONNECTIONS = 64
/** A line of a watch holds one answer of etcd, whose transactions are limited to 1.5 MiB by default. */
const MAX_LINE_BYTES = 256 << 20

export class Gateway implements Disposable {
  readonly #servers: readonly URL[]
  readonly #agents: { readonly http: HttpAgent; readonly https: HttpsAgent }
  #current = 0

  /** @throws StoreError for servers that are not http(s) URLs */
  constructor({ servers, tls = {} }: GatewayOptions) {
    this.#servers = servers.map(parsedServer)
    if (servers.length === 0) throw new StoreError('no etcd servers are given')
    const pool = { keepAlive: true, maxSockets: MAX_CONNECTIONS }
    const { ca, certificate: cert, key } = tls
    const https = new HttpsAgent({ ...pool, ...trusting(ca), cert, key })
    this.#agents = { http: new HttpAgent(pool), https }
  }

  /** Rejects with StoreError: etcd's own message, or why it cannot be reached. */
  async call(path: string, body: object, timeoutMs: number): Promise<unknown> {
    const signal = AbortSignal.timeout(timeoutMs)
    const response = await this.#post(path, body, signal)
    const text = await textOf(response).catch((error: unknown) => {
      throw unreachable(error)
    })
    return answerOf(response.statusCode ?? 0, text)
  }

  /**
   * Calls `onMessage` for each message of a streamed answer until it ends, then resolves. Rejects with StoreError, or
   * with what `onMessage` threw; aborting ends it.
   */
  async stream(
    path: string,
    body: object,
    options: { readonly signal: AbortSignal; readonly onMessage: (message: unknown) => void },
  ): Promise<void> {
    const response = await this.#post(path, body, options.signal)
    response.socket.setKeepAlive(true, 5000)
    let rest: Buffer[] = []
    let restBytes = 0
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        let start = 0
        for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
          const line = Buffer.concat([...rest, chunk.subarray(start, end)]).toString()
          start = end + 1
          rest = []
          restBytes = 0
          if (line !== '') options.onMessage(messageOf(line))
        }
        rest.push(chunk.subarray(start))
        restBytes += chunk.length - start
        if (restBytes > MAX_LINE_BYTES) throw new StoreError('etcd sent a message without end')
      }
    } catch (error) {
      throw error instanceof StoreError ? error : unreachable(error)
    } finally {
      response.destroy()
    }
  }

  [Symbol.dispose](): void {
    this.#agents.http.destroy()
    this.#agents.https.destroy()
  }

  /** The next server is asked only where the last one cannot have heard the question. */
  async #post(path: string, body: object, signal: AbortSignal): Promise<IncomingMessage> {
    const bytes = Buffer.from(JSON.stringify(body))
    let failure: unknown
    for (let attempt = 0; attempt < this.#servers.length; attempt += 1) {
      const server = this.#servers[this.#current % this.#servers.length]
      try {
        return await this.#postTo(new URL(path, server), bytes, signal)
      } catch (error) {
        failure = error
        this.#current += 1
        if (signal.aborted || !NOT_SENT.has(codeOf(error))) break
      }
    }
    throw unreachable(failure)
  }

  #postTo(url: URL, bytes: Buffer, signal: AbortSignal): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const isTls = url.protocol === 'https:'
    const headers = { 'Content-Type': 'application/json', 'Content-Length': bytes.length }
    const options: RequestOptions = {
      method: 'POST',
      headers,
      signal,
      agent: isTls ? this.#agents.https : this.#agents.http,
    }
    const request: ClientRequest = isTls ? httpsRequest(url, options) : httpRequest(url, options)
    request.once('response', resolve)
    // Also after the answer began: then the answer's own stream tells of it.
    request.on('error', reject)
    request.end(bytes)
    return promise
  }
}

function parsedServer(text: string): URL {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  if (url && ['http:', 'https:'].includes(url.protocol)) return url
  throw new StoreError(`not the URL of an etcd server: ${text}`)
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

function answerOf(status: number, text: string): unknown {
  const body = parsed(text)
  if (status === 200) return body
  throw new StoreError(errorText(body) ?? `etcd answers with status ${status}`)
}

/** Streams wrap each message: `{"result":{...}}` or `{"error":{...}}`. */
function messageOf(line: string): unknown {
  const { result, error } = parsed(line) as { readonly result?: unknown; readonly error?: unknown }
  if (result !== undefined) return result
  throw new StoreError(errorText(error) ?? 'etcd ended the stream')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new StoreError('etcd sent something that is not JSON', { cause })
  }
}

function errorText(body: unknown): string | undefined {
  const { message, error } = (body ?? {}) as { readonly message?: unknown; readonly error?: unknown }
  const text = message ?? error
  return typeof text === 'string' ? text : undefined
}

const codeOf = (error: unknown): string => String((error as { readonly code?: unknown } | undefined)?.code)

/** What etcd's own client says when there is nobody to talk to, or no answer in time. */
function unreachable(cause: unknown): StoreError {
  const name = (cause as { readonly name?: unknown } | undefined)?.name
  if (name === 'TimeoutError' || name === 'AbortError')
    return new StoreError('etcdserver: request timed out', { cause })
  const why = cause instanceof Error ? cause.message : String(cause)
  return new StoreError(`rpc error: code = Unavailable desc = connection error: ${why}`, { cause })
}
