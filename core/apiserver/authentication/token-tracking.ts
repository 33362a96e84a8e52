/**
 * Keeps the ConfigMap that says since when the use of tokens in Secrets is written down. Taken away it is made again, half
 * an hour after it was last made at the earliest: an older server beside this one may not want it.
 * kubernetes/kubernetes pkg/controlplane/controller/legacytokentracking/controller.go.
 */

import { isApiError } from '../../api/api-error.ts'
import type { ConfigMap } from '../../api/generated/core-v1.ts'
import { CONFIG_MAPS, NAMESPACES } from '../../api/scheme.ts'
import type { CoalescingRunner } from '../../client/coalescing-runner.ts'
import { startRunner } from '../../client/coalescing-runner.ts'
import type { Clock, Logger } from '../../../host/host.ts'
import type { Registry, RequestContext } from '../registry/registry.ts'
import { TRACKING, trackingConfigMap } from './token-usage.ts'

const CONTEXT: RequestContext = {
  user: { name: 'system:apiserver', groups: ['system:masters'] },
  fieldManager: 'kube-apiserver',
  warn: () => undefined,
}
const CREATION_INTERVAL_MS = 1_800_000
const RACES = ['AlreadyExists', 'NotFound', 'Conflict'] as const
const RETRY_MS = 1000

export interface TokenTrackingOptions {
  readonly registry: Registry
  readonly clock: Clock
  readonly log: Logger
}

export class TokenTracking implements AsyncDisposable {
  readonly #options: TokenTrackingOptions
  readonly #runner: CoalescingRunner
  readonly #unwatch: readonly (() => void)[]
  #madeMs: number | undefined

  constructor(options: TokenTrackingOptions) {
    this.#options = options
    const { registry, clock, log } = options
    this.#runner = startRunner({
      name: 'token tracking',
      sync: () => this.#sync(),
      minIntervalMs: 0,
      retryIntervalMs: RETRY_MS,
      resyncIntervalMs: CREATION_INTERVAL_MS,
      clock,
      log,
    })
    const trigger = (): void => this.#runner.trigger()
    const byName = (name: string) => ({ fieldSelector: `metadata.name=${name}` })
    const own = { namespace: TRACKING.namespace, ...byName(TRACKING.name) }
    this.#unwatch = [
      registry.watch(CONFIG_MAPS, own, trigger),
      registry.watch(NAMESPACES, byName(TRACKING.namespace), trigger),
    ]
  }

  /** Resolves when what can be done is done. */
  async settled(): Promise<void> {
    await this.#runner.settled()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unwatch of this.#unwatch) unwatch()
    await this.#runner[Symbol.asyncDispose]()
  }

  async #sync(): Promise<void> {
    const { registry, clock } = this.#options
    const existing = this.#existing()
    const wanted = trackingConfigMap(existing, clock.now())
    if (wanted === undefined || !this.#hasNamespace()) return
    try {
      if (existing !== undefined) await registry.update(CONFIG_MAPS, TRACKING, wanted, CONTEXT)
      else if (this.#mayMake()) {
        await registry.create(CONFIG_MAPS, TRACKING.namespace, wanted, CONTEXT)
        this.#madeMs = clock.monotonic()
      }
    } catch (error) {
      // Another server was faster, or somebody takes it away: what comes of it triggers this again.
      const isRace = RACES.some((reason) => isApiError(error, reason))
      if (!isRace) throw error
    }
  }

  #mayMake(): boolean {
    return (
      this.#madeMs === undefined || this.#options.clock.monotonic() - this.#madeMs >= CREATION_INTERVAL_MS
    )
  }

  #existing(): ConfigMap | undefined {
    const query = { namespace: TRACKING.namespace, fieldSelector: `metadata.name=${TRACKING.name}` }
    return this.#options.registry.list(CONFIG_MAPS, query).items[0] as ConfigMap | undefined
  }

  #hasNamespace(): boolean {
    const query = { fieldSelector: `metadata.name=${TRACKING.namespace}` }
    return this.#options.registry.list(NAMESPACES, query).items.length > 0
  }
}
