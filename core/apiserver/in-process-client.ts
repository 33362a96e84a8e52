/**
 * The Client of programs that run in the API server's own process: calls the registry, no wire in between. Objects
 * are the stored ones, frozen and shared.
 */

import { ApiError } from '../api/api-error.ts'
import type { KubernetesObject, ObjectName } from '../api/object.ts'
import type { Resource } from '../api/resource.ts'
import type { Client, ListOptions, WatchEvent, WatchOptions, WriteOptions } from '../client/client.ts'
import { AsyncQueue } from './async-queue.ts'
import { afterConversion } from './custom-resources/conversion/unconverted.ts'
import type { ListQuery, Registry, RegistryEvent, RequestContext } from './registry/registry.ts'

export interface InProcessIdentity {
  /** for messages: `system:kube-controller-manager` */
  readonly user: string
  /** owner of the fields written, where a call does not name one */
  readonly fieldManager: string
  /** A reader this far behind has its watch ended; it goes on from the last revision it saw. Default 20 000 */
  readonly maxWaitingEvents?: number | undefined
}

const MAX_WAITING_EVENTS = 20_000

export function inProcessClient(registry: Registry, identity: InProcessIdentity): Client {
  const contextOf = (options: WriteOptions = {}): RequestContext => ({
    user: { name: identity.user, groups: ['system:masters', 'system:authenticated'] },
    fieldManager: options.fieldManager ?? identity.fieldManager,
    dryRun: options.dryRun,
    fieldValidation: 'Ignore',
    warn: () => {},
  })
  return {
    async get<T extends KubernetesObject>(resource: Resource<T>, name: ObjectName) {
      if (registry.sync) await registry.sync()
      return (await afterConversion(() => registry.get(resource, name))) as T
    },
    async list<T extends KubernetesObject>(resource: Resource<T>, options: ListOptions = {}) {
      if (registry.sync) await registry.sync()
      const read = () => registry.list(resource, queryOf(options))
      const { resourceVersion, items } = await afterConversion(read)
      return { resourceVersion, items: items as readonly T[] }
    },
    watch<T extends KubernetesObject>(resource: Resource<T>, options: WatchOptions) {
      return watchEvents<T>(registry, identity, resource, options)
    },
    async create<T extends KubernetesObject>(resource: Resource<T>, object: object, options?: WriteOptions) {
      const { metadata } = object as { readonly metadata?: { readonly namespace?: string } }
      return (await registry.create(resource, metadata?.namespace, object, contextOf(options))) as T
    },
    async update<T extends KubernetesObject>(resource: Resource<T>, object: T, options?: WriteOptions) {
      const result = await registry.update(resource, nameOf(object), object, contextOf(options))
      return result.object as T
    },
    async updateStatus<T extends KubernetesObject>(resource: Resource<T>, object: T, options?: WriteOptions) {
      const name = { ...nameOf(object), subresource: 'status' }
      return (await registry.update(resource, name, object, contextOf(options))).object as T
    },
    async patch(resource, name, patch, { type, subresource, force, ...options }) {
      const request = { type, patch, subresource, force }
      const { object } = await registry.patch(resource, name, request, contextOf(options))
      // The registry hands back the kind it was asked for.
      return object as never
    },
    async delete(resource, name, options = {}) {
      await registry.delete(resource, name, options, contextOf({ dryRun: options.dryRun }))
    },
    async createSubresource(resource, name, { subresource, body }) {
      const path = `${resource.resource}/${subresource}`
      if (path === 'pods/binding') return registry.bind(name, body, contextOf())
      if (path === 'pods/eviction') return registry.evict(name, body, contextOf())
      if (path === 'serviceaccounts/token') return registry.requestToken(name, body, contextOf())
      throw new ApiError('NotFound', 'the server could not find the requested resource')
    },
  }
}

const nameOf = ({ metadata: { namespace, name } }: KubernetesObject): ObjectName => ({ namespace, name })

const queryOf = ({ namespace, labelSelector, fieldSelector }: ListOptions): ListQuery => ({
  namespace,
  labelSelector,
  fieldSelector,
})

/** Starts with the first read and ends with the signal, with the reader, or when the reader falls too far behind. */
async function* watchEvents<T extends KubernetesObject>(
  registry: Registry,
  { maxWaitingEvents = MAX_WAITING_EVENTS }: InProcessIdentity,
  resource: Resource<T>,
  { resourceVersion, signal, ...options }: WatchOptions,
): AsyncGenerator<WatchEvent<T>, void> {
  if (signal.aborted) return
  const events = new AsyncQueue<WatchEvent<T>>()
  const query = { ...queryOf(options), resourceVersion }
  const tell = (event: RegistryEvent): void => {
    if (events.weight >= maxWaitingEvents) events.end()
    else events.push(clientEvent<T>(event))
  }
  const unwatch = await afterConversion(() =>
    registry.watch(resource, query, tell, (error) => events.end(error)),
  )
  const end = (): void => events.end()
  signal.addEventListener('abort', end, { once: true })
  try {
    yield* events
  } finally {
    unwatch()
    signal.removeEventListener('abort', end)
  }
}

function clientEvent<T extends KubernetesObject>(event: RegistryEvent): WatchEvent<T> {
  if (event.type === 'BOOKMARK') return { type: 'BOOKMARK', resourceVersion: event.resourceVersion }
  return { type: event.type, object: event.object as T }
}
