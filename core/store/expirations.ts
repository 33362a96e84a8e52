/** When the embedded store's keys with a time to live are to go, and the loop that has them deleted then. Pure. */

/** The part of a clock this needs. */
export interface ExpiryClock {
  /** milliseconds since 1970: expiries outlive the process */
  now(): number
  /** Resolves after `ms`; rejects when the signal aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Between these two looks at what is due: keys may go a little late, as with etcd. */
const MIN_WAIT_MS = 100
const MAX_WAIT_MS = 10_000

export interface ExpirationOptions {
  readonly clock: ExpiryClock
  /** Deletes the key if it is still due. A failure puts it off. */
  readonly expire: (key: string) => Promise<void>
}

export class Expirations {
  readonly #options: ExpirationOptions
  readonly #dueMs = new Map<string, number>()
  readonly #closing = new AbortController()
  #loop: Promise<void> | undefined

  constructor(options: ExpirationOptions) {
    this.#options = options
  }

  /** @param dueMs undefined: the key stays (or is gone) */
  set(key: string, dueMs: number | undefined): void {
    if (dueMs === undefined) {
      this.#dueMs.delete(key)
      return
    }
    this.#dueMs.set(key, dueMs)
    this.#loop ??= this.#run()
  }

  isDue(key: string): boolean {
    const dueMs = this.#dueMs.get(key)
    return dueMs !== undefined && dueMs <= this.#options.clock.now()
  }

  /** Ends the loop. Resolves when nothing of it runs any more. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#loop
  }

  /** Goes on while there are keys that will be due. Never rejects. */
  async #run(): Promise<void> {
    const { clock, expire } = this.#options
    while (this.#dueMs.size > 0 && !this.#closing.signal.aborted) {
      try {
        await clock.sleep(Math.max(this.#untilFirstMs(), MIN_WAIT_MS), this.#closing.signal)
      } catch {
        break
      }
      for (const key of [...this.#dueMs.keys()].filter((each) => this.isDue(each))) {
        await expire(key).catch(() => undefined)
      }
    }
    this.#loop = undefined
  }

  #untilFirstMs(): number {
    const now = this.#options.clock.now()
    let first = now + MAX_WAIT_MS
    for (const dueMs of this.#dueMs.values()) first = Math.min(first, dueMs)
    return first - now
  }
}
