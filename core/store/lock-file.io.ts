/**
 * Which process may use a directory: a file holding its pid and start time, made by hard link so that it is never
 * seen half written. The lock of a process that is gone is taken over; a pid that was given to another process
 * since is told apart by its start time.
 */

import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { StoreError } from './store.ts'

interface Holder {
  readonly pid: number
  /** clock ticks since boot at which the process started; 0 where /proc does not say */
  readonly startTime: number
}

const MAX_ATTEMPTS = 5

/** Takes the lock. @returns what releases it. @throws StoreError naming the process that has it */
export async function acquireLock(path: string): Promise<AsyncDisposable> {
  const own = `${path}.${process.pid}.${process.hrtime.bigint()}`
  await writeFile(own, JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid) }), {
    mode: 0o600,
  })
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      if (await linked(own, path)) return { [Symbol.asyncDispose]: () => unlink(path) }
      await removeIfStale(path, own)
    }
    throw new StoreError(`${path} changes hands all the time`)
  } finally {
    await unlink(own)
  }
}

async function linked(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

/** Moves a dead holder's lock away. If a live one slipped in between look and move, it is put back. */
async function removeIfStale(path: string, own: string): Promise<void> {
  const seen = await textOf(path)
  if (seen === undefined) return
  refuseLive(path, seen)
  const aside = `${own}.stale`
  await rename(path, aside).catch(ignoreMissing)
  const moved = await textOf(aside)
  if (moved === undefined) return
  if (moved !== seen) await linked(aside, path)
  await unlink(aside)
}

function refuseLive(path: string, text: string): void {
  const holder = parseHolder(text)
  if (holder === undefined || !isAlive(holder)) return
  const who = holder.pid === process.pid ? 'this process' : `process ${holder.pid}`
  throw new StoreError(`the store is in use by ${who} (pid ${holder.pid}, lock file ${path})`)
}

function parseHolder(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder
  } catch {
    return undefined
  }
}

function isAlive({ pid, startTime }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!hasCode(error, 'EPERM')) return false
  }
  const stat = statOf(pid)
  // Killed, but its parent has not asked for it yet: it holds nothing any more.
  if (stat[0] === 'Z' || stat[0] === 'X') return false
  const current = Number(stat[19] ?? 0)
  return current === 0 || startTime === 0 || current === startTime
}

function startTimeOf(pid: number): number {
  return Number(statOf(pid)[19] ?? 0)
}

/** /proc/PID/stat from field 3 (state) on; the command before it, in parentheses, may hold spaces. */
function statOf(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    ignoreMissing(error)
    return undefined
  }
}

function ignoreMissing(error: unknown): void {
  if (!hasCode(error, 'ENOENT')) throw error
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
