/**
 * What the server keeps true by itself for as long as it runs: looked at anew whenever something changes that it depends
 * on, tried again when it fails, and looked at from time to time in any case.
 */

import type { Clock, Logger } from '../../../host/host.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { startRunner } from '../../client/coalescing-runner.ts'
import type { Registry, RequestContext, WatchQuery } from './registry.ts'

/** Disposing of it ends it. */
export interface Upkeep extends AsyncDisposable {
  /** Resolves when what can be done is done. */
  settled(): Promise<void>
}

export interface UpkeepOptions {
  readonly registry: Registry
  readonly clock: Clock
  readonly log: Logger
}

export interface UpkeepTask {
  readonly name: string
  /** what it depends on */
  readonly watches: readonly (readonly [ResourceInfo, WatchQuery])[]
  readonly resyncIntervalMs: number
  /** must be idempotent; what it rejects with is logged */
  readonly sync: () => Promise<void>
}

const RETRY_MS = 1000

export function startUpkeep({ registry, clock, log }: UpkeepOptions, task: UpkeepTask): Upkeep {
  const { name, watches, resyncIntervalMs, sync } = task
  const intervals = { minIntervalMs: 0, retryIntervalMs: RETRY_MS, resyncIntervalMs }
  const runner = startRunner({ name, sync, ...intervals, clock, log })
  const unwatch = watches.map(([resource, query]) => registry.watch(resource, query, () => runner.trigger()))
  return {
    settled: () => runner.settled(),
    async [Symbol.asyncDispose]() {
      for (const end of unwatch) end()
      await runner[Symbol.asyncDispose]()
    },
  }
}

/** As what the server itself writes. @param fieldManager default: what it calls itself */
export const ownContext = (fieldManager = 'kube-apiserver'): RequestContext => ({
  user: { name: 'system:apiserver', groups: ['system:masters'] },
  fieldManager,
  warn: () => undefined,
})
