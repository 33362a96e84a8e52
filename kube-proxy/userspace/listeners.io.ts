/**
 * The user-space proxy at work: a listener for every address and port of the program, opened, changed and closed as the
 * program changes. TCP is spliced with half-close and back-pressure; UDP keeps a session per client until it is idle.
 *
 * A client without an endpoint, or one that the gate refuses, gets a reset (the handshake is the kernel's and has
 * happened by then); its datagrams are dropped.
 */

import type { Socket as UdpSocket } from 'node:dgram'
import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import type { Clock, Logger, NetworkNamespace, Sockets } from '../../host/host.ts'
import type { BalanceState } from './balance.ts'
import { chooseEndpoint, FRESH } from './balance.ts'
import type { EndpointAddress, UserspaceListener, UserspaceProgram } from './program.ts'
import { endpointsFor, listenerKey } from './program.ts'

/** May `source` open a connection to the endpoint? NetworkPolicy is joined here. */
export type ConnectionGate = (
  source: string,
  endpoint: { readonly ip: string; readonly port: number },
  protocol: 'TCP' | 'UDP',
) => boolean

export interface ListenersOptions {
  readonly sockets: Sockets
  readonly clock: Clock
  readonly log: Logger
  readonly network: NetworkNamespace | undefined
  readonly gate: ConnectionGate
  /** keep the client's address towards the endpoint where it is a loopback one */
  readonly preservesSource: boolean
}

interface Open extends AsyncDisposable {
  update(listener: UserspaceListener): void
}

export class Listeners implements AsyncDisposable {
  readonly #options: ListenersOptions
  readonly #open = new Map<string, Open>()
  readonly #warned = new Set<string>()

  constructor(options: ListenersOptions) {
    this.#options = options
  }

  /**
   * A port that cannot be had (taken, forbidden, an address that is not this node's) is warned of once and tried again
   * by the next apply; nothing else waits for it.
   */
  async apply({ listeners }: UserspaceProgram): Promise<void> {
    const wanted = new Map(listeners.map((listener) => [listenerKey(listener), listener]))
    for (const [key, open] of this.#open) {
      if (wanted.has(key)) continue
      this.#open.delete(key)
      await open[Symbol.asyncDispose]()
    }
    for (const [key, listener] of wanted) {
      const open = this.#open.get(key)
      if (open) open.update(listener)
      else {
        try {
          this.#open.set(key, await this.#listen(listener))
          this.#warned.delete(key)
        } catch (error) {
          this.#warnOnce(key, listener, error)
        }
      }
    }
  }

  #warnOnce(key: string, listener: UserspaceListener, error: unknown): void {
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    this.#options.log.warn('a Service address cannot be served', {
      service: listener.service,
      listener: key,
      err: error,
    })
  }

  #listen(listener: UserspaceListener): Promise<Open> {
    return listener.protocol === 'TCP' ? openTcp(listener, this.#options) : openUdp(listener, this.#options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#open.values()]
    this.#open.clear()
    await Promise.all(all.map((open) => open[Symbol.asyncDispose]()))
  }
}

/** The balancing of one listener. */
class Chooser {
  listener: UserspaceListener
  readonly #options: ListenersOptions
  #state: BalanceState = FRESH

  constructor(listener: UserspaceListener, options: ListenersOptions) {
    this.listener = listener
    this.#options = options
  }

  /** @returns where the client goes; undefined when nowhere. The choice never looks at the policies. */
  choose(client: string): EndpointAddress | undefined {
    const { affinitySeconds, protocol } = this.listener
    const endpoints = endpointsFor(this.listener, client)
    const keys = endpoints.map(({ ip, port }) => `${ip}:${port}`)
    const chosen = chooseEndpoint(this.#state, {
      endpoints: keys,
      client,
      affinitySeconds,
      nowMs: this.#options.clock.monotonic(),
    })
    this.#state = chosen.state
    const endpoint = chosen.index === undefined ? undefined : endpoints[chosen.index]
    return endpoint && this.#options.gate(client, endpoint, protocol) ? endpoint : undefined
  }
}

const MAX_CONNECTIONS = 10_000

async function openTcp(listener: UserspaceListener, options: ListenersOptions): Promise<Open> {
  const chooser = new Chooser(listener, options)
  const open = new Set<Socket>()
  const server: Server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    open.add(client)
    client.once('close', () => open.delete(client))
    splice(client, chooser, options)
  })
  server.maxConnections = MAX_CONNECTIONS
  await options.sockets.listen(server, {
    network: options.network,
    address: listener.address,
    port: listener.port,
  })
  return {
    update: (changed) => void (chooser.listener = changed),
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const client of open) client.destroy()
      await closed
    },
  }
}

function splice(client: Socket, chooser: Chooser, options: ListenersOptions): void {
  const source = client.remoteAddress ?? ''
  client.on('error', () => client.destroy())
  const endpoint = chooser.choose(source)
  if (endpoint === undefined) return void client.resetAndDestroy()
  const localAddress = options.preservesSource && source.startsWith('127.') ? source : undefined
  const backend = options.sockets.connect({
    network: options.network,
    address: endpoint.ip,
    port: endpoint.port,
    localAddress,
  })
  backend.allowHalfOpen = true
  backend.once('error', () => client.resetAndDestroy())
  backend.once('connect', () => {
    client.setNoDelay(true)
    backend.setNoDelay(true)
    // pipe() pauses the faster side and passes each end on by itself: half-close works both ways.
    client.pipe(backend)
    backend.pipe(client)
    client.resume()
  })
  client.once('close', () => backend.destroy())
  backend.once('close', () => client.destroySoon())
}

const UDP_IDLE_MS = 60_000
const MAX_SESSIONS = 4_096

interface Session {
  readonly socket: Promise<UdpSocket>
  readonly endpoint: EndpointAddress
  usedMs: number
}

async function openUdp(listener: UserspaceListener, options: ListenersOptions): Promise<Open> {
  const chooser = new Chooser(listener, options)
  const sessions = new Map<string, Session>()
  const server = await options.sockets.bindUdp({
    network: options.network,
    address: listener.address,
    port: listener.port,
  })
  const end = (key: string, session: Session): void => {
    sessions.delete(key)
    // Closing one that never opened is closing nothing.
    session.socket.then((socket) => socket.close()).catch(() => undefined)
  }
  const sweep = setInterval(() => {
    const now = options.clock.monotonic()
    for (const [key, session] of sessions) if (now - session.usedMs > UDP_IDLE_MS) end(key, session)
  }, UDP_IDLE_MS / 4)
  sweep.unref()
  server.on('error', () => undefined)
  server.on('message', (message, from) => {
    const key = `${from.address}:${from.port}`
    let session = sessions.get(key)
    const gone =
      session &&
      !endpointsFor(chooser.listener, from.address).some(
        ({ ip, port }) => ip === session?.endpoint.ip && port === session.endpoint.port,
      )
    if (session && gone) end(key, session)
    if (session === undefined || gone) {
      const endpoint = chooser.choose(from.address)
      if (endpoint === undefined || sessions.size >= MAX_SESSIONS) return
      session = {
        endpoint,
        usedMs: 0,
        socket: backendSocket(options, from.address, (answer) =>
          server.send(answer, from.port, from.address),
        ),
      }
      sessions.set(key, session)
    }
    session.usedMs = options.clock.monotonic()
    const { endpoint } = session
    // A socket that could not be made loses the datagram, as the network may.
    session.socket
      .then((socket) => socket.send(message, endpoint.port, endpoint.ip))
      .catch(() => sessions.delete(key))
  })
  return {
    update: (changed) => void (chooser.listener = changed),
    async [Symbol.asyncDispose]() {
      clearInterval(sweep)
      for (const [key, session] of sessions) end(key, session)
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** A socket towards the endpoint, for one client. */
async function backendSocket(
  options: ListenersOptions,
  client: string,
  answered: (message: Buffer) => void,
): Promise<UdpSocket> {
  const socket = await options.sockets.bindUdp({
    network: options.network,
    address: options.preservesSource && client.startsWith('127.') ? client : '0.0.0.0',
    port: 0,
  })
  socket.on('message', answered)
  // An ICMP error of an endpoint that is gone.
  socket.on('error', () => undefined)
  return socket
}
