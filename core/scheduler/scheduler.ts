/**
 * Binds pods that have no node yet. Pods that fit nowhere are tried again when a node or a pod changes, and after a
 * back-off. What was decided but is not in the caches yet counts as placed ("assumed").
 */

import { isApiError } from '../api/api-error.ts'
import type { Pod } from '../api/generated/core-v1.ts'
import { objectKey } from '../api/object.ts'
import { NODES, PODS } from '../api/scheme.ts'
import { timestamp } from '../api/timestamp.ts'
import type { Client } from '../client/client.ts'
import { eventRecorder } from '../client/event-recorder.ts'
import type { Informers } from '../client/informer.ts'
import type { Healthy } from '../client/worker-health.ts'
import { workerHealth } from '../client/worker-health.ts'
import { WorkQueue } from '../client/work-queue.ts'
import type { Clock, Logger } from '../../host/host.ts'
import { schedule } from './schedule.ts'

export interface SchedulerOptions {
  readonly client: Client
  readonly informers: Informers
  readonly clock: Clock
  readonly log: Logger
}

const NAME = 'default-scheduler'
const RETRY_MS = 60_000
const RETRY_BINDING_MS = 1_000

export function startScheduler(options: SchedulerOptions): AsyncDisposable & Healthy {
  const { client, informers, clock, log } = options
  const pods = informers.of(PODS)
  const nodes = informers.of(NODES)
  const events = eventRecorder({ client, clock, log, component: NAME })
  /** node by pod key, from the decision until the cache shows it */
  const assumed = new Map<string, string>()
  const unschedulable = new Set<string>()
  const bindings = new Set<Promise<void>>()

  const isWaiting = (pod: Pod): boolean =>
    !pod.spec.nodeName &&
    pod.metadata.deletionTimestamp === undefined &&
    (pod.spec.schedulerName ?? NAME) === NAME &&
    !assumed.has(objectKey(pod.metadata))

  const isOver = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'

  function podsOn(node: string): readonly Pod[] {
    return pods
      .list()
      .filter((pod) => !isOver(pod) && (pod.spec.nodeName ?? assumed.get(objectKey(pod.metadata))) === node)
  }

  async function work(key: string): Promise<void> {
    await informers.synced(stop.signal)
    const pod = pods.get(key)
    if (pod === undefined || !isWaiting(pod)) return
    const gates = pod.spec.schedulingGates ?? []
    if (gates.length > 0) return
    const placement = schedule(
      pod,
      nodes.list().map((node) => ({ node, pods: podsOn(node.metadata.name) })),
    )
    if (placement.kind === 'node') {
      // Decisions are one at a time, writing them down is not: the next pod need not wait for the disk.
      const binding = bind(pod, placement.name).finally(() => bindings.delete(binding))
      bindings.add(binding)
      return
    }
    unschedulable.add(key)
    queue.addAfter(key, RETRY_MS)
    await refuse(pod, placement.message)
  }

  async function bind(pod: Pod, node: string): Promise<void> {
    const key = objectKey(pod.metadata)
    assumed.set(key, node)
    try {
      const body = {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: pod.metadata.name, namespace: pod.metadata.namespace, uid: pod.metadata.uid },
        target: { kind: 'Node', name: node },
      }
      await client.createSubresource(PODS, pod.metadata, { subresource: 'binding', body })
      events.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${key} to ${node}`)
    } catch (error) {
      assumed.delete(key)
      if (isApiError(error, 'NotFound')) return
      if (!isApiError(error, 'Conflict')) log.warn('binding failed, will retry', { pod: key, err: error })
      queue.addAfter(key, RETRY_BINDING_MS)
    }
  }

  async function refuse(pod: Pod, message: string): Promise<void> {
    events.event(pod, 'Warning', 'FailedScheduling', message)
    const old = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled')
    if (old?.status === 'False' && old.message === message) return
    const lastTransitionTime = old?.status === 'False' ? old.lastTransitionTime : timestamp(clock.now())
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastTransitionTime,
    }
    const others = (pod.status?.conditions ?? []).filter((one) => one.type !== 'PodScheduled')
    await client.updateStatus(PODS, { ...pod, status: { ...pod.status, conditions: [...others, condition] } })
  }

  const stop = new AbortController()
  const queue = new WorkQueue({
    clock,
    // One at a time: each decision must see the one before.
    concurrency: 1,
    work,
    failed: (key, error) => {
      if (!isApiError(error, 'Conflict')) log.warn('scheduling failed, will retry', { pod: key, err: error })
    },
  })

  function retryUnschedulable(): void {
    for (const key of unschedulable) queue.add(key)
    unschedulable.clear()
  }

  const unsubscribe = [
    pods.onChange(({ kind, object }) => {
      const key = objectKey(object.metadata)
      if (kind === 'deleted' || object.spec.nodeName) assumed.delete(key)
      if (kind !== 'deleted' && isWaiting(object) && !unschedulable.has(key)) queue.add(key)
      if (kind === 'deleted' || isOver(object)) retryUnschedulable()
    }),
    nodes.onChange(retryUnschedulable),
  ]
  return {
    healthy: (signal) => workerHealth('scheduling', queue, options, signal),
    async [Symbol.asyncDispose]() {
      for (const end of unsubscribe) end()
      stop.abort()
      await queue[Symbol.asyncDispose]()
      await Promise.all(bindings)
      await events[Symbol.asyncDispose]()
    },
  }
}
