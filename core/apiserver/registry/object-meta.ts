/**
 * What the server itself puts into objects: metadata on create and update, generation; and what of an update counts. Pure; what is new (uid, time) is passed in.
 *
 * kubernetes/apiserver pkg/registry/rest (create.go, update.go, meta.go) and the kinds' strategies.
 */

import { ApiError, invalid } from '../../api/api-error.ts'
import type { NamedMeta } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import type { KindRules } from '../../api/rules.ts'
import type { AnyObject } from './environment.ts'
import { equalJson } from '../requests/json-value.ts'
import { without } from '../../api/omitted.ts'
import type { KubernetesObject } from '../../api/object.ts'

const MAX_GENERATED_BASE = 58
const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789'
const SUFFIX_LENGTH = 5

/** A name from metadata.generateName. @param draw in [0, 1), one new number per call */
export function generatedName(base: string, draw: () => number): string {
  const letter = (): string => SUFFIX_LETTERS[Math.floor(draw() * SUFFIX_LETTERS.length)] ?? 'b'
  return base.slice(0, MAX_GENERATED_BASE) + Array.from({ length: SUFFIX_LENGTH }, letter).join('')
}

/** Fields of metadata that nobody gives a new object. */
const SYSTEM_FIELDS = ['deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink', 'resourceVersion']

/** Metadata of a new object: what only the server says is the server's. */
export function newMetadata(
  given: NamedMeta,
  fresh: { readonly name: string; readonly uid: string; readonly creationTimestamp: string },
): NamedMeta {
  return { ...without(given, ...SYSTEM_FIELDS), ...fresh }
}

/** What is new has no revision yet. @throws ApiError InternalError, as upstream */
export function refuseRevision({ resourceVersion }: Partial<NamedMeta>): void {
  if (!resourceVersion) return
  throw new ApiError('InternalError', 'resourceVersion should not be set on objects to be created')
}

/**
 * Metadata of an update: what clients may not change comes from the stored object. Another uid and a deletion
 * they announce themselves stay, to be refused.
 */
export function updatedMetadata(given: NamedMeta, stored: NamedMeta): NamedMeta {
  const { name, namespace, creationTimestamp, resourceVersion, generation } = stored
  const uid = given.uid || stored.uid
  const deletionTimestamp = stored.deletionTimestamp ?? given.deletionTimestamp
  const deletionGracePeriodSeconds = given.deletionGracePeriodSeconds ?? stored.deletionGracePeriodSeconds
  const kept = {
    name,
    namespace,
    uid,
    creationTimestamp,
    resourceVersion,
    generation,
    deletionTimestamp,
    deletionGracePeriodSeconds,
  }
  const present = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined))
  return { ...without(given, 'resourceVersion', 'generation'), ...(present as typeof kept), name }
}

const IDENTITY = ['apiVersion', 'kind', 'metadata', 'status']

/** The object with its generation: one higher when anything but metadata and status changed. */
export function withGeneration<T extends KubernetesObject>(
  rules: KindRules,
  object: T,
  stored: KubernetesObject,
): T {
  if (!rules.hasGeneration) return object
  const isChanged = !equalJson(without(object, ...IDENTITY), without(stored, ...IDENTITY))
  const isCounted = isChanged || (rules.countsLabels && areLabelsChanged(object, stored))
  if (!isCounted) return object
  return { ...object, metadata: { ...object.metadata, generation: (stored.metadata.generation ?? 0) + 1 } }
}

const areLabelsChanged = (object: KubernetesObject, stored: KubernetesObject): boolean =>
  !equalJson(object.metadata.labels ?? {}, stored.metadata.labels ?? {})

/** Of an update to the object itself: status stays. Of one to its status: all but status and some metadata stays. */
export function withoutForeignParts(
  resource: ResourceInfo,
  object: KubernetesObject,
  stored: KubernetesObject,
  part: { readonly isStatus: boolean; readonly hasStatus: boolean },
): KubernetesObject {
  const { status: storedStatus } = stored as AnyObject
  if (part.isStatus) {
    const { status } = object as AnyObject
    const metadata = statusMetadata(resource, object.metadata, stored.metadata)
    return { ...without(stored, 'status'), metadata, ...(status === undefined ? {} : { status }) }
  }
  if (!part.hasStatus) return object
  const rest = without(object, 'status')
  return storedStatus === undefined ? rest : ({ ...rest, status: storedStatus } as KubernetesObject)
}

/** Metadata may be written through /status, except what the kind's strategy takes back. */
function statusMetadata(resource: ResourceInfo, given: NamedMeta, stored: NamedMeta): NamedMeta {
  const restore = (...names: readonly (keyof NamedMeta)[]): NamedMeta => ({
    ...without(given, ...names),
    ...Object.fromEntries(
      names.flatMap((name) => (stored[name] === undefined ? [] : [[name, stored[name]]])),
    ),
  })
  switch (resource.kind) {
    case 'Pod':
      return restore('ownerReferences')
    case 'Deployment':
      return restore('labels')
    case 'ServiceCIDR':
    case 'VolumeAttachment':
      return restore('labels', 'annotations', 'finalizers', 'ownerReferences')
    default:
      return given
  }
}

/** @throws ApiError Forbidden when finalizers are added to an object that is being deleted */
export function checkFinalizers(
  resource: ResourceInfo,
  object: KubernetesObject,
  stored: KubernetesObject,
): void {
  if (stored.metadata.deletionTimestamp === undefined) return
  const before = stored.metadata.finalizers ?? []
  const added = (object.metadata.finalizers ?? []).filter((finalizer) => !before.includes(finalizer))
  if (added.length === 0) return
  const list = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`
  throw invalid(resource, object.metadata.name, [
    {
      type: 'forbidden',
      field: 'metadata.finalizers',
      detail: `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`,
    },
  ])
}

/** Whether nothing holds the object back any more: its deletion was asked for and all finalizers are done. */
export function isDeletionDue(resource: ResourceInfo, object: KubernetesObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata
  if (deletionTimestamp === undefined || (deletionGracePeriodSeconds ?? 0) !== 0) return false
  return (finalizers ?? []).length === 0 && ownFinalizers(resource, object).length === 0
}

/** A namespace's own finalizers, in its spec: while there are any its content is still being removed. */
export function ownFinalizers(resource: ResourceInfo, object: KubernetesObject): readonly string[] {
  if (resource.kind !== 'Namespace' || resource.group !== '') return []
  const { spec } = object as unknown as { readonly spec?: { readonly finalizers?: readonly string[] } }
  return spec?.finalizers ?? []
}
