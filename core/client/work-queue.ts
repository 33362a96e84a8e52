/**
 * Keys waiting to be worked on: each once, never the same key twice at a time, failed ones again after a back-off
 * (5 ms, doubled, at most 1,000 s, as client-go's workqueue). The clock is passed in; nothing runs while it is empty.
 */

import type { Clock } from '../../host/host.ts'

export interface WorkQueueOptions {
  readonly clock: Clock
  /** Works on one key. A rejection means: again, later. */
  readonly work: (key: string) => Promise<void>
  /** told of every rejection */
  readonly failed: (key: string, error: unknown) => void
  readonly concurrency: number
}

const FIRST_BACKOFF_MS = 5
const MAX_BACKOFF_MS = 1_000_000

export class WorkQueue implements AsyncDisposable {
  readonly #options: WorkQueueOptions
  readonly #waiting = new Set<string>()
  readonly #active = new Map<string, { readonly done: Promise<void>; readonly sinceMs: number }>()
  /** keys asked for again while they are worked on */
  readonly #again = new Set<string>()
  readonly #failures = new Map<string, number>()
  readonly #stop = new AbortController()

  constructor(options: WorkQueueOptions) {
    this.#options = options
  }

  add(key: string): void {
    if (this.#stop.signal.aborted) return
    if (this.#active.has(key)) this.#again.add(key)
    else this.#waiting.add(key)
    this.#drain()
  }

  addAfter(key: string, ms: number): void {
    // Stopping ends the sleep; the key is of no interest any more then.
    this.#options.clock.sleep(ms, this.#stop.signal).then(
      () => this.add(key),
      () => undefined,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    this.#waiting.clear()
    this.#again.clear()
    await Promise.all([...this.#active.values()].map(({ done }) => done))
  }

  /** The key that has been worked on for longest, and since when by the clock's monotonic time. */
  get oldest(): { readonly key: string; readonly sinceMs: number } | undefined {
    // In the order in which they were begun.
    const [first] = this.#active
    return first && { key: first[0], sinceMs: first[1].sinceMs }
  }

  get isStopped(): boolean {
    return this.#stop.signal.aborted
  }

  #drain(): void {
    for (const key of this.#waiting) {
      if (this.#active.size >= this.#options.concurrency) return
      this.#waiting.delete(key)
      const sinceMs = this.#options.clock.monotonic()
      this.#active.set(key, { done: this.#process(key), sinceMs })
    }
  }

  async #process(key: string): Promise<void> {
    // Begin in a later microtask: what was added in one turn is worked on with the caches of its end.
    await Promise.resolve()
    try {
      await this.#options.work(key)
      this.#failures.delete(key)
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        const failures = this.#failures.get(key) ?? 0
        this.#failures.set(key, failures + 1)
        this.#options.failed(key, error)
        this.addAfter(key, Math.min(FIRST_BACKOFF_MS * 2 ** failures, MAX_BACKOFF_MS))
      }
    } finally {
      this.#active.delete(key)
      if (this.#again.delete(key)) this.add(key)
      this.#drain()
    }
  }
}
