/**
 * Garbage collection by ownerReferences (kubernetes/kubernetes pkg/controller/garbagecollector). Pure. Works per owner
 * uid: when an owner is gone its dependents go (background); while one waits with a deletion finalizer, its
 * dependents are deleted first (foreground) or let loose (orphan).
 */

import type { OwnerReference } from '../api/generated/meta-v1.ts'
import type { KubernetesObject } from '../api/object.ts'
import type { Resource } from '../api/resource.ts'
import { EVENTS, STORED_RESOURCES } from '../api/scheme.ts'
import { customResources } from './custom-resources.ts'
import type { Cache, Controller, Plan, PlannedWrite } from './controller.ts'
import { NOTHING } from './controller.ts'
import { released } from './ownership.ts'

interface Placed {
  readonly resource: Resource<KubernetesObject>
  readonly object: KubernetesObject
}

export interface GarbageSnapshot {
  readonly uid: string
  /** undefined when it is gone */
  readonly owner: Placed | undefined
  readonly dependents: readonly (Placed & { readonly hasOtherOwner: boolean })[]
  /** a cache is not full yet: what is missing from it may be there */
  readonly isUnsure?: boolean
}

const FOREGROUND = 'foregroundDeletion'
const ORPHAN = 'orphan'

/** Events own nothing and are owned by nothing, and there are many. */
const WATCHED: readonly Resource<KubernetesObject>[] = STORED_RESOURCES.filter(
  (resource) => resource.resource !== EVENTS.resource,
)

const UNSURE_MS = 100

const kinds = (cache: Cache): readonly Resource<KubernetesObject>[] => [...WATCHED, ...customResources(cache)]

const isKnown = (kind: string, cache: Cache): boolean =>
  kinds(cache).some((resource) => resource.kind === kind)

/** Keys are `uid KIND`: the index finds both sides of a reference by the owner's uid. */
export const garbageCollector: Controller<GarbageSnapshot> = {
  name: 'garbage-collector-controller',
  watches: WATCHED,
  watchesCustomResources: true,
  keysFor(object, cache) {
    // Most changes concern nobody else: only owners that are gone or wait are looked into, which costs a search.
    const owners = (object.metadata.ownerReferences ?? []).filter((owner) =>
      isGoneOrWaiting(owner, object, cache),
    )
    const own = { kind: object.kind, name: object.metadata.name, uid: object.metadata.uid ?? '' }
    const concerned = isGoneOrWaiting(own, object, cache) ? [...owners, own] : owners
    return concerned.map(({ uid, kind }) => `${uid} ${kind}`)
  },
  snapshot(key, cache) {
    const [uid = '', kind = ''] = key.split(' ')
    const isUnsure = kinds(cache).some((resource) => !cache.of(resource).hasSynced)
    if (isUnsure) return { uid, owner: undefined, dependents: [], isUnsure }
    const owner = ownerOf(uid, kind, cache)
    // Of what kind the owner is nobody here knows: it may well be there.
    if (owner === undefined && !isKnown(kind, cache)) return undefined
    const dependents = dependentsOf(uid, cache)
    if (dependents.length === 0 && !isWaiting(owner?.object)) return undefined
    return { uid, owner, dependents }
  },
  plan,
}

const isWaiting = (object: KubernetesObject | undefined): boolean =>
  object?.metadata.deletionTimestamp !== undefined &&
  (object.metadata.finalizers ?? []).some((finalizer) => finalizer === FOREGROUND || finalizer === ORPHAN)

/** By name, without a search: the owner of a namespaced object is in its namespace or in none. */
function isGoneOrWaiting(
  { kind, name, uid }: Pick<OwnerReference, 'kind' | 'name' | 'uid'>,
  near: KubernetesObject,
  cache: Cache,
): boolean {
  const found = kinds(cache)
    .filter((one) => one.kind === kind)
    .map((resource) =>
      cache.of(resource).get(resource.namespaced ? `${near.metadata.namespace}/${name}` : name),
    )
    .find((object) => object?.metadata.uid === uid)
  return found === undefined || isWaiting(found)
}

function ownerOf(uid: string, kind: string, cache: Cache): Placed | undefined {
  for (const resource of kinds(cache).filter((one) => one.kind === kind)) {
    const object = cache
      .of(resource)
      .list()
      .find((one) => one.metadata.uid === uid)
    if (object) return { resource, object }
  }
  return undefined
}

function dependentsOf(uid: string, cache: Cache): GarbageSnapshot['dependents'] {
  return kinds(cache).flatMap((resource) =>
    cache
      .of(resource)
      .list()
      .filter((object) => object.metadata.ownerReferences?.some((owner) => owner.uid === uid))
      .map((object) => ({ resource, object, hasOtherOwner: hasLivingOwner(object, uid, cache) })),
  )
}

function hasLivingOwner(object: KubernetesObject, except: string, cache: Cache): boolean {
  const others = (object.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== except)
  return others.some((owner: OwnerReference) => ownerOf(owner.uid, owner.kind, cache) !== undefined)
}

function plan({ uid, owner, dependents, isUnsure }: GarbageSnapshot): Plan {
  if (isUnsure) return { writes: [], requeueAfterMs: UNSURE_MS }
  if (owner === undefined)
    return { writes: dependents.filter(isLeft).map((dependent) => collected(dependent, uid)) }
  const finalizers = owner.object.metadata.finalizers ?? []
  if (!isWaiting(owner.object)) return NOTHING
  if (finalizers.includes(ORPHAN)) {
    const loosened = dependents.map(({ resource, object }) =>
      update(resource, released(object, owner.object)),
    )
    return { writes: [...loosened, withoutFinalizer(owner, ORPHAN)] }
  }
  const blocking = dependents.filter(({ object }) => blocks(object, owner.object))
  if (blocking.length === 0) return { writes: [withoutFinalizer(owner, FOREGROUND)] }
  const deletions = dependents.filter(isLeft).map(({ resource, object }): PlannedWrite => ({
    write: { kind: 'delete', resource, object, options: { propagationPolicy: 'Foreground' } },
  }))
  // Owners that wait for each other would do so for ever.
  const mayBeCircle = blocking.some(({ object }) => isWaiting(object)) && isBlocking(owner.object)
  return { writes: [...(mayBeCircle ? [unblocked(owner)] : []), ...deletions] }
}

const isBlocking = ({ metadata }: KubernetesObject): boolean =>
  metadata.ownerReferences?.some(({ blockOwnerDeletion }) => blockOwnerDeletion) ?? false

/** No owner of it waits for it any more. */
function unblocked({ resource, object }: Placed): PlannedWrite {
  const ownerReferences = object.metadata.ownerReferences?.map((one) => ({
    ...one,
    blockOwnerDeletion: false,
  }))
  return update(resource, { ...object, metadata: { ...object.metadata, ownerReferences } })
}

const isLeft = ({ object }: Placed): boolean => object.metadata.deletionTimestamp === undefined

/** With another living owner only the dangling reference goes. */
function collected(
  { resource, object, hasOtherOwner }: GarbageSnapshot['dependents'][number],
  uid: string,
): PlannedWrite {
  if (!hasOtherOwner)
    return { write: { kind: 'delete', resource, object, options: { propagationPolicy: 'Background' } } }
  const ownerReferences = object.metadata.ownerReferences?.filter((owner) => owner.uid !== uid)
  return update(resource, { ...object, metadata: { ...object.metadata, ownerReferences } })
}

function blocks(object: KubernetesObject, owner: KubernetesObject): boolean {
  return (object.metadata.ownerReferences ?? []).some(
    (one) => one.uid === owner.metadata.uid && one.blockOwnerDeletion,
  )
}

const update = (resource: Resource<KubernetesObject>, object: KubernetesObject): PlannedWrite => ({
  write: { kind: 'update', resource, object },
})

function withoutFinalizer({ resource, object }: Placed, finalizer: string): PlannedWrite {
  const finalizers = object.metadata.finalizers?.filter((one) => one !== finalizer)
  return update(resource, { ...object, metadata: { ...object.metadata, finalizers } })
}
