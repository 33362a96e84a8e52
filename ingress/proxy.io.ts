/**
 * Carries one request to a backend and the answer back, streaming both ways.
 *
 * - no connection: the next endpoint, up to three, for any method (nothing was sent yet);
 * - a kept connection that turns out stale: once more on a new one, if the request may be repeated;
 * - a backend that breaks off inside its answer cuts the client off, too: a short body never looks complete;
 * - a client that goes away takes the backend's connection with it.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, request } from 'node:http'
import { pipeline } from 'node:stream'
import type { NetworkNamespace, Sockets } from '../host/host.ts'
import type { BackendAddress } from './backend.ts'
import { responseFields } from './forward-headers.ts'

export interface UpstreamOptions {
  readonly sockets: Sockets
  /** where backends are dialled from */
  readonly network: NetworkNamespace | undefined
}

/** Backends in Node close idle connections after 5 s: ours go first. */
const IDLE_MS = 4_000
const CONNECT_TIMEOUT_MS = 5_000
const RESPONSE_TIMEOUT_MS = 60_000
const MAX_TRIES = 3

/** Methods that may be sent twice (RFC 9110 section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/** The connections to all backends, kept alive between requests. */
export function upstreamAgent(options: UpstreamOptions): Agent {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64, timeout: IDLE_MS, scheduling: 'lifo' })
  agent.createConnection = (target) => {
    const { host, port } = target as { host: string; port: number }
    const socket = options.sockets.connect({ network: options.network, address: host, port })
    socket.setNoDelay(true)
    const timer = setTimeout(() => socket.destroy(new Error('connection timed out')), CONNECT_TIMEOUT_MS)
    socket.once('connect', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
    return socket
  }
  return agent
}

export interface Exchange {
  readonly agent: Agent
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** path and query for the backend */
  readonly target: string
  /** names and values in turn */
  readonly fields: readonly string[]
  /** in the order they are to be tried */
  readonly endpoints: readonly BackendAddress[]
}

/** Starts the exchange; `failed` is called once if no backend answered and nothing was sent to the client. */
export function forward(exchange: Exchange, failed: (status: 502 | 504, reason: string) => void): void {
  attempt(exchange, 0, failed)
}

function attempt(
  exchange: Exchange,
  tries: number,
  failed: (status: 502 | 504, reason: string) => void,
): void {
  const { incoming, outgoing, endpoints } = exchange
  const endpoint = endpoints[tries % endpoints.length]
  if (endpoint === undefined) return failed(502, 'no endpoint')
  const upstream = request({
    agent: exchange.agent,
    host: endpoint.address,
    port: endpoint.port,
    method: incoming.method,
    path: exchange.target,
    headers: [...exchange.fields],
    setHost: false,
  })
  let answered = false
  let timedOut = false
  upstream.setTimeout(RESPONSE_TIMEOUT_MS, () => {
    timedOut = true
    upstream.destroy()
  })
  upstream.on('information', (info) => {
    if (info.statusCode === 103) outgoing.writeEarlyHints(info.headers as Record<string, string>)
  })
  upstream.once('response', (response) => {
    answered = true
    answer(response, outgoing)
  })
  const abandoned = (): void => void upstream.destroy()
  outgoing.once('close', abandoned)
  upstream.once('error', (error: NodeJS.ErrnoException) => {
    outgoing.off('close', abandoned)
    if (answered || outgoing.headersSent || outgoing.destroyed) return void outgoing.destroy()
    if (timedOut) return failed(504, 'the backend did not answer in time')
    if (tries + 1 < MAX_TRIES && mayRepeat(incoming, upstream, error))
      return attempt(exchange, tries + 1, failed)
    return failed(502, error.message)
  })
  sendBody(incoming, upstream)
}

/** Nothing reached the backend, or the request may be repeated and its body has not been consumed. */
function mayRepeat(
  incoming: IncomingMessage,
  upstream: { reusedSocket: boolean },
  error: NodeJS.ErrnoException,
): boolean {
  const bodyless = !hasBody(incoming)
  const notConnected = error.syscall === 'connect' || error.message === 'connection timed out'
  const stale = upstream.reusedSocket && IDEMPOTENT.has(incoming.method ?? '')
  return bodyless && (notConnected || stale)
}

function hasBody(incoming: IncomingMessage): boolean {
  return (
    incoming.headers['transfer-encoding'] !== undefined || Number(incoming.headers['content-length'] ?? 0) > 0
  )
}

function sendBody(incoming: IncomingMessage, upstream: NodeJS.WritableStream & { end(): unknown }): void {
  if (!hasBody(incoming)) upstream.end()
  // Either side breaking off is seen by the handlers of `upstream` and `outgoing`.
  else pipeline(incoming, upstream, () => undefined)
}

function answer(response: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.writeHead(response.statusCode ?? 502, response.statusMessage, responseFields(response.rawHeaders))
  // Server-sent events must arrive one by one, and their headers before the first.
  outgoing.flushHeaders()
  pipeline(response, outgoing, (error) => {
    if (error) outgoing.destroy()
  })
}
