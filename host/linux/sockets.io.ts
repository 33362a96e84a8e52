/**
 * Sockets in any network namespace. In portolan's own they are Node's; in another one the descriptor is made by
 * system calls inside it and adopted outside, because Node would make it only after the visit.
 */

import { createSocket } from 'node:dgram'
import type { Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { closeSync } from 'node:fs'
import { connect, createServer, Socket } from 'node:net'
import type { Server } from 'node:net'
import { fromErrno, HostError } from '../errors.ts'
import type { NetworkNamespace, SocketAddress, Sockets } from '../host.ts'
import type { NamespaceSwitch } from './network-namespace.io.ts'
import { portForUnprivileged, sockaddrIn } from './socket-address.ts'
import { AF_INET, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_STREAM } from './syscalls.io.ts'
import type { Syscalls } from './syscalls.io.ts'

const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const BACKLOG = 511

type PortOf = (where: SocketAddress) => number

/** @param syscalls absent: sockets in other namespaces are refused (HostError UNSUPPORTED) */
export async function linuxSockets(
  namespaces: NamespaceSwitch,
  syscalls: Syscalls | undefined,
): Promise<Sockets> {
  const lowPortsRefused = await refusesLowPorts()
  const portOf: PortOf = ({ network, address, port }) =>
    lowPortsRefused && network === undefined ? portForUnprivileged(address, port) : port
  const descriptor = (network: NetworkNamespace, request: DescriptorRequest): number => {
    if (syscalls === undefined) throw new HostError('UNSUPPORTED', 'no sockets in namespaces without koffi')
    return namespaces.inside(network, () => openDescriptor(syscalls, request))
  }
  return {
    listen: async (server, where) => {
      const { network, address } = where
      const port = portOf(where)
      const options =
        network === undefined
          ? { port, host: address }
          : { fd: descriptor(network, { type: SOCK_STREAM, bind: { address, port }, listen: true }) }
      return await listening(server, options, `${address}:${port}/tcp`)
    },
    bindUdp: async (where) => {
      const { network, address } = where
      const port = portOf(where)
      const options =
        network === undefined
          ? { port, address }
          : { fd: descriptor(network, { type: SOCK_DGRAM, bind: { address, port } }) }
      return await boundUdp(options, `${address}:${port}/udp`)
    },
    connect: (to) => {
      const { network, address, localAddress } = to
      const target = { port: portOf(to), host: address }
      if (network === undefined) {
        return connect(localAddress === undefined ? target : { ...target, localAddress })
      }
      try {
        const bind = localAddress === undefined ? undefined : { address: localAddress, port: 0 }
        return adopted(descriptor(network, { type: SOCK_STREAM, bind })).connect(target)
      } catch (error) {
        // As with connect(): whoever asked hears of it by the 'error' event.
        return new Socket().destroy(error instanceof Error ? error : new Error(String(error)))
      }
    },
  }
}

/** Tried once, on an address nobody uses: privileges and sysctls together decide, and only trying tells. */
async function refusesLowPorts(): Promise<boolean> {
  const server = createServer()
  try {
    await listening(server, { port: 1, host: '127.255.255.253' }, 'probe')
    return false
  } catch (error) {
    return error instanceof HostError && error.code === 'NOT_PRIVILEGED'
  } finally {
    server.close()
  }
}

interface DescriptorRequest {
  readonly type: number
  readonly bind?: { readonly address: string; readonly port: number } | undefined
  readonly listen?: boolean
}

function openDescriptor(syscalls: Syscalls, request: DescriptorRequest): number {
  const isTcp = request.type === SOCK_STREAM
  const fd = syscalls.socket(AF_INET, request.type | SOCK_NONBLOCK, 0)
  try {
    // As Node does for servers: a port in TIME_WAIT is free. For UDP it would hide that a port is taken.
    if (isTcp) syscalls.setsockopt(fd, { level: SOL_SOCKET, name: SO_REUSEADDR, value: 1 })
    if (request.bind !== undefined) bindTo(syscalls, fd, request.bind)
    if (request.listen === true) syscalls.listen(fd, BACKLOG)
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function bindTo(
  syscalls: Syscalls,
  fd: number,
  to: { readonly address: string; readonly port: number },
): void {
  try {
    syscalls.bind(fd, sockaddrIn(to.address, to.port))
  } catch (error) {
    if (!(error instanceof HostError)) throw error
    throw fromErrno(error.context.errno ?? 'EIO', `bind ${to.address}:${to.port}`, { cause: error })
  }
}

/** A TCP socket around a descriptor that is not connected yet. */
const adopted = (fd: number): Socket => new Socket({ fd, manualStart: true } as { fd: number })

type ListenOptions = { readonly port: number; readonly host: string } | { readonly fd: number }

function listening(server: Server, options: ListenOptions, what: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const onError = (cause: NodeJS.ErrnoException): void => {
    server.off('listening', onListening)
    reject(fromErrno(cause.code ?? 'EIO', `listen on ${what}`, { cause }))
  }
  const onListening = (): void => {
    server.off('error', onError)
    const address = server.address()
    resolve(typeof address === 'object' && address !== null ? address.port : 0)
  }
  server.once('error', onError)
  server.once('listening', onListening)
  server.listen(options)
  return promise
}

async function boundUdp(
  options: { readonly port: number; readonly address: string } | { readonly fd: number },
  what: string,
): Promise<UdpSocket> {
  const socket = createSocket('udp4')
  try {
    const bound = once(socket, 'listening')
    if ('fd' in options) socket.bind(options)
    else socket.bind({ ...options, exclusive: true })
    await bound
    return socket
  } catch (cause) {
    socket.close()
    throw fromErrno(errnoOf(cause), `bind ${what}`, { cause })
  }
}

const errnoOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EIO'
