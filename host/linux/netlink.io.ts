/**
 * Conversations with the kernel's routing tables: one netlink socket per namespace, opened inside it when first
 * needed and used from outside for as long as the namespace is held.
 *
 * The kernel carries a request out before send() returns, so the answers are waiting: nothing here blocks.
 */

import { closeSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { fromErrno } from '../errors.ts'
import type { HostError } from '../errors.ts'
import type { NetworkNamespace } from '../host.ts'
import type { NetlinkAck, NetlinkReply, NetlinkRequest } from './netlink-message.ts'
import { decodeAck, decodeReplies, encodeRequests, isDone, isOneOfMany } from './netlink-message.ts'
import type { NamespaceSwitch } from './network-namespace.io.ts'
import { AF_NETLINK, SOCK_NONBLOCK, SOCK_RAW } from './syscalls.io.ts'
import type { Syscalls } from './syscalls.io.ts'

const SOL_NETLINK = 270
const NETLINK_CAP_ACK = 10
const NETLINK_EXT_ACK = 11
const NETLINK_ROUTE = 0

/** A reply is at most one page or 32 KiB, whichever the reader offers room for. */
const RECEIVE_BYTES = 64 * 1024
/** Acknowledgements wait in the socket's receive buffer; so many surely fit. */
const REQUESTS_AT_ONCE = 64

export interface Netlink {
  /** Sends changes; the acknowledgement of each, in order. Later ones are carried out even if an earlier one failed. */
  change(requests: readonly NetlinkRequest[], network: NetworkNamespace | undefined): readonly NetlinkAck[]
  /** Asks one question; the answers. HostError with the kernel's errno when it is refused. */
  ask(request: NetlinkRequest, network: NetworkNamespace | undefined): readonly NetlinkReply[]
  /** Closes the socket of a namespace that is being given up. */
  forget(network: NetworkNamespace): void
}

/** @returns with or without the kernel's words: `Nexthop has invalid gateway: ENETUNREACH` */
export function ackError(ack: NetlinkAck, what: string): HostError {
  return fromErrno(
    getSystemErrorName(-ack.errno),
    ack.message === undefined ? what : `${what}: ${ack.message}`,
  )
}

export function linuxNetlink(syscalls: Syscalls, namespaces: NamespaceSwitch): Netlink {
  const sockets = new WeakMap<NetworkNamespace, number>()
  const buffer = Buffer.alloc(RECEIVE_BYTES)
  let own: number | undefined
  let sequence = 1

  const socketOf = (network: NetworkNamespace | undefined): number => {
    if (network === undefined) return (own ??= openNetlink(syscalls))
    const open = sockets.get(network) ?? namespaces.inside(network, () => openNetlink(syscalls))
    sockets.set(network, open)
    return open
  }
  const receive = (fd: number): readonly NetlinkReply[] =>
    decodeReplies(Buffer.from(buffer.subarray(0, syscalls.recv(fd, buffer))))
  const send = (fd: number, requests: readonly NetlinkRequest[]): number => {
    const first = sequence
    sequence = (sequence + requests.length) % 0x7fffffff
    syscalls.send(fd, encodeRequests(requests, first))
    return first
  }

  const changeSome = (fd: number, requests: readonly NetlinkRequest[]): readonly NetlinkAck[] => {
    const first = send(fd, requests)
    const acks: NetlinkAck[] = []
    while (acks.length < requests.length) {
      for (const reply of receive(fd)) {
        const ack = reply.sequence < first ? undefined : decodeAck(reply)
        if (ack !== undefined) acks.push(ack)
      }
    }
    return acks
  }

  return {
    change: (requests, network) => {
      const fd = socketOf(network)
      const acks: NetlinkAck[] = []
      for (let start = 0; start < requests.length; start += REQUESTS_AT_ONCE) {
        acks.push(...changeSome(fd, requests.slice(start, start + REQUESTS_AT_ONCE)))
      }
      return acks
    },
    ask: (request, network) => {
      const fd = socketOf(network)
      const sent = send(fd, [request])
      return answers(() => receive(fd).filter((reply) => reply.sequence === sent))
    },
    forget: (network) => {
      const fd = sockets.get(network)
      sockets.delete(network)
      if (fd !== undefined) closeSync(fd)
    },
  }
}

/** Reads to the end of a dump, or the single reply to a question about one thing. */
function answers(receive: () => readonly NetlinkReply[]): readonly NetlinkReply[] {
  const found: NetlinkReply[] = []
  for (;;) {
    for (const reply of receive()) {
      if (isDone(reply)) return found
      const ack = decodeAck(reply)
      if (ack !== undefined && ack.errno !== 0) throw ackError(ack, 'netlink')
      if (ack !== undefined) return found
      found.push(reply)
      if (!isOneOfMany(reply)) return found
    }
  }
}

function openNetlink(syscalls: Syscalls): number {
  const fd = syscalls.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_ROUTE)
  syscalls.setsockopt(fd, { level: SOL_NETLINK, name: NETLINK_CAP_ACK, value: 1 })
  syscalls.setsockopt(fd, { level: SOL_NETLINK, name: NETLINK_EXT_ACK, value: 1 })
  return fd
}
