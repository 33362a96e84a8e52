/**
 * Keeps the APIServices of what this server serves itself: those of built-in groups at its start, those of
 * CustomResourceDefinitions for as long as these are there.
 */

import { isApiError } from '../../api/api-error.ts'
import type { APIService } from '../../api/generated/apiregistration-v1.ts'
import { API_SERVICES, CUSTOM_RESOURCE_DEFINITIONS } from '../../api/scheme.ts'
import type { CoalescingRunner } from '../../client/coalescing-runner.ts'
import { startRunner } from '../../client/coalescing-runner.ts'
import type { Clock, Logger } from '../../../host/host.ts'
import type { Registry, RequestContext } from '../registry/registry.ts'
import { localServices, registration } from './local-services.ts'

export interface AutoRegistrationOptions {
  readonly registry: Registry
  readonly clock: Clock
  readonly log: Logger
}

/** As whom the server writes APIServices and their status. */
export const AGGREGATOR_CONTEXT: RequestContext = {
  user: { name: 'system:apiserver', groups: ['system:masters'] },
  fieldManager: 'kube-apiserver',
  warn: () => undefined,
}

const RETRY_MS = 1000
const RESYNC_MS = 300_000

export class AutoRegistration implements AsyncDisposable {
  readonly #registry: Registry
  readonly #runner: CoalescingRunner
  readonly #unwatch: readonly (() => void)[]
  #isStart = true

  constructor({ registry, clock, log }: AutoRegistrationOptions) {
    this.#registry = registry
    this.#runner = startRunner({
      name: 'apiservice registration',
      sync: () => this.#sync(),
      minIntervalMs: 0,
      retryIntervalMs: RETRY_MS,
      resyncIntervalMs: RESYNC_MS,
      clock,
      log,
    })
    this.#unwatch = [CUSTOM_RESOURCE_DEFINITIONS, API_SERVICES].map((resource) =>
      registry.watch(resource, {}, () => this.#runner.trigger()),
    )
  }

  /** Resolves when all there is to register is registered. */
  async settled(): Promise<void> {
    await this.#runner.settled()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unwatch of this.#unwatch) unwatch()
    await this.#runner[Symbol.asyncDispose]()
  }

  async #sync(): Promise<void> {
    const { kinds } = this.#registry
    const found = this.#registry.list(API_SERVICES, {}).items as readonly APIService[]
    const todo = registration(localServices(kinds.resources), found, this.#isStart)
    await Promise.all([
      ...todo.create.map((one) => this.#registry.create(API_SERVICES, undefined, one, AGGREGATOR_CONTEXT)),
      ...todo.replace.map((one) =>
        this.#registry.update(API_SERVICES, { name: one.metadata.name }, one, AGGREGATOR_CONTEXT),
      ),
      ...todo.remove.map((one) => this.#remove(one)),
    ])
    this.#isStart = false
  }

  async #remove({ metadata: { name, uid } }: APIService): Promise<void> {
    const wish = uid === undefined ? {} : { preconditions: { uid } }
    // Gone meanwhile, or another's of the same name: both are what was wanted.
    await this.#registry.delete(API_SERVICES, { name }, wish, AGGREGATOR_CONTEXT).catch((error: unknown) => {
      if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error
    })
  }
}
