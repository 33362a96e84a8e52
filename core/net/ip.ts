/**
 * IP addresses: text to value and back. Pure; imports nothing.
 *
 * Texts are read as Go's netip does: no leading zeros, no spaces, no zones. Values are bigint in both families;
 * parseIPv4 gives a plain number for the hot paths.
 */

export const IP_FAMILIES = ['IPv4', 'IPv6'] as const
export type IpFamily = (typeof IP_FAMILIES)[number]

export interface IpAddress {
  readonly family: IpFamily
  readonly value: bigint
}

export const IP_BITS: Readonly<Record<IpFamily, number>> = { IPv4: 32, IPv6: 128 }

/** @returns 0 to 2^32-1, or undefined when `text` is no IPv4 address */
export function parseIPv4(text: string): number | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let value = 0
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    value = value * 256 + Number(part)
  }
  return value
}

export function printIPv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
}

/** @returns 0 to 2^128-1, or undefined; an IPv4 tail (`::ffff:192.0.2.1`) is understood */
export function parseIPv6(text: string): bigint | undefined {
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (tail) {
    const v4 = parseIPv4(tail[2] ?? '')
    if (v4 === undefined) return undefined
    return parseIPv6(`${tail[1]}${(v4 >>> 16).toString(16)}:${(v4 & 0xffff).toString(16)}`)
  }
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')))
  const [head = [], rest = []] = groups
  const missing = 8 - head.length - rest.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const all = [...head, ...Array.from({ length: halves.length === 2 ? missing : 0 }, () => '0'), ...rest]
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  return all.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n)
}

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups (the first of equals) as `::`. */
export function printIPv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_none, index) =>
    Number((value >> BigInt(112 - 16 * index)) & 0xffffn),
  )
  const { start, length } = longestZeroRun(groups)
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':')
  if (length < 2) return hex(groups)
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}

function longestZeroRun(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1
    else if (index - start + 1 > best.length) best = { start, length: index - start + 1 }
  }
  return best
}

/** @returns the address of either family, or undefined */
export function parseIp(text: string): IpAddress | undefined {
  const v4 = parseIPv4(text)
  if (v4 !== undefined) return { family: 'IPv4', value: BigInt(v4) }
  const v6 = text.includes(':') ? parseIPv6(text) : undefined
  return v6 === undefined ? undefined : { family: 'IPv6', value: v6 }
}

export function printIp({ family, value }: IpAddress): string {
  return family === 'IPv4' ? printIPv4(Number(value)) : printIPv6(value)
}

/** The one spelling of an address, or undefined when `text` is none. */
export function canonicalIp(text: string): string | undefined {
  const address = parseIp(text)
  return address && printIp(address)
}

/** `0.0.0.0` and `::`. */
export function isUnspecified({ value }: IpAddress): boolean {
  return value === 0n
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback({ family, value }: IpAddress): boolean {
  return family === 'IPv4' ? value >> 24n === 127n : value === 1n
}

/** 169.254.0.0/16 and fe80::/10. */
export function isLinkLocal({ family, value }: IpAddress): boolean {
  return family === 'IPv4' ? value >> 16n === 0xa9fen : value >> 118n === 0x3fan
}

/** 224.0.0.0/4 and ff00::/8. */
export function isMulticast({ family, value }: IpAddress): boolean {
  return family === 'IPv4' ? value >> 28n === 0xen : value >> 120n === 0xffn
}

/** 224.0.0.0/24 and link-local scope in ff00::/8: multicast that no router forwards. */
export function isLinkLocalMulticast({ family, value }: IpAddress): boolean {
  return family === 'IPv4'
    ? value >> 8n === 0xe00000n
    : value >> 120n === 0xffn && (value >> 112n) % 16n === 2n
}

/** `::ffff:192.0.2.1`: an IPv4 address in the clothes of an IPv6 one. */
export function isIPv4Mapped({ family, value }: IpAddress): boolean {
  return family === 'IPv6' && value >> 32n === 0xffffn
}

/** The family of an address, or undefined when `text` is none. */
export function familyOf(text: string): IpFamily | undefined {
  return parseIp(text)?.family
}
