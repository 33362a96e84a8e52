/**
 * The resources this API server serves by itself, one row each (./scheme, by group). A further kind is a row there,
 * its types (generated), its rules (./kind-rules) and, where it needs one, a controller.
 *
 * Names, short names, categories and sub-resources are kube-apiserver's (`kubectl api-resources`).
 */

import type { ResourceInfo } from './resource.ts'
import { groupResource } from './resource.ts'
import { CORE_RESOURCES } from './scheme/core.ts'
import { WORKLOAD_RESOURCES } from './scheme/workloads.ts'
import { NETWORKING_RESOURCES } from './scheme/networking.ts'
import { ACCESS_RESOURCES } from './scheme/access.ts'
import { DEVICE_RESOURCES } from './scheme/devices.ts'
import { CLUSTER_RESOURCES } from './scheme/cluster.ts'

export * from './scheme/core.ts'
export * from './scheme/workloads.ts'
export * from './scheme/networking.ts'
export * from './scheme/cluster.ts'
export * from './scheme/access.ts'
export * from './scheme/devices.ts'

/** Every resource served, in the order of discovery documents. */
export const SCHEME: readonly ResourceInfo[] = [
  ...CORE_RESOURCES,
  ...WORKLOAD_RESOURCES,
  ...NETWORKING_RESOURCES,
  ...CLUSTER_RESOURCES,
  ...DEVICE_RESOURCES,
  ...ACCESS_RESOURCES,
]

/** Whether objects of the resource can be read, one and all: reviews of access are answered and forgotten. */
export const isReadable = ({ verbs }: ResourceInfo): boolean => verbs.includes('get')

/** Whether objects of the resource are kept: how components are is measured when somebody asks. */
export const isStored = (resource: ResourceInfo): boolean =>
  isReadable(resource) && resource.verbs.includes('watch')

/** Whether the resource is one of Kubernetes' own: no CustomResourceDefinition made it. */
export const isBuiltIn = (resource: ResourceInfo): boolean => SCHEME.includes(resource)

/** Every kind of stored object once: of a resource with several versions the first, which is how it is stored. */
export const STORED_RESOURCES: readonly ResourceInfo[] = SCHEME.filter(
  (row) => isStored(row) && SCHEME.find((each) => groupResource(each) === groupResource(row)) === row,
)

/** @returns the row for `apps/v1`, `Deployment`; undefined when it is not served */
export function resourceForKind(apiVersion: string, kind: string): ResourceInfo | undefined {
  return SCHEME.find(
    (row) => row.kind === kind && (row.group ? `${row.group}/` : '') + row.version === apiVersion,
  )
}

/** @returns the row for a group ('' is core), version and plural name; undefined when it is not served */
export function resourceForPath(group: string, version: string, resource: string): ResourceInfo | undefined {
  return SCHEME.find((row) => row.group === group && row.version === version && row.resource === resource)
}
