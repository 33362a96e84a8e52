import { describe, expect, it } from 'vitest'
import { PrintedNulls } from './printed-nulls.ts'

const print = (object: object): object => new PrintedNulls().print(object)
const RBAC = 'rbac.authorization.k8s.io/v1'

describe('what Go prints of nothing', () => {
  // As kube-apiserver 1.34 shows these objects.
  it.each<[string, object, object]>([
    ['rules', { apiVersion: RBAC, kind: 'Role' }, { rules: null }],
    ['rules, none given', { apiVersion: RBAC, kind: 'ClusterRole', rules: [] }, { rules: null }],
    ['limits', { apiVersion: 'v1', kind: 'LimitRange', spec: {} }, { spec: { limits: null } }],
    ['drivers', { apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', spec: {} }, { spec: { drivers: null } }],
    [
      'endpoints and ports',
      { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', endpoints: [] },
      { endpoints: null, ports: null },
    ],
    [
      'times of an event',
      { apiVersion: 'v1', kind: 'Event', lastTimestamp: '2026-01-01T00:00:00Z' },
      { eventTime: null, firstTimestamp: null, lastTimestamp: '2026-01-01T00:00:00Z' },
    ],
    [
      'times of a newer event',
      { apiVersion: 'events.k8s.io/v1', kind: 'Event', eventTime: 'now' },
      { deprecatedFirstTimestamp: null, deprecatedLastTimestamp: null, eventTime: 'now' },
    ],
    [
      'times of conditions',
      {
        apiVersion: 'v1',
        kind: 'Pod',
        status: { conditions: [{ type: 'Ready', lastTransitionTime: 'now' }] },
      },
      { status: { conditions: [{ type: 'Ready', lastTransitionTime: 'now', lastProbeTime: null }] } },
    ],
  ])('%s', (_what, object, shown) => {
    expect(print(object)).toEqual({ ...object, ...shown })
  })

  it.each([
    [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }],
    [{ apiVersion: RBAC, kind: 'Role', rules: [{ verbs: ['get'] }] }],
    // Of another group, whatever it is called.
    [{ apiVersion: 'rbac.example.org/v1', kind: 'Role' }],
    [{ kind: 'Status' }],
  ])('is nothing of %j, which stays the same object', (object) => {
    expect(print(object)).toBe(object)
  })

  it('is the same object twice', () => {
    const once = print({ apiVersion: RBAC, kind: 'Role' })
    expect(print(once)).toEqual(once)
  })
})
