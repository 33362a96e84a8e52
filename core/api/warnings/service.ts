/** What a user should be told of a Service. Pure. kubernetes/kubernetes pkg/api/service/warnings.go. */

import type { Service } from '../generated/core-v1.ts'
import type { Warnings } from './pod.ts'

const OLD_HINTS = 'service.kubernetes.io/topology-aware-hints'
const MODE = 'service.kubernetes.io/topology-mode'

/** Of fields that are valid and without any effect. */
export function serviceWarnings({ metadata, spec }: Service): Warnings {
  const { type, externalIPs = [], externalName } = spec
  const isExternal = type === 'ExternalName'
  return [
    ...(metadata.annotations?.[OLD_HINTS] === undefined
      ? []
      : [`annotation ${OLD_HINTS} is deprecated, please use ${MODE} instead`]),
    ...(type === 'ClusterIP' && spec.clusterIP === 'None' ? headlessWarnings(spec) : []),
    ...(isExternal && externalIPs.length > 0
      ? ['spec.externalIPs is ignored when spec.type is "ExternalName"']
      : []),
    ...(!isExternal && externalName
      ? ['spec.externalName is ignored when spec.type is not "ExternalName"']
      : []),
  ]
}

function headlessWarnings({ loadBalancerIP, externalIPs = [], sessionAffinity }: Service['spec']): Warnings {
  const ignored = [
    ...(loadBalancerIP ? ['loadBalancerIP'] : []),
    ...(externalIPs.length > 0 ? ['externalIPs'] : []),
    ...(sessionAffinity === 'None' ? [] : ['SessionAffinity']),
  ]
  return ignored.map((field) => `spec.${field} is ignored for headless services`)
}
