/**
 * The store in etcd (3.4 or newer), for several API servers that share it. Every read is from a mirror in memory that
 * one watch keeps up to date; every write is one transaction, answered when etcd has it on disk and the mirror shows it.
 *
 * - a server reads its own writes at once, and those of others after `sync`;
 * - a watch that breaks goes on from the revision it had reached; where etcd has compacted that one, everything is read
 *   again, and the difference told as events;
 * - while etcd is away reads of what is known go on, `sync` and writes are refused with etcd's own words.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { EventHandler } from '../memory-index.ts'
import { HISTORY_LIMIT } from '../memory-store.ts'
import { putValues, stampedChange } from '../stamped.ts'
import type { Store, StoredValue, Transaction, TransactionResult } from '../store.ts'
import { StoreError } from '../store.ts'
import type { CompactionState } from './compaction.ts'
import { claimed, claimRequest, FIRST_ROUND } from './compaction.ts'
import { Gateway } from './gateway.io.ts'
import type { GatewayTls } from './gateway.io.ts'
import { Leases } from './leases.ts'
import { Mirror } from './mirror.ts'
import { readAll } from './read-all.ts'
import type { WireRange, WireTxn, WireWatch } from './wire.ts'
import { brokenExpectation, changesByRevision, encoded, PREFIX, revisionOf, txnRequest } from './wire.ts'

export interface EtcdStoreOptions {
  /** `http://127.0.0.1:2379`; the first that answers is used */
  readonly servers: readonly string[]
  /** PEM texts, for https servers */
  readonly tls?: GatewayTls | undefined
  /** at least this many events are kept per resource; default 10 000 */
  readonly historyLimit?: number | undefined
  /** 0: never; default 5 minutes (kube-apiserver's --etcd-compaction-interval) */
  readonly compactionIntervalMs?: number | undefined
  /** a call that takes longer has failed; default 10 s */
  readonly requestTimeoutMs?: number | undefined
  /** how long to wait at the start for an etcd that does not answer yet; default 20 s */
  readonly openTimeoutMs?: number | undefined
  /** told when etcd goes away; default: nobody */
  readonly warn?: ((message: string, fields: Readonly<Record<string, unknown>>) => void) | undefined
}

const COMPACTION_INTERVAL_MS = 300_000
const REQUEST_TIMEOUT_MS = 10_000
const OPEN_TIMEOUT_MS = 20_000
const MIN_RETRY_MS = 50
const MAX_RETRY_MS = 1000
/** All keys: see ./mirror.ts. */
const EVERYTHING = { key: encoded('\0'), range_end: encoded('\0') }

/** Whether one side does not accept the other's certificate: asking again does not help. */
function isDistrust(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' && /CERT|SIGNATURE|^ERR_(?:TLS|SSL)/.test(code)
}

/** Rejects with StoreError when no server answers in time or can be trusted, or one of the URLs is none. */
export async function openEtcdStore(options: EtcdStoreOptions): Promise<Store> {
  const gateway = new Gateway(options)
  const timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS
  const call = (path: string, body: object): Promise<unknown> => gateway.call(path, body, timeoutMs)
  const deadline = performance.now() + (options.openTimeoutMs ?? OPEN_TIMEOUT_MS)
  for (;;) {
    try {
      const { revision, values } = await readAll(call)
      const mirror = new Mirror(revision, values, options.historyLimit ?? HISTORY_LIMIT)
      return new EtcdStore(gateway, mirror, options)
    } catch (error) {
      if (performance.now() < deadline && !isDistrust(error)) {
        await sleep(MIN_RETRY_MS)
        continue
      }
      gateway[Symbol.dispose]()
      throw error
    }
  }
}

class EtcdStore implements Store {
  readonly #gateway: Gateway
  readonly #mirror: Mirror
  readonly #options: EtcdStoreOptions
  readonly #timeoutMs: number
  readonly #leases: Leases
  readonly #closing = new AbortController()
  readonly #loops: Promise<unknown>
  /** ends the watch under way, so that a new one begins */
  #watching = new AbortController()
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(gateway: Gateway, mirror: Mirror, options: EtcdStoreOptions) {
    this.#gateway = gateway
    this.#mirror = mirror
    this.#options = options
    this.#timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS
    this.#leases = new Leases({
      grant: async (ttl) => {
        const { ID } = (await this.#call('/v3/lease/grant', { TTL: String(ttl) })) as { readonly ID?: string }
        return ID ?? ''
      },
      monotonic: () => performance.now(),
    })
    this.#loops = Promise.all([this.#follow(), this.#compact()])
  }

  get revision(): number {
    return this.#mirror.revision
  }

  get(key: string): StoredValue | undefined {
    return this.#mirror.index.get(key)
  }

  range(prefix: string, atRevision?: number): { revision: number; values: readonly StoredValue[] } {
    const revision = Math.min(atRevision ?? this.revision, this.revision)
    return { revision, values: this.#mirror.index.range(prefix, revision) }
  }

  watch(prefix: string, afterRevision: number, handler: EventHandler): () => void {
    return this.#mirror.index.watch(prefix, afterRevision, handler)
  }

  /** Those who ask while a question is under way share the next one. */
  sync(): Promise<void> {
    this.#next ??= this.#syncAfter(this.#running)
    return this.#next
  }

  health(): Promise<void> {
    return this.sync()
  }

  async commit(transaction: Transaction): Promise<TransactionResult> {
    const leases = await this.#leases.idsFor([...timesToLive(transaction)])
    const answer = (await this.#write(txnRequest(transaction, leases))) as WireTxn
    const revision = revisionOf(answer.header)
    if (!answer.succeeded) {
      await this.#reach(revision)
      return { kind: 'conflict', ...brokenExpectation(transaction, answer) }
    }
    // It is written; that the watch is late does not undo it.
    await this.#reach(revision).catch(() => undefined)
    const changes = transaction.changes.map((change) => stampedChange(change, revision))
    const values = putValues(changes, revision).map((value) => this.#shown(value))
    return { kind: 'committed', revision, values }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new StoreError('the store is closed'))
    this.#watching.abort()
    await this.#loops
    this.#gateway[Symbol.dispose]()
  }

  #call(path: string, body: object): Promise<unknown> {
    if (this.#closing.signal.aborted) return Promise.reject(new StoreError('the store is closed'))
    return this.#gateway.call(path, body, this.#timeoutMs)
  }

  async #write(request: object): Promise<unknown> {
    try {
      return await this.#call('/v3/kv/txn', request)
    } catch (error) {
      if (error instanceof StoreError && error.message.includes('lease not found')) this.#leases.forget()
      throw error
    }
  }

  /** The object readers share, where it is still that one. */
  #shown(value: StoredValue): StoredValue {
    const shown = this.get(value.key)
    return shown?.modRevision === value.modRevision ? shown : value
  }

  async #syncAfter(running: Promise<void> | undefined): Promise<void> {
    // Its own callers hear of a failure.
    await running?.catch(() => undefined)
    await Promise.resolve()
    this.#running = this.#next
    this.#next = undefined
    // The watch may tell of later writes before the answer is here: only what was seen before the question counts.
    const seen = this.revision
    const probe = { key: encoded(PREFIX), count_only: true }
    const { header } = (await this.#call('/v3/kv/range', probe)) as WireRange
    const revision = revisionOf(header)
    if (revision < seen) {
      throw new StoreError(
        `etcd is at revision ${revision}, and was at ${seen}: it lost what it had acknowledged`,
      )
    }
    await this.#reach(revision)
  }

  /** A watch that does not get there in time is taken for dead. */
  async #reach(revision: number): Promise<void> {
    try {
      await this.#mirror.reach(revision, AbortSignal.timeout(this.#timeoutMs))
    } catch (cause) {
      this.#watching.abort()
      throw new StoreError('etcdserver: request timed out', { cause })
    }
  }

  /** Keeps the mirror up to date until the store is closed. Never rejects. */
  async #follow(): Promise<void> {
    let retryMs = MIN_RETRY_MS
    while (!this.#closing.signal.aborted) {
      this.#watching = new AbortController()
      const before = this.revision
      const { isGap, cause } = await this.#watchOnce()
      if (this.#closing.signal.aborted) return
      this.#options.warn?.('the watch of etcd ended, and begins again', {
        revision: this.revision,
        err: cause,
      })
      if (isGap) await this.#reload()
      retryMs = this.revision > before ? MIN_RETRY_MS : Math.min(2 * retryMs, MAX_RETRY_MS)
      await sleep(retryMs, undefined, { signal: this.#closing.signal }).catch(() => undefined)
    }
  }

  /** @returns why it ended, and whether etcd no longer has what comes next */
  async #watchOnce(): Promise<{ readonly isGap: boolean; readonly cause: unknown }> {
    let isGap = false
    const onMessage = (message: unknown): void => {
      const answer = message as WireWatch
      if (answer.canceled) {
        isGap = Number(answer.compact_revision ?? 0) > 0
        throw new StoreError(answer.cancel_reason ?? 'etcd cancelled the watch')
      }
      this.#mirror.apply(changesByRevision(answer.events ?? []))
    }
    const request = { ...EVERYTHING, start_revision: String(this.revision + 1), progress_notify: true }
    const { signal } = this.#watching
    try {
      await this.#gateway.stream('/v3/watch', { create_request: request }, { signal, onMessage })
      return { isGap, cause: undefined }
    } catch (cause) {
      return { isGap, cause }
    }
  }

  async #reload(): Promise<void> {
    try {
      const { revision, values } = await readAll((path, body) => this.#call(path, body))
      this.#mirror.replace(revision, values)
    } catch (err) {
      // The next watch finds the same gap, and this is tried again.
      this.#options.warn?.('etcd cannot be read', { err })
    }
  }

  /** Compacts now and then until the store is closed. Never rejects. */
  async #compact(): Promise<void> {
    const intervalMs = this.#options.compactionIntervalMs ?? COMPACTION_INTERVAL_MS
    if (intervalMs === 0) return
    const { signal } = this.#closing
    let state: CompactionState = FIRST_ROUND
    while (!signal.aborted) {
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      try {
        const { next, compactTo } = claimed(
          state,
          (await this.#call('/v3/kv/txn', claimRequest(state))) as WireTxn,
        )
        state = next
        if (compactTo !== undefined) await this.#call('/v3/kv/compaction', { revision: String(compactTo) })
      } catch (err) {
        this.#options.warn?.('etcd cannot be compacted', { err })
      }
    }
  }
}

function timesToLive({ changes }: Transaction): ReadonlySet<number> {
  const times = changes.map((change) => (change.kind === 'put' ? change.ttlSeconds : undefined))
  return new Set(times.filter((ttl) => ttl !== undefined))
}
