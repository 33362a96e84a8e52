/**
 * The API servers that extend this one (KEP-263, APIServices): their requests are passed on to them, what they serve is
 * part of discovery. Owned by the server (../http.io.ts); what is exported here is all it needs.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock, Logger, Random } from '../../../host/host.ts'
import { ApiError } from '../../api/api-error.ts'
import { serviceResolver } from '../admission/webhooks/resolve-service.ts'
import type { KeyPair } from '../pki/credentials.ts'
import type { Registry } from '../registry/registry.ts'
import type { ApiRequest } from '../requests/request.ts'
import type { Dial } from '../sessions/proxy.io.ts'
import type { Upkeep } from '../registry/upkeep.ts'
import { registerServices } from './auto-registration.ts'
import { AvailabilityChecks } from './availability.ts'
import { ExtensionClient } from './extension-client.io.ts'
import type { RemoteVersion, Remotes } from './remotes.ts'
import { RemoteServices } from './remote-services.ts'

export interface AggregatorOptions {
  readonly registry: Registry
  readonly dial: Dial
  readonly clock: Clock
  readonly random: Pick<Random, 'next'>
  readonly log: Logger
  /** of the front proxy */
  readonly credentials: KeyPair
}

export class Aggregator implements AsyncDisposable, Remotes {
  readonly #client: ExtensionClient
  readonly #remotes: RemoteServices
  readonly #checks: AvailabilityChecks
  readonly #registration: Upkeep

  constructor(options: AggregatorOptions) {
    const { registry, dial, random, clock, log, credentials } = options
    this.#client = new ExtensionClient({
      dial,
      resolve: serviceResolver(() => registry, random),
      credentials,
    })
    this.#remotes = new RemoteServices(registry, () => queueMicrotask(() => this.#checks.changed()))
    const read: ExtensionClient['read'] = (service, path) => this.#client.read(service, path)
    this.#checks = new AvailabilityChecks({ registry, remotes: this.#remotes, read, clock, log })
    this.#registration = registerServices({ registry, clock, log })
  }

  /** Resolves when what this server serves itself is registered. */
  async ready(): Promise<void> {
    await this.#registration.settled()
  }

  serves(group: string, version: string): boolean {
    return this.#remotes.find(group, version) !== undefined
  }

  versions(): readonly RemoteVersion[] {
    return this.#remotes.all().map(({ uid, service, priority, isAvailable }) => {
      const { resources = [], openApiUrl, openApiV2 } = this.#checks.documentsOf(uid) ?? {}
      const { group, version } = service
      return { group, version, priority, resources, isCurrent: isAvailable, openApiUrl, openApiV2 }
    })
  }

  /** Passes a request on. Rejects with ApiError: NotFound, ServiceUnavailable. */
  async forward(
    request: ApiRequest,
    to: { readonly group: string; readonly version: string },
    plain: { readonly incoming: IncomingMessage; readonly response: ServerResponse },
  ): Promise<void> {
    await this.#client.forward(this.#serviceOf(to), request, plain)
  }

  /** As `forward`, for a request to speak another protocol. */
  async upgrade(
    request: ApiRequest,
    to: { readonly group: string; readonly version: string },
    upgrade: { readonly incoming: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
  ): Promise<void> {
    await this.#client.upgrade(this.#serviceOf(to), request, upgrade)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#remotes[Symbol.dispose]()
    await Promise.all([this.#registration[Symbol.asyncDispose](), this.#checks[Symbol.asyncDispose]()])
  }

  #serviceOf({ group, version }: { readonly group: string; readonly version: string }) {
    const remote = this.#remotes.find(group, version)
    if (remote?.isAvailable) return remote.service
    throw new ApiError('ServiceUnavailable', 'service unavailable')
  }
}
