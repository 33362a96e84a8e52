/** What kube-apiserver 1.34 was seen to answer to updates, where it is easily thought otherwise. */

import { describe, expect, it } from 'vitest'
import { created, updateFaultsOf } from '../../../test/support/kind-rules.ts'
import { rulesFor } from '../kind-rules.ts'
import type { ResourceInfo } from '../resource.ts'
import {
  CONFIG_MAPS,
  CONTROLLER_REVISIONS,
  DEPLOYMENTS,
  INGRESSES,
  INGRESS_CLASSES,
  JOBS,
  NEW_EVENTS,
  PERSISTENT_VOLUMES,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  RESOURCE_QUOTAS,
  ROLES,
  SERVICE_CIDRS,
  STATEFUL_SETS,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
} from '../scheme.ts'

const labels = { a: 'b' }
const selector = { matchLabels: labels }
const containers = [{ name: 'c', image: 'i' }]

type Case = readonly [
  what: string,
  resource: ResourceInfo,
  now: object,
  before: object,
  faults: readonly string[],
]

const check = (
  _what: string,
  resource: ResourceInfo,
  now: object,
  before: object,
  faults: readonly string[],
) => expect(updateFaultsOf(resource, now, before)).toEqual(faults)

const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

describe('what a name was to begin with', () => {
  const prefixed = (generateName: string): object => ({ metadata: { generateName } })
  it.each<Case>([
    [
      'is held against names again by some kinds',
      CONFIG_MAPS,
      prefixed('X!'),
      {},
      [`metadata.generateName: Invalid value: "X!": ${SUBDOMAIN}`],
    ],
    [
      'Pods among them',
      PODS,
      { ...prefixed('X!'), spec: { containers } },
      { spec: { containers } },
      [`metadata.generateName: Invalid value: "X!": ${SUBDOMAIN}`],
    ],
    ['and not by others', DEPLOYMENTS, { ...prefixed('X!'), spec: deployment() }, { spec: deployment() }, []],
    [
      'is part of a path in all',
      ROLES,
      prefixed('a/%'),
      {},
      [
        'metadata.generateName: Invalid value: "a/%": may not contain \'/\'',
        'metadata.generateName: Invalid value: "a/%": may not contain \'%\'',
      ],
    ],
  ])('%s', check)

  function deployment(): object {
    return { selector, template: { metadata: { labels }, spec: { containers } } }
  }
})

describe('what stays as it was made is not judged again', () => {
  const set = (more: object): object => ({
    spec: { serviceName: 's', selector, template: { metadata: { labels }, spec: { containers } }, ...more },
  })
  const FORBIDDEN =
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
  it.each<Case>([
    ['the Service of a StatefulSet', STATEFUL_SETS, set({ serviceName: 'X!' }), set({}), [FORBIDDEN]],
    [
      'its claims',
      STATEFUL_SETS,
      set({ volumeClaimTemplates: [{ metadata: { name: 'v' } }] }),
      set({}),
      [FORBIDDEN],
    ],
    [
      'the data of a ControllerRevision',
      CONTROLLER_REVISIONS,
      { revision: 1 },
      { data: { a: 1 }, revision: 1 },
      ['data: Invalid value: null: field is immutable'],
    ],
  ])('%s', check)
  it('nor pods that were not right before', () => {
    const wrong = set({ replicas: -1 })
    const imageless = {
      replicas: 1,
      template: { metadata: { labels }, spec: { containers: [{ name: 'c' }] } },
    }
    expect(updateFaultsOf(STATEFUL_SETS, set(imageless), wrong)).toEqual([])
  })
})

describe('Jobs', () => {
  const pods = (more: object = {}, metadata: object = { labels }): object => ({
    metadata,
    spec: { containers, restartPolicy: 'Never', ...more },
  })
  const job = (more: object = {}): object => ({
    spec: { manualSelector: true, selector, template: pods(), ...more },
  })
  const indexed = { completionMode: 'Indexed', completions: 2 }
  const TEMPLATE = expect.stringMatching(/^spec\.template: Invalid value: .*: field is immutable$/) as never
  const own = { metadata: { uid: 'u' }, spec: { template: pods() } }
  it.each<Case>([
    [
      'an indexed one grows with its parallelism',
      JOBS,
      job({ ...indexed, completions: 3, parallelism: 1 }),
      job({ ...indexed, parallelism: 1 }),
      ['spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism'],
    ],
    [
      'a suspended one that never began may be placed otherwise',
      JOBS,
      job({
        suspend: true,
        template: pods({ nodeSelector: { x: 'y' }, tolerations: [{ key: 'k', operator: 'Exists' }] }),
      }),
      job({ suspend: true }),
      [],
    ],
    [
      'by the affinity to nodes, and no other',
      JOBS,
      job({ suspend: true, template: pods({ affinity: { nodeAffinity: {}, podAffinity: {} } }) }),
      job({ suspend: true }),
      [TEMPLATE],
    ],
    [
      'and not be something else',
      JOBS,
      job({ suspend: true, template: pods({ hostNetwork: true }) }),
      job({ suspend: true }),
      [TEMPLATE],
    ],
    [
      'one that runs is not placed otherwise',
      JOBS,
      job({ template: pods({ nodeSelector: { x: 'y' } }) }),
      job(),
      [TEMPLATE],
    ],
    [
      'the selector that was made for one has to be sent back',
      JOBS,
      own,
      own,
      [
        'spec.selector: Required value',
        'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
        'spec.selector: Invalid value: null: field is immutable',
        TEMPLATE,
      ],
    ],
    [
      'one of before there were newer labels goes on without',
      JOBS,
      { metadata: { uid: 'u' }, spec: { selector, template: pods() } },
      { metadata: { uid: 'u' }, ...job() },
      [
        "spec.template.metadata.labels[controller-uid]: Required value: must be 'u'",
        "spec.template.metadata.labels[job-name]: Required value: must be 'x'",
        'spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` not auto-generated',
      ],
    ],
  ])('%s', check)
})

describe('volumes', () => {
  const hostPath = { path: '/x' }
  const placed = (key: string): object => ({
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath,
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'Exists' }] }] },
      },
    },
  })
  it.each<Case>([
    [
      'labels may come by their newer names',
      PERSISTENT_VOLUMES,
      placed('topology.kubernetes.io/zone'),
      placed('failure-domain.beta.kubernetes.io/zone'),
      [],
    ],
    [
      'and by no others',
      PERSISTENT_VOLUMES,
      placed('zone'),
      placed('failure-domain.beta.kubernetes.io/zone'),
      [
        'nodeAffinity: Invalid value: {"required":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"zone","operator":"Exists"}]}]}}: field is immutable, except for updating from beta label to GA',
      ],
    ],
  ])('%s', check)
})

describe('what a claim is filled from', () => {
  const claim = (more: object): object => ({
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } }, ...more },
  })
  const other = { apiGroup: 'a.test', kind: 'K', name: 'n' }
  const clone = { kind: 'PersistentVolumeClaim', name: 'n' }
  it.each<[string, object, readonly [object | undefined, object | undefined]]>([
    ['anything, by the newer field', { dataSourceRef: other }, [other, other]],
    ['claims, by either', { dataSource: clone }, [clone, clone]],
    ['nothing else by the older', { dataSource: other }, [undefined, undefined]],
    ['nothing of another namespace', { dataSourceRef: { ...other, namespace: 'x' } }, [undefined, undefined]],
  ])('%s', (_what, sources, expected) => {
    const { spec } = created(PERSISTENT_VOLUME_CLAIMS, claim(sources))
    expect([spec?.dataSource, spec?.dataSourceRef]).toEqual(expected)
  })
  it.each<Case>([
    [
      'a changed source is held against what it may be',
      PERSISTENT_VOLUME_CLAIMS,
      claim({ dataSource: { kind: 'K', name: 'n' } }),
      claim({ dataSource: clone }),
      [
        'spec.dataSource: Invalid value: "K": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
        'spec.dataSourceRef: Invalid value: "K": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
        expect.stringMatching(/^spec: Forbidden: spec is immutable/) as never,
      ],
    ],
    [
      'but its group no more, once there was one',
      PERSISTENT_VOLUME_CLAIMS,
      claim({ dataSourceRef: { ...other, apiGroup: 'X!' } }),
      claim({ dataSourceRef: other }),
      [expect.stringMatching(/^spec: Forbidden: spec is immutable/) as never],
    ],
  ])('%s', check)
})

describe('values that are shown', () => {
  const event = (more: object): object => ({
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'a.test/c',
    reportingInstance: 'i',
    action: 'a',
    reason: 'r',
    type: 'Normal',
    regarding: { kind: 'Pod', namespace: 'ns', name: 'p' },
    ...more,
  })
  const scoped = (scopes?: string[]): object => ({ spec: { hard: {}, ...(scopes ? { scopes } : {}) } })
  it.each<Case>([
    [
      'a text that is gone is empty',
      NEW_EVENTS,
      event({ note: '' }),
      event({ note: 'n' }),
      ['message: Invalid value: "": field is immutable'],
    ],
    [
      'a time that is gone is nothing',
      NEW_EVENTS,
      event({ eventTime: undefined }),
      event({}),
      ['eventTime: Invalid value: null: field is immutable'],
    ],
    [
      'scopes that are gone are nothing',
      RESOURCE_QUOTAS,
      scoped(),
      scoped(['Terminating']),
      ['spec.scopes: Invalid value: null: field is immutable'],
    ],
    [
      'scopes said twice are the same',
      RESOURCE_QUOTAS,
      scoped(['Terminating', 'Terminating']),
      scoped(['Terminating']),
      [],
    ],
  ])('%s', check)
  it('Events of either version are told of as core/v1 Events', () => {
    expect(rulesFor(NEW_EVENTS).judgedAs).toEqual({ group: '', kind: 'Event' })
  })
})

describe('conditions of webhooks', () => {
  const hook = (expression: string): object => ({
    webhooks: [
      {
        name: 'a.b.test',
        clientConfig: { url: 'https://a.test' },
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        matchConditions: [{ name: 'x', expression }],
      },
    ],
  })
  const at = 'webhooks[0].matchConditions[0].expression: Invalid value:'
  it.each<[string, readonly string[]]>([
    ['request.resource.group != "rbac"', []],
    // More than is known here is not refused.
    ['authorizer.group("").resource("pods").check("get").allowed()', []],
    ['-1', [`${at} "-1": must evaluate to bool but got int`]],
    [
      'true && a',
      [
        `${at} "true && a": compilation failed: ERROR: <input>:1:9: undeclared reference to 'a' (in container '')\n | true && a\n | ........^`,
      ],
    ],
    ['tr!', [expect.stringContaining('compilation failed: ERROR: <input>:1:3: Syntax error: ') as never]],
  ])('%s', (expression, faults) => {
    expect(updateFaultsOf(VALIDATING_WEBHOOK_CONFIGURATIONS, hook(expression), hook('true'))).toEqual(faults)
  })
})

describe('what is gone is nothing', () => {
  it.each<Case>([
    [
      'controllers of ingress classes have a name',
      INGRESS_CLASSES,
      { spec: {} },
      { spec: { controller: 'a.b/c' } },
      ['spec.controller: Invalid value: "": field is immutable', 'spec.controller: Required value'],
    ],
    [
      'rules of ingresses',
      INGRESSES,
      { spec: {} },
      { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } } },
      ['spec: Invalid value: null: either `defaultBackend` or `rules` must be specified'],
    ],
    [
      'ranges of addresses',
      SERVICE_CIDRS,
      { spec: {} },
      { spec: { cidrs: ['10.0.0.0/8'] } },
      ['spec.cidrs: Invalid value: null: field is immutable'],
    ],
  ])('%s', check)
})
