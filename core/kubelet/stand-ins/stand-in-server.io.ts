/** Stand-ins made of ports: TCP ones that answer, UDP ones that echo. Everything listens before it counts as started. */

import type { Socket as UdpSocket } from 'node:dgram'
import type { ListenPort } from '../image-behaviour.ts'
import type { StandIn, StandInContext } from '../stand-in.ts'
import type { AnswersDatagram } from './agnhost.ts'
import type { Answering } from './tcp-port.io.ts'
import { tcpPort } from './tcp-port.io.ts'

export interface PortsOptions {
  readonly context: StandInContext
  readonly ports: readonly ListenPort[]
  readonly answering: Answering
  /** absent: a datagram is sent back as it came */
  readonly answersDatagram?: AnswersDatagram
}

/** Where a stand-in listens: every address of its own namespace, or its own address in a shared one. */
function listenAddress(context: StandInContext): string {
  return context.network === undefined ? context.podIP : '0.0.0.0'
}

export async function servePorts(options: PortsOptions): Promise<StandIn> {
  const { context, ports, answering } = options
  await using opened = new AsyncDisposableStack()
  const address = listenAddress(context)
  for (const { protocol, port } of ports) {
    if (protocol === 'TCP') {
      const tcp = opened.use(tcpPort(context, port, answering))
      await context.sockets.listen(tcp.server, { network: context.network, address, port })
    } else {
      const socket = await context.sockets.bindUdp({ network: context.network, address, port })
      opened.defer(() => closed(socket))
      answerDatagrams(socket, port, options)
    }
  }
  const all = opened.move()
  const { promise: exited, resolve } = Promise.withResolvers<{ kind: 'exited'; code: number }>()
  return {
    exited,
    async [Symbol.asyncDispose]() {
      await all.disposeAsync()
      resolve({ kind: 'exited', code: 0 })
    },
  }
}

function answerDatagrams(socket: UdpSocket, port: number, { context, answersDatagram }: PortsOptions): void {
  socket.on('message', (message, from) => {
    context.print(`${from.address} UDP ${message.length} bytes port=${port}`)
    const answer = answersDatagram === undefined ? message : answersDatagram(message.toString('utf8'), from)
    if (answer !== undefined) socket.send(answer, from.port, from.address)
  })
  // An ICMP error for an earlier answer; the next datagram may come from elsewhere.
  socket.on('error', () => undefined)
}

function closed(socket: UdpSocket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()))
}
