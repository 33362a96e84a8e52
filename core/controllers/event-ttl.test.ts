import { expect, it } from 'vitest'
import type { Event } from '../api/generated/core-v1.ts'
import { eventTtlController } from './event-ttl.ts'

const event: Event = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
  involvedObject: {},
  lastTimestamp: '2026-01-01T00:30:00Z',
}

it.each([
  ['2026-01-01T01:00:00Z', 0, 1_800_000],
  ['2026-01-01T01:30:00Z', 1, undefined],
])('at %s it makes %i deletions and looks again after %s ms', (now, deletions, requeueAfterMs) => {
  const plan = eventTtlController.plan(event, Date.parse(now))
  expect(plan.writes).toHaveLength(deletions)
  expect(plan.requeueAfterMs).toBe(requeueAfterMs)
})
