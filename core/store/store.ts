/**
 * The store's interface: one log of revisions over keys, as etcd has it. Types only.
 *
 * Implementations: ./committing-store.ts with ./wal.io.ts (the embedded default) and ./etcd/etcd-store.io.ts. What one may rely on:
 * - revisions are global and strictly increasing, also across restarts; never used twice;
 * - a write is answered, and shown to readers and watchers, only after it is durable;
 * - watchers see every event after their start revision once, in revision order, or get Compacted.
 *
 * Keys are kube-apiserver's: `/registry/pods/default/web-0`. Values are frozen API objects. A value's
 * metadata.resourceVersion is the revision that wrote it: the store sets it, whatever it was given (./stamped.ts).
 */

import type { KubernetesObject } from '../api/object.ts'

export interface StoredValue {
  readonly key: string
  readonly value: KubernetesObject
  /** revision that wrote this value */
  readonly modRevision: number
}

export type Change =
  | {
      readonly kind: 'put'
      readonly key: string
      readonly value: KubernetesObject
      /** the key is deleted by the store this long after its last write; absent: never */
      readonly ttlSeconds?: number | undefined
    }
  | { readonly kind: 'delete'; readonly key: string }

/** Done only if each key's last write was at the given revision (0: the key does not exist). */
export interface Transaction {
  readonly expect: readonly { readonly key: string; readonly modRevision: number }[]
  /** All changes of a transaction share one revision, and each key is in one of them at most. */
  readonly changes: readonly Change[]
}

export type TransactionResult =
  | {
      readonly kind: 'committed'
      readonly revision: number
      /** what was put, as readers see it, in the order of the changes */
      readonly values: readonly StoredValue[]
    }
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
  /** revision of the newest write this process shows; see `sync` */
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

  /**
   * Absent: nobody else writes, so what is shown is the newest there is. Else: resolves when everything is shown that
   * was acknowledged, to whomever, before the call. Rejects with StoreError when the backend cannot be asked.
   */
  sync?(): Promise<void>

  /** Rejects with StoreError when a write would be refused, as far as that is known before one is tried. */
  health(): Promise<void>

  /**
   * Resolves once durable and shown. Rejects with StoreError when the disk refuses, then nothing was written; or when
   * the backend does not answer, then it may have been.
   */
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

/** The backend refused, or did not answer. The message is etcd's own where it is etcd. */
export class StoreError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'StoreError'
  }
}
