/**
 * Which objects a ResourceQuota with scopes is about: pods of some kinds, and claims of some classes. Pure.
 * kubernetes/kubernetes pkg/quota/v1/evaluator/core/{pods,persistent_volume_claims}.go.
 */

import type {
  PersistentVolumeClaim,
  Pod,
  PodAffinityTerm,
  ResourceQuota,
  ScopedResourceSelectorRequirement,
} from './generated/core-v1.ts'
import type { KubernetesObject } from './object.ts'
import type { ResourceInfo } from './resource.ts'

/** Whether the quota's scopes take the object in; what has none is in no quota with scopes. */
export function isInScope(
  { spec }: ResourceQuota,
  resource: ResourceInfo,
  object: KubernetesObject,
): boolean {
  const scopes: readonly ScopedResourceSelectorRequirement[] = [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ]
  if (scopes.length === 0) return true
  if (resource.group !== '') return false
  if (resource.resource === 'pods') return scopes.every((scope) => podMatches(scope, object as Pod))
  if (resource.resource !== 'persistentvolumeclaims') return false
  return scopes.every((scope) => claimMatches(scope, object as PersistentVolumeClaim))
}

function podMatches(scope: ScopedResourceSelectorRequirement, pod: Pod): boolean {
  const { activeDeadlineSeconds, priorityClassName } = pod.spec
  switch (scope.scopeName) {
    case 'Terminating':
      return activeDeadlineSeconds !== undefined
    case 'NotTerminating':
      return activeDeadlineSeconds === undefined
    case 'BestEffort':
      return isBestEffort(pod)
    case 'NotBestEffort':
      return !isBestEffort(pod)
    case 'PriorityClass':
      return namesMatch(scope, priorityClassName ? [priorityClassName] : [])
    case 'CrossNamespacePodAffinity':
      return looksAbroad(pod)
    default:
      return false
  }
}

/** A claim that changes its class is of both. */
function claimMatches(scope: ScopedResourceSelectorRequirement, claim: PersistentVolumeClaim): boolean {
  if (scope.scopeName !== 'VolumeAttributesClass') return false
  const { spec, status } = claim
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ]
  return namesMatch(
    scope,
    names.flatMap((name) => name || []),
  )
}

function namesMatch(
  { operator, values = [] }: ScopedResourceSelectorRequirement,
  names: readonly string[],
): boolean {
  switch (operator) {
    case 'In':
      return names.some((name) => values.includes(name))
    case 'NotIn':
      return !names.some((name) => values.includes(name))
    case 'DoesNotExist':
      return names.length === 0
    default:
      return names.length > 0
  }
}

/** Whether pods of other namespaces decide on where the pod may run. */
function looksAbroad({ spec: { affinity } }: Pod): boolean {
  const terms: readonly PodAffinityTerm[] = [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap(
    (each) => [
      ...(each?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(each?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
        ({ podAffinityTerm }) => podAffinityTerm,
      ),
    ],
  )
  return terms.some(
    ({ namespaces = [], namespaceSelector }) => namespaces.length > 0 || namespaceSelector !== undefined,
  )
}

const isBestEffort = ({ spec }: Pod): boolean =>
  [...spec.containers, ...(spec.initContainers ?? [])].every(
    ({ resources }) =>
      Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length === 0,
  )
