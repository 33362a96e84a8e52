/**
 * Looks after the extension API servers: asks each for what it serves, at every change of its Service and from time to
 * time, keeps the answer for discovery, and writes into the APIService whether it is available. No loop runs while
 * there is none. kubernetes/kube-aggregator pkg/controllers/status/remote.
 */

import { isApiError } from '../../api/api-error.ts'
import { isSameValue } from '../../api/equality.ts'
import { withCondition } from '../../api/api-service.ts'
import type { APIService } from '../../api/generated/apiregistration-v1.ts'
import type { Service } from '../../api/generated/core-v1.ts'
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts'
import type { KubernetesObject, ObjectName } from '../../api/object.ts'
import type { Resource, ResourceInfo } from '../../api/resource.ts'
import { API_SERVICES, ENDPOINT_SLICES, SERVICES } from '../../api/scheme.ts'
import type { CoalescingRunner } from '../../client/coalescing-runner.ts'
import { startRunner } from '../../client/coalescing-runner.ts'
import type { Clock, Logger } from '../../../host/host.ts'
import type { Registry } from '../registry/registry.ts'
import { ownContext } from '../registry/upkeep.ts'
import type { V2Part } from '../openapi/remote-v2.ts'
import { remoteV2 } from '../openapi/remote-v2.ts'
import type { ExtensionService } from './extension-service.ts'
import { rootPathOf } from './extension-service.ts'
import { remoteResources } from './remote-resources.ts'
import type { RemoteService, RemoteServices } from './remote-services.ts'
import type { Availability } from './service-condition.ts'
import { PASSED, failedCheck, missingService } from './service-condition.ts'

/** What an extension API server last said. */
export interface RemoteDocuments {
  readonly resources: readonly ResourceInfo[]
  /** where its OpenAPI v3 document is; absent: it has none */
  readonly openApiUrl: string | undefined
  readonly openApiV2: V2Part | undefined
}

export interface AvailabilityOptions {
  readonly registry: Registry
  readonly remotes: RemoteServices
  /** Rejects when there is no answer, or not a good one. */
  readonly read: (service: ExtensionService, path: string) => Promise<unknown>
  readonly clock: Clock
  readonly log: Logger
}

const RECHECK_MS = 30_000
const RETRY_MS = 1000
/** Each at an endpoint of its own choice: one that answers is enough. */
const ATTEMPTS = 5

export class AvailabilityChecks implements AsyncDisposable {
  readonly #options: AvailabilityOptions
  readonly #documents = new Map<string, RemoteDocuments>()
  #running: { readonly runner: CoalescingRunner; readonly end: () => Promise<void> } | undefined

  constructor(options: AvailabilityOptions) {
    this.#options = options
  }

  /** @param uid of an APIService. @returns what its server last said; undefined before it said anything */
  documentsOf(uid: string): RemoteDocuments | undefined {
    return this.#documents.get(uid)
  }

  /** To be called when the extension API servers there are have changed. */
  changed(): void {
    this.#running ??= this.#start()
    this.#running.runner.trigger()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.end()
  }

  #start() {
    const { registry, clock, log } = this.#options
    const runner = startRunner({
      name: 'apiservice availability',
      sync: () => this.#checkAll(),
      minIntervalMs: 0,
      retryIntervalMs: RETRY_MS,
      resyncIntervalMs: RECHECK_MS,
      clock,
      log,
    })
    const concerns = (namespace: string | undefined, name: string | undefined): boolean =>
      this.#options.remotes
        .all()
        .some(({ service }) => service.namespace === namespace && service.name === name)
    const look = (resource: ResourceInfo, nameOf: (object: KubernetesObject) => string | undefined) =>
      registry.watch(resource, {}, (event) => {
        if (event.type === 'BOOKMARK') return
        if (concerns(event.object.metadata.namespace, nameOf(event.object))) runner.trigger()
      })
    const unwatch = [
      look(SERVICES, ({ metadata }) => metadata.name),
      look(ENDPOINT_SLICES, ({ metadata }) => metadata.labels?.['kubernetes.io/service-name']),
    ]
    const end = async (): Promise<void> => {
      for (const each of unwatch) each()
      await runner[Symbol.asyncDispose]()
    }
    return { runner, end }
  }

  async #checkAll(): Promise<void> {
    const remotes = this.#options.remotes.all()
    const uids = new Set(remotes.map(({ uid }) => uid))
    for (const uid of this.#documents.keys()) if (!uids.has(uid)) this.#documents.delete(uid)
    await Promise.all(remotes.map((remote) => this.#check(remote)))
  }

  async #check({ name, uid, service }: RemoteService): Promise<void> {
    const found = this.#missing(service) ?? (await this.#asked(uid, service))
    const { registry, clock } = this.#options
    const one = this.#find<APIService>(API_SERVICES, { name })
    if (one === undefined) return
    const wanted = withCondition(one, found, clock.now())
    if (wanted === one) return
    const status = { name, subresource: 'status' }
    // Changed or gone meanwhile: whoever did that has made this run once more.
    await registry.update(API_SERVICES, status, wanted, ownContext()).catch((error: unknown) => {
      if (!isApiError(error, 'Conflict') && !isApiError(error, 'NotFound')) throw error
    })
  }

  #missing(service: ExtensionService): Availability | undefined {
    const { namespace, name } = service
    const { items } = this.#options.registry.list(ENDPOINT_SLICES, {
      namespace,
      labelSelector: `kubernetes.io/service-name=${name}`,
    })
    const found = this.#find<Service>(SERVICES, { namespace, name })
    return missingService(service, found, items as readonly EndpointSlice[])
  }

  #find<T extends KubernetesObject>(resource: Resource<T>, name: ObjectName): T | undefined {
    try {
      return this.#options.registry.get(resource, name) as T
    } catch (error) {
      if (isApiError(error, 'NotFound')) return undefined
      throw error
    }
  }

  async #asked(uid: string, service: ExtensionService): Promise<Availability> {
    const { read } = this.#options
    const path = rootPathOf(service)
    try {
      const attempts = Array.from({ length: ATTEMPTS }, async () => await read(service, path))
      const resources = remoteResources(await Promise.any(attempts), service)
      // Not every server publishes schemas.
      const index = await read(service, '/openapi/v3').catch(() => undefined)
      const v2 = remoteV2(
        await read(service, '/openapi/v2').catch(() => undefined),
        path.slice('/apis/'.length),
      )
      const before = this.#documents.get(uid)?.openApiV2
      const openApiV2 = isSameValue(before, v2) ? before : v2
      this.#documents.set(uid, { resources, openApiUrl: openApiUrl(index, path), openApiV2 })
      return PASSED
    } catch (error) {
      const [first] = error instanceof AggregateError ? (error.errors as readonly unknown[]) : [error]
      const why = first instanceof Error ? first.message : String(first)
      const where = `https://${service.name}.${service.namespace}.svc:${service.port}${path}`
      return failedCheck(`failing or missing response from ${where}: ${why}`)
    }
  }
}

/** @returns the URL that an index of OpenAPI v3 documents has for a path; undefined when it has none below our own */
function openApiUrl(index: unknown, path: string): string | undefined {
  const { paths } = (index ?? {}) as { readonly paths?: Readonly<Record<string, unknown>> }
  const entry = paths?.[path.slice(1)] as { readonly serverRelativeURL?: unknown } | undefined
  const url = entry?.serverRelativeURL
  return typeof url === 'string' && url.startsWith(`/openapi/v3${path}`) ? url : undefined
}
