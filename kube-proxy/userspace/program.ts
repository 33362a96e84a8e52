/** Listeners of the user-space proxy as data, made from the ServiceTable: one per address and port. Pure. */

import type { Endpoint, ServicePort } from '../service-port.ts'
import { endpointKey } from '../service-port.ts'
import type { ServiceTable, ServiceTableEntry } from '../service-table.ts'

export interface UserspaceListener {
  readonly protocol: 'TCP' | 'UDP'
  readonly address: string
  readonly port: number
  /** `ns/name:port` */
  readonly service: string
  readonly endpoints: readonly { readonly ip: string; readonly port: number }[]
  /** 0: none */
  readonly affinitySeconds: number
}

export interface UserspaceProgram {
  readonly listeners: readonly UserspaceListener[]
}

/** @param nodeAddresses where node ports answer */
export function compileUserspace(table: ServiceTable, nodeAddresses: readonly string[]): UserspaceProgram {
  return { listeners: table.entries.flatMap((entry) => listenersOf(entry, nodeAddresses)) }
}

function listenersOf(
  { id, port, endpoints }: ServiceTableEntry,
  nodeAddresses: readonly string[],
): readonly UserspaceListener[] {
  const { protocol } = port
  if (protocol === 'SCTP') return []
  const internal = port.internalPolicyLocal ? endpoints.local : endpoints.cluster
  const external = port.externalPolicyLocal ? endpoints.local : endpoints.cluster
  const one = (address: string, number: number, targets: readonly Endpoint[]): UserspaceListener => ({
    protocol,
    address,
    port: number,
    service: id,
    endpoints: targets.map(({ ip, port: target }) => ({ ip, port: target })),
    affinitySeconds: port.affinitySeconds,
  })
  return [
    one(port.clusterIP, port.port, internal),
    ...[...port.externalIPs, ...port.loadBalancerIPs].map((ip) => one(ip, port.port, external)),
    ...nodePortAddresses(port, nodeAddresses).map((ip) => one(ip, port.nodePort, external)),
  ]
}

const nodePortAddresses = (port: ServicePort, addresses: readonly string[]): readonly string[] =>
  port.nodePort === 0 ? [] : addresses

/** `TCP 10.96.0.5:80` */
export const listenerKey = ({ protocol, address, port }: UserspaceListener): string =>
  `${protocol} ${address}:${port}`

/** One line per listener. */
export function printUserspace({ listeners }: UserspaceProgram): string {
  return listeners
    .map((listener) => {
      const targets = listener.endpoints.map(endpointKey).join(' ')
      const affinity = listener.affinitySeconds > 0 ? ` affinity=${listener.affinitySeconds}s` : ''
      return `${listenerKey(listener)} ${listener.service}${affinity} -> ${targets || 'refused'}\n`
    })
    .join('')
}
