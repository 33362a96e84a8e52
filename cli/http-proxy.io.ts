/**
 * An HTTP proxy on loopback that knows the cluster's names: what `portolan curl` and `portolan env` use where the
 * host's own resolver or routes do not lead into the cluster. CONNECT tunnels (https, anything) and plain
 * absolute-form requests (RFC 9112 section 3.2.2, RFC 9110 section 9.3.6). Other names are dialled as they are, so that
 * a shell with HTTP_PROXY set keeps its internet.
 */

import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http'
import { createServer, request } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream'
import type { Sockets } from '../host/host.ts'

export type ResolvedName =
  | { readonly kind: 'address'; readonly address: string }
  /** an ExternalName Service: a name of somebody else's */
  | { readonly kind: 'alias'; readonly name: string }
  /** the cluster's domain, but nothing there */
  | { readonly kind: 'missing' }
  /** none of the cluster's */
  | { readonly kind: 'foreign' }

export interface HttpProxyOptions {
  readonly sockets: Sockets
  readonly resolve: (name: string) => ResolvedName
}

export interface HttpProxy extends AsyncDisposable {
  readonly port: number
}

/** Fields that are between two neighbours only (RFC 9110 section 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'proxy-authorization',
  'proxy-authenticate',
  'te',
  'trailer',
  'upgrade',
])

const CONNECT_TIMEOUT_MS = 10_000

export async function startHttpProxy(options: HttpProxyOptions): Promise<HttpProxy> {
  const open = new Set<Duplex>()
  const server = createServer((incoming, outgoing) => forward(options, incoming, outgoing))
  server.on('connection', (socket) => remember(open, socket))
  server.on('connect', (incoming, client, head) => tunnel(options, { incoming, client, head, open }))
  // A broken request line is answered by Node with 400; the socket may be gone already.
  server.on('clientError', (_error, socket) => socket.destroy())
  const port = await options.sockets.listen(server, { address: '127.0.0.1', port: 0 })
  return { port, [Symbol.asyncDispose]: () => closed(server, open) }
}

function remember(open: Set<Duplex>, socket: Duplex): void {
  open.add(socket)
  socket.once('close', () => open.delete(socket))
}

function closed(server: Server, open: Set<Duplex>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    for (const socket of open) socket.destroy()
  })
}

type Dialled = { readonly socket: Socket } | { readonly refusal: string }

function dial({ sockets, resolve }: HttpProxyOptions, host: string, port: number): Dialled {
  const name = resolve(host)
  if (name.kind === 'missing') return { refusal: `portolan: no such name in the cluster: ${host}` }
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    return { refusal: `portolan: no such port: ${port}` }
  const socket =
    name.kind === 'address'
      ? sockets.connect({ address: name.address, port })
      : connect({ host: name.kind === 'alias' ? name.name : host, port })
  socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy(new Error('connection timed out')))
  socket.once('connect', () => socket.setTimeout(0))
  return { socket }
}

interface Tunnel {
  readonly incoming: IncomingMessage
  readonly client: Duplex
  readonly head: Buffer
  readonly open: Set<Duplex>
}

function tunnel(options: HttpProxyOptions, { incoming, client, head, open }: Tunnel): void {
  const target = URL.parse(`tcp://${incoming.url ?? ''}`)
  const host = target?.hostname ?? ''
  const dialled = dial(options, host, Number(target?.port))
  const refuse = (text: string): void => {
    client.end(
      `HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nContent-Length: ${text.length + 1}\r\n\r\n${text}\n`,
    )
  }
  if ('refusal' in dialled) return refuse(dialled.refusal)
  const { socket } = dialled
  remember(open, socket)
  client.on('error', () => socket.destroy())
  socket.once('error', (error) => refuse(`portolan: ${host}: ${error.message}`))
  socket.once('connect', () => {
    socket.removeAllListeners('error')
    client.write('HTTP/1.1 200 Connection established\r\n\r\n')
    socket.write(head)
    // Either end breaking off ends both; there is nobody left to tell.
    pipeline(client, socket, client, () => undefined)
  })
}

function forward(options: HttpProxyOptions, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const target = URL.parse(incoming.url ?? '')
  if (target === null || target.protocol !== 'http:') {
    outgoing
      .writeHead(400, { 'content-type': 'text/plain' })
      .end('portolan: this is a proxy: send absolute http:// URLs or CONNECT\n')
    return
  }
  const dialled = dial(options, target.hostname, Number(target.port || 80))
  if ('refusal' in dialled) {
    outgoing.writeHead(502, { 'content-type': 'text/plain' }).end(`${dialled.refusal}\n`)
    return
  }
  const upstream = request({
    createConnection: () => dialled.socket,
    method: incoming.method,
    path: `${target.pathname}${target.search}`,
    headers: endToEnd(incoming.headers),
    setHost: false,
  })
  upstream.once('response', (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.statusMessage, endToEnd(response.headers))
    pipeline(response, outgoing, () => undefined)
  })
  upstream.once('error', (error) => {
    if (outgoing.headersSent) outgoing.destroy()
    else
      outgoing
        .writeHead(502, { 'content-type': 'text/plain' })
        .end(`portolan: ${target.hostname}: ${error.message}\n`)
  })
  outgoing.once('close', () => upstream.destroy())
  pipeline(incoming, upstream, () => undefined)
}

function endToEnd(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const named = String(headers['connection'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.includes(name)),
  )
}
