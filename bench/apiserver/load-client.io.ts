/** The client of the benchmark: requests on kept-alive connections, and watches that only count what arrives. */

import type { AgentOptions } from 'node:https'
import { Agent, request as httpsRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'
import type { ClientConfig } from '../../core/client/kubeconfig.ts'

const MAX_CONNECTIONS = 64
const NEWLINE = 10
const CONTENT_TYPES: Readonly<Record<string, string>> = { PATCH: 'application/merge-patch+json' }

export interface Answer {
  readonly status: number
  readonly body: Buffer
}

/** A running watch. Every event is a line. */
export interface CountedWatch {
  events(): number
}

export class LoadClient implements Disposable {
  readonly #server: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #tls: AgentOptions
  readonly #pool: Agent
  readonly #watches: IncomingMessage[] = []

  constructor({ server, caCertificate, clientCertificate, clientKey, token }: ClientConfig) {
    this.#server = server
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    this.#tls = { ca: caCertificate, cert: clientCertificate, key: clientKey }
    this.#pool = new Agent({ ...this.#tls, keepAlive: true, maxSockets: MAX_CONNECTIONS })
  }

  /** Resolves when the whole answer has been read; rejects when there is none. */
  async request(method: string, path: string, body?: object): Promise<Answer> {
    const response = await this.#send(method, path, body, this.#pool)
    const chunks: Buffer[] = []
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
    return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) }
  }

  /** Resolves when the watch is open, on a connection of its own. */
  async watch(path: string): Promise<CountedWatch> {
    const response = await this.#send('GET', path, undefined, new Agent(this.#tls))
    if (response.statusCode !== 200) throw new Error(`GET ${path}: ${response.statusCode}`)
    let events = 0
    response.on('data', (chunk: Buffer) => (events += linesIn(chunk)))
    // being cut off at the end of the run is no fault; a watch that ends early is seen by its count
    response.on('error', () => undefined)
    this.#watches.push(response)
    return { events: () => events }
  }

  endWatches(): void {
    for (const watch of this.#watches.splice(0)) watch.destroy()
  }

  [Symbol.dispose](): void {
    this.endWatches()
    this.#pool.destroy()
  }

  #send(method: string, path: string, body: object | undefined, agent: Agent): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      ...this.#headers,
      ...(text === undefined
        ? {}
        : {
            'content-type': CONTENT_TYPES[method] ?? 'application/json',
            'content-length': String(Buffer.byteLength(text)),
          }),
    }
    const request = httpsRequest(`${this.#server}${path}`, { method, headers, agent })
    request.once('response', resolve).once('error', reject).end(text)
    return promise
  }
}

function linesIn(chunk: Buffer): number {
  let lines = 0
  for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines += 1
  return lines
}
