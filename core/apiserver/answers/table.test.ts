/** What `kubectl get` shows: the words and numbers of each kind's row. */

import { describe, expect, it } from 'vitest'
import { pod, service } from '../../../test/support/builders.ts'
import type { ContainerStatus, Event, Node, Pod } from '../../api/generated/core-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import { printerOf } from '../columns/printers.ts'
import { SCHEME } from '../../api/scheme.ts'
import { apiVersionOf } from '../../api/resource.ts'
import { tableOf } from './table.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')

function cells(object: KubernetesObject, priority: 0 | 1 = 0): Record<string, unknown> {
  const options = { version: 'v1', includeObject: 'None', nowMs: NOW, metadata: {} } as const
  const table = tableOf(printerOf(object.apiVersion, object.kind), [object], options)
  const columns = table.columnDefinitions as readonly { name: string; priority: number }[]
  const row = columns.map((column, index) => [column, table.rows[0]?.cells[index]] as const)
  return Object.fromEntries(
    row.filter(([column]) => column.priority <= priority).map(([{ name }, cell]) => [name, cell]),
  )
}

const container = (more: Partial<ContainerStatus>): ContainerStatus => ({
  name: 'c',
  image: '',
  imageID: '',
  ready: false,
  restartCount: 0,
  ...more,
})
const running = container({ ready: true, state: { running: {} } })
const ended = (exitCode: number, more: object = {}) =>
  container({ state: { terminated: { exitCode, ...more } } })

describe('pods', () => {
  const two = [
    { name: 'a', image: 'a' },
    { name: 'b', image: 'b' },
  ]
  const ready = { conditions: [{ type: 'Ready', status: 'True' }] }
  const rows: readonly { what: string; pod: Pod; status: string; ready: string }[] = [
    {
      what: 'nothing known yet',
      pod: pod('n/p', { status: { phase: 'Pending' } }),
      status: 'Pending',
      ready: '0/1',
    },
    {
      what: 'a running container',
      pod: pod('n/p', { status: { phase: 'Running', containerStatuses: [running] } }),
      status: 'Running',
      ready: '1/1',
    },
    {
      what: 'a waiting reason',
      pod: pod('n/p', {
        status: {
          phase: 'Running',
          containerStatuses: [container({ state: { waiting: { reason: 'CrashLoopBackOff' } } })],
        },
      }),
      status: 'CrashLoopBackOff',
      ready: '0/1',
    },
    {
      what: 'the first container has the last word',
      pod: pod('n/p', {
        spec: { containers: two },
        status: {
          phase: 'Running',
          containerStatuses: [
            ended(1, { reason: 'Error' }),
            container({ state: { waiting: { reason: 'ImagePullBackOff' } } }),
          ],
        },
      }),
      status: 'Error',
      ready: '0/2',
    },
    {
      what: 'completed beside a running one, ready',
      pod: pod('n/p', {
        spec: { containers: two },
        status: {
          phase: 'Running',
          ...ready,
          containerStatuses: [ended(0, { reason: 'Completed' }), running],
        },
      }),
      status: 'Running',
      ready: '1/2',
    },
    {
      what: 'completed beside a running one, not ready',
      pod: pod('n/p', {
        spec: { containers: two },
        status: { phase: 'Running', containerStatuses: [ended(0, { reason: 'Completed' }), running] },
      }),
      status: 'NotReady',
      ready: '1/2',
    },
    {
      what: 'no reason, an exit code',
      pod: pod('n/p', { status: { phase: 'Failed', containerStatuses: [ended(3)] } }),
      status: 'ExitCode:3',
      ready: '0/1',
    },
    {
      what: 'no reason, a signal',
      pod: pod('n/p', { status: { phase: 'Failed', containerStatuses: [ended(137, { signal: 9 })] } }),
      status: 'Signal:9',
      ready: '0/1',
    },
    {
      what: 'initialising',
      pod: pod('n/p', {
        spec: { initContainers: two },
        status: { phase: 'Pending', initContainerStatuses: [ended(0), running] },
      }),
      status: 'Init:1/2',
      ready: '0/1',
    },
    {
      what: 'an init container that fails',
      pod: pod('n/p', {
        spec: { initContainers: two },
        status: { phase: 'Pending', initContainerStatuses: [ended(2)] },
      }),
      status: 'Init:ExitCode:2',
      ready: '0/1',
    },
    {
      what: 'a sidecar counts',
      pod: pod('n/p', {
        spec: { initContainers: [{ name: 's', image: 's', restartPolicy: 'Always' }] },
        status: {
          phase: 'Running',
          initContainerStatuses: [{ ...running, name: 's', started: true }],
          containerStatuses: [running],
        },
      }),
      status: 'Running',
      ready: '2/2',
    },
    {
      what: 'gated',
      pod: pod('n/p', {
        status: {
          phase: 'Pending',
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
        },
      }),
      status: 'SchedulingGated',
      ready: '0/1',
    },
    {
      what: 'evicted',
      pod: pod('n/p', { status: { phase: 'Failed', reason: 'Evicted' } }),
      status: 'Evicted',
      ready: '0/1',
    },
    {
      what: 'being deleted',
      pod: {
        ...pod('n/p', { status: { phase: 'Running', containerStatuses: [running] } }),
        metadata: { name: 'p', deletionTimestamp: '2026-01-01T00:00:00Z' },
      },
      status: 'Terminating',
      ready: '1/1',
    },
  ]
  for (const { what, pod: object, status, ready: readyCell } of rows) {
    it(`${what} is ${status}`, () => {
      expect(cells(object)).toMatchObject({ Status: status, Ready: readyCell })
    })
  }

  it('say when they were restarted last', () => {
    const lastState = { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:55:00Z' } }
    const containerStatuses = [{ ...running, restartCount: 3, lastState }]
    expect(cells(pod('n/p', { status: { phase: 'Running', containerStatuses } }))).toMatchObject({
      Restarts: '3 (5m ago)',
      Age: '60m',
    })
  })
})

describe('services', () => {
  const rows: readonly [string, Parameters<typeof service>[1], Record<string, string>][] = [
    [
      'ClusterIP',
      { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'] },
      { 'Cluster-IP': '10.96.0.7', 'External-IP': '<none>' },
    ],
    ['headless', { clusterIP: 'None', clusterIPs: ['None'] }, { 'Cluster-IP': 'None' }],
    [
      'NodePort',
      { type: 'NodePort', ports: [{ port: 80, nodePort: 30_080, protocol: 'TCP' }] },
      { 'Port(s)': '80:30080/TCP' },
    ],
    ['LoadBalancer without an address', { type: 'LoadBalancer' }, { 'External-IP': '<pending>' }],
    [
      'ExternalName',
      { type: 'ExternalName', externalName: 'example.org', ports: [] },
      { 'External-IP': 'example.org', 'Port(s)': '<none>', 'Cluster-IP': '<none>' },
    ],
    [
      'external addresses',
      { externalIPs: ['192.0.2.1', '192.0.2.2'] },
      { 'External-IP': '192.0.2.1,192.0.2.2' },
    ],
  ]
  for (const [what, spec, expected] of rows)
    it(what, () => expect(cells(service('n/s', spec))).toMatchObject(expected))
})

describe('nodes', () => {
  const node = (status: string | undefined, unschedulable = false): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1', labels: { 'node-role.kubernetes.io/worker': '', 'kubernetes.io/role': 'edge' } },
    spec: { unschedulable },
    status: { conditions: status === undefined ? [] : [{ type: 'Ready', status }] },
  })
  it('say how they are', () => {
    expect(cells(node('True'))).toMatchObject({ Status: 'Ready', Roles: 'edge,worker', Age: '<unknown>' })
    expect(cells(node('Unknown', true))).toMatchObject({ Status: 'NotReady,SchedulingDisabled' })
    expect(cells(node(undefined))).toMatchObject({ Status: 'Unknown' })
  })
})

describe('events', () => {
  it('of both recorders show when and what', () => {
    const event: Event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'web.1' },
      involvedObject: { kind: 'Pod', name: 'web', fieldPath: 'spec.containers{c}' },
      reason: 'Started',
      message: ' Started it ',
      type: 'Normal',
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:59:00Z',
      count: 4,
      reportingComponent: '',
      reportingInstance: '',
    }
    expect(cells(event, 1)).toMatchObject({
      'Last Seen': '60s',
      Object: 'pod/web',
      Message: 'Started it',
      Count: 4,
    })
  })
})

it('FlowSchemas stand in the order in which they are tried', () => {
  const flow = (name: string, matchingPrecedence: number): KubernetesObject => {
    const spec = { priorityLevelConfiguration: { name: 'p' }, matchingPrecedence }
    return {
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'FlowSchema',
      metadata: { name },
      spec,
    } as KubernetesObject
  }
  const flows = [flow('a', 1000), flow('c', 7), flow('b', 7), flow('d', 30)]
  const options = { version: 'v1', includeObject: 'None', nowMs: NOW, metadata: {} } as const
  const { rows } = tableOf(printerOf(flows[0]?.apiVersion ?? '', 'FlowSchema'), flows, options)
  expect(rows.map((row) => row.cells[0])).toEqual(['b', 'c', 'd', 'a'])
})

describe('every kind of the scheme', () => {
  for (const resource of SCHEME) {
    it(`${resource.kind} has columns, name among them, also with nothing to show`, () => {
      const kinded = { apiVersion: apiVersionOf(resource), kind: resource.kind }
      const table = tableOf(printerOf(kinded.apiVersion, kinded.kind), [], {
        version: 'v1',
        includeObject: 'Metadata',
        nowMs: 0,
        metadata: {},
      })
      const names = (table.columnDefinitions as readonly { name: string }[]).map(({ name }) => name)
      expect(names).toContain('Name')
      expect(table.rows).toEqual([])
    })
  }
})
