/**
 * The embedded store: a MemoryIndex in front of a durable log. Pure but for the log it is given.
 *
 * A commit is checked against what is already accepted, numbered, handed to the log, and becomes visible (readers,
 * watchers, the caller's answer) once the log says it is durable: a crash can never un-happen an observed write.
 * Revisions become visible in order. Keys under a `lazyPrefixes` entry (Events) become visible without waiting for
 * the disk, but never before an earlier revision.
 */

import type { CommitRecord } from './commit-record.ts'
import { encodeRecord } from './commit-record.ts'
import { Expirations } from './expirations.ts'
import type { ExpiryClock } from './expirations.ts'
import type { EventHandler } from './memory-index.ts'
import type { MemoryIndex } from './memory-index.ts'
import { putValues, stampedChange } from './stamped.ts'
import type { Change, Store, StoredValue, Transaction, TransactionResult } from './store.ts'
import { StoreError } from './store.ts'

/** Where records go. Records are durable in the order they were appended. */
export interface CommitLog {
  /** Resolves once `bytes` are durable; rejects (StoreError) when they are not and never will be. */
  append(record: CommitRecord, bytes: Buffer): Promise<void>
  /** why nothing can be appended any more; undefined while it can */
  readonly fault?: StoreError | undefined
}

export interface CommittingStoreOptions {
  readonly index: MemoryIndex
  /** absent: nothing outlives the process, and commits are visible at once */
  readonly log?: CommitLog | undefined
  readonly lazyPrefixes?: readonly string[] | undefined
  /** absent: no key expires */
  readonly clock?: ExpiryClock | undefined
  /** keys that are there and expire, in milliseconds since 1970 */
  readonly dueMs?: ReadonlyMap<string, number> | undefined
  /** given up after the last write */
  readonly resources?: AsyncDisposable | undefined
}

export const LAZY_PREFIXES: readonly string[] = ['/registry/events/']

interface Pending {
  readonly revision: number
  readonly changes: readonly Change[]
  readonly lazy: boolean
  state: 'writing' | 'durable' | 'failed'
  readonly visible: PromiseWithResolvers<void>
}

export class CommittingStore implements Store {
  readonly #index: MemoryIndex
  readonly #log: CommitLog | undefined
  readonly #lazyPrefixes: readonly string[]
  readonly #clock: ExpiryClock | undefined
  readonly #expirations: Expirations | undefined
  readonly #resources: AsyncDisposable | undefined
  /** accepted, not yet visible, in revision order */
  readonly #pending: Pending[] = []
  /** last accepted write of each key in #pending */
  readonly #accepted = new Map<string, Pending>()
  #lastRevision: number
  #closing: Promise<void> | undefined

  constructor(options: CommittingStoreOptions) {
    this.#index = options.index
    this.#log = options.log
    this.#lazyPrefixes = options.lazyPrefixes ?? LAZY_PREFIXES
    this.#resources = options.resources
    this.#lastRevision = options.index.revision
    const { clock } = options
    this.#clock = clock
    this.#expirations = clock && new Expirations({ clock, expire: (key) => this.#expire(key) })
    for (const [key, dueMs] of options.dueMs ?? []) this.#expirations?.set(key, dueMs)
  }

  get revision(): number {
    return this.#index.revision
  }

  get(key: string): StoredValue | undefined {
    return this.#index.get(key)
  }

  range(prefix: string, atRevision?: number): { revision: number; values: readonly StoredValue[] } {
    const revision = Math.min(atRevision ?? this.revision, this.revision)
    return { revision, values: this.#index.range(prefix, revision) }
  }

  watch(prefix: string, afterRevision: number, handler: EventHandler): () => void {
    return this.#index.watch(prefix, afterRevision, handler)
  }

  async health(): Promise<void> {
    if (this.#closing) throw new StoreError('the store is closed')
    if (this.#log?.fault) throw this.#log.fault
  }

  async commit(transaction: Transaction): Promise<TransactionResult> {
    if (this.#closing) throw new StoreError('the store is closed')
    // Only what is visible can be compared: a key with a write under way is waited for. From the last look at it
    // to #write nothing else can run.
    for (let busy = this.#busy(transaction); busy !== undefined; busy = this.#busy(transaction)) {
      // Its own caller hears of a failure; here the key is simply free again.
      await busy.visible.promise.catch(() => undefined)
    }
    const stale = transaction.expect.find(
      ({ key, modRevision }) => (this.#index.get(key)?.modRevision ?? 0) !== modRevision,
    )
    if (stale) return { kind: 'conflict', key: stale.key, current: this.#index.get(stale.key) }
    const revision = ++this.#lastRevision
    const changes = transaction.changes.map((change) => stampedChange(change, revision))
    await this.#write(revision, changes)
    return { kind: 'committed', revision, values: putValues(changes, revision) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    await this.#closing
  }

  #busy(transaction: Transaction): Pending | undefined {
    if (this.#accepted.size === 0) return undefined
    return transaction.expect
      .map(({ key }) => this.#accepted.get(key))
      .find((pending) => pending !== undefined)
  }

  /** Resolves once the changes are visible. */
  #write(revision: number, changes: readonly Change[]): Promise<void> {
    if (this.#log === undefined) {
      this.#index.apply(revision, changes)
      this.#schedule(changes)
      return Promise.resolve()
    }
    const pending: Pending = {
      revision,
      changes,
      lazy: changes.every(({ key }) => this.#lazyPrefixes.some((prefix) => key.startsWith(prefix))),
      state: 'writing',
      visible: Promise.withResolvers<void>(),
    }
    this.#pending.push(pending)
    for (const { key } of changes) this.#accepted.set(key, pending)
    const record = recordOf(revision, changes, this.#clock?.now())
    this.#log.append(record, encodeRecord(record)).then(
      () => this.#finish(pending, 'durable'),
      (error: unknown) => {
        // A lazy commit was answered already; the log refuses all that follow, so the loss does not stay hidden.
        pending.visible.reject(error)
        this.#finish(pending, 'failed')
      },
    )
    this.#publish()
    return pending.visible.promise
  }

  #finish(pending: Pending, state: 'durable' | 'failed'): void {
    pending.state = state
    this.#publish()
  }

  /** Shows, in revision order, all that may be shown. */
  #publish(): void {
    for (let head = this.#pending[0]; head !== undefined; head = this.#pending[0]) {
      if (head.state === 'writing' && !head.lazy) return
      this.#pending.shift()
      for (const { key } of head.changes) if (this.#accepted.get(key) === head) this.#accepted.delete(key)
      if (head.state === 'failed') {
        this.#index.skipTo(head.revision)
      } else {
        this.#index.apply(head.revision, head.changes)
        this.#schedule(head.changes)
        head.visible.resolve()
      }
    }
  }

  #schedule(changes: readonly Change[]): void {
    if (this.#expirations === undefined) return
    const now = this.#clock?.now()
    for (const change of changes) this.#expirations.set(change.key, dueMsOf(change, now))
  }

  /** Deletes the key unless it is written again meanwhile: then it is not due any more. */
  async #expire(key: string): Promise<void> {
    const modRevision = this.#index.get(key)?.modRevision
    if (modRevision === undefined) this.#expirations?.set(key, undefined)
    else await this.commit({ expect: [{ key, modRevision }], changes: [{ kind: 'delete', key }] })
  }

  async #close(): Promise<void> {
    await this.#expirations?.close()
    await Promise.allSettled(this.#pending.map((pending) => pending.visible.promise))
    const last: CommitRecord = { revision: this.#lastRevision, changes: [], closed: true }
    try {
      await this.#log?.append(last, encodeRecord(last))
    } finally {
      await this.#resources?.[Symbol.asyncDispose]()
    }
  }
}

function recordOf(revision: number, changes: readonly Change[], now: number | undefined): CommitRecord {
  return {
    revision,
    changes: changes.map((change) => {
      const value = change.kind === 'put' ? change.value : null
      const dueMs = dueMsOf(change, now)
      return dueMs === undefined ? [change.key, value] : [change.key, value, dueMs]
    }),
  }
}

function dueMsOf(change: Change, now: number | undefined): number | undefined {
  if (now === undefined || change.kind === 'delete' || change.ttlSeconds === undefined) return undefined
  return now + change.ttlSeconds * 1000
}
