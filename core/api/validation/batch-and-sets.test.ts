import { describe, expect, it } from 'vitest'
import { created, defaulted, faultsOf, updateFaultsOf } from '../../../test/support/kind-rules.ts'
import type { ResourceInfo } from '../resource.ts'
import {
  CRON_JOBS,
  DAEMON_SETS,
  HORIZONTAL_POD_AUTOSCALERS,
  JOBS,
  POD_DISRUPTION_BUDGETS,
  POD_TEMPLATES,
  REPLICATION_CONTROLLERS,
  STATEFUL_SETS,
} from '../scheme.ts'

const labels = { app: 'a' }
const selector = { matchLabels: labels }
const containers = [{ name: 'c', image: 'i' }]
const template = { metadata: { labels }, spec: { containers } }
const set = (spec: object = {}): object => ({ spec: { serviceName: 's', selector, template, ...spec } })
const once = { spec: { containers, restartPolicy: 'Never' } }
const job = (spec: object = {}): object => ({ metadata: { uid: 'u1' }, spec: { template: once, ...spec } })
/** One whose user knows better which pods are its own. */
const kept = (spec: object = {}): object =>
  job({ manualSelector: true, selector, template: { metadata: { labels }, ...once }, ...spec })
const cron = (spec: object = {}): object => ({
  spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: once } }, ...spec },
})
const scaler = (spec: object = {}): object => ({
  spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' }, maxReplicas: 3, ...spec },
})

describe('new objects', () => {
  it.each<[string, ResourceInfo, object, readonly string[]]>([
    ['a StatefulSet', STATEFUL_SETS, set(), []],
    [
      'a StatefulSet of nothing',
      STATEFUL_SETS,
      { spec: {} },
      [
        'spec.selector: Required value',
        'spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`',
        'spec.template.spec.containers: Required value',
      ],
    ],
    [
      'a StatefulSet with another order',
      STATEFUL_SETS,
      set({
        podManagementPolicy: 'Random',
        updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } },
      }),
      [
        `spec.podManagementPolicy: Invalid value: "Random": must be 'OrderedReady' or 'Parallel'`,
        `spec.updateStrategy.rollingUpdate: Invalid value: {"partition":1}: only allowed for updateStrategy 'RollingUpdate'`,
      ],
    ],
    [
      'a StatefulSet that chooses others',
      STATEFUL_SETS,
      set({ selector: { matchLabels: { app: 'b' } }, replicas: -1 }),
      [
        'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
        'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
      ],
    ],
    [
      'a StatefulSet that keeps claims in another way',
      STATEFUL_SETS,
      set({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Burn' } }),
      [
        'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Burn": supported values: "Retain", "Delete"',
      ],
    ],
    ['a DaemonSet', DAEMON_SETS, { spec: { selector, template } }, []],
    [
      'a DaemonSet that would not move',
      DAEMON_SETS,
      { spec: { selector, template, updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } } },
      ['spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0'],
    ],
    [
      'a DaemonSet whose pods end',
      DAEMON_SETS,
      {
        spec: {
          selector,
          template: { ...template, spec: { containers, restartPolicy: 'Never', activeDeadlineSeconds: 1 } },
        },
      },
      [
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported',
      ],
    ],
    ['a Job', JOBS, job(), []],
    [
      'a Job whose pods never end',
      JOBS,
      job({ template: { spec: { containers } } }),
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [
      'an indexed Job without a number',
      JOBS,
      job({ completionMode: 'Indexed', parallelism: 2, backoffLimit: -1 }),
      [
        'spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0',
        'spec.completions: Required value: when completion mode is Indexed',
      ],
    ],
    [
      'a Job that chooses for itself',
      JOBS,
      job({ manualSelector: true, selector }),
      ['spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`'],
    ],
    ['a CronJob', CRON_JOBS, cron(), []],
    ['a CronJob by name', CRON_JOBS, cron({ schedule: '@hourly', timeZone: 'Europe/Berlin' }), []],
    [
      'a CronJob with six fields',
      CRON_JOBS,
      cron({ schedule: '* * * * * *' }),
      ['spec.schedule: Invalid value: "* * * * * *": expected exactly 5 fields, found 6: [* * * * * *]'],
    ],
    [
      'a CronJob with a zone in its schedule',
      CRON_JOBS,
      cron({ schedule: 'TZ=UTC 0 * * * *' }),
      [
        'spec.schedule: Invalid value: "TZ=UTC 0 * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
      ],
    ],
    [
      'a CronJob nowhere',
      CRON_JOBS,
      cron({ timeZone: 'Mars/Olympus', concurrencyPolicy: 'Maybe' }),
      [
        'spec.timeZone: Invalid value: "Mars/Olympus": unknown time zone Mars/Olympus',
        'spec.concurrencyPolicy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace"',
      ],
    ],
    [
      'a CronJob with a long name',
      CRON_JOBS,
      { metadata: { name: 'a'.repeat(53) }, ...cron() },
      [`metadata.name: Invalid value: "${'a'.repeat(53)}": must be no more than 52 characters`],
    ],
    ['an autoscaler', HORIZONTAL_POD_AUTOSCALERS, scaler(), []],
    [
      'an autoscaler of nothing',
      HORIZONTAL_POD_AUTOSCALERS,
      { spec: { scaleTargetRef: {}, maxReplicas: 0, minReplicas: 2 } },
      [
        'spec.maxReplicas: Invalid value: 0: must be greater than 0',
        'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`',
        'spec.scaleTargetRef.kind: Required value',
        'spec.scaleTargetRef.name: Required value',
        'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
      ],
    ],
    [
      'an autoscaler by an unknown measure',
      HORIZONTAL_POD_AUTOSCALERS,
      scaler({ metrics: [{ type: 'Mood' }, { type: 'Resource' }] }),
      [
        'spec.metrics[0].type: Unsupported value: "Mood": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
        'spec.metrics[0].type: Unsupported value: "Mood": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
        'spec.metrics[1].resource: Required value: must populate information for the given metric source',
      ],
    ],
    ['a budget', POD_DISRUPTION_BUDGETS, { spec: { minAvailable: '50%', selector } }, []],
    [
      'a budget of both kinds',
      POD_DISRUPTION_BUDGETS,
      { spec: { minAvailable: 1, maxUnavailable: -1 } },
      [
        'spec: Invalid value: {"minAvailable":1,"maxUnavailable":-1}: minAvailable and maxUnavailable cannot be both set',
        'spec.maxUnavailable: Invalid value: -1: must be greater than or equal to 0',
      ],
    ],
    ['a ReplicationController', REPLICATION_CONTROLLERS, { spec: { template } }, []],
    [
      'a ReplicationController of nothing',
      REPLICATION_CONTROLLERS,
      { spec: {} },
      ['spec.selector: Required value', 'spec.template: Required value'],
    ],
    ['a PodTemplate', POD_TEMPLATES, { template }, []],
  ])('%s', (_what, resource, body, expected) => {
    expect(faultsOf(resource, body)).toEqual(expected)
  })
})

describe('changes', () => {
  it.each<[string, ResourceInfo, object, object, readonly string[]]>([
    ['a StatefulSet may grow', STATEFUL_SETS, set({ replicas: 3, minReadySeconds: 1 }), set(), []],
    [
      'a StatefulSet keeps its Service',
      STATEFUL_SETS,
      set({ serviceName: 't' }),
      set(),
      [
        "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
          "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
      ],
    ],
    [
      'a Job keeps what it is to do',
      JOBS,
      kept({
        completions: 3,
        template: {
          metadata: { labels },
          spec: { containers: [{ name: 'd', image: 'i' }], restartPolicy: 'Never' },
        },
      }),
      kept({ completions: 2 }),
      [
        'spec.completions: Invalid value: 3: field is immutable',
        expect.stringMatching(/^spec\.template: Invalid value: .*: field is immutable$/) as unknown as string,
      ],
    ],
    [
      'an indexed Job may grow',
      JOBS,
      kept({ completionMode: 'Indexed', completions: 3, parallelism: 3 }),
      kept({ completionMode: 'Indexed', completions: 2, parallelism: 2 }),
      [],
    ],
  ])('%s', (_what, resource, body, old, expected) => {
    expect(updateFaultsOf(resource, body, old)).toEqual(expected)
  })
})

describe('defaults', () => {
  it('a Job finds its pods by its uid', () => {
    const { spec } = created(JOBS, job())
    expect(spec).toMatchObject({
      completions: 1,
      parallelism: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u1' } },
      template: { metadata: { labels: { 'batch.kubernetes.io/job-name': 'x', 'job-name': 'x' } } },
    })
  })

  it('a ReplicationController is labelled as its pods are', () => {
    expect(defaulted(REPLICATION_CONTROLLERS, { spec: { template } })).toMatchObject({
      metadata: { labels },
      spec: { selector: labels, replicas: 1 },
    })
  })

  it('an autoscaler looks at the CPU', () => {
    expect(defaulted(HORIZONTAL_POD_AUTOSCALERS, scaler()).spec).toMatchObject({
      minReplicas: 1,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 80 } } }],
    })
  })

  it('claims in templates are written out', () => {
    const claim = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }
    expect(
      defaulted(STATEFUL_SETS, set({ volumeClaimTemplates: [claim] })).spec.volumeClaimTemplates,
    ).toMatchObject([
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        spec: { volumeMode: 'Filesystem' },
        status: { phase: 'Pending' },
      },
    ])
  })
})
