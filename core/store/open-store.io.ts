/** The embedded store in a directory: lock, log, index, joined. */

import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeRecord } from './commit-record.ts'
import { CommittingStore } from './committing-store.ts'
import { acquireLock } from './lock-file.io.ts'
import type { ExpiryClock } from './expirations.ts'
import { MemoryIndex } from './memory-index.ts'
import { HISTORY_LIMIT } from './memory-store.ts'
import type { Store } from './store.ts'
import type { Replay } from './wal.io.ts'
import { Wal } from './wal.io.ts'

export interface StoreOptions {
  readonly directory: string
  /** at least this many events are kept per resource; default 10 000 */
  readonly historyLimit?: number | undefined
  /** the log is not rewritten below this size; default 4 MiB */
  readonly minRewriteBytes?: number | undefined
  /** milliseconds since 1970: where a new store's revisions start */
  readonly nowMs?: (() => number) | undefined
  /** by which keys expire; default: the system's */
  readonly clock?: ExpiryClock | undefined
  /** told what was found damaged; default: nobody */
  readonly warn?: ((message: string, fields: Readonly<Record<string, unknown>>) => void) | undefined
}

/**
 * After a crash revisions go on this much higher: Events are shown before they are durable, so some revisions may
 * have been seen that the log does not know. Far more than one flush can hold.
 */
const CRASH_GAP = 1_000_000

const SYSTEM_CLOCK: ExpiryClock = {
  now: () => Date.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
}

const MIN_REWRITE_BYTES = 4 << 20

/**
 * Opens the store of `directory`, making it if need be. Dispose of it to close it.
 * @throws StoreError when another process has it open (the message names its pid) or the log is not ours
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { directory } = options
  if ((await mkdir(directory, { recursive: true, mode: 0o700 })) !== undefined) await chmod(directory, 0o700)
  await using opening = new AsyncDisposableStack()
  opening.use(await acquireLock(join(directory, 'lock')))
  const minRewriteBytes = options.minRewriteBytes ?? MIN_REWRITE_BYTES
  const { wal, replay } = await Wal.open({ directory, minRewriteBytes })
  opening.use(wal)
  if (replay.tornBytes > 0) {
    options.warn?.('the log ends in an incomplete record, dropped', { directory, bytes: replay.tornBytes })
  }
  const revision = startRevision(replay, (options.nowMs ?? Date.now)())
  const opened = { revision, changes: [] }
  await wal.append(opened, encodeRecord(opened))
  const index = new MemoryIndex(revision, replay.values, options.historyLimit ?? HISTORY_LIMIT)
  const clock = options.clock ?? SYSTEM_CLOCK
  return new CommittingStore({ index, log: wal, clock, dueMs: replay.dueMs, resources: opening.move() })
}

/** A new store starts at the clock, so that revisions clients remember from an earlier one are not met again. */
function startRevision(replay: Replay, nowMs: number): number {
  if (replay.isNew || replay.revision === 0) return Math.floor(nowMs)
  return replay.wasClosed ? replay.revision : replay.revision + CRASH_GAP
}
