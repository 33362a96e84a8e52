/**
 * Whether the node gives a pod what pods/resize asks for, and what its containers have meanwhile. Pure.
 * kubernetes/kubernetes pkg/kubelet/allocation/allocation_manager.go (KEP-1287). What is given is at once in effect:
 * amounts are counted here, and no process is held to them.
 */

import { isSameValue } from '../api/equality.ts'
import type { Container, Pod, ResourceRequirements } from '../api/generated/core-v1.ts'
import { milliOf } from '../api/quantity.ts'
import { podAmounts } from '../api/resource-usage.ts'

/** What each container has been given, by its name. */
export type Allocation = ReadonlyMap<string, ResourceRequirements>

/** Why a pod does not have what it asks for. */
export interface PendingResize {
  /** Infeasible: this node will never have it. Deferred: other pods have it now. */
  readonly reason: 'Infeasible' | 'Deferred'
  readonly message: string
}

export interface ResizeDecision {
  readonly allocation: Allocation
  readonly pending: PendingResize | undefined
  /** containers that have something else now */
  readonly resized: readonly string[]
  /** those of them that asked to be started again for it */
  readonly restarted: readonly string[]
}

/** What the node has in all, and what its other pods hold. */
export interface NodeCapacity {
  readonly allocatable: Readonly<Record<string, string>>
  readonly others: readonly Pod[]
}

const containersOf = ({ spec }: Pod): readonly Container[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
]

/** What containers have according to the status of a pod that waits; according to its spec where nothing waits. */
export function allocationOf(pod: Pod): Allocation {
  const isPending = pod.status?.conditions?.some(({ type }) => type === PENDING) ?? false
  const shown = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  return new Map(
    containersOf(pod).map(({ name, resources = {} }) => {
      const status = isPending ? shown.find((each) => each.name === name) : undefined
      return [name, status?.resources ?? resources]
    }),
  )
}

export const PENDING = 'PodResizePending'

/** Decides on what the pod asks for now, given what it has. */
export function decideResize(pod: Pod, had: Allocation, node: NodeCapacity): ResizeDecision {
  const changed = containersOf(pod).filter(
    ({ name, resources = {} }) => !isSameValue(resources, had.get(name) ?? {}),
  )
  if (changed.length === 0) return { allocation: had, pending: undefined, resized: [], restarted: [] }
  const pending = refusal(pod, node)
  if (pending !== undefined) return { allocation: had, pending, resized: [], restarted: [] }
  return {
    allocation: new Map(containersOf(pod).map(({ name, resources = {} }) => [name, resources])),
    pending: undefined,
    resized: changed.map(({ name }) => name),
    restarted: changed
      .filter((each) => asksForRestart(each, had.get(each.name) ?? {}))
      .map(({ name }) => name),
  }
}

const RESIZABLE = ['cpu', 'memory'] as const

function asksForRestart(
  { resources = {}, resizePolicy = [] }: Container,
  had: ResourceRequirements,
): boolean {
  return resizePolicy.some(
    ({ resourceName, restartPolicy }) =>
      restartPolicy === 'RestartContainer' &&
      (resources.limits?.[resourceName] !== had.limits?.[resourceName] ||
        resources.requests?.[resourceName] !== had.requests?.[resourceName]),
  )
}

const MILLI = 1000n

/** As upstream counts: cpu in thousandths, memory in bytes. */
const counted = (name: (typeof RESIZABLE)[number], milli: bigint): bigint =>
  name === 'cpu' ? milli : (milli + MILLI - 1n) / MILLI

function refusal(pod: Pod, { allocatable, others }: NodeCapacity): PendingResize | undefined {
  const wanted = podAmounts(pod, 'requests')
  const amounts = RESIZABLE.map((name) => ({
    name,
    requested: counted(name, wanted.get(name) ?? 0n),
    capacity: counted(name, milliOf(allocatable[name])),
  }))
  const beyond = amounts.toReversed().find(({ requested, capacity }) => requested > capacity)
  if (beyond !== undefined) {
    const { name, requested, capacity } = beyond
    const what = `${name}, requested: ${requested}, capacity: ${capacity}`
    return { reason: 'Infeasible', message: `Node didn't have enough capacity: ${what}` }
  }
  for (const { name, requested, capacity } of amounts) {
    const used = counted(name, held(others, name))
    if (requested === 0n || used + requested <= capacity) continue
    const what = `${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`
    return { reason: 'Deferred', message: `Node didn't have enough resource: ${what}` }
  }
  return undefined
}

/** What pods have been given, whatever they ask for. */
const held = (pods: readonly Pod[], name: string): bigint =>
  pods.reduce((sum, pod) => sum + (podAmounts(asAllocated(pod), 'requests').get(name) ?? 0n), 0n)

function asAllocated(pod: Pod): Pod {
  const allocation = allocationOf(pod)
  const given = (container: Container): Container => ({
    ...container,
    resources: allocation.get(container.name) ?? {},
  })
  const { containers, initContainers } = pod.spec
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: containers.map(given),
      ...(initContainers ? { initContainers: initContainers.map(given) } : {}),
    },
  }
}

/** What the event says of a resize that is done. */
export function resizeCompletedMessage({ spec }: Pod): string {
  const summary = (containers: readonly Container[] = []): readonly object[] =>
    containers.map(({ name, resources = {} }) => ({ name, resources }))
  const { initContainers = [], containers } = spec
  const all = {
    ...(initContainers.length > 0 ? { initContainers: summary(initContainers) } : {}),
    containers: summary(containers),
  }
  return `Pod resize completed: ${JSON.stringify(all)}`
}
