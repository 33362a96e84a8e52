/**
 * What this process knows of etcd: an index that follows it, and those who wait for it to reach a revision. Pure.
 *
 * The watch that feeds it covers every key of etcd, not only ours: so each revision of etcd arrives, and "is all of
 * revision N here" needs no question to etcd.
 */

import { MemoryIndex } from '../memory-index.ts'
import type { StoredValue } from '../store.ts'
import type { RevisionChanges } from './wire.ts'
import { changesBetween, PREFIX } from './wire.ts'

interface Waiter {
  readonly revision: number
  readonly reached: () => void
}

export class Mirror {
  readonly index: MemoryIndex
  /** in order of revision, mostly: each is looked at when the revision moves */
  #waiters: Waiter[] = []

  constructor(revision: number, values: readonly StoredValue[], historyLimit: number) {
    this.index = new MemoryIndex(revision, values, historyLimit)
  }

  get revision(): number {
    return this.index.revision
  }

  /** Shows changes, in order. What is known already is passed over: a resumed watch may tell again. */
  apply(groups: readonly RevisionChanges[]): void {
    for (const { revision, changes } of groups) {
      if (revision <= this.revision) continue
      if (changes.length === 0) this.index.skipTo(revision)
      else this.index.apply(revision, changes)
    }
    this.#wake()
  }

  /** After a gap in the watch: everything there is at `revision` was read again. */
  replace(revision: number, values: readonly StoredValue[]): void {
    this.apply(changesBetween(this.index.range(PREFIX), values, revision))
    this.index.skipTo(revision)
    this.#wake()
  }

  /** Resolves once `revision` is shown. The caller gives up by the signal: then it rejects with its reason. */
  reach(revision: number, signal: AbortSignal): Promise<void> {
    if (revision <= this.revision) return Promise.resolve()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter: Waiter = { revision, reached: resolve }
    this.#waiters.push(waiter)
    const giveUp = (): void => {
      this.#waiters = this.#waiters.filter((each) => each !== waiter)
      // The signal's reason is an error of its owner's making.
      // eslint-disable-next-line typescript/prefer-promise-reject-errors
      reject(signal.reason)
    }
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    return promise.finally(() => signal.removeEventListener('abort', giveUp))
  }

  #wake(): void {
    if (this.#waiters.length === 0) return
    const [due, later] = [[] as Waiter[], [] as Waiter[]]
    for (const waiter of this.#waiters) (waiter.revision <= this.revision ? due : later).push(waiter)
    this.#waiters = later
    for (const { reached } of due) reached()
  }
}
