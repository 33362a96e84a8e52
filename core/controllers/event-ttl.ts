/** Events go an hour after they last happened (kube-apiserver's --event-ttl). Pure. */

import type { Event } from '../api/generated/core-v1.ts'
import { objectKey } from '../api/object.ts'
import { EVENTS } from '../api/scheme.ts'
import { parseTimestamp } from '../api/timestamp.ts'
import type { Controller } from './controller.ts'

const TTL_MS = 3_600_000

export const eventTtlController: Controller<Event> = {
  name: 'event-ttl-controller',
  watches: [EVENTS],
  keysFor: ({ metadata }) => [objectKey(metadata)],
  snapshot: (key, cache) => cache.of(EVENTS).get(key),
  plan(event, nowMs) {
    const last = event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp
    const leftMs = (parseTimestamp(last) ?? nowMs) + TTL_MS - nowMs
    if (leftMs > 0) return { writes: [], requeueAfterMs: leftMs }
    return { writes: [{ write: { kind: 'delete', resource: EVENTS, object: event } }] }
  },
}
