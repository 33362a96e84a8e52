/** Address ranges in CIDR notation, of both families. Pure. */

import type { IpAddress, IpFamily } from './ip.ts'
import { IP_BITS, parseIp, printIp } from './ip.ts'

export interface Cidr {
  readonly family: IpFamily
  /** lowest address: host bits cleared */
  readonly first: bigint
  readonly last: bigint
  readonly prefixLength: number
  /** whether the text had no host bits set (`10.0.0.0/8`, not `10.0.0.1/8`) */
  readonly isCanonical: boolean
}

/** @returns the range, or undefined when `text` is not `ADDRESS/LENGTH` */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.lastIndexOf('/')
  const address = slash < 0 ? undefined : parseIp(text.slice(0, slash))
  const length = text.slice(slash + 1)
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined
  const bits = IP_BITS[address.family]
  const prefixLength = Number(length)
  if (prefixLength > bits) return undefined
  const hostMask = (1n << BigInt(bits - prefixLength)) - 1n
  const first = address.value & ~hostMask
  return {
    family: address.family,
    first,
    last: first | hostMask,
    prefixLength,
    isCanonical: first === address.value,
  }
}

export function printCidr({ family, first, prefixLength }: Cidr): string {
  return `${printIp({ family, value: first })}/${prefixLength}`
}

export function cidrContains(cidr: Cidr, address: IpAddress): boolean {
  return cidr.family === address.family && cidr.first <= address.value && address.value <= cidr.last
}

/** Whether `inner` is within `outer` and smaller. */
export function isStrictSubset(inner: Cidr, outer: Cidr): boolean {
  return isWithin(inner, outer) && inner.prefixLength > outer.prefixLength
}

export function isWithin(inner: Cidr, outer: Cidr): boolean {
  return inner.family === outer.family && outer.first <= inner.first && inner.last <= outer.last
}

export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last
}

/** Number of addresses. */
export function cidrSize({ first, last }: Cidr): bigint {
  return last - first + 1n
}
