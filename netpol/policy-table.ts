/**
 * From Pods, Namespaces and NetworkPolicies to one table: who owns which address, and what each pod may receive and
 * send. The `select` step; pure. Cost: policies x pods for subjects, policies' peers x pods for peers.
 *
 * Semantics of networking.k8s.io/v1, as the API's documentation has them:
 * - a pod is isolated in a direction once any policy with that policyType selects it, even one that allows nothing;
 * - rules add up, there is no order; a rule is peers AND ports; absent and empty lists of `from`, `to` and `ports` do
 *   not restrict, absent and empty `ingress` and `egress` allow nothing;
 * - hostNetwork pods are node addresses: never subjects, never matched by selectors;
 * - Succeeded and Failed pods own nothing, whatever address their status still lists.
 */

import type { Namespace, Pod } from '../core/api/generated/core-v1.ts'
import type {
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from '../core/api/generated/networking-v1.ts'
import { objectKey } from '../core/api/object.ts'
import { matchesLabelSelector } from '../core/api/selectors.ts'
import type { AddressRange } from './address-range.ts'
import { blockRanges, mergedRanges } from './address-range.ts'

export const DIRECTIONS = ['ingress', 'egress'] as const
export type Direction = (typeof DIRECTIONS)[number]

/** Which protocols policies speak of. */
export const POLICY_PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const
export type PolicyProtocol = (typeof POLICY_PROTOCOLS)[number]

/** What the table is made from, read at one moment. */
export interface PolicySnapshot {
  readonly pods: readonly Pod[]
  readonly namespaces: readonly Namespace[]
  readonly policies: readonly NetworkPolicy[]
  readonly nodeName: string
  readonly nodeAddresses: readonly string[]
}

/** A pod that has an address of its own. */
export interface PodEndpoint {
  /** `namespace/name` */
  readonly key: string
  readonly ip: string
  readonly nodeName: string
  readonly pod: Pod
}

export type PortMatch =
  | {
      readonly kind: 'range'
      readonly protocol: PolicyProtocol
      readonly first: number
      readonly last: number
    }
  /** a container port's name, looked up on the destination pod */
  | { readonly kind: 'named'; readonly protocol: PolicyProtocol; readonly name: string }

/** One rule of one policy in one direction. */
export interface PolicyRule {
  /** `shop/allow-front#0`: policy and index of the rule, for explanations and comments */
  readonly ref: string
  /** undefined: anyone */
  readonly peers: { readonly pods: ReadonlySet<string>; readonly ranges: readonly AddressRange[] } | undefined
  /** undefined: any port of any protocol */
  readonly ports: readonly PortMatch[] | undefined
}

/** Everything that applies to a pod in one direction. Pods with the same policies share the object. */
export interface Profile {
  /** names of the policies, sorted: the identity of the profile */
  readonly policies: readonly string[]
  readonly rules: readonly PolicyRule[]
}

/** The answer for a whole cluster. A pod without a profile in a direction is not isolated in it. */
export interface PolicyTable {
  readonly nodeName: string
  readonly nodeAddresses: ReadonlySet<string>
  /** by address */
  readonly owners: ReadonlyMap<string, PodEndpoint>
  /** by address */
  readonly profiles: Readonly<Record<Direction, ReadonlyMap<string, Profile>>>
}

/** @returns the table; the same snapshot gives the same table, in the order of the snapshot's policies */
export function policyTable(snapshot: PolicySnapshot): PolicyTable {
  const owners = ownersOf(snapshot.pods)
  const labelsOf = new Map(snapshot.namespaces.map((ns) => [ns.metadata.name, ns.metadata.labels ?? {}]))
  const select = { endpoints: [...owners.values()], labelsOf }
  return {
    nodeName: snapshot.nodeName,
    nodeAddresses: new Set(snapshot.nodeAddresses),
    owners,
    profiles: {
      ingress: profilesFor('ingress', snapshot.policies, select),
      egress: profilesFor('egress', snapshot.policies, select),
    },
  }
}

interface Selection {
  readonly endpoints: readonly PodEndpoint[]
  readonly labelsOf: ReadonlyMap<string, Readonly<Record<string, string>>>
}

function ownersOf(pods: readonly Pod[]): ReadonlyMap<string, PodEndpoint> {
  const owners = new Map<string, PodEndpoint>()
  for (const pod of pods) {
    const phase = pod.status?.phase
    if (pod.spec.hostNetwork || phase === 'Succeeded' || phase === 'Failed') continue
    const ips = pod.status?.podIPs?.map((entry) => entry.ip) ?? [pod.status?.podIP]
    for (const ip of ips) {
      if (ip) owners.set(ip, { key: objectKey(pod.metadata), ip, nodeName: pod.spec.nodeName ?? '', pod })
    }
  }
  return owners
}

/** policyTypes as defaulted by the API: Ingress always, Egress when there are egress rules. */
function directionsOf(policy: NetworkPolicy): readonly string[] {
  const egress = (policy.spec.egress ?? []).length > 0 ? ['Egress'] : []
  return policy.spec.policyTypes ?? ['Ingress', ...egress]
}

function profilesFor(
  direction: Direction,
  policies: readonly NetworkPolicy[],
  select: Selection,
): ReadonlyMap<string, Profile> {
  const type = direction === 'ingress' ? 'Ingress' : 'Egress'
  const compiled = policies
    .filter((policy) => directionsOf(policy).includes(type))
    .map((policy) => ({
      policy,
      name: objectKey(policy.metadata),
      rules: rulesOf(policy, direction, select),
    }))
  const shared = new Map<string, Profile>()
  const profiles = new Map<string, Profile>()
  for (const endpoint of select.endpoints) {
    const own = compiled.filter(({ policy }) => selects(policy, endpoint))
    if (own.length === 0) continue
    const names = own.map(({ name }) => name).toSorted()
    const key = names.join(' ')
    const profile = shared.get(key) ?? { policies: names, rules: own.flatMap(({ rules }) => rules) }
    shared.set(key, profile)
    profiles.set(endpoint.ip, profile)
  }
  return profiles
}

function selects(policy: NetworkPolicy, endpoint: PodEndpoint): boolean {
  if (policy.metadata.namespace !== endpoint.pod.metadata.namespace) return false
  // An absent podSelector is the empty one: the whole namespace.
  return matchesLabelSelector(policy.spec.podSelector ?? {}, endpoint.pod.metadata.labels)
}

function rulesOf(policy: NetworkPolicy, direction: Direction, select: Selection): readonly PolicyRule[] {
  const home = policy.metadata.namespace ?? ''
  const rules =
    direction === 'ingress'
      ? (policy.spec.ingress ?? []).map((rule) => ({ peers: rule.from, ports: rule.ports }))
      : (policy.spec.egress ?? []).map((rule) => ({ peers: rule.to, ports: rule.ports }))
  return rules.map(({ peers, ports }, index) => ({
    ref: `${objectKey(policy.metadata)}#${index}`,
    peers: peers && peers.length > 0 ? peersOf(peers, home, select) : undefined,
    ports: ports && ports.length > 0 ? ports.map(portMatch) : undefined,
  }))
}

function peersOf(peers: readonly NetworkPolicyPeer[], home: string, select: Selection): PolicyRule['peers'] {
  const selectors = peers.filter((peer) => peer.ipBlock === undefined || peer.ipBlock === null)
  const pods = select.endpoints.filter((endpoint) =>
    selectors.some((peer) => matchesPeer(peer, endpoint, home, select)),
  )
  const ranges = peers.flatMap((peer) => (peer.ipBlock ? blockRanges(peer.ipBlock) : []))
  return { pods: new Set(pods.map((endpoint) => endpoint.ip)), ranges: mergedRanges(ranges) }
}

function matchesPeer(
  peer: NetworkPolicyPeer,
  endpoint: PodEndpoint,
  home: string,
  select: Selection,
): boolean {
  const namespace = endpoint.pod.metadata.namespace ?? ''
  const inNamespace = peer.namespaceSelector
    ? matchesLabelSelector(peer.namespaceSelector, select.labelsOf.get(namespace))
    : namespace === home
  return inNamespace && matchesLabelSelector(peer.podSelector ?? {}, endpoint.pod.metadata.labels)
}

function portMatch(port: NetworkPolicyPort): PortMatch {
  const protocol = POLICY_PROTOCOLS.find((known) => known === port.protocol) ?? 'TCP'
  if (typeof port.port === 'string') return { kind: 'named', protocol, name: port.port }
  if (port.port === undefined || port.port === null) return { kind: 'range', protocol, first: 0, last: 65535 }
  return { kind: 'range', protocol, first: port.port, last: port.endPort ?? port.port }
}

/** Every container port of `pod` called `name` with that protocol; sidecars count, other init containers do not. */
export function namedPorts(pod: Pod, name: string, protocol: PolicyProtocol): readonly number[] {
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always')
  return [...pod.spec.containers, ...sidecars]
    .flatMap((container) => container.ports ?? [])
    .filter((port) => port.name === name && (port.protocol ?? 'TCP') === protocol)
    .map((port) => port.containerPort)
}
