/**
 * Which UDP conntrack entries are stale after a change: without this a client that keeps sending stays with an endpoint
 * that is gone, or with no endpoint at all (kubernetes/kubernetes pkg/proxy/conntrack). Pure.
 */

import { endpointKey } from './service-port.ts'
import type { ServiceTable, ServiceTableEntry } from './service-table.ts'

export interface StaleEntries {
  /** original destinations that had no endpoint and have one now */
  readonly addresses: readonly { readonly ip: string; readonly port: number }[]
  /** the node ports of such */
  readonly nodePorts: readonly number[]
  /** endpoints no longer used */
  readonly endpoints: readonly { readonly ip: string; readonly port: number }[]
}

export function staleUdpEntries(before: ServiceTable, after: ServiceTable): StaleEntries {
  const usedNow = new Set(udpEntries(after).flatMap(({ endpoints }) => endpoints.reachable.map(endpointKey)))
  const usedBefore = new Map(
    udpEntries(before).flatMap(({ endpoints }) =>
      endpoints.reachable.map((one) => [endpointKey(one), one] as const),
    ),
  )
  const awakeBefore = new Set(
    udpEntries(before)
      .filter(isAwake)
      .map(({ id }) => id),
  )
  // A Service that was not there at all counts as asleep: somebody may have sent to its address too early.
  const woken = udpEntries(after).filter((entry) => isAwake(entry) && !awakeBefore.has(entry.id))
  return {
    addresses: woken.flatMap(({ port }) =>
      [port.clusterIP, ...port.externalIPs, ...port.loadBalancerIPs].map((ip) => ({ ip, port: port.port })),
    ),
    nodePorts: woken.flatMap(({ port }) => (port.nodePort === 0 ? [] : [port.nodePort])),
    endpoints: [...usedBefore].filter(([key]) => !usedNow.has(key)).map(([, { ip, port }]) => ({ ip, port })),
  }
}

const isAwake = ({ endpoints }: ServiceTableEntry): boolean => endpoints.reachable.length > 0

const udpEntries = (table: ServiceTable): ServiceTable['entries'] =>
  table.entries.filter(({ port }) => port.protocol === 'UDP')

/** Arguments of the conntrack tool that delete the entries, one list per call. */
export function conntrackCalls(stale: StaleEntries): readonly (readonly string[])[] {
  return [
    ...stale.addresses.map(({ ip, port }) => [
      'conntrack',
      '-D',
      '--orig-dst',
      ip,
      '-p',
      'udp',
      '--dport',
      String(port),
    ]),
    ...stale.nodePorts.map((port) => ['conntrack', '-D', '-p', 'udp', '--dport', String(port)]),
    ...stale.endpoints.map(({ ip }) => ['conntrack', '-D', '--dst-nat', ip, '-p', 'udp']),
  ]
}
