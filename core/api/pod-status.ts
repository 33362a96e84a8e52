/**
 * A new status of a pod as the server keeps it (kubernetes/kubernetes pkg/registry/core/pod/strategy.go
 * podStatusStrategy, pkg/apis/core/v1/conversion.go). Pure.
 */

import type { Pod, PodCondition, PodStatus } from './generated/core-v1.ts'
import { omitted } from './omitted.ts'

/** What node agents leave out that only the server knows stays; one address and the list of them say the same. */
export function keptPodStatus(pod: Pod, old: Pod): Pod {
  const status = withoutDisabled(pod.status ?? {})
  const qosClass = status.qosClass || old.status?.qosClass
  const observedGeneration = status.observedGeneration || old.status?.observedGeneration
  const { conditions } = status
  return {
    ...pod,
    status: {
      ...status,
      ...(qosClass ? { qosClass } : {}),
      ...(observedGeneration ? { observedGeneration } : {}),
      ...(conditions ? { conditions: withGenerations(conditions, old.status?.conditions ?? []) } : {}),
      ...agreedAddresses(status),
    },
  }
}

const CONTAINERS = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const

/** Without what upstream has behind feature gates that are off (DRAExtendedResource, ResourceHealthStatus). */
function withoutDisabled(given: PodStatus): PodStatus {
  const status = omitted(given, 'extendedResourceClaimStatus')
  const lists = CONTAINERS.flatMap((list) => {
    const containers = status[list]?.map((each) => omitted(each, 'allocatedResourcesStatus'))
    return containers ? [[list, containers] as const] : []
  })
  return { ...status, ...Object.fromEntries(lists) }
}

/** Of several conditions of one type, each takes the generation of the one before it in the same place. */
function withGenerations(
  conditions: readonly PodCondition[],
  old: readonly PodCondition[],
): readonly PodCondition[] {
  const left = Map.groupBy(old, ({ type }) => type)
  return conditions.map((condition) => {
    const [before, ...rest] = left.get(condition.type) ?? []
    left.set(condition.type, rest)
    const observedGeneration = condition.observedGeneration || before?.observedGeneration
    return observedGeneration ? { ...condition, observedGeneration } : condition
  })
}

/** Where they differ the one address is what older node agents meant. */
function agreedAddresses({ podIP, podIPs = [] }: PodStatus): Pick<PodStatus, 'podIP' | 'podIPs'> {
  const [first] = podIPs
  if (podIP && podIP !== first?.ip) return { podIPs: [{ ip: podIP }] }
  return first?.ip ? { podIP: first.ip } : {}
}
