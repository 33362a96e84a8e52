/**
 * The Ingress listeners: plain HTTP and TLS, both answering from the route table of the moment. A new table takes
 * effect with the next request, a new certificate with the next handshake; nothing is restarted.
 */

import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http'
import { createServer, STATUS_CODES } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SecureContext } from 'node:tls'
import { createSecureContext } from 'node:tls'
import type { Logger, Random } from '../host/host.ts'
import type { RouteBackend } from './backend.ts'
import type { Certificate } from './certificate-table.ts'
import { certificateFor } from './certificate-table.ts'
import { requestFields } from './forward-headers.ts'
import { match } from './match.ts'
import type { UpstreamOptions } from './proxy.io.ts'
import { forward, upstreamAgent } from './proxy.io.ts'
import type { CheckedHead } from './request-head.ts'
import { checkedHead } from './request-head.ts'
import type { RouteTable } from './route-table.ts'
import { forwardUpgrade, isForwardedUpgrade } from './upgrade.io.ts'

export interface IngressServerOptions extends UpstreamOptions {
  readonly table: () => RouteTable
  /** served for names without a certificate of their own */
  readonly defaultCertificate: { readonly cert: string; readonly key: string }
  readonly random: Random
  readonly log: Logger
}

export interface IngressServers extends AsyncDisposable {
  readonly http: HttpServer
  readonly https: HttpServer
}

const HEAD_TIMEOUT_MS = 30_000
const IDLE_TIMEOUT_MS = 75_000
const MAX_HEAD_BYTES = 65_536
const MAX_CONNECTIONS = 10_000

type Fit = Extract<CheckedHead, { kind: 'fit' }>

export function ingressServers(options: IngressServerOptions): IngressServers {
  const agent = upstreamAgent(options)
  const limits = {
    maxHeaderSize: MAX_HEAD_BYTES,
    headersTimeout: HEAD_TIMEOUT_MS,
    keepAliveTimeout: IDLE_TIMEOUT_MS,
  }
  const contexts = new WeakMap<Certificate, SecureContext>()
  const contextFor = (name: string): SecureContext | undefined => {
    const certificate = certificateFor(name, options.table().certificates)
    if (certificate === undefined) return undefined
    const known = contexts.get(certificate) ?? createSecureContext(certificate)
    contexts.set(certificate, known)
    return known
  }
  const http = createServer(limits)
  const https = createTlsServer({
    ...limits,
    ...options.defaultCertificate,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: 10_000,
    SNICallback: (name, done) => done(null, contextFor(name)),
  })
  const tunnels = new Set<Duplex>()
  for (const server of [http, https]) {
    server.maxConnections = MAX_CONNECTIONS
    server.requestTimeout = 0
    server.on('request', (incoming, outgoing) => serve({ ...options, agent }, incoming, outgoing))
    server.on('checkContinue', (incoming, outgoing) => {
      outgoing.writeContinue()
      serve({ ...options, agent }, incoming, outgoing)
    })
    server.on('upgrade', (incoming, client, head) => {
      tunnels.add(client)
      client.once('close', () => tunnels.delete(client))
      serveUpgrade(options, incoming, { client, head })
    })
    server.on('clientError', (error, socket) => refuseBytes(error, socket))
  }
  return { http, https, [Symbol.asyncDispose]: () => shut([http, https], agent, tunnels) }
}

async function shut(
  servers: readonly HttpServer[],
  agent: { destroy(): void },
  tunnels: Set<Duplex>,
): Promise<void> {
  const closing = servers
    .filter((server) => server.listening)
    .map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
  for (const server of servers) server.closeAllConnections()
  for (const tunnel of tunnels) tunnel.destroy()
  agent.destroy()
  await Promise.all(closing)
}

type ServeOptions = IngressServerOptions & { readonly agent: ReturnType<typeof upstreamAgent> }

function serve(options: ServeOptions, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const head = headOf(incoming)
  if (head.kind === 'refused') {
    outgoing.shouldKeepAlive = false
    return reply(outgoing, head.status, head.reason)
  }
  const backend = backendFor(head, options)
  if (backend === undefined) return reply(outgoing, 404, 'default backend - 404')
  if (backend.kind === 'unavailable') return reply(outgoing, 503, `${backend.service}: ${backend.reason}`)
  const exchange = {
    agent: options.agent,
    incoming,
    outgoing,
    target: head.forwardTarget,
    fields: fieldsFor(incoming, head, options),
    endpoints: rotated(backend, options.random),
  }
  forward(exchange, (status, reason) => {
    options.log.warn('backend failed', { service: backend.service, status, reason })
    reply(outgoing, status, `${backend.service}: ${reason}`)
  })
}

function serveUpgrade(
  options: IngressServerOptions,
  incoming: IncomingMessage,
  { client, head: early }: { readonly client: Duplex; readonly head: Buffer },
): void {
  client.on('error', () => client.destroy())
  const head = headOf(incoming)
  if (head.kind === 'refused') return refuse(client, head.status, head.reason)
  if (!isForwardedUpgrade(incoming)) return refuse(client, 400, 'only upgrades to websocket are forwarded')
  const backend = backendFor(head, options)
  if (backend === undefined) return refuse(client, 404, 'default backend - 404')
  if (backend.kind === 'unavailable') return refuse(client, 503, `${backend.service}: ${backend.reason}`)
  const [endpoint] = rotated(backend, options.random)
  if (endpoint === undefined) return refuse(client, 503, 'no endpoint')
  const upgrade = {
    upstream: options,
    incoming,
    client,
    head: early,
    target: head.forwardTarget,
    fields: fieldsFor(incoming, head, options),
    endpoint,
  }
  forwardUpgrade(upgrade, (reason) => refuse(client, 502, reason))
}

function headOf(incoming: IncomingMessage): CheckedHead {
  return checkedHead({
    method: incoming.method ?? '',
    target: incoming.url ?? '',
    httpVersion: incoming.httpVersion,
    rawHeaders: incoming.rawHeaders,
  })
}

function backendFor(head: Fit, options: IngressServerOptions): RouteBackend | undefined {
  const found = match(head.host, head.path, options.table())
  return found.kind === 'route' ? found.backend : undefined
}

function fieldsFor(incoming: IncomingMessage, head: Fit, options: IngressServerOptions): readonly string[] {
  const socket = incoming.socket as Socket & { readonly encrypted?: boolean }
  return requestFields(incoming.rawHeaders, {
    clientAddress: socket.remoteAddress ?? '',
    protocol: socket.encrypted ? 'https' : 'http',
    port: socket.localPort ?? 0,
    hostField: head.hostField,
    requestId: options.random.uuid().replaceAll('-', ''),
  })
}

/** All endpoints, beginning with a random one. */
function rotated(backend: RouteBackend & { kind: 'endpoints' }, random: Random): RouteEndpoints {
  const start = Math.floor(random.next() * backend.endpoints.length)
  return [...backend.endpoints.slice(start), ...backend.endpoints.slice(0, start)]
}
type RouteEndpoints = Extract<RouteBackend, { kind: 'endpoints' }>['endpoints']

function reply(outgoing: ServerResponse, status: number, text: string): void {
  if (outgoing.headersSent || outgoing.destroyed) return void outgoing.destroy()
  outgoing.writeHead(status, { 'Content-Type': 'text/plain', Server: 'portolan' }).end(`${text}\n`)
}

function refuse(client: Duplex, status: number, text: string): void {
  if (client.destroyed) return
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nServer: portolan\r\nContent-Type: text/plain`
  client.end(
    `${head}\r\nContent-Length: ${Buffer.byteLength(text) + 1}\r\nConnection: close\r\n\r\n${text}\n`,
  )
}

/** Bytes that are no HTTP request, or too large a one. */
function refuseBytes(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const status =
    error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  refuse(socket, status, STATUS_CODES[status] ?? '')
}
