/**
 * A clock that stands still until a test moves it. Pure.
 *
 *   const clock = new FakeClock()
 *   const run = retry(work, clock)     // sleeps between tries
 *   await clock.untilSleeping(1)
 *   await clock.advance(1000)          // wakes it, and waits for what it does then
 */

import type { Clock } from '../host.ts'

interface Sleeper {
  readonly at: number
  readonly order: number
  readonly wake: () => void
}

/** 2030-01-01T00:00:00Z */
const START_MS = 1_893_456_000_000
/** Turns of the microtask queue given to woken work; chains of promises in this code base are far shorter. */
const TURNS = 500

export class FakeClock implements Clock {
  readonly #start: number
  #elapsed = 0
  #order = 0
  #sleepers: readonly Sleeper[] = []
  #waiting: { readonly count: number; readonly resolve: () => void }[] = []

  constructor(startMs: number = START_MS) {
    this.#start = startMs
  }

  now(): number {
    return this.#start + this.#elapsed
  }

  monotonic(): number {
    return this.#elapsed
  }

  /** How many sleeps are under way. */
  get sleeping(): number {
    return this.#sleepers.length
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    if (signal?.aborted === true) {
      reject(asError(signal.reason))
      return promise
    }
    const onAbort = (): void => {
      this.#sleepers = this.#sleepers.filter((one) => one !== sleeper)
      reject(asError(signal?.reason))
    }
    const wake = (): void => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }
    const sleeper: Sleeper = { at: this.#elapsed + Math.max(0, ms), order: this.#order, wake }
    this.#order += 1
    this.#sleepers = [...this.#sleepers, sleeper]
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#tellWaiting()
    return promise
  }

  /** Resolves when at least `count` sleeps are under way. */
  untilSleeping(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push({ count, resolve })
    this.#tellWaiting()
    return promise
  }

  /** Moves on by `ms`, waking sleepers at their time and in order, each time waiting for what the woken do next. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms
    await settle()
    for (;;) {
      const [next] = this.#sleepers
        .filter(({ at }) => at <= end)
        .toSorted((a, b) => a.at - b.at || a.order - b.order)
      if (next === undefined) break
      this.#sleepers = this.#sleepers.filter((one) => one !== next)
      this.#elapsed = Math.max(this.#elapsed, next.at)
      next.wake()
      await settle()
    }
    this.#elapsed = end
  }

  #tellWaiting(): void {
    for (const { resolve } of this.#waiting.filter(({ count }) => count <= this.sleeping)) resolve()
    this.#waiting = this.#waiting.filter(({ count }) => count > this.sleeping)
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await Promise.resolve()
}

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)))
