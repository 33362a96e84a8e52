/**
 * What objects count against ResourceQuotas, and which quotas concern them. Pure.
 * kubernetes/kubernetes pkg/quota/v1/evaluator/core, kubernetes/apiserver pkg/quota/v1.
 */

import type { Container, PersistentVolumeClaim, Pod, ResourceQuota, Service } from './generated/core-v1.ts'
import type { ResourceClaim } from './generated/resource-v1.ts'
import type { KubernetesObject } from './object.ts'
import { milliOf } from './quantity.ts'
import type { ResourceInfo } from './resource.ts'
import { groupResource } from './resource.ts'

/** Amounts in thousandths, by the name a quota gives them. */
export type Usage = Readonly<Record<string, bigint>>

const ONE = 1000n

/** Resources with a name of their own in quotas, besides `count/...`. */
const COUNTED = [
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
]

/** @returns what the object uses; a pod that has ended uses nothing but its place among the objects */
export function usageOf(resource: ResourceInfo, object: KubernetesObject): Usage {
  const count = { [`count/${groupResource(resource)}`]: ONE }
  if (groupResource(resource) === DEVICE_CLAIMS) return { ...count, ...deviceUsage(object as ResourceClaim) }
  if (resource.group !== '') return count
  const plain = COUNTED.includes(resource.resource) ? { [resource.resource]: ONE } : {}
  switch (resource.resource) {
    case 'pods':
      return { ...count, ...podUsage(object as Pod) }
    case 'services':
      return { ...count, ...plain, ...serviceUsage(object as Service) }
    case 'persistentvolumeclaims':
      return { ...count, ...plain, ...claimUsage(object as PersistentVolumeClaim) }
    default:
      return { ...count, ...plain }
  }
}

const isOver = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'

function podUsage(pod: Pod): Usage {
  if (isOver(pod)) return {}
  const usage: Record<string, bigint> = { pods: ONE }
  for (const kind of ['requests', 'limits'] as const) {
    for (const [name, milli] of podAmounts(pod, kind, { holdsStatus: true })) {
      usage[`${kind}.${name}`] = milli
      if (kind === 'requests' && isPlain(name)) usage[name] = milli
    }
  }
  return usage
}

/** Whether quotas know what is requested of it without saying that it is requested, too. */
const isPlain = (name: string): boolean =>
  ['cpu', 'memory', 'ephemeral-storage'].includes(name) || name.startsWith('hugepages-')

/**
 * Containers side by side need all of it, init containers one after another the most of it; those that stay are beside
 * all that come after them (KEP-753; kubernetes/component-helpers resource/helpers.go).
 * @param holdsStatus what the node says containers have counts as well, where it is more: a resize may be under way
 */
export function podAmounts(
  pod: Pod,
  kind: 'requests' | 'limits',
  { holdsStatus = false } = {},
): ReadonlyMap<string, bigint> {
  const total = containerAmounts(pod, kind, { holdsStatus })
  // What is said of the pod as a whole stands for what its containers say.
  for (const [name, milli] of amountsOf(pod.spec.resources?.[kind]))
    if (isPodLevelResource(name)) total.set(name, milli)
  const overhead = amountsOf(pod.spec.overhead)
  // What runs it is not held to limits that nobody has set.
  if (kind === 'requests') add(total, overhead)
  else for (const [name, milli] of overhead) if (total.get(name)) add(total, new Map([[name, milli]]))
  return total
}

/** Whether a pod as a whole can be given it. */
export const isPodLevelResource = (name: string): boolean =>
  name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')

/** As podAmounts, of the containers alone. */
export function containerAmounts(
  pod: Pick<Pod, 'spec' | 'status'>,
  kind: 'requests' | 'limits',
  { holdsStatus = false } = {},
): Map<string, bigint> {
  const { containers = [], initContainers = [] } = pod.spec
  const amounts = (container: Container): ReadonlyMap<string, bigint> =>
    holdsStatus ? heldAmounts(container, pod, kind) : amountsOf(container.resources?.[kind])
  const together = new Map<string, bigint>()
  const beside = new Map<string, bigint>()
  const most = new Map<string, bigint>()
  for (const container of containers) add(together, amounts(container))
  for (const container of initContainers) {
    const own = amounts(container)
    const needed = new Map(beside)
    add(needed, own)
    raise(most, needed)
    if (container.restartPolicy !== 'Always') continue
    add(beside, own)
    add(together, own)
  }
  raise(together, most)
  return together
}

type Amounts = Map<string, bigint>

const amountsOf = (amounts: Readonly<Record<string, string>> | undefined): Amounts =>
  new Map(Object.entries(amounts ?? {}).map(([name, amount]) => [name, milliOf(amount)]))

function add(sums: Amounts, more: ReadonlyMap<string, bigint>): void {
  for (const [name, milli] of more) sums.set(name, (sums.get(name) ?? 0n) + milli)
}

function raise(floor: Amounts, to: ReadonlyMap<string, bigint>): void {
  for (const [name, milli] of to) if (milli > (floor.get(name) ?? -1n)) floor.set(name, milli)
}

/** A wish that the node will never grant does not count. */
function heldAmounts(
  { name, resources, restartPolicy }: Container,
  { spec, status = {} }: Pick<Pod, 'spec' | 'status'>,
  kind: 'requests' | 'limits',
): Amounts {
  const wanted = amountsOf(resources?.[kind])
  const isInit = spec.initContainers?.some((container) => container.name === name) ?? false
  if (isInit && restartPolicy !== 'Always') return wanted
  const statuses = isInit ? status.initContainerStatuses : status.containerStatuses
  const shown = statuses?.find((each) => each.name === name)
  if (!shown?.resources) return wanted
  const pending = status.conditions?.find(({ type }) => type === 'PodResizePending')
  const held = pending?.reason === 'Infeasible' ? new Map<string, bigint>() : wanted
  raise(held, amountsOf(shown.resources[kind]))
  if (kind === 'requests') raise(held, amountsOf(shown.allocatedResources))
  return held
}

function serviceUsage({ spec }: Service): Usage {
  const ports = BigInt(spec.ports?.length ?? 0) * ONE
  const isBalanced = spec.type === 'LoadBalancer'
  const hasNodePorts =
    spec.type === 'NodePort' || (isBalanced && spec.allocateLoadBalancerNodePorts !== false)
  return {
    ...(isBalanced ? { 'services.loadbalancers': ONE } : {}),
    ...(hasNodePorts ? { 'services.nodeports': ports } : {}),
  }
}

function claimUsage({ spec }: PersistentVolumeClaim): Usage {
  const storage = milliOf(spec?.resources?.requests?.['storage'])
  const className = spec?.storageClassName
  const ofClass = className ? `${className}.storageclass.storage.k8s.io` : undefined
  return {
    'requests.storage': storage,
    ...(ofClass
      ? { [`${ofClass}/persistentvolumeclaims`]: ONE, [`${ofClass}/requests.storage`]: storage }
      : {}),
  }
}

const DEVICE_CLAIMS = 'resourceclaims.resource.k8s.io'
/** As many devices as a claim may be given. */
const MOST_DEVICES = 32

/** How many devices of each class a claim may be given; of alternatives the one that is most of its class. */
function deviceUsage({ spec }: ResourceClaim): Usage {
  const usage: Amounts = new Map()
  for (const { exactly, firstAvailable = [] } of spec.devices?.requests ?? []) {
    const most: Amounts = new Map()
    for (const wish of exactly ? [exactly] : firstAvailable) {
      const count = wish.allocationMode === 'All' ? MOST_DEVICES : (wish.count ?? 0)
      raise(
        most,
        new Map([[`${wish.deviceClassName}.deviceclass.resource.k8s.io/devices`, BigInt(count) * ONE]]),
      )
    }
    add(usage, most)
  }
  return Object.fromEntries(usage)
}

/** Compute resources that a pod under a quota must speak of. */
const COMPUTE = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']

/** @returns `limits.cpu for: a,b; ...`: what of the quota's resources containers do not say; '' when they say all */
export function unsaid(quota: ResourceQuota, resource: ResourceInfo, object: KubernetesObject): string {
  if (resource.group !== '' || resource.resource !== 'pods') return ''
  const { spec } = object as Pod
  const named = Object.keys(quota.status?.hard ?? {}).filter((name) => COMPUTE.includes(name))
  const containers = [...spec.containers, ...(spec.initContainers ?? [])]
  return named
    .toSorted()
    .flatMap((name) => {
      const [kind, key] = name.includes('.') ? name.split('.') : ['requests', name]
      const silent = containers.filter(
        ({ resources }) => resources?.[kind === 'limits' ? 'limits' : 'requests']?.[key ?? ''] === undefined,
      )
      return silent.length === 0 ? [] : [`${name} for: ${silent.map((each) => each.name).join(',')}`]
    })
    .join('; ')
}
