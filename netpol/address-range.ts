/**
 * IPv4 ranges of ipBlocks: `except` subtracted from its own block only, then merged, as nftables wants its interval
 * sets. Pure interval arithmetic. IPv6 blocks select nothing: pods have IPv4 addresses here.
 */

import type { IPBlock } from '../core/api/generated/networking-v1.ts'
import { parseCidr } from '../core/net/cidr.ts'
import { parseIPv4, printIPv4 } from '../core/net/ip.ts'

/** Both ends belong to it. */
export interface AddressRange {
  readonly first: number
  readonly last: number
}

/** @returns the block without its exceptions, in order; nothing for what is no IPv4 block */
export function blockRanges(block: IPBlock): readonly AddressRange[] {
  const whole = rangeOf(block.cidr)
  if (whole === undefined) return []
  const holes = (block.except ?? []).flatMap((text) => rangeOf(text) ?? [])
  return holes.reduce<readonly AddressRange[]>(
    (ranges, hole) => ranges.flatMap((range) => without(range, hole)),
    [whole],
  )
}

function rangeOf(text: string): AddressRange | undefined {
  const cidr = parseCidr(text)
  return cidr?.family === 'IPv4' ? { first: Number(cidr.first), last: Number(cidr.last) } : undefined
}

function without(range: AddressRange, hole: AddressRange): readonly AddressRange[] {
  if (hole.last < range.first || range.last < hole.first) return [range]
  const below = { first: range.first, last: hole.first - 1 }
  const above = { first: hole.last + 1, last: range.last }
  return [below, above].filter(({ first, last }) => first <= last)
}

/** Sorted, without overlaps, neighbours joined. */
export function mergedRanges(ranges: readonly AddressRange[]): readonly AddressRange[] {
  const merged: AddressRange[] = []
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const last = merged.at(-1)
    if (last !== undefined && range.first <= last.last + 1) {
      merged[merged.length - 1] = { first: last.first, last: Math.max(last.last, range.last) }
    } else {
      merged.push(range)
    }
  }
  return merged
}

export function rangesContain(ranges: readonly AddressRange[], address: string): boolean {
  const value = parseIPv4(address)
  return value !== undefined && ranges.some(({ first, last }) => first <= value && value <= last)
}

/** As nft prints it: `10.0.0.0-10.0.0.255`, or one address. */
export function printedRange({ first, last }: AddressRange): string {
  return first === last ? printIPv4(first) : `${printIPv4(first)}-${printIPv4(last)}`
}
