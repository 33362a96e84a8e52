/**
 * The write-ahead log on disk: one file of records (./commit-record.ts), appended to and made durable in groups.
 *
 * Group commit: all records that arrive while an fdatasync is running share the next one, so many writers cost one
 * flush. When the file has grown to several times the size of the live values it is replaced by one that holds only
 * those: written beside it, flushed, renamed over it, and the directory flushed. A record cut short by a crash
 * ends replay; it was never acknowledged.
 *
 * After a failed write the file is cut back to its last durable length. If even that fails, or a flush fails (the
 * kernel may have dropped the pages), the log refuses all further records: a restart reads what is really there.
 */

import type { FileHandle } from 'node:fs/promises'
import { constants, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LOG_MAGIC, decodeRecord, encodeRecord, isLog } from './commit-record.ts'
import type { CommitRecord } from './commit-record.ts'
import type { CommitLog } from './committing-store.ts'
import { StoreError } from './store.ts'
import type { KubernetesObject } from '../api/object.ts'
import type { StoredValue } from './store.ts'

export interface WalOptions {
  readonly directory: string
  /** the log is not rewritten below this size */
  readonly minRewriteBytes: number
}

/** What a log file held when it was opened. */
export interface Replay {
  readonly revision: number
  readonly values: Iterable<StoredValue>
  /** keys that expire, and when */
  readonly dueMs: ReadonlyMap<string, number>
  readonly isNew: boolean
  /** whether the last user of the directory shut down in order */
  readonly wasClosed: boolean
  /** bytes after the last good record, dropped */
  readonly tornBytes: number
}

interface LiveValue {
  readonly revision: number
  readonly value: KubernetesObject
  readonly sizeBytes: number
  readonly dueMs: number | undefined
}

interface Waiting {
  readonly record: CommitRecord
  readonly bytes: Buffer
  readonly done: PromiseWithResolvers<void>
}

/** A log is rewritten when it is this many times the size of its live values. */
const REWRITE_RATIO = 4
const REWRITE_CHUNK_BYTES = 1 << 20

export class Wal implements CommitLog, AsyncDisposable {
  readonly #options: WalOptions
  readonly #live = new Map<string, LiveValue>()
  #liveBytes = 0
  #file: FileHandle
  /** durable length of the file; all after it is of no account */
  #length: number
  #revision = 0
  #minRewriteBytes: number
  #waiting: Waiting[] = []
  #flushing: Promise<void> | undefined
  #broken: StoreError | undefined

  private constructor(options: WalOptions, file: FileHandle) {
    this.#options = options
    this.#file = file
    this.#length = 0
    this.#minRewriteBytes = options.minRewriteBytes
  }

  /** Opens or makes the log of `options.directory` and reads it. The caller holds the directory's lock. */
  static async open(options: WalOptions): Promise<{ readonly wal: Wal; readonly replay: Replay }> {
    await rm(join(options.directory, 'log.new'), { force: true })
    const path = join(options.directory, 'log')
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    const wal = new Wal(options, file)
    try {
      return { wal, replay: await wal.#replay(await readFile(path)) }
    } catch (error) {
      await file.close()
      throw error
    }
  }

  get fault(): StoreError | undefined {
    return this.#broken
  }

  append(record: CommitRecord, bytes: Buffer): Promise<void> {
    if (this.#broken) return Promise.reject(this.#broken)
    const done = Promise.withResolvers<void>()
    this.#waiting.push({ record, bytes, done })
    this.#flushing ??= this.#flushAll()
    return done.promise
  }

  /** Lets what is being written finish, then closes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flushing
    await this.#file.close()
  }

  async #replay(bytes: Buffer): Promise<Replay> {
    // A crash may have cut even the first bytes short.
    const isNew = bytes.length < LOG_MAGIC.length && LOG_MAGIC.subarray(0, bytes.length).equals(bytes)
    if (!isNew && !isLog(bytes))
      throw new StoreError(`${this.#options.directory}/log is not a log of this program`)
    let end = LOG_MAGIC.length
    let wasClosed = false
    for (let next = decodeRecord(bytes, end); next !== undefined; next = decodeRecord(bytes, end)) {
      this.#remember(next.record, next.end - end)
      wasClosed = next.record.closed === true
      end = next.end
    }
    if (isNew) await this.#writeAt(0, LOG_MAGIC)
    else if (end < bytes.length) await this.#file.truncate(end)
    await this.#file.sync()
    await syncDirectory(this.#options.directory)
    this.#length = end
    return {
      revision: this.#revision,
      values: this.#values(),
      dueMs: this.#expiring(),
      isNew,
      wasClosed,
      tornBytes: isNew ? 0 : bytes.length - end,
    }
  }

  *#values(): Iterable<StoredValue> {
    for (const [key, { revision, value }] of this.#live) yield { key, value, modRevision: revision }
  }

  #expiring(): ReadonlyMap<string, number> {
    const due = new Map<string, number>()
    for (const [key, { dueMs }] of this.#live) if (dueMs !== undefined) due.set(key, dueMs)
    return due
  }

  /** One flush after the other until nothing waits. Never rejects: failures go to those who wait. */
  async #flushAll(): Promise<void> {
    // A tick later, so that all commits of this turn of the event loop share the first flush.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      const failure = this.#broken ?? (await this.#flush(group))
      for (const { done } of group) {
        if (failure) done.reject(failure)
        else done.resolve()
      }
    }
    this.#flushing = undefined
  }

  async #flush(group: readonly Waiting[]): Promise<StoreError | undefined> {
    const bytes = Buffer.concat(group.map((waiting) => waiting.bytes))
    try {
      await this.#writeAt(this.#length, bytes)
    } catch (error) {
      return await this.#cutBack(error)
    }
    try {
      await this.#file.datasync()
    } catch (error) {
      return this.#break(error)
    }
    this.#length += bytes.length
    for (const waiting of group) this.#remember(waiting.record, waiting.bytes.length)
    const isLast = group.at(-1)?.record.closed === true
    if (this.#isOutgrown() && !isLast) await this.#rewrite()
    return undefined
  }

  async #cutBack(cause: unknown): Promise<StoreError> {
    try {
      await this.#file.truncate(this.#length)
      await this.#file.datasync()
      return refusal(cause)
    } catch {
      return this.#break(cause)
    }
  }

  #break(cause: unknown): StoreError {
    this.#broken ??= refusal(cause)
    return this.#broken
  }

  #remember(record: CommitRecord, sizeBytes: number): void {
    this.#revision = Math.max(this.#revision, record.revision)
    for (const [key, value, dueMs] of record.changes) {
      this.#liveBytes -= this.#live.get(key)?.sizeBytes ?? 0
      this.#live.delete(key)
      if (value === null) continue
      this.#live.set(key, { revision: record.revision, value, sizeBytes, dueMs })
      this.#liveBytes += sizeBytes
    }
  }

  #isOutgrown(): boolean {
    return this.#length > Math.max(this.#minRewriteBytes, REWRITE_RATIO * this.#liveBytes)
  }

  /**
   * Replaces the file by one holding only live values. Until the rename the old one is complete, so a failure
   * before it only puts the rewrite off.
   */
  async #rewrite(): Promise<void> {
    const { directory } = this.#options
    const next = await this.#writeSnapshot(join(directory, 'log.new'))
    if (next === undefined) return
    const previous = this.#file
    this.#file = next.file
    this.#length = next.length
    try {
      await previous.close()
      await syncDirectory(directory)
    } catch (error) {
      this.#break(error)
    }
  }

  async #writeSnapshot(path: string): Promise<{ file: FileHandle; length: number } | undefined> {
    let file: FileHandle | undefined
    try {
      file = await open(path, 'w', 0o600)
      const length = await writeChunks(file, this.#snapshot())
      await file.sync()
      await rename(path, join(this.#options.directory, 'log'))
      return { file, length }
    } catch {
      await file?.close()
      this.#minRewriteBytes = 2 * this.#length
      return undefined
    }
  }

  *#snapshot(): Iterable<Buffer> {
    yield LOG_MAGIC
    yield encodeRecord({ revision: this.#revision, changes: [] })
    for (const [key, { revision, value, dueMs }] of this.#live) {
      yield encodeRecord({ revision, changes: [dueMs === undefined ? [key, value] : [key, value, dueMs]] })
    }
  }

  async #writeAt(position: number, bytes: Buffer): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      const result = await this.#file.write(bytes, written, bytes.length - written, position + written)
      written += result.bytesWritten
    }
  }
}

/** @returns the number of bytes written */
async function writeChunks(file: FileHandle, parts: Iterable<Buffer>): Promise<number> {
  let total = 0
  let chunk: Buffer[] = []
  let chunkBytes = 0
  for (const part of parts) {
    chunk.push(part)
    chunkBytes += part.length
    if (chunkBytes < REWRITE_CHUNK_BYTES) continue
    await file.appendFile(Buffer.concat(chunk))
    total += chunkBytes
    chunk = []
    chunkBytes = 0
  }
  await file.appendFile(Buffer.concat(chunk))
  return total + chunkBytes
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function refusal(cause: unknown): StoreError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new StoreError(`the write-ahead log cannot be written: ${why}`, { cause })
}
