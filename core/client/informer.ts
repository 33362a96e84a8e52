/**
 * A local copy of a resource's objects, kept current by list and watch: what every component reads from.
 * Types only; ./shared-informers.ts makes them.
 *
 * An informer never lies about order: changes reach handlers one by one, in revision order, after the cache has
 * them. After a lost watch it lists again and reports the differences.
 */

import type { KubernetesObject, ObjectKey } from '../api/object.ts'
import type { Resource } from '../api/resource.ts'

export type Change<T> =
  | { readonly kind: 'added'; readonly object: T }
  | { readonly kind: 'updated'; readonly object: T; readonly previous: T }
  | { readonly kind: 'deleted'; readonly object: T }

/** Read side of an informer's cache. */
export interface Lister<T> {
  /** all objects, sorted by key; the same array until something changes */
  list(): readonly T[]
  /** those of one namespace, sorted by name */
  listIn(namespace: string): readonly T[]
  get(key: ObjectKey): T | undefined
  /** whether the first list has arrived */
  readonly hasSynced: boolean
}

export interface Informer<T extends KubernetesObject> extends Lister<T> {
  readonly resource: Resource<T>
  /**
   * Calls `handler` for every change from now on, and once with `added` for each object already there.
   * @returns a function that ends the subscription
   */
  onChange(handler: (change: Change<T>) => void): () => void
}

/** Informers shared by all readers of one client: one watch per resource. */
export interface Informers extends AsyncDisposable {
  /** The informer of `resource`, started on first use. */
  of<T extends KubernetesObject>(resource: Resource<T>): Informer<T>
  /** Stops the informer of a resource that is no longer served; asked for again, it is another. */
  forget(resource: Resource<KubernetesObject>): void
  /** Resolves when every informer asked for so far has its first list; rejects when the signal aborts. */
  synced(signal: AbortSignal): Promise<void>
}
