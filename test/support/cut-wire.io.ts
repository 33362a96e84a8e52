/** A wire that can be cut: forwards TCP connections of a loopback port to another, until told to break them all. */

import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

export interface CutWire extends AsyncDisposable {
  readonly port: number
  /** connections so far */
  readonly connections: () => number
  /** Resets what is connected; new connections work. */
  readonly cut: () => void
}

export async function cutWire(targetPort: number): Promise<CutWire> {
  const sockets = new Set<Socket>()
  let count = 0
  const hold = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
  }
  const server = createServer((from) => {
    count += 1
    const to = connect(targetPort, '127.0.0.1')
    hold(from)
    hold(to)
    from.pipe(to).pipe(from)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => sockets.forEach((socket) => socket.resetAndDestroy())
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    cut,
    [Symbol.asyncDispose]: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
