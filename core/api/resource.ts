/**
 * How the API names things: resources, their URLs, and the short description of each in the scheme.
 * Types and pure functions over them.
 */

import type { KubernetesObject } from './object.ts'

export const VERBS = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
] as const
export type Verb = (typeof VERBS)[number]

/** A sub-resource under `/NAME/`, with the kind its bodies have where that is not the parent's. */
export interface Subresource {
  readonly name: string
  readonly verbs: readonly string[]
  readonly group?: string
  readonly version?: string
  readonly kind: string
}

/** One row of the scheme: all that routing, discovery and clients need to know of a resource. */
export interface ResourceInfo {
  /** '' for the core group */
  readonly group: string
  readonly version: string
  /** plural, as in URLs: `pods` */
  readonly resource: string
  readonly singular: string
  readonly kind: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly verbs: readonly Verb[]
  readonly subresources: readonly Subresource[]
  /** `autoscaling/v2`: as which the objects are kept, for who compares; absent: in this version */
  readonly storageVersion?: string | undefined
}

/** A resource whose objects are known to be `T`. The type parameter exists at compile time only. */
export interface Resource<T extends KubernetesObject> extends ResourceInfo {
  readonly __object?: T
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(resource: Pick<ResourceInfo, 'group' | 'version'>): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
}

/** `deployments.apps`, or `pods` for the core group: how upstream's messages name a resource. */
export function groupResource(resource: Pick<ResourceInfo, 'group' | 'resource'>): string {
  return resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`
}

/** `apps/v1/deployments`: names the resource in one of its versions. */
export function versionedResource(resource: Pick<ResourceInfo, 'group' | 'version' | 'resource'>): string {
  return `${apiVersionOf(resource)}/${resource.resource}`
}
