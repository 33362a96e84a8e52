/**
 * The one way to the API: controllers, scheduler, node agent, proxies, DNS and the CLI all go through this
 * interface, whether the API server is in this process (core/apiserver/in-process-client.ts) or behind a
 * kubeconfig (./http.io.ts). Types only.
 *
 * Every method rejects with ApiError for what the server refused, and with another Error for what never got an
 * answer. Objects handed out are frozen.
 */

import type { DeletionPropagation } from '../api/deletion.ts'
import type { KubernetesObject, ObjectName } from '../api/object.ts'
import type { Resource } from '../api/resource.ts'

export interface ListOptions {
  /** absent: all namespaces */
  readonly namespace?: string | undefined
  /** query-string syntax: `app=web,tier in (a,b)` */
  readonly labelSelector?: string | undefined
  /** query-string syntax: `spec.nodeName=n1` */
  readonly fieldSelector?: string | undefined
}

export interface ObjectList<T> {
  /** revision of the snapshot: where a watch goes on from */
  readonly resourceVersion: string
  readonly items: readonly T[]
}

export interface WatchOptions extends ListOptions {
  /** events strictly after this revision */
  readonly resourceVersion: string
  readonly signal: AbortSignal
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }

export interface WriteOptions {
  /** who owns the fields written, as in metadata.managedFields */
  readonly fieldManager?: string | undefined
  readonly dryRun?: boolean | undefined
}

/** An object on its way in: the server fills what is left out (uid, creationTimestamp, a generated name). */
export type NewObject<T extends KubernetesObject> = Omit<T, 'metadata'> & {
  readonly metadata: Omit<T['metadata'], 'name'> & { readonly name?: string | undefined }
}

export const PATCH_TYPES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const
export type PatchType = keyof typeof PATCH_TYPES

export interface PatchOptions extends WriteOptions {
  readonly type: PatchType
  readonly subresource?: string | undefined
  /** apply only: take fields over from other managers */
  readonly force?: boolean | undefined
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number | undefined
  readonly propagationPolicy?: DeletionPropagation | undefined
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | undefined
  readonly dryRun?: boolean | undefined
}

export interface Client {
  get<T extends KubernetesObject>(resource: Resource<T>, name: ObjectName): Promise<T>

  list<T extends KubernetesObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>>

  /**
   * Ends when the signal aborts or the server closes the stream (then list again, or watch on from the last
   * revision seen). Throws ApiError `Expired` when the revision is too old: list again.
   */
  watch<T extends KubernetesObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncIterable<WatchEvent<T>>

  create<T extends KubernetesObject>(
    resource: Resource<T>,
    object: NewObject<T>,
    options?: WriteOptions,
  ): Promise<T>

  /** Replaces the object. With a resourceVersion in its metadata: only if that is still the current one. */
  update<T extends KubernetesObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>

  /** Replaces the status alone. */
  updateStatus<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options?: WriteOptions,
  ): Promise<T>

  patch<T extends KubernetesObject>(
    resource: Resource<T>,
    name: ObjectName,
    patch: unknown,
    options: PatchOptions,
  ): Promise<T>

  /** Resolves when the deletion is recorded, which for graceful kinds is before the object is gone. */
  delete<T extends KubernetesObject>(
    resource: Resource<T>,
    name: ObjectName,
    options?: DeleteOptions,
  ): Promise<void>

  /** POST of a body to a sub-resource, such as `pods/binding`. Resolves with what it answers, often a Status. */
  createSubresource(
    resource: Resource<KubernetesObject>,
    name: ObjectName,
    sub: SubresourceBody,
  ): Promise<unknown>
}

export interface SubresourceBody {
  readonly subresource: string
  readonly body: unknown
}
