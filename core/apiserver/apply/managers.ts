/**
 * Who owns which fields: metadata.managedFields read and written. Pure.
 *
 * kubernetes/apimachinery pkg/util/managedfields/internal: entries are told apart by manager, operation, version
 * and sub-resource; an applier keeps its entry whatever version it applies.
 */

import type { ManagedFieldsEntry } from '../../api/generated/meta-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { FieldSet } from './field-set.ts'
import { equalSets, isEmptySet, setOf, sorted, union, withoutPath } from './field-set.ts'

export interface Manager {
  readonly name: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  /** '' for the object itself */
  readonly subresource: string
  /** RFC 3339; undefined before the first change */
  readonly time: string | undefined
  readonly fields: FieldSet
}

/** Managers by identity. */
export type Managers = ReadonlyMap<string, Manager>

/** More Update entries than this are joined into one. */
const MAX_UPDATE_MANAGERS = 10
const ANCIENT = 'ancient-changes'

type Identity = Pick<Manager, 'name' | 'operation' | 'apiVersion' | 'subresource'>

export function identityOf(manager: Identity): string {
  const version = manager.operation === 'Apply' ? '' : manager.apiVersion
  return JSON.stringify([manager.operation, manager.name, version, manager.subresource])
}

/** @returns the owners recorded in the object; empty when none are, or when they were reset with `[{}]` */
export function managersOf(object: KubernetesObject | undefined): Managers {
  const managers = new Map<string, Manager>()
  for (const entry of object?.metadata.managedFields ?? []) {
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') continue
    const manager: Manager = {
      name: entry.manager,
      operation: entry.operation,
      apiVersion: entry.apiVersion,
      subresource: entry.subresource ?? '',
      time: entry.time,
      fields: (entry.fieldsV1 ?? {}) as FieldSet,
    }
    managers.set(identityOf(manager), manager)
  }
  return managers
}

/** Whether a client asks for all owners to be forgotten: a single empty entry. */
export function asksForReset(object: KubernetesObject): boolean {
  const entries = object.metadata.managedFields
  return entries?.length === 1 && entries[0] !== undefined && Object.keys(entries[0]).length === 0
}

/**
 * The same object with these owners. Entries that did not change are kept as they are.
 * @param previous whose entries may be taken over
 */
export function withManagers<T extends KubernetesObject>(
  object: T,
  managers: Managers,
  previous: KubernetesObject | undefined,
): T {
  const known = new Map(
    (previous?.metadata.managedFields ?? []).map((entry) => [entry.fieldsV1 as FieldSet | undefined, entry]),
  )
  const entries = [...managers.values()].sort(byTime).map((manager) => {
    const entry = known.get(manager.fields)
    return entry !== undefined && entry.time === manager.time ? entry : entryOf(manager)
  })
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata: entries.length === 0 ? metadata : { ...metadata, managedFields: entries } }
}

function byTime(a: Manager, b: Manager): number {
  const rank = (manager: Manager): string =>
    [manager.operation, manager.time ?? '', manager.name, manager.apiVersion, manager.subresource].join('\n')
  return rank(a) < rank(b) ? -1 : 1
}

function entryOf(manager: Manager): ManagedFieldsEntry {
  const entry = {
    manager: manager.name,
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(manager.time === undefined ? {} : { time: manager.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: sorted(manager.fields),
    ...(manager.subresource === '' ? {} : { subresource: manager.subresource }),
  }
  return entry as ManagedFieldsEntry
}

/** Whether two objects have the same owners, times aside. */
export function sameOwners(a: Managers, b: Managers): boolean {
  return (
    a.size === b.size &&
    [...a].every(([identity, { fields }]) => equalSets(fields, b.get(identity)?.fields ?? {}))
  )
}

/** @returns the managers with every set passed through `change`; those left without fields are dropped */
export function mapFields(
  managers: Managers,
  change: (fields: FieldSet, manager: Manager, identity: string) => FieldSet,
): Managers {
  const result = new Map<string, Manager>()
  for (const [identity, manager] of managers) {
    const fields = change(manager.fields, manager, identity)
    if (!isEmptySet(fields))
      result.set(identity, fields === manager.fields ? manager : { ...manager, fields })
  }
  return result
}

const METADATA_NEVER_OWNED = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
]

/** Removes what nobody ever owns: identity, and what the server itself keeps. */
export function ownable(fields: FieldSet): FieldSet {
  const { 'f:apiVersion': _version, 'f:kind': _kind, ...rest } = fields
  const metadata = rest['f:metadata']
  if (metadata === undefined) return rest
  const stripped = METADATA_NEVER_OWNED.reduce(
    (set, name) => withoutPath(set, ['f:metadata', `f:${name}`]),
    rest as FieldSet,
  )
  const { 'f:metadata': left, ...others } = stripped
  // `metadata` itself is never owned: without children it goes.
  const children = setOf(Object.entries(left ?? {}).filter(([element]) => element !== '.'))
  return isEmptySet(children) ? others : { ...others, 'f:metadata': children }
}

/** Joins the oldest Update entries into one while there are more than ten. */
export function capped(managers: Managers): Managers {
  const updaters = [...managers].filter(([, manager]) => manager.operation === 'Update')
  if (updaters.length <= MAX_UPDATE_MANAGERS) return managers
  const oldestFirst = updaters.sort(([, a], [, b]) => byTime(a, b)).filter(([, { name }]) => name !== ANCIENT)
  const surplus = oldestFirst.slice(0, updaters.length - MAX_UPDATE_MANAGERS + 1)
  const result = new Map(managers)
  for (const [identity, manager] of surplus) {
    result.delete(identity)
    const ancient: Manager = { ...manager, name: ANCIENT, subresource: '' }
    const existing = result.get(identityOf(ancient))
    result.set(
      identityOf(ancient),
      existing ? { ...ancient, fields: union(existing.fields, ancient.fields) } : ancient,
    )
  }
  return result
}
