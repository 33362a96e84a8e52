/**
 * A container's log: lines in the CRI format (`TIME stdout|stderr F TEXT`), kept in a file, written in batches, and
 * followed by readers. Rotated once at 10 MiB.
 */

import { appendFile, mkdir, readFile, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import type { Clock } from '../../host/host.ts'
import type { LogOptions } from '../api/node-agent.ts'
import { parseTimestamp } from '../api/timestamp.ts'

export type LogStream = 'stdout' | 'stderr'

const FLUSH_MS = 100
const MAX_FILE_BYTES = 10 * 1024 * 1024
/** A line longer than this is cut into parts, as container runtimes do. */
const MAX_LINE_CHARACTERS = 16 * 1024

export class ContainerLog {
  readonly #path: string
  readonly #clock: Clock
  #pending: string[] = []
  #writing: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #partial: Record<LogStream, string> = { stdout: '', stderr: '' }
  /** a character may come in two pieces */
  readonly #decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') }
  readonly #followers = new Set<(line: string) => void>()
  #closed = false
  #failure: unknown

  constructor(path: string, clock: Clock) {
    this.#path = path
    this.#clock = clock
  }

  /** One whole line. */
  print(line: string, stream: LogStream = 'stdout'): void {
    const record = `${new Date(this.#clock.now()).toISOString().slice(0, 23)}000000Z ${stream} F ${line}`
    this.#pending.push(record)
    for (const follower of this.#followers) follower(record)
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS)
  }

  /** Bytes as a program wrote them; lines are completed as they come. */
  write(chunk: Uint8Array, stream: LogStream): void {
    const lines = (this.#partial[stream] + this.#decoders[stream].write(Buffer.from(chunk))).split('\n')
    this.#partial[stream] = lines.pop() ?? ''
    for (const line of lines) this.print(line, stream)
    while (this.#partial[stream].length > MAX_LINE_CHARACTERS) {
      this.print(this.#partial[stream].slice(0, MAX_LINE_CHARACTERS), stream)
      this.#partial[stream] = this.#partial[stream].slice(MAX_LINE_CHARACTERS)
    }
  }

  /** Everything printed so far is in the file. */
  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const lines = this.#pending
    this.#pending = []
    if (lines.length > 0) {
      this.#writing = this.#writing
        .then(() => this.#append(`${lines.join('\n')}\n`))
        .catch((error: unknown) => {
          this.#failure = error
        })
    }
    return this.#writing
  }

  /** No more lines will come: followers end. */
  async close(): Promise<void> {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#partial[stream] !== '') this.print(this.#partial[stream], stream)
      this.#partial[stream] = ''
    }
    this.#closed = true
    await this.flush()
    for (const follower of this.#followers) follower('')
  }

  async #append(text: string): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
    await appendFile(this.#path, text, { mode: 0o600 })
    if ((await stat(this.#path)).size > MAX_FILE_BYTES) await rename(this.#path, `${this.#path}.1`)
  }

  /** The last lines, for a termination message. */
  async tail(count: number): Promise<string> {
    return (await this.#lines())
      .slice(-count)
      .map((record) => textOf(record))
      .join('\n')
  }

  async *read(options: LogOptions, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const waiting: string[] = []
    let wake: (() => void) | undefined
    const follow = (record: string): void => {
      waiting.push(record)
      wake?.()
    }
    // In one turn: what was printed before is in the file, what comes after reaches the follower, nothing both.
    const reading = this.#lines()
    if (options.follow && !this.#closed) this.#followers.add(follow)
    const stop = (): void => wake?.()
    signal.addEventListener('abort', stop, { once: true })
    let left = options.limitBytes ?? Number.POSITIVE_INFINITY
    const shown = (record: string): Uint8Array => {
      const bytes = Buffer.from(
        `${options.timestamps ? `${record.slice(0, record.indexOf(' '))} ` : ''}${textOf(record)}\n`,
      )
      const part = bytes.subarray(0, Math.min(bytes.length, left))
      left -= part.length
      return part
    }
    try {
      const lines = await reading
      for (const record of selected(lines, options, this.#clock.now())) {
        if (left <= 0) return
        yield shown(record)
      }
      while (options.follow && !signal.aborted && left > 0) {
        const next = waiting.shift()
        if (next === '') return
        if (next !== undefined) yield shown(next)
        else if (this.#closed) return
        else {
          await new Promise<void>((resolve) => (wake = resolve))
          wake = undefined
        }
      }
    } finally {
      signal.removeEventListener('abort', stop)
      this.#followers.delete(follow)
    }
  }

  /** All that has been printed when this is called, and no more: reading takes its turn among the writes. */
  async #lines(): Promise<readonly string[]> {
    const reading = this.flush().then(() =>
      Promise.all(
        [`${this.#path}.1`, this.#path].map((path) => readFile(path, 'utf8').catch(emptyIfMissing)),
      ),
    )
    this.#writing = reading.then(
      () => undefined,
      () => undefined,
    )
    const parts = await reading
    if (this.#failure !== undefined) throw this.#failure
    return parts
      .join('')
      .split('\n')
      .filter((line) => line !== '')
  }
}

function emptyIfMissing(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return ''
  throw error
}

/** What stands behind `TIME STREAM F `. */
function textOf(record: string): string {
  const second = record.indexOf(' ', record.indexOf(' ') + 1)
  return record.slice(record.indexOf(' ', second + 1) + 1)
}

function selected(lines: readonly string[], options: LogOptions, nowMs: number): readonly string[] {
  const since =
    options.sinceSeconds !== undefined
      ? nowMs - options.sinceSeconds * 1000
      : parseTimestamp(options.sinceTime)
  const recent =
    since === undefined
      ? lines
      : lines.filter((line) => (parseTimestamp(line.slice(0, line.indexOf(' '))) ?? 0) >= since)
  return options.tailLines === undefined
    ? recent
    : options.tailLines === 0
      ? []
      : recent.slice(-options.tailLines)
}
