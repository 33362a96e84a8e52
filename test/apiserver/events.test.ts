import { describe, expect, it } from 'vitest'
import { EVENTS, NEW_EVENTS } from '../../core/api/scheme.ts'
import { fixture, said } from './fixture.ts'

const old = {
  metadata: { name: 'old' },
  involvedObject: { kind: 'Pod', name: 'web', namespace: 'default', fieldPath: 'spec.containers{c}' },
  reason: 'Started',
  message: 'Started container',
  source: { component: 'kubelet', host: 'n1' },
  firstTimestamp: '2026-01-01T00:00:00Z',
  lastTimestamp: '2026-01-01T00:00:05Z',
  count: 2,
  type: 'Normal',
}
const recent = {
  metadata: { name: 'recent' },
  eventTime: '2026-01-01T00:00:00.000001Z',
  reportingController: 'example.com/scheduler',
  reportingInstance: 'scheduler-1',
  action: 'Binding',
  reason: 'Scheduled',
  regarding: { kind: 'Pod', name: 'web', namespace: 'default' },
  note: 'assigned',
  type: 'Normal',
}

describe('events in both versions', () => {
  it('shows what came through core/v1 under the newer names', async () => {
    const { create, get } = await fixture()
    await create(EVENTS, old)
    const seen = get(NEW_EVENTS, 'old')
    expect(seen).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      regarding: old.involvedObject,
      note: 'Started container',
      deprecatedSource: old.source,
      deprecatedFirstTimestamp: old.firstTimestamp,
      deprecatedLastTimestamp: old.lastTimestamp,
      deprecatedCount: 2,
    })
    expect(Object.keys(seen)).not.toContain('involvedObject')
    expect(Object.isFrozen(seen.regarding)).toBe(true)
  })

  it('shows what came through events.k8s.io/v1 under the older names, with one resourceVersion', async () => {
    const { create, get } = await fixture()
    const made = await create(NEW_EVENTS, recent)
    expect(made.apiVersion).toBe('events.k8s.io/v1')
    expect(get(EVENTS, 'recent')).toMatchObject({
      apiVersion: 'v1',
      metadata: { resourceVersion: made.metadata.resourceVersion },
      involvedObject: recent.regarding,
      message: 'assigned',
      reportingComponent: 'example.com/scheduler',
    })
  })

  it('patches through one, watches through the other, deletes in the version asked for', async () => {
    const { create, patch, watch, remove } = await fixture()
    await create(NEW_EVENTS, recent)
    const [newer, older] = [watch(NEW_EVENTS), watch(EVENTS)]
    const series = { count: 2, lastObservedTime: '2026-01-01T00:01:00.000000Z' }
    const patched = await patch(NEW_EVENTS, 'recent', { type: 'strategic', patch: { series } })
    expect(patched).toMatchObject({ apiVersion: 'events.k8s.io/v1', series, note: 'assigned' })
    const gone = await remove(NEW_EVENTS, 'recent')
    expect(gone.object.apiVersion).toBe('events.k8s.io/v1')
    await expect.poll(() => newer.seen.length).toBe(3)
    expect(said(newer.seen)).toEqual(said(older.seen))
    expect(newer.seen.map((event) => event.type === 'BOOKMARK' || event.object.apiVersion)).toEqual(
      Array(3).fill('events.k8s.io/v1'),
    )
    expect(older.seen.map((event) => event.type === 'BOOKMARK' || event.object.apiVersion)).toEqual(
      Array(3).fill('v1'),
    )
    newer.end()
    older.end()
  })

  it('applies through events.k8s.io/v1', async () => {
    const { patch, get } = await fixture()
    const body = { apiVersion: 'events.k8s.io/v1', kind: 'Event', ...recent }
    const request = { type: 'apply' as const, patch: body, force: undefined }
    await patch(NEW_EVENTS, 'recent', request)
    const again = await patch(NEW_EVENTS, 'recent', request)
    expect(again.metadata.managedFields).toMatchObject([
      { operation: 'Apply', apiVersion: 'events.k8s.io/v1', fieldsV1: { 'f:note': {} } },
    ])
    expect(get(EVENTS, 'recent').message).toBe('assigned')
  })

  it('selects by the fields of each version', async () => {
    const { create, names } = await fixture()
    await create(EVENTS, old)
    await create(NEW_EVENTS, recent)
    expect(names(NEW_EVENTS, { fieldSelector: 'regarding.name=web,reason=Scheduled' })).toEqual(['recent'])
    expect(names(NEW_EVENTS, { fieldSelector: 'reportingController=example.com/scheduler' })).toEqual([
      'recent',
    ])
    expect(names(EVENTS, { fieldSelector: 'involvedObject.name=web' })).toEqual(['old', 'recent'])
    expect(() => names(NEW_EVENTS, { fieldSelector: 'involvedObject.name=web' })).toThrow(
      'field label not supported: involvedObject.name',
    )
    expect(() => names(EVENTS, { fieldSelector: 'regarding.name=web' })).toThrow(
      'field label not supported: regarding.name',
    )
  })
})
