/**
 * Which node a pod goes to: filter, score, choose. Pure (kubernetes/kubernetes pkg/scheduler/framework/plugins).
 *
 * Filters: unschedulable, node name, taints, nodeSelector and required node affinity, host ports, resources. Score: least
 * allocated. Difference: no preemption, no inter-pod affinity, no topology spread.
 */

import type {
  Node,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
  Taint,
  Toleration,
} from '../api/generated/core-v1.ts'
import { milliOf } from '../api/quantity.ts'
import { matchesSelector } from '../api/selectors.ts'
import type { Requirement, SelectorOperator } from '../api/selectors.ts'

export interface NodeState {
  readonly node: Node
  /** pods assigned to it that are not over */
  readonly pods: readonly Pod[]
}

export type Placement =
  | { readonly kind: 'node'; readonly name: string }
  /** worded as upstream's FailedScheduling event */
  | { readonly kind: 'none'; readonly message: string }

/** @returns the feasible node with the most left; equal ones in the order given */
export function schedule(pod: Pod, nodes: readonly NodeState[]): Placement {
  if (nodes.length === 0) return { kind: 'none', message: 'no nodes available to schedule pods' }
  const refusals = nodes.map((state) => refusalsOf(pod, state))
  const feasible = nodes.filter((_state, index) => refusals[index]?.length === 0)
  const [best] = feasible.toSorted((a, b) => leftover(pod, b) - leftover(pod, a))
  return best
    ? { kind: 'node', name: best.node.metadata.name }
    : { kind: 'none', message: unschedulableMessage(refusals.flat(), nodes.length) }
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` */
function unschedulableMessage(reasons: readonly string[], total: number): string {
  const counted = [...Map.groupBy(reasons, (reason) => reason)].map(
    ([reason, all]) => `${all.length} ${reason}`,
  )
  const list = counted.toSorted((a, b) => (a < b ? -1 : 1)).join(', ')
  const help = `preemption: 0/${total} nodes are available: ${total} Preemption is not helpful for scheduling.`
  return `0/${total} nodes are available: ${list}. ${help}`
}

const SELECTOR_REASON = "node(s) didn't match Pod's node affinity/selector"

/** Why the pod cannot go there; the first filter that refuses decides, as upstream. */
function refusalsOf(pod: Pod, state: NodeState): readonly string[] {
  const { node } = state
  const taint = untolerated(pod, node.spec?.taints ?? [])
  if (node.spec?.unschedulable && !tolerates(pod.spec.tolerations ?? [], UNSCHEDULABLE))
    return ['node(s) were unschedulable']
  if (taint) return [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`]
  if (!matchesNode(pod, node)) return [SELECTOR_REASON]
  if (hasPortConflict(pod, state.pods)) return ["node(s) didn't have free ports for the requested pod ports"]
  return insufficient(pod, state)
}

const UNSCHEDULABLE: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

function untolerated(pod: Pod, taints: readonly Taint[]): Taint | undefined {
  return taints.find(
    (taint) => taint.effect !== 'PreferNoSchedule' && !tolerates(pod.spec.tolerations ?? [], taint),
  )
}

function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some(
    ({ key, operator = 'Equal', value = '', effect }) =>
      (!effect || effect === taint.effect) &&
      (!key ? operator === 'Exists' : key === taint.key) &&
      (operator === 'Exists' || value === (taint.value ?? '')),
  )
}

function matchesNode(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {}
  const simple = Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  return simple && (terms === undefined || terms.some((term) => matchesTerm(term, node)))
}

function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  // A term without any requirement matches nothing.
  if (matchExpressions.length + matchFields.length === 0) return false
  return (
    matchesSelector(matchExpressions.map(requirement), node.metadata.labels) &&
    matchesSelector(matchFields.map(requirement), { 'metadata.name': node.metadata.name })
  )
}

function requirement({ key, operator, values = [] }: NodeSelectorRequirement): Requirement {
  const renamed: Readonly<Record<string, SelectorOperator>> = { Gt: 'GreaterThan', Lt: 'LessThan' }
  return { key, operator: renamed[operator] ?? (operator as SelectorOperator), values }
}

interface HostPort {
  readonly ip: string
  readonly protocol: string
  readonly port: number
}

function hostPorts(pod: Pod): readonly HostPort[] {
  return pod.spec.containers
    .flatMap((container) => container.ports ?? [])
    .flatMap(({ hostPort, hostIP, protocol }) =>
      hostPort ? [{ ip: hostIP || '0.0.0.0', protocol: protocol ?? 'TCP', port: hostPort }] : [],
    )
}

function hasPortConflict(pod: Pod, others: readonly Pod[]): boolean {
  const taken = others.flatMap(hostPorts)
  const clash = (a: HostPort, b: HostPort): boolean =>
    a.port === b.port &&
    a.protocol === b.protocol &&
    (a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0')
  return hostPorts(pod).some((wanted) => taken.some((one) => clash(wanted, one)))
}

/** Thousandths of each resource a pod asks for: the sum of its containers, or the largest init container. */
export function requestsOf(pod: Pod): ReadonlyMap<string, bigint> {
  const total = new Map<string, bigint>()
  const requests = (container: {
    resources?: { requests?: Readonly<Record<string, string>> | undefined } | undefined
  }) =>
    Object.entries(container.resources?.requests ?? {}).map(([name, text]) => [name, milliOf(text)] as const)
  for (const [name, amount] of pod.spec.containers.flatMap(requests))
    total.set(name, (total.get(name) ?? 0n) + amount)
  for (const [name, amount] of (pod.spec.initContainers ?? []).flatMap(requests)) {
    if (amount > (total.get(name) ?? 0n)) total.set(name, amount)
  }
  return total
}

function insufficient(pod: Pod, { node, pods }: NodeState): readonly string[] {
  const allocatable = node.status?.allocatable ?? {}
  const used = pods.map(requestsOf)
  const short = [...requestsOf(pod)].filter(([name, amount]) => {
    const taken = used.reduce((sum, one) => sum + (one.get(name) ?? 0n), 0n)
    return amount > 0n && taken + amount > milliOf(allocatable[name])
  })
  const tooMany = BigInt(pods.length + 1) * 1000n > milliOf(allocatable['pods'] ?? '110')
  return [...(tooMany ? ['Too many pods'] : []), ...short.map(([name]) => `Insufficient ${name}`)]
}

/** Free share of cpu and memory after placing the pod, 0 to 2. */
function leftover(pod: Pod, { node, pods }: NodeState): number {
  const all = [...pods, pod].map(requestsOf)
  return ['cpu', 'memory'].reduce((score, name) => {
    const capacity = Number(milliOf(node.status?.allocatable?.[name]))
    const taken = Number(all.reduce((sum, one) => sum + (one.get(name) ?? 0n), 0n))
    return score + (capacity > 0 ? (capacity - taken) / capacity : 0)
  }, 0)
}
