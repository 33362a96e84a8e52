/**
 * Field ownership: what an update does to it, and server-side apply. Pure.
 *
 * The rules are those of kubernetes-sigs/structured-merge-diff merge/update.go and kubernetes/apimachinery
 * pkg/util/managedfields. One simplification: owners' sets of fields are not converted between versions
 * of a built-in kind; where a version renames a field, its two names are two fields.
 */

import { ApiError, badRequest } from '../../api/api-error.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { equalJson } from '../requests/json-value.ts'
import type { StructType } from '../registry/schema-type.ts'
import type { Conflict } from './apply-conflict.ts'
import { applyConflict } from './apply-conflict.ts'
import type { Comparison } from './compare.ts'
import { compare, fieldSetOf } from './compare.ts'
import type { FieldSet } from './field-set.ts'
import { EMPTY_SET, difference, equalSets, intersection, isEmptySet, union } from './field-set.ts'
import type { Manager, Managers } from './managers.ts'
import {
  asksForReset,
  capped,
  identityOf,
  managersOf,
  mapFields,
  ownable,
  sameOwners,
  withManagers,
} from './managers.ts'
import { mergeTyped } from './merge-typed.ts'
import type { OwnerVersions } from './owner-versions.ts'
import { Comparisons } from './owner-versions.ts'
import { prunedApplied } from './prune-applied.ts'

/** Who writes, and when. */
export interface Writer {
  readonly manager: string
  readonly apiVersion: string
  /** '' for the object itself */
  readonly subresource: string
  /** RFC 3339 */
  readonly time: string
}

export interface TrackOptions {
  /** absent: all owners name fields as this version does */
  readonly versions?: OwnerVersions | undefined
  /** what a new object is compared with; absent: nothing */
  readonly empty?: KubernetesObject | undefined
}

/**
 * @param live undefined: the object is new
 * @param next the object to be stored; its own managedFields are taken as a client's wish
 * @returns `next` with the owners it has after this write: fields changed belong to the writer alone, fields
 * removed to nobody
 * @throws Unconverted
 */
export function trackUpdate<T extends KubernetesObject>(
  live: KubernetesObject | undefined,
  next: T,
  type: StructType,
  writer: Writer,
  { versions, empty }: TrackOptions = {},
): T {
  if (asksForReset(next)) return withManagers(next, new Map(), undefined)
  const managers = wishedManagers(live, next, writer) ?? managersOf(live)
  // Objects nobody ever applied or created through us are not tracked.
  if (live !== undefined && managers.size === 0) return withManagers(next, managers, undefined)
  const changes = new Comparisons(live ?? empty, next, type, versions)
  const taken = ownable(union(changes.own.added, changes.own.modified))
  const others = mapFields(managers, (fields, { apiVersion }) => left(fields, changes.in(apiVersion)))
  const after = isEmptySet(taken) ? others : capped(withWriter(others, managers, taken, writer))
  return withManagers(next, after, live ?? next)
}

/** Owners a client sends with an object count, unless they are those it was given. */
function wishedManagers(
  live: KubernetesObject | undefined,
  next: KubernetesObject,
  writer: Writer,
): Managers | undefined {
  const sent = next.metadata.managedFields
  if (writer.subresource !== '' || sent === undefined || equalJson(sent, live?.metadata.managedFields))
    return undefined
  const wished = managersOf(next)
  return wished.size > 0 ? wished : undefined
}

/** What is left of a set once what a write changed is taken from it. */
function left(fields: FieldSet, change: Comparison | undefined): FieldSet {
  if (change === undefined) return EMPTY_SET
  return reduced(fields, union(ownable(union(change.added, change.modified)), change.removed))
}

/** The same set, by identity too, when nothing is lost from it. */
function reduced(fields: FieldSet, lost: FieldSet): FieldSet {
  return isEmptySet(lost) || isEmptySet(intersection(fields, lost)) ? fields : difference(fields, lost)
}

function withWriter(others: Managers, before: Managers, taken: FieldSet, writer: Writer): Managers {
  const identity = identityOf({ ...writer, name: writer.manager, operation: 'Update' })
  const previous = before.get(identity)
  const own = union(others.get(identity)?.fields ?? EMPTY_SET, taken)
  const manager: Manager = {
    name: writer.manager,
    operation: 'Update',
    apiVersion: writer.apiVersion,
    subresource: writer.subresource,
    time: writer.time,
    // An unchanged set keeps its identity, so that its entry need not be written anew.
    fields: previous !== undefined && equalSets(previous.fields, own) ? previous.fields : own,
  }
  return new Map(others).set(identity, manager)
}

export interface ApplyRequest {
  readonly resource: ResourceInfo
  /** undefined: the object is to be made */
  readonly live: KubernetesObject | undefined
  /** what the client sent, without fields this write may not set */
  readonly config: KubernetesObject
  readonly type: StructType
  readonly writer: Writer
  /** take fields over from their owners */
  readonly force: boolean
  /** these are taken over in any case */
  readonly allowed?: FieldSet | undefined
  /** absent: all owners name fields as this version does */
  readonly versions?: OwnerVersions | undefined
}

/**
 * @returns the live object with the configuration laid over it, fields no longer applied removed, and owners set
 * @throws ApiError 409 naming the fields others own with another value; 400 when managedFields are sent
 */
export function applyConfiguration(request: ApplyRequest): KubernetesObject {
  const { live, config, type, writer, versions } = request
  checkConfig(request)
  const before = trackedManagers(live, type, writer)
  const identity = identityOf({ ...writer, name: writer.manager, operation: 'Apply' })
  const last = before.get(identity)
  const configured = fieldSetOf(config, type)
  const applied = ownable(configured)
  const own: Manager = {
    ...writer,
    name: writer.manager,
    operation: 'Apply',
    time: last?.time,
    fields: applied,
  }
  const managers = new Map(before).set(identity, own)
  const merged = mergeTyped(live, config, type)
  const next = prunedApplied(merged as KubernetesObject, { managers, last, configured, type, versions })
  const changes = new Comparisons(live, next, type, versions)
  const after = settleOwnership(changes, managers, {
    identity,
    force: request.force,
    allowed: request.allowed ?? EMPTY_SET,
  })
  const isSame = live !== undefined && equalJson(withoutOwners(next), withoutOwners(live))
  if (isSame && sameOwners(before, after)) return withManagers(next, managersOf(live), live)
  const current = after.get(identity)
  // Who changes nothing but owners has no time, or the one of what it changed last.
  if (isSame || current === undefined) return withManagers(next, after, live)
  return withManagers(next, new Map(after).set(identity, { ...current, time: writer.time }), live)
}

function checkConfig({ config, writer }: ApplyRequest): void {
  if (config.metadata.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil')
  if (writer.manager === '') {
    throw new ApiError(
      'Invalid',
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    )
  }
}

/** Owners of the live object. If it has none recorded, all it has belongs to `before-first-apply`. */
function trackedManagers(live: KubernetesObject | undefined, type: StructType, writer: Writer): Managers {
  const managers = managersOf(live)
  if (live === undefined || managers.size > 0) return managers
  const fields = ownable(compare(undefined, live, type).added)
  if (isEmptySet(fields)) return managers
  const first: Manager = {
    name: 'before-first-apply',
    operation: 'Update',
    apiVersion: writer.apiVersion,
    subresource: '',
    time: writer.time,
    fields,
  }
  return new Map([[identityOf(first), first]])
}

interface Settlement {
  readonly identity: string
  readonly force: boolean
  readonly allowed: FieldSet
}

/** Fields this write changes leave all other managers; without force that is a conflict. */
function settleOwnership(
  changes: Comparisons,
  managers: Managers,
  { identity, force, allowed }: Settlement,
): Managers {
  const conflicts: Conflict[] = [...managers].flatMap(([other, manager]) => {
    const change = changes.in(manager.apiVersion)
    if (other === identity || change === undefined) return []
    const taken = intersection(manager.fields, union(change.added, change.modified))
    const fields = difference(taken, allowed)
    return isEmptySet(fields) ? [] : [{ manager, fields }]
  })
  if (!force && conflicts.length > 0) throw applyConflict(conflicts)
  return mapFields(managers, (fields, manager, other) => {
    if (other === identity) return fields
    const change = changes.in(manager.apiVersion)
    if (change === undefined) return EMPTY_SET
    return reduced(fields, union(union(change.added, change.modified), change.removed))
  })
}

/** The object without what says who owns its fields. */
export function withoutOwners(object: KubernetesObject): KubernetesObject {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}
