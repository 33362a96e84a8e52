/**
 * A DNS server's sockets: UDP and TCP at one address, any number of them over one handler (./handler.ts).
 *
 * TCP as CoreDNS has it: pipelining, replies in the order they get ready, closed after ten idle seconds. Beyond that,
 * the number of connections and of questions under way on each is limited.
 */

import type { RemoteInfo, Socket as UdpSocket } from 'node:dgram'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { HostError } from '../host/errors.ts'
import type { Clock, Logger, NetworkNamespace, Random, Sockets } from '../host/host.ts'
import type { ZoneConfig } from './answer.ts'
import { dnsHandler } from './handler.ts'
import type { Forwarder, Handler, Reply } from './handler.ts'
import type { Records } from './records.ts'
import { frame, FrameReader } from './tcp-frames.ts'

export interface DnsServerOptions {
  readonly sockets: Pick<Sockets, 'listen' | 'bindUdp'>
  /** where to listen; absent: the host's own namespace */
  readonly network?: NetworkNamespace | undefined
  readonly address: string
  /** 0: any that is free for both UDP and TCP */
  readonly port: number
  readonly records: Records
  readonly config: ZoneConfig
  /**
   * addresses of this server as the zone's NS records show them: the pod's; none for a server that is only the host's
   * access to the cluster
   */
  readonly ownAddresses?: readonly string[]
  /** absent: names of others are SERVFAIL; not disposed with the server */
  readonly forward?: Forwarder | undefined
  readonly clock: Pick<Clock, 'monotonic'>
  readonly random: Pick<Random, 'next'>
  readonly log: Logger
}

/** Disposing it closes its sockets. */
export interface DnsServer extends AsyncDisposable {
  readonly address: string
  readonly port: number
}

const MAX_CONNECTIONS = 512
const MAX_PIPELINED = 100
const IDLE_TIMEOUT_MS = 10_000
const PORT_ATTEMPTS = 8

/** Resolves once both sockets are open; rejects with HostError when they cannot be had. */
export async function serveDns(options: DnsServerOptions): Promise<DnsServer> {
  const { records, config, ownAddresses = [] } = options
  const context = { records, config, ownAddresses }
  const handler = dnsHandler({ ...options, context: () => context })
  const connections = new Set<Socket>()
  const { udp, tcp, port } = await bothOpen(options, () => tcpServer(handler, connections))
  answerDatagrams(udp, handler, options.log)
  tcp.on('error', (err) => options.log.warn('DNS server', { err }))
  return {
    address: options.address,
    port,
    async [Symbol.asyncDispose]() {
      const closed = Promise.all([
        new Promise<void>((resolve) => udp.close(() => resolve())),
        new Promise<void>((resolve) => tcp.close(() => resolve())),
      ])
      for (const connection of connections) connection.destroy()
      await closed
    },
  }
}

interface OpenSockets {
  readonly udp: UdpSocket
  readonly tcp: Server
  readonly port: number
}

/** With port 0, a port that TCP got may be taken for UDP: then another one. */
async function bothOpen(options: DnsServerOptions, newServer: () => Server): Promise<OpenSockets> {
  const { sockets, network, address, port: wanted } = options
  for (let attempt = 1; ; attempt += 1) {
    const tcp = newServer()
    const port = await sockets.listen(tcp, { network, address, port: wanted })
    try {
      // Where low ports are shifted, both get the same shift: ask with the port that was wanted.
      const udp = await sockets.bindUdp({ network, address, port: wanted === 0 ? port : wanted })
      return { udp, tcp, port }
    } catch (error) {
      tcp.close()
      const isTaken = error instanceof HostError && error.code === 'PORT_IN_USE'
      if (wanted !== 0 || !isTaken || attempt >= PORT_ATTEMPTS) throw error
    }
  }
}

function answerDatagrams(socket: UdpSocket, handler: Handler, log: Logger): void {
  let isOpen = true
  const send = (reply: Reply, to: RemoteInfo): void => {
    // A client that has gone away is no event; a message the kernel refuses is.
    if (reply === undefined || !isOpen) return
    socket.send(reply, to.port, to.address, (err) => {
      if (err) log.debug('cannot send a DNS reply', { err })
    })
  }
  socket.on('close', () => (isOpen = false))
  socket.on('error', (err) => log.warn('DNS server', { err }))
  socket.on('message', (bytes, from) => {
    const reply = handler(bytes, 'udp')
    if (reply instanceof Promise) void reply.then((late) => send(late, from))
    else send(reply, from)
  })
}

function tcpServer(handler: Handler, connections: Set<Socket>): Server {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
    answerStream(socket, handler)
  })
  server.maxConnections = MAX_CONNECTIONS
  return server
}

function answerStream(socket: Socket, handler: Handler): void {
  const frames = new FrameReader()
  let underWay = 0
  let hasEnded = false
  const flow = (): void => {
    if (hasEnded && underWay === 0) socket.end()
    if (underWay >= MAX_PIPELINED || socket.writableNeedDrain) socket.pause()
    else socket.resume()
  }
  const send = (reply: Reply): void => {
    if (reply !== undefined && socket.writable) socket.write(frame(reply))
  }
  socket.setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy())
  // Whatever breaks the connection, 'close' follows.
  socket.on('error', () => socket.destroy())
  socket.on('drain', flow)
  socket.on('data', (chunk: Buffer) => {
    for (const bytes of frames.push(chunk)) {
      if (bytes.length === 0) {
        socket.end()
        return
      }
      const reply = handler(bytes, 'tcp')
      if (!(reply instanceof Promise)) {
        send(reply)
        continue
      }
      underWay += 1
      void reply.then((late) => {
        underWay -= 1
        send(late)
        flow()
      })
    }
    flow()
  })
  socket.on('end', () => {
    hasEnded = true
    flow()
  })
}
