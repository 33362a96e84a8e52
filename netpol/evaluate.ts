/**
 * May this connection be opened? The whole of NetworkPolicy's meaning in one pure function over the table; the
 * kernel's rules and the user-space proxies must give the same answer. O(rules of the two profiles).
 *
 * The connection is judged after Service translation: destination is the endpoint, source the original client.
 */

import type { AddressRange } from './address-range.ts'
import { rangesContain } from './address-range.ts'
import type {
  Direction,
  PodEndpoint,
  PolicyProtocol,
  PolicyRule,
  PolicyTable,
  Profile,
} from './policy-table.ts'
import { namedPorts } from './policy-table.ts'

export interface Connection {
  readonly source: string
  readonly destination: string
  readonly protocol: PolicyProtocol
  /** destination port */
  readonly port: number
  /** whether it came through a Service: then a pod that reaches itself is judged like any other */
  readonly viaService?: boolean
}

/** Why a direction did not stop the connection, or that it did. */
export type DirectionVerdict =
  | { readonly kind: 'not-a-pod' }
  | { readonly kind: 'own-node' }
  | { readonly kind: 'not-isolated' }
  | { readonly kind: 'allowed'; readonly by: string }
  | { readonly kind: 'denied'; readonly policies: readonly string[] }

export interface Verdict {
  readonly allowed: boolean
  readonly reachesItself: boolean
  readonly egress: DirectionVerdict
  readonly ingress: DirectionVerdict
}

/** The verdict with the policies and rules that made it. Both directions must let the connection pass. */
export function explain(connection: Connection, table: PolicyTable): Verdict {
  const source = table.owners.get(connection.source)
  const destination = table.owners.get(connection.destination)
  // A pod that dials its own address never leaves its namespace.
  const reachesItself = !connection.viaService && source !== undefined && source.key === destination?.key
  const egress = judge('egress', source, connection, table)
  const ingress = fromOwnNode(connection, destination, table)
    ? ({ kind: 'own-node' } as const)
    : judge('ingress', destination, connection, table)
  const allowed = reachesItself || (egress.kind !== 'denied' && ingress.kind !== 'denied')
  return { allowed, reachesItself, egress, ingress }
}

/** explain() without the reasons. */
export function evaluate(connection: Connection, table: PolicyTable): boolean {
  return explain(connection, table).allowed
}

/** Traffic from a pod's own node always reaches it: the node agent's probes depend on that. */
function fromOwnNode(
  connection: Connection,
  destination: PodEndpoint | undefined,
  table: PolicyTable,
): boolean {
  return destination?.nodeName === table.nodeName && table.nodeAddresses.has(connection.source)
}

function judge(
  direction: Direction,
  subject: PodEndpoint | undefined,
  connection: Connection,
  table: PolicyTable,
): DirectionVerdict {
  if (subject === undefined) return { kind: 'not-a-pod' }
  const profile: Profile | undefined = table.profiles[direction].get(subject.ip)
  if (profile === undefined) return { kind: 'not-isolated' }
  const peer = direction === 'egress' ? connection.destination : connection.source
  const destination = table.owners.get(connection.destination)
  const rule = profile.rules.find((one) => peersMatch(one, peer) && portsMatch(one, connection, destination))
  return rule ? { kind: 'allowed', by: rule.ref } : { kind: 'denied', policies: profile.policies }
}

function peersMatch(rule: PolicyRule, peer: string): boolean {
  if (rule.peers === undefined) return true
  const ranges: readonly AddressRange[] = rule.peers.ranges
  return rule.peers.pods.has(peer) || rangesContain(ranges, peer)
}

function portsMatch(rule: PolicyRule, connection: Connection, destination: PodEndpoint | undefined): boolean {
  if (rule.ports === undefined) return true
  return rule.ports.some((match) => {
    if (match.protocol !== connection.protocol) return false
    if (match.kind === 'range') return match.first <= connection.port && connection.port <= match.last
    return (
      destination !== undefined &&
      namedPorts(destination.pod, match.name, match.protocol).includes(connection.port)
    )
  })
}
