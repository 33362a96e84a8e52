/** Well-known addresses of the Service range. Pure. */

import { parseCidr } from '../core/net/cidr.ts'
import { printIp } from '../core/net/ip.ts'

/** @returns the address `offset` above the first of the range. @throws Error when `cidr` is none */
export function addressOf(cidr: string, offset: number): string {
  const range = parseCidr(cidr)
  if (range === undefined) throw new Error(`not a CIDR: ${cidr}`)
  return printIp({ family: range.family, value: range.first + BigInt(offset) })
}
