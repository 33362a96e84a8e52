/**
 * Where objects are in the store: `/registry/RESOURCE/NAMESPACE/NAME`, as kube-apiserver lays them out (without its
 * historical exceptions); custom resources have their group in between. Pure.
 */

import type { ObjectName } from '../api/object.ts'
import type { ResourceInfo } from '../api/resource.ts'

type Stored = Pick<ResourceInfo, 'group' | 'resource'>

/** Prefix of all objects of the resource, or of those of one namespace. */
export function storagePrefix(resource: Stored, namespace?: string): string {
  const isBuiltIn = !resource.group.includes('.') || resource.group.endsWith('.k8s.io')
  const base = `/registry/${isBuiltIn ? '' : `${resource.group}/`}${resource.resource}/`
  return namespace === undefined || namespace === '' ? base : `${base}${namespace}/`
}

/** The key of one object. */
export function storageKey(resource: Stored, { namespace, name }: ObjectName): string {
  return storagePrefix(resource, namespace) + name
}
