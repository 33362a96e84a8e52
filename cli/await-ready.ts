/** Waits for the caches to show what is wanted of Deployments and pods. Event-driven; the clock is passed in. */

import { DEPLOYMENTS, PODS } from '../core/api/scheme.ts'
import type { Informers } from '../core/client/informer.ts'
import type { Clock } from '../host/host.ts'
import { readinessOf } from './readiness.ts'
import type { Readiness } from './summary.ts'

export interface AwaitOptions {
  readonly timeoutMs: number
  readonly clock: Clock
  readonly signal: AbortSignal | undefined
  readonly until: (now: Readiness) => boolean
  readonly progress?: ((now: Readiness) => void) | undefined
}

export function currentReadiness(informers: Informers): Readiness {
  return readinessOf(informers.of(DEPLOYMENTS).list(), informers.of(PODS).list())
}

/** @returns the last reading: what was wanted, or how far it got in time. Rejects when the signal aborts. */
export async function awaitReadiness(informers: Informers, options: AwaitOptions): Promise<Readiness> {
  const { timeoutMs, clock, signal, until, progress } = options
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = (): void => {
    const now = currentReadiness(informers)
    progress?.(now)
    if (until(now)) resolve()
  }
  const ends = [informers.of(DEPLOYMENTS).onChange(look), informers.of(PODS).onChange(look)]
  const timer = new AbortController()
  const late = clock
    .sleep(timeoutMs, signal ? AbortSignal.any([timer.signal, signal]) : timer.signal)
    .catch(() => undefined)
  look()
  await Promise.race([promise, late])
  timer.abort()
  for (const end of ends) end()
  signal?.throwIfAborted()
  return currentReadiness(informers)
}
