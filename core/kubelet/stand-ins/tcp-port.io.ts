/**
 * One TCP port of a stand-in: HTTP/1.1, HTTP/2 with prior knowledge (and so gRPC), or whatever bytes, told apart by the
 * first ones. What is no HTTP is echoed.
 */

import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http'
import { createServer as createHttpServer } from 'node:http'
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { createServer as createHttp2Server } from 'node:http2'
import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import type { StandInContext } from '../stand-in.ts'
import { HEALTH_CHECK_PATH, HEALTH_WATCH_PATH, SERVING } from './grpc-health.ts'
import type { ReceivedRequest } from './http-answer.ts'
import { requestLine } from './http-answer.ts'

export interface HttpAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

/** What the played program answers; the rest of HTTP is the same for all. */
export type Answering = (request: ReceivedRequest) => HttpAnswer | Promise<HttpAnswer>

export interface TcpPort extends AsyncDisposable {
  readonly server: Server
}

const PREFACE = 'PRI * HTTP/2'
const METHODS = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE) /
/** Enough to tell a method or the HTTP/2 preface from other bytes. */
const SNIFF_BYTES = 8
const MAX_BODY_BYTES = 1 << 20
const MAX_CONNECTIONS = 1_000

/** Serves one port; the caller listens on `server`. */
export function tcpPort(context: StandInContext, port: number, answering: Answering): TcpPort {
  const open = new Set<Socket>()
  const http = createHttpServer(
    (incoming, outgoing) => void answerHttp({ context, port, answering }, incoming, outgoing),
  )
  const http2 = createHttp2Server()
  http2.on(
    'stream',
    (stream, headers) =>
      void answerStream({ context, port, answering }, stream as ServerHttp2Stream, headers),
  )
  // A peer's broken session is its own affair; the port goes on.
  http2.on('sessionError', () => undefined)
  http.on('clientError', (_error, socket) => socket.destroy())
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.on('error', () => socket.destroy())
    sniff(socket, http, http2)
  })
  server.maxConnections = MAX_CONNECTIONS
  return {
    server,
    async [Symbol.asyncDispose]() {
      const closed = server.listening
        ? new Promise<void>((resolve) => server.close(() => resolve()))
        : Promise.resolve()
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

function sniff(socket: Socket, http: HttpServer, http2: Http2Server): void {
  let seen = Buffer.alloc(0)
  const look = (): void => {
    const chunk = socket.read() as Buffer | null
    if (chunk !== null) seen = Buffer.concat([seen, chunk])
    if (seen.length === 0) return
    const text = seen.toString('latin1', 0, Math.min(seen.length, PREFACE.length))
    const undecided = seen.length < SNIFF_BYTES && (PREFACE.startsWith(text) || /^[A-Z]{1,7}$/.test(text))
    if (undecided) return
    socket.off('readable', look)
    socket.off('end', ended)
    socket.unshift(seen)
    if (text.startsWith(PREFACE.slice(0, text.length)) && text.length >= SNIFF_BYTES)
      http2.emit('connection', socket)
    else if (METHODS.test(seen.toString('latin1', 0, 16))) http.emit('connection', socket)
    else socket.pipe(socket)
  }
  // Ended before it was decided: too short for HTTP.
  const ended = (): void => void socket.end(seen)
  socket.on('readable', look)
  socket.once('end', ended)
}

interface Port {
  readonly context: StandInContext
  readonly port: number
  readonly answering: Answering
}

async function answerHttp(own: Port, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const request: ReceivedRequest = {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers,
    clientAddress: incoming.socket.remoteAddress ?? '',
    clientPort: incoming.socket.remotePort ?? 0,
    port: own.port,
  }
  drain(incoming)
  const { status, headers = {}, body } = await own.answering(request)
  if (!isProbe(request)) own.context.print(requestLine(request, status))
  outgoing.writeHead(status, {
    'Content-Type': 'application/json',
    ...headers,
    'Content-Length': Buffer.byteLength(body),
  })
  outgoing.end(request.method === 'HEAD' ? undefined : body)
}

/** The node agent's probes are not worth a line each. */
const isProbe = (request: ReceivedRequest): boolean =>
  String(request.headers['user-agent'] ?? '').startsWith('kube-probe/')

function drain(incoming: IncomingMessage): void {
  let size = 0
  incoming.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > MAX_BODY_BYTES) incoming.destroy()
  })
  incoming.on('error', () => undefined)
}

async function answerStream(
  own: Port,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const path = String(headers[':path'] ?? '/')
  const request: ReceivedRequest = {
    method: String(headers[':method'] ?? ''),
    path,
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':'))),
    clientAddress: stream.session?.socket.remoteAddress ?? '',
    clientPort: stream.session?.socket.remotePort ?? 0,
    port: own.port,
  }
  stream.on('error', () => undefined)
  stream.resume()
  if (String(headers['content-type'] ?? '').startsWith('application/grpc'))
    return answerGrpc(own, stream, request)
  const { status, body } = await own.answering(request)
  own.context.print(requestLine(request, status))
  if (stream.destroyed) return
  stream.respond({ ':status': status, 'content-type': 'application/json' })
  stream.end(body)
}

/** Health checks are SERVING; other calls are answered UNIMPLEMENTED, by a server that is plainly there. */
function answerGrpc(own: Port, stream: ServerHttp2Stream, request: ReceivedRequest): void {
  const isHealth = request.path === HEALTH_CHECK_PATH || request.path === HEALTH_WATCH_PATH
  if (!isHealth) own.context.print(requestLine(request, 200))
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': isHealth ? '0' : '12' }))
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  if (isHealth) stream.write(SERVING)
  if (request.path !== HEALTH_WATCH_PATH) stream.end()
}
