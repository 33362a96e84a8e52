/**
 * What a controller is: two readings and one pure function. The runner (./runner.ts) owns queue, retries, conflicts
 * and events. Types only.
 *
 * `plan` of a snapshot in which its own writes have landed must be empty.
 */

import type { KubernetesObject, ObjectKey } from '../api/object.ts'
import type { Resource } from '../api/resource.ts'
import type { DeleteOptions } from '../client/client.ts'
import type { Lister } from '../client/informer.ts'

/** The caches a controller reads, all of them informers'. */
export interface Cache {
  of<T extends KubernetesObject>(resource: Resource<T>): Lister<T>
}

export type ApiWrite =
  | { readonly kind: 'create'; readonly resource: Resource<KubernetesObject>; readonly object: WriteObject }
  | {
      readonly kind: 'update' | 'updateStatus'
      readonly resource: Resource<KubernetesObject>
      readonly object: KubernetesObject
    }
  | {
      readonly kind: 'delete'
      readonly resource: Resource<KubernetesObject>
      readonly object: KubernetesObject
      readonly options?: Omit<DeleteOptions, 'preconditions'>
    }
  /** empties spec.finalizers of a namespace, which lets it go */
  | { readonly kind: 'finalize'; readonly object: KubernetesObject }

/** An object on its way in, with or without a name of its own. */
export type WriteObject = Omit<KubernetesObject, 'metadata'> & {
  readonly metadata: Omit<KubernetesObject['metadata'], 'name'> & { readonly name?: string | undefined }
}

export interface PlannedEvent {
  readonly about: KubernetesObject
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  /** `$NAME` stands for the name the created object got */
  readonly message: string
}

/** A write with the events that tell of it, once it succeeded or when it was refused. */
export interface PlannedWrite {
  readonly write: ApiWrite
  readonly onSuccess?: PlannedEvent | undefined
  /** the refusal's message is appended to `message` */
  readonly onRefusal?: PlannedEvent | undefined
}

export interface Plan {
  /** done in order; those of one `together` group side by side */
  readonly writes: readonly PlannedWrite[]
  readonly requeueAfterMs?: number | undefined
}

export interface Controller<Snapshot> {
  /** as the From column and the field manager say it: `deployment-controller` */
  readonly name: string
  readonly watches: readonly Resource<KubernetesObject>[]
  /** also whatever CustomResourceDefinitions define */
  readonly watchesCustomResources?: boolean
  /** The keys whose plan may change because this object did. */
  keysFor(object: KubernetesObject, cache: Cache): readonly ObjectKey[]
  /** All that plan may look at; undefined when there is nothing to do for the key. */
  snapshot(key: ObjectKey, cache: Cache): Snapshot | undefined
  /** Pure. */
  plan(snapshot: Snapshot, nowMs: number): Plan
}

export const NOTHING: Plan = Object.freeze({ writes: [] })
