/** How this host is made to ask us for the cluster's names: the choice and its commands. Pure. */

import { parseCidr } from '../core/net/cidr.ts'
import { printIPv4 } from '../core/net/ip.ts'
import { nameText } from './names.ts'
import { reverseNameIPv4 } from './reverse.ts'

export interface HostFacts {
  /** systemd-resolved answers the host's questions */
  readonly hasResolved: boolean
  /** a link of portolan's own, other than `lo`, that systemd-resolved can tie our server to */
  readonly link?: string | undefined
  /** the file libc reads, symbolic links followed; undefined when there is none */
  readonly resolvConf: string | undefined
  /** where our server is asked */
  readonly nameserver: { readonly address: string; readonly port: number }
}

export type HostResolverPlan =
  | { readonly method: 'systemd-resolved'; readonly link: string }
  | { readonly method: 'bind-mount'; readonly target: string }
  | { readonly method: 'none'; readonly reason: string }

const DNS_PORT = 53

export function planHostResolver({ hasResolved, link, resolvConf, nameserver }: HostFacts): HostResolverPlan {
  if (hasResolved && link !== undefined) return { method: 'systemd-resolved', link }
  if (hasResolved) {
    return {
      method: 'none',
      reason: 'systemd-resolved needs a network link of portolan to send questions through',
    }
  }
  if (resolvConf === undefined) return { method: 'none', reason: 'there is no /etc/resolv.conf' }
  if (nameserver.port !== DNS_PORT) {
    return {
      method: 'none',
      reason: `resolv.conf can only name servers at port 53, not ${nameserver.port}`,
    }
  }
  return { method: 'bind-mount', target: resolvConf }
}

export interface SplitDns {
  readonly link: string
  readonly nameserver: { readonly address: string; readonly port: number }
  readonly clusterDomain: string
  /** ranges whose reverse names are the cluster's, in CIDR notation */
  readonly ranges: readonly string[]
}

/** resolvectl's command lines: only names of the cluster come to us, all others go where they went. */
export function resolvedCommands({
  link,
  nameserver,
  clusterDomain,
  ranges,
}: SplitDns): readonly (readonly string[])[] {
  const { address, port } = nameserver
  const server = port === DNS_PORT ? address : `${address}:${port}`
  const zones = [clusterDomain, ...ranges.flatMap(reverseZones)]
  return [
    ['resolvectl', 'dns', link, server],
    ['resolvectl', 'domain', link, ...zones.map((zone) => `~${zone}`)],
    ['resolvectl', 'default-route', link, 'false'],
    ['resolvectl', 'flush-caches'],
  ]
}

export const revertCommands = (link: string): readonly (readonly string[])[] => [
  ['resolvectl', 'revert', link],
  ['resolvectl', 'flush-caches'],
]

/** The zones that hold the reverse names of an IPv4 range, several where it does not end at a dot. None for IPv6. */
export function reverseZones(range: string): readonly string[] {
  const cidr = parseCidr(range)
  if (cidr?.family !== 'IPv4') return []
  const octets = Math.max(1, Math.ceil(cidr.prefixLength / 8))
  const shift = BigInt(32 - 8 * octets)
  const count = 1 << (8 * octets - cidr.prefixLength)
  return Array.from({ length: count }, (_none, index) => {
    const value = Number(cidr.first + (BigInt(index) << shift))
    const prefix = printIPv4(value).split('.').slice(0, octets).join('.')
    return nameText(reverseNameIPv4(prefix)).slice(0, -1)
  })
}
