/**
 * Runs one sync at a time, as often as needed and no more: many triggers become one run, runs keep a minimum
 * distance, a failed run is tried again, and one happens at the latest after the resync interval. Used by
 * kube-proxy, netpol and ingress alike. The clock is passed in; the loop ends with its owner.
 *
 * kube-proxy's BoundedFrequencyRunner (kubernetes/kubernetes pkg/util/async) does the same. Difference: the first
 * run after quiet is immediate, so that a single change is not delayed by the minimum interval.
 */

import type { Clock, Logger } from '../../host/host.ts'

export interface RunnerOptions {
  readonly name: string
  /** must be idempotent; its rejection is logged and retried */
  readonly sync: (signal: AbortSignal) => Promise<void>
  readonly minIntervalMs: number
  readonly retryIntervalMs: number
  readonly resyncIntervalMs: number
  readonly clock: Clock
  readonly log: Logger
}

export interface CoalescingRunner extends AsyncDisposable {
  /** Asks for a run; returns at once. */
  trigger(): void
  /** Resolves once a run that began after this call has succeeded; rejects if the runner is stopped first. */
  settled(): Promise<void>
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

export function startRunner(options: RunnerOptions): CoalescingRunner {
  const { clock, log } = options
  const stop = new AbortController()
  let requested = true
  let wake = new AbortController()
  let waiting: Waiter[] = []

  async function runOnce(): Promise<boolean> {
    const served = waiting
    waiting = []
    requested = false
    try {
      await options.sync(stop.signal)
      for (const waiter of served) waiter.resolve()
      return true
    } catch (error) {
      waiting = [...served, ...waiting]
      if (!stop.signal.aborted) log.warn('sync failed, will retry', { runner: options.name, err: error })
      return false
    }
  }

  /** Sleeps, cut short by stop and, when `untilTrigger`, by a trigger. */
  async function pause(ms: number, untilTrigger: boolean): Promise<void> {
    if (untilTrigger && requested) return
    wake = new AbortController()
    const signal = untilTrigger ? AbortSignal.any([stop.signal, wake.signal]) : stop.signal
    await clock.sleep(ms, signal).catch(() => undefined)
  }

  async function loop(): Promise<void> {
    while (!stop.signal.aborted) {
      if (await runOnce()) {
        await pause(options.minIntervalMs, false)
        await pause(options.resyncIntervalMs, true)
      } else {
        await pause(options.retryIntervalMs, false)
      }
    }
  }

  const done = loop()
  return {
    trigger() {
      requested = true
      wake.abort()
    },
    settled() {
      if (stop.signal.aborted) return Promise.reject(new Error(`${options.name} is stopped`))
      const promise = new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }))
      requested = true
      wake.abort()
      return promise
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await done
      for (const waiter of waiting) waiter.reject(new Error(`${options.name} is stopped`))
      waiting = []
    },
  }
}
