/** Listeners of the user-space proxy as data, made from the ServiceTable: one per address and port. Pure. */

import { cidrContains, parseCidr } from '../../core/net/cidr.ts'
import { parseIp } from '../../core/net/ip.ts'
import type { Endpoint, ServicePort } from '../service-port.ts'
import { endpointKey } from '../service-port.ts'
import type { ServiceTable, ServiceTableEntry } from '../service-table.ts'

export interface EndpointAddress {
  readonly ip: string
  readonly port: number
}

export interface UserspaceListener {
  readonly protocol: 'TCP' | 'UDP'
  readonly address: string
  readonly port: number
  /** `ns/name:port` */
  readonly service: string
  readonly endpoints: readonly EndpointAddress[]
  /** 0: none */
  readonly affinitySeconds: number
  /** only clients of these ranges; absent: anyone */
  readonly allowedSources?: readonly string[]
  /** pods and the node itself, which reach an address with externalTrafficPolicy Local as if it were a cluster IP */
  readonly inside?: { readonly sources: readonly string[]; readonly endpoints: readonly EndpointAddress[] }
}

export interface UserspaceProgram {
  readonly listeners: readonly UserspaceListener[]
}

/**
 * @param nodeAddresses where node ports answer
 * @param clusterCIDR where pods' addresses are from; '' means nobody is known to be a pod
 */
export function compileUserspace(
  table: ServiceTable,
  nodeAddresses: readonly string[],
  clusterCIDR = '',
): UserspaceProgram {
  const nodes = nodeAddresses.map((address) => `${address}/32`)
  const inside = [...(clusterCIDR === '' ? [] : [clusterCIDR]), ...nodes, '127.0.0.0/8']
  return {
    listeners: distinct(table.entries.flatMap((entry) => listenersOf(entry, { nodeAddresses, inside }))),
  }
}

/** Of several for one address and port the first with endpoints, as the first rule that matches wins in iptables. */
function distinct(listeners: readonly UserspaceListener[]): readonly UserspaceListener[] {
  const chosen = new Map<string, UserspaceListener>()
  for (const listener of listeners) {
    const key = listenerKey(listener)
    const earlier = chosen.get(key)
    if (earlier === undefined || (!hasEndpoints(earlier) && hasEndpoints(listener))) chosen.set(key, listener)
  }
  return [...chosen.values()]
}

const hasEndpoints = ({ endpoints, inside }: UserspaceListener): boolean =>
  endpoints.length > 0 || (inside?.endpoints.length ?? 0) > 0

interface Node {
  readonly nodeAddresses: readonly string[]
  /** ranges of the clients inside the cluster */
  readonly inside: readonly string[]
}

function listenersOf(
  { id, port, endpoints }: ServiceTableEntry,
  { nodeAddresses, inside }: Node,
): readonly UserspaceListener[] {
  const { protocol } = port
  if (protocol === 'SCTP') return []
  const one = (address: string, number: number, targets: readonly Endpoint[]): UserspaceListener => ({
    protocol,
    address,
    port: number,
    service: id,
    endpoints: targets.map(addressOf),
    affinitySeconds: port.affinitySeconds,
  })
  const external = (address: string, number: number): UserspaceListener =>
    port.externalPolicyLocal
      ? {
          ...one(address, number, endpoints.local),
          inside: { sources: inside, endpoints: endpoints.cluster.map(addressOf) },
        }
      : one(address, number, endpoints.cluster)
  const ranges = port.loadBalancerSourceRanges
  const allowed = ranges.length > 0 ? { allowedSources: ranges } : {}
  return [
    one(port.clusterIP, port.port, port.internalPolicyLocal ? endpoints.local : endpoints.cluster),
    ...port.externalIPs.map((ip) => external(ip, port.port)),
    ...port.loadBalancerIPs.map((ip) => ({ ...external(ip, port.port), ...allowed })),
    ...nodePortAddresses(port, nodeAddresses).map((ip) => external(ip, port.nodePort)),
  ]
}

const addressOf = ({ ip, port }: Endpoint): EndpointAddress => ({ ip, port })

/** Where a client of that address may be sent; empty: it is refused. */
export function endpointsFor(listener: UserspaceListener, source: string): readonly EndpointAddress[] {
  const { allowedSources, inside, endpoints } = listener
  if (allowedSources !== undefined && !isInAny(allowedSources, source)) return []
  return inside !== undefined && isInAny(inside.sources, source) ? inside.endpoints : endpoints
}

function isInAny(ranges: readonly string[], source: string): boolean {
  const address = parseIp(source)
  if (address === undefined) return false
  return ranges.some((range) => {
    const cidr = parseCidr(range)
    return cidr !== undefined && cidrContains(cidr, address)
  })
}

const nodePortAddresses = (port: ServicePort, addresses: readonly string[]): readonly string[] =>
  port.nodePort === 0 ? [] : addresses

/** `TCP 10.96.0.5:80` */
export const listenerKey = ({ protocol, address, port }: UserspaceListener): string =>
  `${protocol} ${address}:${port}`

/** One line per listener, and one more where clients inside the cluster go elsewhere. */
export function printUserspace({ listeners }: UserspaceProgram): string {
  return listeners
    .map((listener) => {
      const { service, affinitySeconds, allowedSources, inside } = listener
      const affinity = affinitySeconds > 0 ? ` affinity=${affinitySeconds}s` : ''
      const from = allowedSources === undefined ? '' : ` from=${allowedSources.join(',')}`
      const about = `${listenerKey(listener)} ${service}${affinity}${from}`
      const special = inside === undefined ? '' : `${about} inside -> ${targets(inside.endpoints)}\n`
      return `${special}${about} -> ${targets(listener.endpoints)}\n`
    })
    .join('')
}

const targets = (endpoints: readonly EndpointAddress[]): string =>
  endpoints.map(endpointKey).join(' ') || 'refused'
