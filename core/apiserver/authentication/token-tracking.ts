/**
 * Keeps the ConfigMap that says since when the use of tokens in Secrets is written down. Taken away it is made again, half
 * an hour after it was last made at the earliest: an older server beside this one may not want it.
 * kubernetes/kubernetes pkg/controlplane/controller/legacytokentracking/controller.go.
 */

import { isApiError } from '../../api/api-error.ts'
import type { ConfigMap } from '../../api/generated/core-v1.ts'
import { CONFIG_MAPS, NAMESPACES } from '../../api/scheme.ts'
import type { Clock } from '../../../host/host.ts'
import type { Registry } from '../registry/registry.ts'
import type { Upkeep, UpkeepOptions } from '../registry/upkeep.ts'
import { ownContext, startUpkeep } from '../registry/upkeep.ts'
import { TRACKING, trackingConfigMap } from './token-usage.ts'

const CONTEXT = ownContext()
const CREATION_INTERVAL_MS = 1_800_000
const RACES = ['AlreadyExists', 'NotFound', 'Conflict'] as const

/** Disposing of what is returned ends it. */
export function trackTokens(options: UpkeepOptions): Upkeep {
  const tracking = new TokenTracking(options)
  const byName = (name: string) => ({ fieldSelector: `metadata.name=${name}` })
  return startUpkeep(options, {
    name: 'token tracking',
    watches: [
      [CONFIG_MAPS, { namespace: TRACKING.namespace, ...byName(TRACKING.name) }],
      [NAMESPACES, byName(TRACKING.namespace)],
    ],
    resyncIntervalMs: CREATION_INTERVAL_MS,
    sync: () => tracking.sync(),
  })
}

class TokenTracking {
  readonly #options: { readonly registry: Registry; readonly clock: Clock }
  #madeMs: number | undefined

  constructor(options: { readonly registry: Registry; readonly clock: Clock }) {
    this.#options = options
  }

  async sync(): Promise<void> {
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
