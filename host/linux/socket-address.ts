/** Socket addresses as the kernel's bytes, and the ports that stand in for refused low ones. Pure. */

import { parseIPv4 } from '../../core/net/ip.ts'

/** A refused low port of 127/8 is served and dialled this much higher. */
export const LOW_PORT_SHIFT = 20_000

const FIRST_FREE_PORT = 1024
const AF_INET = 2

/**
 * @returns struct sockaddr_in: family in the machine's byte order, port and address in the network's
 * @throws RangeError if `address` is not dotted IPv4
 */
export function sockaddrIn(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt16LE(AF_INET, 0)
  bytes.writeUInt16BE(port, 2)
  bytes.set(ipv4Bytes(address), 4)
  return bytes
}

/** @throws RangeError if `address` is not dotted IPv4 */
export function ipv4Bytes(address: string): Uint8Array {
  const value = parseIPv4(address)
  if (value === undefined) throw new RangeError(`not an IPv4 address: ${JSON.stringify(address)}`)
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

/** The port really used for `port` of `address` on a host that refuses low ports. */
export function portForUnprivileged(address: string, port: number): number {
  const isLow = port > 0 && port < FIRST_FREE_PORT
  return isLow && address.startsWith('127.') ? port + LOW_PORT_SHIFT : port
}
