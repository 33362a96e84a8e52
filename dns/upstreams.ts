/** Which servers to forward to, and in which order to try them. Pure. */

import type { AddressItem } from './lookup.ts'
import { canonicalIp, familyOf, parseIp, isUnspecified } from '../core/net/ip.ts'

export interface Upstream extends Pick<AddressItem, 'family'> {
  /** canonical; an IPv6 one may have a zone: `fe80::1%eth0` */
  readonly address: string
  readonly port: number
}

export const DNS_PORT = 53
/** CoreDNS's limit. */
const MAX_UPSTREAMS = 15

/**
 * The servers of a resolv.conf, without those that are portolan itself: asking oneself is asking for ever.
 *
 * @param own addresses portolan serves DNS at, on any port
 */
export function usableUpstreams(nameservers: readonly string[], own: readonly string[]): readonly Upstream[] {
  const mine = new Set(own.map((address) => canonicalIp(address)))
  const usable = nameservers.flatMap((text) => {
    const [host = '', scope] = text.split('%', 2)
    const address = canonicalIp(host)
    const family = address && familyOf(address)
    const isNowhere = address !== undefined && isUnspecifiedText(address)
    if (!address || !family || isNowhere || mine.has(address)) return []
    return [{ address: scope === undefined ? address : `${address}%${scope}`, family, port: DNS_PORT }]
  })
  const byAddress = new Map(usable.map((upstream) => [upstream.address, upstream]))
  return [...byAddress.values()].slice(0, MAX_UPSTREAMS)
}

function isUnspecifiedText(address: string): boolean {
  const parsed = parseIp(address)
  return parsed !== undefined && isUnspecified(parsed)
}

/** How an upstream has done of late. */
export interface UpstreamHealth {
  /** failures since it last answered */
  readonly failures: number
  /** it sends our own questions back to us */
  readonly isLoop: boolean
}

/** From the third failure on an upstream counts as down. */
export const MAX_FAILURES = 2

export const isDown = ({ failures }: UpstreamHealth): boolean => failures > MAX_FAILURES

/**
 * Whom to ask, one after the other: those that are up in the order given (as libc does), then those that are down, in
 * case they are back.
 */
export function inOrderOfTrial(
  upstreams: readonly Upstream[],
  healthOf: (upstream: Upstream) => UpstreamHealth,
): readonly Upstream[] {
  const usable = upstreams.filter((upstream) => !healthOf(upstream).isLoop)
  return usable.toSorted((a, b) => Number(isDown(healthOf(a))) - Number(isDown(healthOf(b))))
}
