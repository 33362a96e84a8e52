/**
 * The store's interface: one log of revisions over keys, as etcd has it. Types only.
 *
 * Implementations: ./memory-index.ts with ./wal.io.ts (the embedded default). What one may rely on:
 * - revisions are global and strictly increasing, also across restarts; never used twice;
 * - a write is answered, and shown to readers and watchers, only after it is durable;
 * - watchers see every event after their start revision once, in revision order, or get Compacted.
 *
 * Keys are kube-apiserver's: `/registry/pods/default/web-0`. Values are frozen API objects.
 */

import type { KubernetesObject } from '../api/object.ts'

export interface StoredValue {
  readonly key: string
  readonly value: KubernetesObject
  /** revision that wrote this value */
  readonly modRevision: number
}

export type Change =
  | { readonly kind: 'put'; readonly key: string; readonly value: KubernetesObject }
  | { readonly kind: 'delete'; readonly key: string }

/** Done only if each key's last write was at the given revision (0: the key does not exist). */
export interface Transaction {
  readonly expect: readonly { readonly key: string; readonly modRevision: number }[]
  /**
   * Makes the changes, given the revision they get (so that it can be written into metadata.resourceVersion).
   * Called at most once, synchronously. All changes of a transaction share one revision.
   */
  readonly changes: (revision: number) => readonly Change[]
}

export type TransactionResult =
  | { readonly kind: 'committed'; readonly revision: number }
  | { readonly kind: 'conflict'; readonly key: string; readonly current: StoredValue | undefined }

export interface StoreEvent {
  readonly kind: 'put' | 'delete'
  readonly key: string
  readonly revision: number
  /** put: the new value; delete: the last value */
  readonly value: KubernetesObject
  /** put: what was there before */
  readonly previous: KubernetesObject | undefined
}

export interface Store extends AsyncDisposable {
  /** revision of the newest visible write */
  readonly revision: number

  get(key: string): StoredValue | undefined

  /**
   * All values under `prefix` in key order, as of `atRevision` (default: now).
   * @throws CompactedError when that revision is no longer kept
   */
  range(
    prefix: string,
    atRevision?: number,
  ): { readonly revision: number; readonly values: readonly StoredValue[] }

  /** Resolves once durable. Rejects with StoreError when the disk refuses; then nothing was written. */
  commit(transaction: Transaction): Promise<TransactionResult>

  /**
   * Events under `prefix` with a revision above `afterRevision`: first those already there, then live ones.
   * `handler` is called synchronously with all events of one revision. @returns a function that ends it
   * @throws CompactedError when events after that revision are no longer kept
   */
  watch(prefix: string, afterRevision: number, handler: (events: readonly StoreEvent[]) => void): () => void
}

/** The revision asked for is older than the history kept. */
export class CompactedError extends Error {
  readonly oldestRevision: number
  constructor(requested: number, oldest: number) {
    super(`too old resource version: ${requested} (${oldest})`)
    this.name = 'CompactedError'
    this.oldestRevision = oldest
  }
}
