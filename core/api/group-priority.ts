/**
 * In which order discovery lists groups and their versions: the highest number first, as APIServices say it
 * (kubernetes/kubernetes cmd/kube-apiserver/app/aggregator.go, pkg/controlplane/apiserver/aggregator.go). Pure.
 */

import { apiVersionOf } from './resource.ts'

export interface DiscoveryPriority {
  /** of the group, above all versions of lower groups */
  readonly group: number
  /** of the version within its group */
  readonly version: number
}

const GROUPS: Readonly<Record<string, number>> = {
  '': 18_000,
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'admissionregistration.k8s.io': 16_700,
  'apiextensions.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'resource.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
}

const VERSIONS: Readonly<Record<string, number>> = {
  v1: 1,
  'autoscaling/v2': 30,
  'flowcontrol.apiserver.k8s.io/v1': 21,
  'resource.k8s.io/v1': 21,
}
const USUAL_VERSION = 15

/** Of groups that CustomResourceDefinitions made. */
export const CUSTOM_PRIORITY: DiscoveryPriority = { group: 1000, version: 100 }

/** Of the group that holds the APIServices themselves, which no APIService is for. */
export const AGGREGATOR_PRIORITY: DiscoveryPriority = { group: 20_001, version: 15 }
export const AGGREGATOR_GROUP = 'apiregistration.k8s.io'

/** @returns undefined for groups that are not built in */
export function builtInPriority(of: {
  readonly group: string
  readonly version: string
}): DiscoveryPriority | undefined {
  const group = GROUPS[of.group]
  return group === undefined ? undefined : { group, version: VERSIONS[apiVersionOf(of)] ?? USUAL_VERSION }
}
