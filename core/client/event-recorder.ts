/**
 * Events as `kubectl describe` shows them. A repeated one raises the count of the first, as client-go's recorder does.
 * Recording never fails the caller: an event that cannot be written is logged and dropped.
 */

import type { Event } from '../api/generated/core-v1.ts'
import type { KubernetesObject } from '../api/object.ts'
import { EVENTS } from '../api/scheme.ts'
import { timestamp } from '../api/timestamp.ts'
import type { Clock, Logger } from '../../host/host.ts'
import type { Client } from './client.ts'

export interface EventRecorderOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  /** `kubelet`, `default-scheduler`: the From column */
  readonly component: string
  /** node name, for components of a node */
  readonly host?: string | undefined
}

export interface EventDetails {
  /** `spec.containers{web}` */
  readonly fieldPath?: string | undefined
}

export interface EventRecorder extends AsyncDisposable {
  event(
    about: KubernetesObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    details?: EventDetails,
  ): void
}

/** Events not yet written; more are dropped. */
const MAX_QUEUE = 1_000
/** Different events remembered for counting. */
const MAX_REMEMBERED = 4_096

interface Recorded {
  readonly name: string
  readonly namespace: string
  readonly count: number
}

export function eventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, clock, log } = options
  const seen = new Map<string, Recorded>()
  let queued = 0
  let stopped = false
  let tail = Promise.resolve()
  let sequence = 0

  async function write(event: Event, identity: string): Promise<void> {
    const before = seen.get(identity)
    try {
      if (before === undefined) {
        await client.create(EVENTS, event)
        remember(identity, { name: event.metadata.name, namespace: event.metadata.namespace ?? '', count: 1 })
        return
      }
      const count = before.count + 1
      const patch = { count, lastTimestamp: event.lastTimestamp }
      await client.patch(EVENTS, before, patch, { type: 'merge' })
      remember(identity, { ...before, count })
    } catch (error) {
      seen.delete(identity)
      log.debug('an event could not be written', { reason: event.reason, err: error })
    }
  }

  function remember(identity: string, recorded: Recorded): void {
    seen.delete(identity)
    seen.set(identity, recorded)
    const [oldest] = seen.keys()
    if (seen.size > MAX_REMEMBERED && oldest !== undefined) seen.delete(oldest)
  }

  return {
    event(about, type, reason, message, details = {}) {
      if (stopped || queued >= MAX_QUEUE) return
      sequence += 1
      const event = newEvent({ about, type, reason, message, details }, options, clock.now(), sequence)
      const identity = [about.metadata.uid, type, reason, message, details.fieldPath].join('\n')
      queued += 1
      tail = tail.then(() => write(event, identity)).finally(() => (queued -= 1))
    },
    async [Symbol.asyncDispose]() {
      stopped = true
      await tail
    },
  }
}

interface Report {
  readonly about: KubernetesObject
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly details: EventDetails
}

function newEvent(report: Report, options: EventRecorderOptions, nowMs: number, sequence: number): Event {
  const { about, details } = report
  const namespace = about.metadata.namespace ?? 'default'
  const at = timestamp(nowMs)
  const unique = (BigInt(Math.floor(nowMs)) * 1_000_000n + BigInt(sequence)).toString(16)
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${about.metadata.name}.${unique}`, namespace },
    involvedObject: {
      apiVersion: about.apiVersion,
      kind: about.kind,
      name: about.metadata.name,
      namespace: about.metadata.namespace,
      uid: about.metadata.uid,
      resourceVersion: about.metadata.resourceVersion,
      fieldPath: details.fieldPath,
    },
    type: report.type,
    reason: report.reason,
    message: report.message,
    source: { component: options.component, host: options.host },
    reportingComponent: options.component,
    reportingInstance: options.host ?? '',
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  }
}
