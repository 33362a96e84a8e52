/**
 * metadata.resourceVersion: the revision that wrote a value. Set when a value is shown, as kube-apiserver does
 * (kubernetes/apiserver pkg/storage/api_object_versioner.go); etcd keeps the object without it, because a writer
 * does not know the revision before the write. Pure.
 */

import { deepFreeze } from '../api/deep-freeze.ts'
import type { KubernetesObject } from '../api/object.ts'
import type { Change, StoredValue } from './store.ts'

/** @returns the object, frozen, with its revision in it */
export function stamped(object: KubernetesObject, revision: number): KubernetesObject {
  const resourceVersion = String(revision)
  if (object.metadata.resourceVersion === resourceVersion) return deepFreeze(object)
  return deepFreeze({ ...object, metadata: { ...object.metadata, resourceVersion } })
}

/** @returns the object as it is written where the revision is not known yet */
export function unstamped(object: KubernetesObject): KubernetesObject {
  const { resourceVersion: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** @returns the change with its value stamped */
export function stampedChange(change: Change, revision: number): Change {
  return change.kind === 'put' ? { ...change, value: stamped(change.value, revision) } : change
}

/** What a commit answers. @param changes stamped */
export function putValues(changes: readonly Change[], revision: number): readonly StoredValue[] {
  return changes.flatMap((change) =>
    change.kind === 'put' ? [{ key: change.key, value: change.value, modRevision: revision }] : [],
  )
}
