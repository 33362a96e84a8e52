/** Which addresses a cluster uses, and which of them this node's pods get. Pure. */

import type { Cidr } from '../net/cidr.ts'
import { cidrsOverlap, parseCidr, printCidr } from '../net/cidr.ts'
import { printIp } from '../net/ip.ts'
import type { AddressPlan, NetworkName } from './pod-network.ts'

const KERNEL_ADDRESSES: AddressPlan = {
  podCIDR: '10.244.0.0/16',
  serviceCIDR: '10.96.0.0/12',
  loadBalancerCIDR: '10.112.0.0/24',
}

/** All within 127/8, which anybody may bind. */
const LOOPBACK_ADDRESSES: AddressPlan = {
  podCIDR: '127.112.0.0/16',
  serviceCIDR: '127.96.0.0/12',
  loadBalancerCIDR: '127.95.0.0/24',
}

/** The part of the pod range one node gets, as in most clusters. */
const NODE_PREFIX_LENGTH = 24

/**
 * @param overrides take the place of the network's defaults
 * @throws RangeError if a range is no IPv4 CIDR, or two overlap
 */
export function addressPlan(network: NetworkName, overrides: Partial<AddressPlan> = {}): AddressPlan {
  const plan = { ...(network === 'loopback' ? LOOPBACK_ADDRESSES : KERNEL_ADDRESSES), ...overrides }
  const ranges = Object.entries(plan).map(([name, text]) => ({ name, text, range: ipv4Range(text) }))
  for (const [index, one] of ranges.entries()) {
    const other = ranges.slice(index + 1).find(({ range }) => cidrsOverlap(one.range, range))
    if (other !== undefined) {
      throw new RangeError(`${one.name} ${one.text} and ${other.name} ${other.text} overlap`)
    }
  }
  return plan
}

function ipv4Range(text: string): Cidr {
  const range = parseCidr(text)
  if (range?.family !== 'IPv4' || !range.isCanonical) throw new RangeError(`not an IPv4 range: ${text}`)
  return range
}

/** What one node uses of the plan. */
export interface NodeAddresses {
  /** the node's part of the pod range */
  readonly podCIDR: string
  /** first of that part: every pod's way out, on the node's `lo` */
  readonly gateway: string
  /** the rest of that part, for pods */
  readonly pods: { readonly first: string; readonly count: number }
  /** ends of the link between the host and a node with a namespace of its own: from the end of the whole pod range */
  readonly uplink: { readonly host: string; readonly node: string }
}

/** @param nodeIndex 0 for the first node. @throws RangeError if the pod range has no part for it */
export function nodeAddresses(plan: AddressPlan, nodeIndex = 0): NodeAddresses {
  const whole = ipv4Range(plan.podCIDR)
  const prefixLength = Math.max(whole.prefixLength, NODE_PREFIX_LENGTH)
  const size = 1n << BigInt(32 - prefixLength)
  const first = whole.first + size * BigInt(nodeIndex)
  // The last addresses of the range belong to the uplinks, and the very last is a broadcast address by habit.
  const last = first + size - 1n
  const uplinkFirst = whole.last - (whole.last - whole.first > 511n ? 254n : 4n)
  const host = uplinkFirst
  const node = uplinkFirst + 1n + BigInt(nodeIndex)
  const end = last < uplinkFirst ? last : uplinkFirst
  const count = Number(end - first) - 2
  if (last > whole.last || count < 1)
    throw new RangeError(`${plan.podCIDR} has no part for node ${nodeIndex}`)
  return {
    podCIDR: printCidr({ family: 'IPv4', first, last, prefixLength, isCanonical: true }),
    gateway: dotted(first + 1n),
    pods: { first: dotted(first + 2n), count },
    uplink: { host: dotted(host), node: dotted(node) },
  }
}

const dotted = (value: bigint): string => printIp({ family: 'IPv4', value })
