/** What kube-apiserver 1.34 was seen to say of statuses, and to make of them. */

import { describe, expect, it } from 'vitest'
import { defaulted, statusFaultsOf } from '../../../test/support/kind-rules.ts'
import { rulesFor } from '../kind-rules.ts'
import type { KubernetesObject } from '../object.ts'
import type { ResourceInfo } from '../resource.ts'
import {
  DAEMON_SETS,
  DEPLOYMENTS,
  JOBS,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  POD_DISRUPTION_BUDGETS,
  REPLICA_SETS,
  RESOURCE_QUOTAS,
  STATEFUL_SETS,
  VOLUME_ATTACHMENTS,
} from '../scheme.ts'

const TS = '2026-01-01T00:00:00Z'
const LATER = '2026-01-02T00:00:00Z'

/** What a status becomes. */
function kept(resource: ResourceInfo, now: object, before: object): unknown {
  const [wanted, stored] = [defaulted(resource, now), defaulted(resource, before)]
  const made = rulesFor(resource).prepareStatus?.(wanted, stored) as KubernetesObject & { status?: unknown }
  return made.status
}

describe('pods', () => {
  const pod = (status: object, spec: object = {}): object => ({
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
    status,
  })
  const ended = (exitCode: number) => [container({ terminated: { exitCode } })]
  const container = (state: object, name = 'c') => ({
    name,
    image: 'i',
    imageID: '',
    ready: false,
    restartCount: 0,
    state,
  })
  const running = [container({ running: {} })]
  const AGAIN = 'Forbidden: may not be transitioned to non-terminated state'
  const INVALID_IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
  const MANY = 'may specify no more than one IP for each IP family'
  const ips = (...list: readonly string[]) => list.map((ip) => ({ ip }))
  it.each<[string, object, object, readonly string[]]>([
    ['conditions of their own', { conditions: [{ type: 'Ready', status: 'True' }] }, {}, []],
    [
      'conditions of others',
      { conditions: [{ type: 'not good', status: 'True', observedGeneration: -1 }] },
      {},
      [
        'status.conditions[0].observedGeneration: Invalid value: -1: must be a non-negative integer',
        expect.stringMatching(
          /^status\.conditions\[0\]\.Type: Invalid value: "not good": name part must consist/,
        ) as never,
      ],
    ],
    [
      'a generation',
      { observedGeneration: -1 },
      {},
      ['status.observedGeneration: Invalid value: -1: must be a non-negative integer'],
    ],
    [
      'the name of a node',
      { nominatedNodeName: 'X' },
      {},
      [expect.stringMatching(/^status\.nominatedNodeName: Invalid value: "X"/) as never],
    ],
    ['the same name again', { nominatedNodeName: 'X' }, { nominatedNodeName: 'X' }, []],
    ['both families', { podIP: '192.0.2.1', podIPs: ips('192.0.2.1', '2001:db8::1') }, {}, []],
    [
      'one family twice',
      { podIPs: ips('192.0.2.1', '192.0.2.2') },
      {},
      [`status.podIPs: Invalid value: [{"IP":"192.0.2.1"},{"IP":"192.0.2.2"}]: ${MANY}`],
    ],
    [
      'what is no address',
      { podIPs: ips('192.0.2.1', 'x') },
      {},
      [
        `status.podIPs[1]: Invalid value: "x": ${INVALID_IP}`,
        'status.podIPs: Internal error: failed to check for dual stack with error:invalid IP[1]: x',
        `status.podIPs: Invalid value: [{"IP":"192.0.2.1"},{"IP":"x"}]: ${MANY}`,
      ],
    ],
    ['what was none before', { podIPs: ips('x') }, { podIPs: ips('x') }, []],
    [
      'another first host',
      { hostIP: '192.0.2.9', hostIPs: ips('192.0.2.1') },
      {},
      ['status.hostIPs[0].ip: Invalid value: "192.0.2.1": must be equal to `hostIP`'],
    ],
    [
      'a user',
      { containerStatuses: [{ ...running[0], user: { linux: { uid: -1, gid: 0 } } }] },
      {},
      [
        'status.containerStatuses[0].user.linux.uid: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      ],
    ],
    [
      'a claim',
      { resourceClaimStatuses: [{ name: 'r' }, { name: 'r' }] },
      {},
      [
        'status.resourceClaimStatuses[0].name: Invalid value: "r": must match the name of an entry in `spec.resourceClaims`',
        'status.resourceClaimStatuses[1].name: Invalid value: "r": must match the name of an entry in `spec.resourceClaims`',
        'status.resourceClaimStatuses[1].name: Duplicate value: "r"',
      ],
    ],
    [
      'another class of service',
      { qosClass: 'Guaranteed' },
      { qosClass: 'BestEffort' },
      ['status.qosClass: Invalid value: "Guaranteed": field is immutable'],
    ],
  ])('%s', (_what, now, before, faults) => {
    expect(statusFaultsOf(PODS, pod(now), pod(before))).toEqual(faults)
  })

  it.each<[string, number, readonly string[]]>([
    ['Always', 1, []],
    ['OnFailure', 1, []],
    ['OnFailure', 0, [`status.containerStatuses[0].state: ${AGAIN}`]],
    ['Never', 1, [`status.containerStatuses[0].state: ${AGAIN}`]],
  ])('a container of policy %s that ended with %i', (restartPolicy, exitCode, faults) => {
    const now = pod({ containerStatuses: running }, { restartPolicy })
    expect(statusFaultsOf(PODS, now, pod({ containerStatuses: ended(exitCode) }, { restartPolicy }))).toEqual(
      faults,
    )
  })

  it('a sidecar may start again, other init containers and those that joined may not', () => {
    const spec = {
      restartPolicy: 'Never',
      initContainers: [
        { name: 'i', image: 'i' },
        { name: 's', image: 'i', restartPolicy: 'Always' },
      ],
      ephemeralContainers: [{ name: 'e', image: 'i' }],
    }
    const all = (state: object): object => ({
      initContainerStatuses: [container(state, 'i'), container(state, 's')],
      ephemeralContainerStatuses: [container(state, 'e')],
    })
    const before = pod(all({ terminated: { exitCode: 1 } }), spec)
    expect(statusFaultsOf(PODS, pod(all({ running: {} }), spec), before)).toEqual([
      `status.initContainerStatuses[0].state: ${AGAIN}`,
      `status.ephemeralContainerStatuses[0].state: ${AGAIN}`,
    ])
  })

  const known = {
    observedGeneration: 2,
    qosClass: 'Burstable',
    conditions: [{ type: 'Ready', status: 'True', observedGeneration: 2 }],
  }
  it.each<[string, object, object]>([
    [
      'what only the server knows stays',
      { conditions: [{ type: 'Ready', status: 'False' }] },
      {
        observedGeneration: 2,
        qosClass: 'Burstable',
        conditions: [{ type: 'Ready', status: 'False', observedGeneration: 2 }],
      },
    ],
    ['one address is in the list of all', { podIP: '192.0.2.1' }, { podIPs: ips('192.0.2.1') }],
    ['the first of all is the one', { podIPs: ips('192.0.2.1') }, { podIP: '192.0.2.1' }],
    [
      'where they differ the one is right',
      { podIP: '192.0.2.9', podIPs: ips('192.0.2.1', '2001:db8::1') },
      { podIPs: ips('192.0.2.9') },
    ],
  ])('%s', (_what, status, expected) => {
    expect(kept(PODS, pod(status), pod(known))).toMatchObject(expected)
  })
  it('a status without a phase has none', () => {
    expect(kept(PODS, pod({}), pod({ phase: 'Running' }))).not.toHaveProperty('phase')
  })
})

describe('counts', () => {
  const NEGATIVE = 'must be greater than or equal to 0'
  it.each<[string, ResourceInfo, object, object, readonly string[]]>([
    [
      'more than there are',
      DEPLOYMENTS,
      { replicas: 1, updatedReplicas: 2 },
      {},
      ['status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas'],
    ],
    [
      'more than are ready',
      DEPLOYMENTS,
      { replicas: 2, readyReplicas: 1, availableReplicas: 2 },
      {},
      ['status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas'],
    ],
    [
      'less than none',
      DEPLOYMENTS,
      { unavailableReplicas: -1, observedGeneration: -1 },
      {},
      [
        `status.observedGeneration: Invalid value: -1: ${NEGATIVE}`,
        `status.unavailableReplicas: Invalid value: -1: ${NEGATIVE}`,
      ],
    ],
    [
      'collisions forgotten',
      DEPLOYMENTS,
      {},
      { collisionCount: 1 },
      ['status.collisionCount: Invalid value: 0: cannot be decremented'],
    ],
    ['collisions come', DEPLOYMENTS, { collisionCount: 1 }, {}, []],
    [
      'of a ReplicaSet',
      REPLICA_SETS,
      { replicas: 1, fullyLabeledReplicas: 2 },
      {},
      ['status.fullyLabeledReplicas: Invalid value: 2: cannot be greater than status.replicas'],
    ],
    [
      'of a StatefulSet',
      STATEFUL_SETS,
      { replicas: 1, currentReplicas: 2, availableReplicas: 1 },
      {},
      [
        'status.currentReplicas: Invalid value: 2: cannot be greater than status.replicas',
        'status.availableReplicas: Invalid value: 1: cannot be greater than status.readyReplicas',
      ],
    ],
    [
      'of a DaemonSet',
      DAEMON_SETS,
      { numberReady: -1 },
      { collisionCount: 2 },
      [
        `status.numberReady: Invalid value: -1: ${NEGATIVE}`,
        'status.collisionCount: Invalid value: 0: cannot be decremented',
      ],
    ],
    [
      'of a quota',
      RESOURCE_QUOTAS,
      { hard: { pods: '-1' }, used: { nothing: '1' } },
      {},
      [
        `status.hard[pods]: Invalid value: "-1": ${NEGATIVE}`,
        'status.used[nothing]: Invalid value: "nothing": must be a standard resource type or fully qualified',
        'status.used[nothing]: Invalid value: "nothing": must be a standard resource for quota',
      ],
    ],
    [
      'of a node',
      NODES,
      { capacity: { cpu: '-1' }, allocatable: { cpu: '1' } },
      {},
      [`status.capacity.cpu: Invalid value: "-1": ${NEGATIVE}`],
    ],
    [
      'addresses of a node',
      NODES,
      {
        addresses: [
          { type: 'Hostname', address: 'a' },
          { type: 'Hostname', address: 'a' },
        ],
      },
      {},
      ['status.addresses[1]: Duplicate value: {"Type":"Hostname","Address":"a"}'],
    ],
  ])('%s', (_what, resource, now, before, faults) => {
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
    const rest = resource === NODES || resource === RESOURCE_QUOTAS ? {} : { spec: { template } }
    expect(statusFaultsOf(resource, { ...rest, status: now }, { ...rest, status: before })).toEqual(faults)
  })
})

describe('what features that are off do not keep', () => {
  const error = { time: TS, errorCode: 5 }
  it.each<[ResourceInfo, object, object, object]>([
    [DEPLOYMENTS, { terminatingReplicas: 1 }, {}, {}],
    [DEPLOYMENTS, { terminatingReplicas: 1 }, { terminatingReplicas: 2 }, { terminatingReplicas: 1 }],
    [REPLICA_SETS, { replicas: 1, terminatingReplicas: 1 }, {}, { replicas: 1 }],
    [NODES, { config: { error: 'x' }, capacity: { cpu: '1' } }, {}, { capacity: { cpu: '1' } }],
    [
      VOLUME_ATTACHMENTS,
      { attached: true, attachError: error },
      {},
      { attached: true, attachError: { time: TS } },
    ],
  ])('%#', (resource, now, before, expected) => {
    const spec = { template: {}, attacher: 'a', nodeName: 'n', source: {} }
    const rest = resource === NODES ? {} : { spec }
    const made = kept(resource, { ...rest, status: now }, { ...rest, status: before })
    const said = Object.entries(made as object).filter(([name]) => name in now)
    expect(Object.fromEntries(said)).toEqual(expected)
  })
})

describe('claims', () => {
  const STATES =
    '"ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"'
  it.each<[object, readonly string[]]>([
    [
      { allocatedResources: { storage: '1' }, allocatedResourceStatuses: { storage: 'NodeResizePending' } },
      [],
    ],
    [
      { allocatedResources: { storage: '-1' } },
      ['status.allocatedResources[storage]: Invalid value: -1: must be a valid resource quantity'],
    ],
    [
      { allocatedResources: { cpu: '1' } },
      ['status.allocatedResources: Unsupported value: "cpu": supported values: "storage"'],
    ],
    [
      { allocatedResourceStatuses: { storage: 'x' } },
      [`status.allocatedResourceStatuses: Unsupported value: "storage": supported values: ${STATES}`],
    ],
  ])('%j', (status, faults) => {
    const spec = { accessModes: ['ReadWriteOnce'] }
    expect(statusFaultsOf(PERSISTENT_VOLUME_CLAIMS, { spec, status }, { spec })).toEqual(faults)
  })
})

describe('conditions of a budget', () => {
  const condition = { type: 'A', status: 'True', reason: 'R', message: '', lastTransitionTime: TS }
  const at = 'status.conditions[0]'
  it.each<[object[], readonly string[]]>([
    [[condition], []],
    [[condition, condition], ['status.conditions[1].type: Duplicate value: "A"']],
    [
      [{ ...condition, status: 'Maybe' }],
      [`${at}.status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"`],
    ],
    [[{ ...condition, reason: '' }], [`${at}.reason: Required value`]],
    [[{ ...condition, lastTransitionTime: undefined }], [`${at}.lastTransitionTime: Required value`]],
    [
      [{ ...condition, observedGeneration: -1 }],
      [`${at}.observedGeneration: Invalid value: -1: must be greater than or equal to zero`],
    ],
    [
      [{ ...condition, reason: '1' }],
      [
        `${at}.reason: Invalid value: "1": a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')`,
      ],
    ],
  ])('%j', (conditions, faults) => {
    expect(
      statusFaultsOf(POD_DISRUPTION_BUDGETS, { spec: {}, status: { conditions } }, { spec: {} }),
    ).toEqual(faults)
  })
})

describe('Jobs', () => {
  const template = { spec: { containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Never' } }
  const job = (status: object, spec: object = {}): object => ({ spec: { template, ...spec }, status })
  const is = (...types: readonly string[]): object => ({
    conditions: types.map((type) => ({ type, status: 'True' })),
  })
  const begun = { startTime: TS, uncountedTerminatedPods: {} }
  const complete = { ...begun, completionTime: LATER, ...is('SuccessCriteriaMet', 'Complete') }
  const failed = { ...begun, ...is('FailureTarget', 'Failed') }
  const indexed = { completionMode: 'Indexed', completions: 5, parallelism: 2, backoffLimitPerIndex: 1 }
  const C = 'status.conditions: Invalid value'
  it.each<[string, object, object, readonly string[], object?]>([
    ['begins', { ...begun, active: 1 }, {}, []],
    ['completes', complete, begun, []],
    ['fails', failed, begun, []],
    [
      'has more ready than active',
      { active: 1, ready: 2 },
      {},
      ['status.ready: Invalid value: 2: cannot set more ready pods than active'],
    ],
    [
      'counts less than none',
      { active: -1 },
      {},
      ['status.active: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      'counts one twice',
      { uncountedTerminatedPods: { succeeded: ['a'], failed: ['a', ''] } },
      {},
      [
        'status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
        'status.uncountedTerminatedPods.failed[1]: Invalid value: "": must not be empty',
      ],
    ],
    [
      'forgets successes',
      { succeeded: 1 },
      { succeeded: 2, failed: 1 },
      [
        'status.failed: Invalid value: 0: cannot decrease the failed counter',
        'status.succeeded: Invalid value: 1: cannot decrease the succeeded counter',
      ],
    ],
    [
      'completes at no time',
      { ...complete, completionTime: undefined },
      begun,
      ['status.completionTime: Required value: completionTime is required for Complete jobs'],
    ],
    [
      'completes before it began',
      { ...complete, completionTime: '2025-01-01T00:00:00Z' },
      begun,
      ['status.completionTime: Invalid value: "2025-01-01T00:00:00Z": must be equal to or after `startTime`'],
    ],
    [
      'ends and goes on',
      { ...begun, completionTime: LATER },
      begun,
      [
        `status.completionTime: Invalid value: "${LATER}": cannot set completionTime when there is no Complete=True condition`,
      ],
    ],
    [
      'fails without having had to',
      { ...begun, ...is('Failed') },
      begun,
      [`${C}: cannot set Failed=True condition without the FailureTarget=true condition`],
    ],
    [
      'completes without a reason',
      { ...complete, ...is('Complete') },
      begun,
      [`${C}: cannot set Complete=True condition without the SuccessCriteriaMet=true condition`],
    ],
    [
      'is both',
      { ...complete, ...is('SuccessCriteriaMet', 'Complete', 'FailureTarget', 'Failed') },
      begun,
      [
        `${C}: cannot set Complete=True and Failed=true conditions`,
        `${C}: cannot set Complete=True and FailureTarget=true conditions`,
        `${C}: cannot set SuccessCriteriaMet=True and Failed=true conditions`,
        `${C}: cannot set SuccessCriteriaMet=True and FailureTarget=true conditions`,
      ],
    ],
    [
      'is complete with pods',
      { ...complete, active: 1, terminating: 1, uncountedTerminatedPods: { failed: ['a'] } },
      begun,
      [
        'status.active: Invalid value: 1: active>0 is invalid for finished job',
        'status.uncountedTerminatedPods: Invalid value: {"Succeeded":null,"Failed":["a"]}: must be empty for finished job',
        'status.terminating: Invalid value: 1: terminating>0 is invalid for finished job',
      ],
    ],
    [
      'ended without a begin',
      { ...failed, startTime: undefined },
      {},
      ['status.startTime: Required value: startTime is required for finished job'],
    ],
    [
      'was never complete',
      begun,
      complete,
      [
        `${C}: cannot disable the terminal Complete=True condition`,
        `${C}: cannot disable the SuccessCriteriaMet=True condition`,
      ],
    ],
    [
      'completed at another time',
      { ...complete, completionTime: '2026-01-03T00:00:00Z' },
      complete,
      ['status.completionTime: Invalid value: "2026-01-03T00:00:00Z": field is immutable'],
    ],
    [
      'began at another time',
      { ...begun, startTime: LATER },
      begun,
      ['status.startTime: Required value: startTime cannot be removed for unsuspended job'],
    ],
    ['suspended may begin again', { uncountedTerminatedPods: {} }, begun, [], { suspend: true }],
    ['says what indexes are done', { completedIndexes: '0-2,4', failedIndexes: '3' }, {}, [], indexed],
    [
      'names indexes that are not',
      { completedIndexes: '7', failedIndexes: '2,1' },
      {},
      [
        'status.completedIndexes: Invalid value: "7": error parsing completedIndexes: too large index: "7"',
        'status.failedIndexes: Invalid value: "2,1": error parsing failedIndexes: non-increasing order, previous: 2, current: 1',
      ],
      indexed,
    ],
    [
      'names one in both',
      { completedIndexes: '0-3', failedIndexes: '2-4' },
      {},
      ['status.failedIndexes: Invalid value: "2-4": failedIndexes and completedIndexes overlap at index: 2'],
      indexed,
    ],
    [
      'has none to name',
      { completedIndexes: '0', failedIndexes: '' },
      {},
      [
        'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
        'status.failedIndexes: Invalid value: "": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
      ],
    ],
    [
      'was wrong before, and is told of other things',
      { ...begun, ...is('Failed'), ready: 0 },
      { ...begun, ...is('Failed') },
      [],
    ],
  ])('%s', (_what, now, before, faults, spec) => {
    expect(statusFaultsOf(JOBS, job(now, spec), job(before, spec))).toEqual(faults)
  })
})
