/**
 * Informers over a client: list, then watch, for ever; one of each resource, shared by all readers.
 *
 * After a lost watch it goes on from the last revision seen; when that is too old, or the connection fails, it lists
 * again (with back-off) and reports the differences, so that handlers never miss that an object went away.
 */

import { isApiError } from '../api/api-error.ts'
import type { KubernetesObject, ObjectKey } from '../api/object.ts'
import { objectKey } from '../api/object.ts'
import type { Resource } from '../api/resource.ts'
import { groupResource } from '../api/resource.ts'
import type { Clock, Logger } from '../../host/host.ts'
import type { Client } from './client.ts'
import type { Change, Informer, Informers } from './informer.ts'

export interface InformersOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
}

const FIRST_RETRY_MS = 100
const MAX_RETRY_MS = 30_000

export function sharedInformers(options: InformersOptions): Informers {
  const byResource = new Map<string, SharedInformer<KubernetesObject>>()
  const leaving = new Set<Promise<void>>()
  return {
    of<T extends KubernetesObject>(resource: Resource<T>): Informer<T> {
      const key = groupResource(resource)
      const informer = byResource.get(key) ?? new SharedInformer<KubernetesObject>(resource, options)
      byResource.set(key, informer)
      // The scheme ties the resource to its type; the map cannot say so.
      return informer as unknown as Informer<T>
    },
    forget(resource) {
      const informer = byResource.get(groupResource(resource))
      // Whoever was quicker may have asked for another version already.
      if (informer === undefined || informer.resource.version !== resource.version) return
      byResource.delete(groupResource(resource))
      const gone = informer[Symbol.asyncDispose]().finally(() => leaving.delete(gone))
      leaving.add(gone)
    },
    async synced(signal) {
      await Promise.all([...byResource.values()].map((informer) => informer.synced(signal)))
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...byResource.values()].map((informer) => informer[Symbol.asyncDispose]()))
      await Promise.all(leaving)
    },
  }
}

type Handler<T> = (change: Change<T>) => void

class SharedInformer<T extends KubernetesObject> implements Informer<T>, AsyncDisposable {
  readonly resource: Resource<T>
  readonly #options: InformersOptions
  readonly #objects = new Map<ObjectKey, T>()
  readonly #handlers = new Set<Handler<T>>()
  readonly #stop = new AbortController()
  readonly #firstList = Promise.withResolvers<void>()
  readonly #done: Promise<void>
  #hasSynced = false
  #sorted: readonly T[] | undefined
  #byNamespace: ReadonlyMap<string, readonly T[]> | undefined

  constructor(resource: Resource<T>, options: InformersOptions) {
    this.resource = resource
    this.#options = options
    // Nobody may be waiting when it is stopped before its first list.
    this.#firstList.promise.catch(() => undefined)
    this.#done = this.#run()
  }

  get hasSynced(): boolean {
    return this.#hasSynced
  }

  list(): readonly T[] {
    this.#sorted ??= [...this.#objects].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object)
    return this.#sorted
  }

  listIn(namespace: string): readonly T[] {
    this.#byNamespace ??= Map.groupBy(this.list(), (object) => object.metadata.namespace ?? '')
    return this.#byNamespace.get(namespace) ?? []
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(key)
  }

  onChange(handler: Handler<T>): () => void {
    this.#handlers.add(handler)
    for (const object of this.list()) this.#call(handler, { kind: 'added', object })
    return () => this.#handlers.delete(handler)
  }

  async synced(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const aborted = Promise.withResolvers<never>()
    const abort = (): void => aborted.reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      await Promise.race([this.#firstList.promise, aborted.promise])
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#done
    this.#handlers.clear()
    this.#firstList.reject(new Error(`the informer of ${groupResource(this.resource)} was stopped`))
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    let failures = 0
    while (!signal.aborted) {
      try {
        let revision = await this.#relist()
        failures = 0
        for (;;) revision = await this.#watchFrom(revision)
      } catch (error) {
        if (signal.aborted) return
        // Too old a revision is ordinary life: list again at once.
        if (isApiError(error, 'Expired')) continue
        failures += 1
        const waitMs = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), MAX_RETRY_MS)
        this.#options.log.warn('watch failed, listing again', {
          resource: groupResource(this.resource),
          waitMs,
          err: error,
        })
        await this.#options.clock.sleep(waitMs, signal).catch(() => undefined)
      }
    }
  }

  async #relist(): Promise<string> {
    const { items, resourceVersion } = await this.#options.client.list(this.resource)
    const seen = new Set<ObjectKey>()
    for (const object of items) {
      seen.add(objectKey(object.metadata))
      this.#put(object)
    }
    for (const [key, object] of this.#objects) if (!seen.has(key)) this.#remove(key, object)
    this.#hasSynced = true
    this.#firstList.resolve()
    return resourceVersion
  }

  /** @returns the last revision seen when the server ended the stream in order */
  async #watchFrom(resourceVersion: string): Promise<string> {
    const { signal } = this.#stop
    let revision = resourceVersion
    for await (const event of this.#options.client.watch(this.resource, { resourceVersion, signal })) {
      if (event.type === 'BOOKMARK') {
        revision = event.resourceVersion
        continue
      }
      const { object } = event
      if (event.type === 'DELETED') this.#remove(objectKey(object.metadata), object)
      else this.#put(object)
      revision = object.metadata.resourceVersion ?? revision
    }
    signal.throwIfAborted()
    return revision
  }

  #put(object: T): void {
    const key = objectKey(object.metadata)
    const previous = this.#objects.get(key)
    if (previous?.metadata.resourceVersion === object.metadata.resourceVersion && previous !== undefined)
      return
    this.#objects.set(key, object)
    this.#tell(previous ? { kind: 'updated', object, previous } : { kind: 'added', object })
  }

  #remove(key: ObjectKey, object: T): void {
    if (this.#objects.delete(key)) this.#tell({ kind: 'deleted', object })
  }

  #tell(change: Change<T>): void {
    this.#sorted = undefined
    this.#byNamespace = undefined
    for (const handler of this.#handlers) this.#call(handler, change)
  }

  /** A handler's fault is its own: the others must hear of the change all the same. */
  #call(handler: Handler<T>, change: Change<T>): void {
    try {
      handler(change)
    } catch (error) {
      this.#options.log.error('an informer handler failed', {
        resource: groupResource(this.resource),
        err: error,
      })
    }
  }
}
