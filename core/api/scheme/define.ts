/** How a row of the scheme is written, and the sub-resources that many kinds share. */

import type { KubernetesObject } from '../object.ts'
import type { Resource, Subresource, Verb } from '../resource.ts'
import { VERBS } from '../resource.ts'

/** What a row says of itself; the rest is the usual. */
export interface Row {
  readonly group?: string
  readonly version?: string
  readonly resource: string
  readonly singular: string
  readonly kind: string
  readonly clusterScoped?: boolean
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly verbs?: readonly Verb[]
  readonly subresources?: readonly Subresource[]
  readonly storageVersion?: string
}

/** @returns the row, complete. `T` is the type of the resource's objects */
export function define<T extends KubernetesObject>(row: Row): Resource<T> {
  return Object.freeze({
    group: row.group ?? '',
    version: row.version ?? 'v1',
    resource: row.resource,
    singular: row.singular,
    kind: row.kind,
    namespaced: !row.clusterScoped,
    shortNames: row.shortNames ?? [],
    categories: row.categories ?? [],
    verbs: row.verbs ?? VERBS,
    subresources: row.subresources ?? [],
    storageVersion: row.storageVersion,
  })
}

export const status = (kind: string): Subresource => ({
  name: 'status',
  kind,
  verbs: ['get', 'patch', 'update'],
})
export const scale: Subresource = {
  name: 'scale',
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  verbs: ['get', 'patch', 'update'],
}
export const connect = (name: string, kind: string, verbs: readonly string[]): Subresource => ({
  name,
  kind,
  verbs,
})
export const PROXY_VERBS = ['create', 'delete', 'get', 'patch', 'update']
