/**
 * What every API object has in common. Types only.
 *
 * Objects are values: whoever holds one may keep it for ever, nobody may change it. The API server freezes
 * what it hands out; a change is a new object sent through the client.
 */

import type { ObjectMeta } from './generated/meta-v1.ts'

/** Metadata of an object that has its name (all but those on their way in with generateName). */
export interface NamedMeta extends ObjectMeta {
  readonly name: string
}

/** Any object of any kind. `spec`, `data` and the like are known once the kind is. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: NamedMeta
}

/** Which object of a kind. `namespace` is absent for cluster-scoped kinds. */
export interface ObjectName {
  readonly namespace?: string | undefined
  readonly name: string
}

/** `namespace/name`, or `name` for cluster-scoped objects: the key of caches and queues. */
export type ObjectKey = string

/** @returns `namespace/name`, or just `name` without a namespace */
export function objectKey(of: ObjectName): ObjectKey {
  return of.namespace ? `${of.namespace}/${of.name}` : of.name
}

/** The inverse of objectKey. */
export function parseObjectKey(key: ObjectKey): ObjectName {
  const slash = key.indexOf('/')
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
