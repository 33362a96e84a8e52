/**
 * Keeps the APIServices of what this server serves itself: those of built-in groups at its start, those of
 * CustomResourceDefinitions for as long as these are there.
 */

import { isApiError } from '../../api/api-error.ts'
import type { APIService } from '../../api/generated/apiregistration-v1.ts'
import { API_SERVICES, CUSTOM_RESOURCE_DEFINITIONS } from '../../api/scheme.ts'
import type { Registry } from '../registry/registry.ts'
import type { Upkeep, UpkeepOptions } from '../registry/upkeep.ts'
import { ownContext, startUpkeep } from '../registry/upkeep.ts'
import { localServices, registration } from './local-services.ts'

const CONTEXT = ownContext()
const RESYNC_MS = 300_000

/** Disposing of what is returned ends it. */
export function registerServices(options: UpkeepOptions): Upkeep {
  const registration = new AutoRegistration(options.registry)
  return startUpkeep(options, {
    name: 'apiservice registration',
    watches: [
      [CUSTOM_RESOURCE_DEFINITIONS, {}],
      [API_SERVICES, {}],
    ],
    resyncIntervalMs: RESYNC_MS,
    sync: () => registration.sync(),
  })
}

class AutoRegistration {
  readonly #registry: Registry
  #isStart = true

  constructor(registry: Registry) {
    this.#registry = registry
  }

  async sync(): Promise<void> {
    const { kinds } = this.#registry
    const found = this.#registry.list(API_SERVICES, {}).items as readonly APIService[]
    const todo = registration(localServices(kinds.resources), found, this.#isStart)
    await Promise.all([
      ...todo.create.map((one) => this.#registry.create(API_SERVICES, undefined, one, CONTEXT)),
      ...todo.replace.map((one) =>
        this.#registry.update(API_SERVICES, { name: one.metadata.name }, one, CONTEXT),
      ),
      ...todo.remove.map((one) => this.#remove(one)),
    ])
    this.#isStart = false
  }

  async #remove({ metadata: { name, uid } }: APIService): Promise<void> {
    const wish = uid === undefined ? {} : { preconditions: { uid } }
    // Gone meanwhile, or another's of the same name: both are what was wanted.
    await this.#registry.delete(API_SERVICES, { name }, wish, CONTEXT).catch((error: unknown) => {
      if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error
    })
  }
}
