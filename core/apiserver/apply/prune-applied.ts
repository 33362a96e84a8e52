/**
 * Takes out of an object what its applier applied last time, does not apply now, and nobody else owns. Pure.
 * kubernetes-sigs/structured-merge-diff merge/update.go (prune, addBackOwnedItems).
 */

import type { KubernetesObject } from '../../api/object.ts'
import type { StructType } from '../registry/schema-type.ts'
import { fieldSetOf } from './compare.ts'
import type { FieldSet } from './field-set.ts'
import { EMPTY_SET, difference, intersection, isEmptySet, union } from './field-set.ts'
import type { Manager, Managers } from './managers.ts'
import { removeFields, withNamedFields } from './merge-typed.ts'
import type { OwnerVersions } from './owner-versions.ts'

export interface Pruning {
  /** the applier's among them, as it is after this write */
  readonly managers: Managers
  /** the applier, as it was; undefined: it applies for the first time */
  readonly last: Manager | undefined
  /** all the configuration has, with what nobody owns (metadata.name): it is not to go with what is around it */
  readonly configured: FieldSet
  readonly type: StructType
  readonly versions: OwnerVersions | undefined
}

/** @throws Unconverted */
export function prunedApplied(merged: KubernetesObject, pruning: Pruning): KubernetesObject {
  const { managers, last, type, versions } = pruning
  if (last === undefined) return merged
  const own = merged.apiVersion
  const isMixed = [last, ...managers.values()].some(({ apiVersion }) => apiVersion !== own)
  if (isMixed && versions) return prunedInVersions(merged, last, pruning, versions)
  const mergedSet = withNamedFields(fieldSetOf(merged, type), type)
  const surplus = intersection(mergedSet, withNamedFields(last.fields, type))
  return without(merged, difference(surplus, withNamedFields(ownedIn(own, own, pruning, true), type)), type)
}

const without = (object: KubernetesObject, surplus: FieldSet, type: StructType): KubernetesObject =>
  isEmptySet(surplus) ? object : (removeFields(object, surplus, type) as KubernetesObject)

/** What is owned in a version, the configuration's fields included in its own. */
function ownedIn(
  apiVersion: string,
  own: string,
  { managers, configured }: Pruning,
  ofAll = false,
): FieldSet {
  return [...managers.values()]
    .filter((manager) => ofAll || manager.apiVersion === apiVersion)
    .reduce((all, { fields }) => union(all, fields), apiVersion === own ? configured : EMPTY_SET)
}

/**
 * In the version last applied, then in every other one: what is owned there comes back; at last, what the applier did
 * not own itself.
 */
function prunedInVersions(
  merged: KubernetesObject,
  last: Manager,
  pruning: Pruning,
  { typeOf, inVersion }: OwnerVersions,
): KubernetesObject {
  const own = merged.apiVersion
  const lastType = typeOf(last.apiVersion)
  if (lastType === undefined) return merged
  const lastSet = withNamedFields(last.fields, lastType)
  const start = inVersion(merged, last.apiVersion)
  let whole = start
  let rest = without(start, intersection(named(start, lastType), lastSet), lastType)
  const others = [...pruning.managers.values()].map(({ apiVersion }) => apiVersion)
  for (const apiVersion of new Set([last.apiVersion, own, ...others])) {
    const type = typeOf(apiVersion)
    if (type === undefined) continue
    whole = inVersion(whole, apiVersion)
    rest = inVersion(identified(rest, merged), apiVersion)
    const owned = withNamedFields(ownedIn(apiVersion, own, pruning), type)
    rest = without(whole, difference(difference(named(whole, type), named(rest, type)), owned), type)
  }
  const kept = named(inVersion(identified(rest, merged), last.apiVersion), lastType)
  const surplus = intersection(difference(named(start, lastType), kept), lastSet)
  return inVersion(identified(without(start, surplus, lastType), merged), own)
}

/** Nobody owns what an object is told by, and nothing can be converted without it. */
function identified(object: KubernetesObject, { metadata }: KubernetesObject): KubernetesObject {
  const given = (object as { readonly metadata?: object }).metadata ?? {}
  const { name, namespace, uid, resourceVersion } = metadata
  return { ...object, metadata: { ...given, name, namespace, uid, resourceVersion } }
}

const named = (object: KubernetesObject, type: StructType): FieldSet =>
  withNamedFields(fieldSetOf(object, type), type)
