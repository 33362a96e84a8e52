/**
 * The kinds that CustomResourceDefinitions add, for controllers that are about every kind. Pure but for the caches it
 * subscribes to.
 */

import { servedRows } from '../api/custom-resource.ts'
import type { CustomResourceDefinition } from '../api/generated/apiextensions-v1.ts'
import type { KubernetesObject } from '../api/object.ts'
import type { Resource, ResourceInfo } from '../api/resource.ts'
import { CUSTOM_RESOURCE_DEFINITIONS } from '../api/scheme.ts'
import type { Informers } from '../client/informer.ts'
import type { Cache } from './controller.ts'

/** @returns the row objects of the definition are read by; undefined while nothing of it is served */
const rowOf = (crd: CustomResourceDefinition): ResourceInfo | undefined => servedRows(crd)[0]

/** @returns the kinds defined now, each in its preferred version */
export function customResources(cache: Cache): readonly Resource<KubernetesObject>[] {
  return cache
    .of(CUSTOM_RESOURCE_DEFINITIONS)
    .list()
    .flatMap((crd) => rowOf(crd) ?? [])
}

/**
 * Calls `subscribe` for every kind that is defined, and what that returned when the kind goes. Its informer goes with
 * it: a list of what is no longer served would fail for ever.
 * @returns a function that ends all of it
 */
export function eachCustomResource(
  informers: Informers,
  subscribe: (resource: Resource<KubernetesObject>) => () => void,
): () => void {
  const known = new Map<string, { readonly row: ResourceInfo; readonly end: () => void }>()
  const leave = (name: string): void => {
    const before = known.get(name)
    if (before === undefined) return
    known.delete(name)
    before.end()
    informers.forget(before.row)
  }
  const unsubscribe = informers.of(CUSTOM_RESOURCE_DEFINITIONS).onChange(({ kind, object }) => {
    const { name } = object.metadata
    const row = kind === 'deleted' ? undefined : rowOf(object)
    const before = known.get(name)
    if (before !== undefined && row?.version === before.row.version) return
    leave(name)
    if (row !== undefined) known.set(name, { row, end: subscribe(row) })
  })
  return () => {
    unsubscribe()
    for (const { end } of known.values()) end()
  }
}
