/** A store that forgets everything when it is closed: for tests and for clusters made in a program. Pure. */

import { CommittingStore } from './committing-store.ts'
import type { ExpiryClock } from './expirations.ts'
import { MemoryIndex } from './memory-index.ts'
import type { Store } from './store.ts'

/** At least this many events are kept per resource: how far back a watch may start. */
export const HISTORY_LIMIT = 10_000

export interface MemoryStoreOptions {
  /**
   * The first write gets the next one. Milliseconds since 1970 where clients may outlive the store, so that a
   * revision they remember from before is never met again; any number in a test.
   */
  readonly startRevision: number
  readonly historyLimit?: number | undefined
  /** absent: no key expires */
  readonly clock?: ExpiryClock | undefined
}

/** @returns an empty store; commits are visible when `commit` returns */
export function openMemoryStore(options: MemoryStoreOptions): Store {
  const historyLimit = options.historyLimit ?? HISTORY_LIMIT
  const index = new MemoryIndex(options.startRevision, [], historyLimit)
  return new CommittingStore({ index, clock: options.clock })
}
