/**
 * Carries controllers out: watches, queues keys, asks for plans, writes them, tells of them by events, tries again.
 *
 * After its writes a key waits until the caches show them: a plan never decides on a past it has already changed
 * (upstream's "expectations").
 */

import { isApiError } from '../api/api-error.ts'
import type { KubernetesObject, ObjectKey } from '../api/object.ts'
import { objectKey } from '../api/object.ts'
import type { Resource } from '../api/resource.ts'
import { NAMESPACES } from '../api/scheme.ts'
import type { Clock, Logger } from '../../host/host.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event-recorder.ts'
import { eventRecorder } from '../client/event-recorder.ts'
import type { Informers } from '../client/informer.ts'
import type { Healthy } from '../client/worker-health.ts'
import { workerHealth } from '../client/worker-health.ts'
import { WorkQueue } from '../client/work-queue.ts'
import { eachCustomResource } from './custom-resources.ts'
import type { ApiWrite, Controller, PlannedEvent, PlannedWrite } from './controller.ts'

export interface RunnerOptions {
  readonly client: Client
  readonly informers: Informers
  readonly clock: Clock
  readonly log: Logger
}

/** Writes of different keys share the store's flushes. */
const CONCURRENCY = 50
const CACHE_TIMEOUT_MS = 10_000

/** Runs one controller until disposed. */
export function runController<Snapshot>(
  controller: Controller<Snapshot>,
  options: RunnerOptions,
): AsyncDisposable & Healthy {
  return new ControllerRun(controller, options)
}

class ControllerRun<Snapshot> implements AsyncDisposable, Healthy {
  readonly #controller: Controller<Snapshot>
  readonly #options: RunnerOptions
  readonly #events: EventRecorder
  readonly #queue: WorkQueue
  readonly #unsubscribe: readonly (() => void)[]
  readonly #stop = new AbortController()

  constructor(controller: Controller<Snapshot>, options: RunnerOptions) {
    this.#controller = controller
    this.#options = options
    this.#events = eventRecorder({ ...options, component: controller.name })
    this.#queue = new WorkQueue({
      clock: options.clock,
      concurrency: CONCURRENCY,
      work: (key) => this.#work(key),
      failed: (key, error) => this.#failed(key, error),
    })
    const { informers } = options
    const subscribe = (resource: Resource<KubernetesObject>): (() => void) =>
      informers.of(resource).onChange((change) => {
        const keys = controller.keysFor(change.object, informers)
        const before = change.kind === 'updated' ? controller.keysFor(change.previous, informers) : []
        for (const key of new Set([...keys, ...before])) this.#queue.add(key)
      })
    this.#unsubscribe = [
      ...controller.watches.map(subscribe),
      ...(controller.watchesCustomResources ? [eachCustomResource(informers, subscribe)] : []),
    ]
  }

  async healthy(signal: AbortSignal): Promise<void> {
    await workerHealth(this.#controller.name, this.#queue, this.#options, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#unsubscribe) end()
    this.#stop.abort()
    await this.#queue[Symbol.asyncDispose]()
    await this.#events[Symbol.asyncDispose]()
  }

  async #work(key: ObjectKey): Promise<void> {
    const { informers, clock } = this.#options
    await informers.synced(this.#stop.signal)
    const snapshot = this.#controller.snapshot(key, informers)
    if (snapshot === undefined) return
    const plan = this.#controller.plan(snapshot, clock.now())
    for (const write of plan.writes) await this.#write(write)
    if (plan.requeueAfterMs !== undefined) this.#queue.addAfter(key, plan.requeueAfterMs)
  }

  async #write({ write, onSuccess, onRefusal }: PlannedWrite): Promise<void> {
    try {
      const result = await this.#send(write)
      if (onSuccess) this.#tell(onSuccess, onSuccess.message.replace('$NAME', result?.metadata.name ?? ''))
      if (result) await this.#seen(write, result)
    } catch (error) {
      if (isGone(write, error)) return
      if (onRefusal && !isApiError(error, 'Conflict'))
        this.#tell(onRefusal, `${onRefusal.message}${messageOf(error)}`)
      throw error
    }
  }

  #tell(event: PlannedEvent, message: string): void {
    this.#events.event(event.about, event.type, event.reason, message)
  }

  /** @returns the object as it is now; for a delete the one deleted */
  async #send(write: ApiWrite): Promise<KubernetesObject | undefined> {
    const { client } = this.#options
    const options = { fieldManager: 'kube-controller-manager' }
    switch (write.kind) {
      case 'create':
        return await client.create(write.resource, write.object, options)
      case 'update':
        return await client.update(write.resource, write.object, options)
      case 'updateStatus':
        return await client.updateStatus(write.resource, write.object, options)
      case 'delete': {
        const { uid } = write.object.metadata
        const preconditions = uid === undefined ? undefined : { uid }
        await client.delete(write.resource, write.object.metadata, { ...write.options, preconditions })
        return write.object
      }
      case 'finalize': {
        const patch = { spec: { finalizers: [] } }
        await client.patch(NAMESPACES, write.object.metadata, patch, {
          type: 'merge',
          subresource: 'finalize',
        })
        return undefined
      }
    }
  }

  /** Waits until this controller's cache shows the write. */
  async #seen(write: ApiWrite, result: KubernetesObject): Promise<void> {
    if (write.kind === 'finalize') return
    const resource: Resource<KubernetesObject> = write.resource
    if (!this.#controller.watches.some((watched) => watched.kind === resource.kind)) return
    const informer = this.#options.informers.of(resource)
    const key = objectKey(result.metadata)
    const isSeen = (): boolean => showsWrite(write, result, informer.get(key))
    if (isSeen()) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const end = informer.onChange(() => {
      if (isSeen()) resolve()
    })
    const timeout = new AbortController()
    const late = this.#options.clock
      .sleep(CACHE_TIMEOUT_MS, AbortSignal.any([timeout.signal, this.#stop.signal]))
      .catch(() => undefined)
    await Promise.race([promise, late])
    timeout.abort()
    end()
  }

  #failed(key: ObjectKey, error: unknown): void {
    // Somebody else wrote first: the next plan sees it.
    if (isApiError(error, 'Conflict')) return
    this.#options.log.warn('sync failed, will retry', { controller: this.#controller.name, key, err: error })
  }
}

const revisionOf = (object: KubernetesObject): number => Number(object.metadata.resourceVersion ?? 0)

function showsWrite(
  write: ApiWrite,
  result: KubernetesObject,
  cached: KubernetesObject | undefined,
): boolean {
  if (write.kind === 'delete') {
    return cached?.metadata.uid !== result.metadata.uid || cached?.metadata.deletionTimestamp !== undefined
  }
  return cached !== undefined && revisionOf(cached) >= revisionOf(result)
}

/** What was to be deleted or written is not there any more: nothing is left to do. */
function isGone(write: ApiWrite, error: unknown): boolean {
  return write.kind !== 'create' && isApiError(error, 'NotFound')
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
