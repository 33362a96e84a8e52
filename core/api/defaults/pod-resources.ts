/**
 * What pods ask for where they do not say it: a container its limits, a pod as a whole what its containers do
 * (kubernetes/kubernetes pkg/apis/core/v1/defaults.go SetDefaults_Pod). Templates are left as they are. Pure and idempotent.
 */

import type { Container, PodSpec, ResourceRequirements } from '../generated/core-v1.ts'
import { quantityLike } from '../quantity.ts'
import { containerAmounts, isPodLevelResource } from '../resource-usage.ts'

type Amounts = Readonly<Record<string, string>>

export function defaultPodRequirements(given: PodSpec): PodSpec {
  const { containers, initContainers } = given
  const spec = {
    ...given,
    containers: containers.map(withRequests),
    ...(initContainers ? { initContainers: initContainers.map(withRequests) } : {}),
  }
  return spec.resources ? { ...spec, resources: podResources(spec, spec.resources) } : spec
}

/** Who sets a limit only, requests that much. */
function withRequests(container: Container): Container {
  const { limits, requests } = container.resources ?? {}
  if (limits === undefined) return container
  return { ...container, resources: { ...container.resources, requests: { ...limits, ...requests } } }
}

/** Nothing is filled in of a pod that asks for nothing as a whole. */
function podResources(spec: PodSpec, resources: ResourceRequirements): ResourceRequirements {
  const { requests = {} } = resources
  const limits = podLimits(spec, resources)
  if (Object.keys(limits).length === 0) return resources
  const ofContainers = Object.entries(together(spec, 'requests')).filter(
    ([name]) => isPodLevelResource(name) && !isHuge(name),
  )
  const ofLimits = Object.entries(limits).filter(([name]) => isPodLevelResource(name))
  const filled = { ...Object.fromEntries([...ofLimits, ...ofContainers]), ...requests }
  return { ...resources, limits, ...(Object.keys(filled).length > 0 ? { requests: filled } : {}) }
}

const isHuge = (name: string): boolean => name.startsWith('hugepages-')

/** Large pages are limited to what is requested. */
function podLimits(spec: PodSpec, { limits = {}, requests = {} }: ResourceRequirements): Amounts {
  if (Object.keys(limits).length + Object.keys(requests).length === 0) return limits
  const pages = Object.entries(together(spec, 'limits')).filter(
    ([name]) => isHuge(name) && requests[name] === undefined,
  )
  return { ...Object.fromEntries(pages), ...limits }
}

/** What all containers ask for, written as the first of them writes it. */
function together(spec: PodSpec, kind: 'requests' | 'limits'): Amounts {
  const all = [...spec.containers, ...(spec.initContainers ?? [])].map(
    ({ resources }) => resources?.[kind] ?? {},
  )
  const sums = [...containerAmounts({ spec, status: undefined }, kind)].map(
    ([name, milli]) =>
      [name, quantityLike(milli, all.find((each) => each[name] !== undefined)?.[name])] as const,
  )
  return Object.fromEntries(sums)
}
