/**
 * Whether something that works on keys does so: it is not stopped, its caches are filled, and it is not held up. Pure.
 * What upstream's components say at /healthz.
 */

import type { Clock } from '../../host/host.ts'
import type { Informers } from './informer.ts'
import type { WorkQueue } from './work-queue.ts'

export interface Healthy {
  /** Rejects with what is wrong; waits for as long as that cannot be said, or until the signal aborts. */
  healthy(signal: AbortSignal): Promise<void>
}

/** Longer than anything takes that has an end. */
const HELD_UP_MS = 60_000

/** @param name what is told of. Rejects with Error when it is not well, and when the signal aborts */
export async function workerHealth(
  name: string,
  queue: Pick<WorkQueue, 'isStopped' | 'oldest'>,
  { informers, clock }: { readonly informers: Informers; readonly clock: Pick<Clock, 'monotonic'> },
  signal: AbortSignal,
): Promise<void> {
  if (queue.isStopped) throw new Error(`${name}: stopped`)
  const { oldest } = queue
  const forMs = oldest === undefined ? 0 : clock.monotonic() - oldest.sinceMs
  if (oldest !== undefined && forMs > HELD_UP_MS)
    throw new Error(`${name}: ${oldest.key} has been worked on for ${Math.floor(forMs / 1000)}s`)
  await informers.synced(signal)
}
