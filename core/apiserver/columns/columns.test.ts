/** What `kubectl get -o wide` shows of the kinds beyond Pods and Services: one row each. */

import { expect, it } from 'vitest'
import type { KubernetesObject } from '../../api/object.ts'
import { printerOf } from './printers.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const AN_HOUR_AGO = '2026-01-01T00:00:00Z'
const META = { name: 'x', creationTimestamp: AN_HOUR_AGO }
const template = {
  metadata: { labels: { a: 'b' } },
  spec: {
    containers: [
      { name: 'c', image: 'i:1' },
      { name: 'd', image: 'j' },
    ],
  },
}
const selector = { matchLabels: { a: 'b' } }
const job = { completions: 3, parallelism: 1, selector, template }

/** `NAME=cell` of each column, wide ones in brackets. */
function row(apiVersion: string, kind: string, body: object): string {
  const object = { apiVersion, kind, metadata: META, ...body } as unknown as KubernetesObject
  return printerOf(apiVersion, kind)
    .columns.slice(1)
    .map(({ name, priority, cell }) => {
      const text = `${name}=${cell(object, NOW)}`
      return priority === 1 ? `[${text}]` : text
    })
    .join(' ')
}

const WIDE = '[Containers=c,d] [Images=i:1,j] [Selector=a=b]'

it.each<[string, string, object, string]>([
  [
    'admissionregistration.k8s.io/v1',
    'ValidatingAdmissionPolicy',
    { spec: { validations: [{}, {}], paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } } },
    'Validations=2 ParamKind=v1/ConfigMap Age=60m',
  ],
  [
    'admissionregistration.k8s.io/v1',
    'ValidatingAdmissionPolicyBinding',
    { spec: { policyName: 'p', paramRef: { name: 'a' } } },
    'PolicyName=p ParamRef=*/a Age=60m',
  ],
  [
    'admissionregistration.k8s.io/v1',
    'ValidatingAdmissionPolicyBinding',
    { spec: { policyName: 'p', paramRef: { selector: { matchLabels: { b: 'c', a: 'd' } } } } },
    'PolicyName=p ParamRef=&LabelSelector{MatchLabels:map[string]string{a: d,b: c,},MatchExpressions:[]LabelSelectorRequirement{},} Age=60m',
  ],
  [
    'apps/v1',
    'StatefulSet',
    { spec: { replicas: 3, template }, status: { readyReplicas: 1 } },
    'Ready=1/3 Age=60m [Containers=c,d] [Images=i:1,j]',
  ],
  [
    'apps/v1',
    'DaemonSet',
    {
      spec: { template, selector },
      status: {
        desiredNumberScheduled: 3,
        currentNumberScheduled: 2,
        numberReady: 1,
        updatedNumberScheduled: 2,
      },
    },
    `Desired=3 Current=2 Ready=1 Up-to-date=2 Available=0 Node Selector=<none> Age=60m ${WIDE}`,
  ],
  [
    'apps/v1',
    'ControllerRevision',
    {
      metadata: {
        ...META,
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 's', uid: 'u', controller: true },
        ],
      },
      revision: 2,
    },
    'Controller=statefulset.apps/s Revision=2 Age=60m',
  ],
  [
    'v1',
    'ReplicationController',
    { spec: { replicas: 2, selector: { a: 'b' }, template }, status: { replicas: 1 } },
    `Desired=2 Current=1 Ready=0 Age=60m ${WIDE}`,
  ],
  ['v1', 'PodTemplate', { template }, 'Containers=c,d Images=i:1,j Pod Labels=a=b'],
  [
    'batch/v1',
    'Job',
    {
      spec: job,
      status: {
        succeeded: 3,
        startTime: AN_HOUR_AGO,
        completionTime: '2026-01-01T00:00:30Z',
        conditions: [{ type: 'Complete', status: 'True' }],
      },
    },
    `Status=Complete Completions=3/3 Duration=30s Age=60m ${WIDE}`,
  ],
  [
    'batch/v1',
    'Job',
    { spec: { ...job, completions: undefined, parallelism: 4 }, status: {} },
    `Status=Running Completions=0/1 of 4 Duration= Age=60m ${WIDE}`,
  ],
  [
    'batch/v1',
    'CronJob',
    {
      spec: { schedule: '* * * * *', jobTemplate: { spec: job } },
      status: { active: [{}], lastScheduleTime: '2026-01-01T00:59:00Z' },
    },
    `Schedule=* * * * * Timezone=<none> Suspend=False Active=1 Last Schedule=60s Age=60m ${WIDE}`,
  ],
  [
    'policy/v1',
    'PodDisruptionBudget',
    { spec: { minAvailable: '50%' }, status: { disruptionsAllowed: 1 } },
    'Min Available=50% Max Unavailable=N/A Allowed Disruptions=1 Age=60m',
  ],
  [
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    {
      spec: {
        scaleTargetRef: { kind: 'Deployment', name: 'd' },
        minReplicas: 1,
        maxReplicas: 5,
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
          },
        ],
      },
      status: {
        currentReplicas: 2,
        currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 5 } } }],
      },
    },
    'Reference=Deployment/d Targets=cpu: 5%/80% MinPods=1 MaxPods=5 Replicas=2 Age=60m',
  ],
  [
    'v1',
    'PersistentVolume',
    {
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteMany', 'ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        claimRef: { namespace: 'n', name: 'c' },
        storageClassName: 's',
        volumeMode: 'Block',
      },
      status: { phase: 'Bound' },
    },
    'Capacity=1Gi Access Modes=RWO,RWX Reclaim Policy=Retain Status=Bound Claim=n/c StorageClass=s VolumeAttributesClass=<unset> Reason= Age=60m [VolumeMode=Block]',
  ],
  [
    'v1',
    'PersistentVolumeClaim',
    {
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: 's', volumeMode: 'Filesystem' },
      status: { phase: 'Pending' },
    },
    'Status=Pending Volume= Capacity= Access Modes= StorageClass=s VolumeAttributesClass=<unset> Age=60m [VolumeMode=Filesystem]',
  ],
  [
    'storage.k8s.io/v1',
    'StorageClass',
    { provisioner: 'p' },
    'Provisioner=p ReclaimPolicy=Delete VolumeBindingMode=Immediate AllowVolumeExpansion=false Age=60m',
  ],
  [
    'v1',
    'ResourceQuota',
    { status: { hard: { pods: '2', 'limits.cpu': '1' }, used: { pods: '1' } } },
    'Request=pods: 1/2 Limit=limits.cpu: 0/1 Age=60m',
  ],
  [
    'batch/v1',
    'Job',
    { spec: job, status: { conditions: [{ type: 'SuccessCriteriaMet', status: 'True' }] } },
    `Status=SuccessCriteriaMet Completions=0/3 Duration= Age=60m ${WIDE}`,
  ],
  ['v1', 'Endpoints', { subsets: [] }, 'Endpoints=<none> Age=60m'],
  [
    'v1',
    'Endpoints',
    { subsets: [{ notReadyAddresses: [{ ip: '192.0.2.1' }], ports: [{ port: 80 }] }] },
    'Endpoints= Age=60m',
  ],
  [
    'v1',
    'PersistentVolumeClaim',
    {
      metadata: { ...META, annotations: { 'volume.beta.kubernetes.io/storage-class': 'old' } },
      spec: { volumeName: 'v', storageClassName: 'new' },
      status: { phase: 'Lost' },
    },
    'Status=Lost Volume=v Capacity=0 Access Modes= StorageClass=old VolumeAttributesClass=<unset> Age=60m [VolumeMode=<unset>]',
  ],
  [
    'storage.k8s.io/v1',
    'CSIStorageCapacity',
    { storageClassName: 's', capacity: '1Gi' },
    `Created At=${AN_HOUR_AGO}`,
  ],
  ['v1', 'LimitRange', {}, `Created At=${AN_HOUR_AGO}`],
  [
    'scheduling.k8s.io/v1',
    'PriorityClass',
    { value: 7, preemptionPolicy: 'Never' },
    'Value=7 Global-Default=false Age=60m PreemptionPolicy=Never',
  ],
  [
    'flowcontrol.apiserver.k8s.io/v1',
    'FlowSchema',
    {
      spec: {
        priorityLevelConfiguration: { name: 'p' },
        matchingPrecedence: 7,
        distinguisherMethod: { type: 'ByUser' },
      },
      status: { conditions: [{ type: 'Dangling', status: 'True' }] },
    },
    'PriorityLevel=p MatchingPrecedence=7 DistinguisherMethod=ByUser Age=60m MissingPL=True',
  ],
  [
    'flowcontrol.apiserver.k8s.io/v1',
    'FlowSchema',
    { spec: { priorityLevelConfiguration: { name: 'p' }, matchingPrecedence: 7 } },
    'PriorityLevel=p MatchingPrecedence=7 DistinguisherMethod=<none> Age=60m MissingPL=?',
  ],
  [
    'flowcontrol.apiserver.k8s.io/v1',
    'PriorityLevelConfiguration',
    { spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 3 } } },
    'Type=Exempt NominalConcurrencyShares=<none> Queues=<none> HandSize=<none> QueueLengthLimit=<none> Age=60m',
  ],
  [
    'flowcontrol.apiserver.k8s.io/v1',
    'PriorityLevelConfiguration',
    {
      spec: {
        type: 'Limited',
        limited: {
          nominalConcurrencyShares: 0,
          limitResponse: { type: 'Queue', queuing: { queues: 4, handSize: 2, queueLengthLimit: 9 } },
        },
      },
    },
    'Type=Limited NominalConcurrencyShares=0 Queues=4 HandSize=2 QueueLengthLimit=9 Age=60m',
  ],
  ['node.k8s.io/v1', 'RuntimeClass', { handler: 'runc' }, 'Handler=runc Age=60m'],
  [
    'certificates.k8s.io/v1',
    'CertificateSigningRequest',
    {
      spec: { signerName: 's', username: 'u', expirationSeconds: 3600 },
      status: { certificate: 'x', conditions: [{ type: 'Approved', status: 'True' }] },
    },
    'Age=60m SignerName=s Requestor=u RequestedDuration=60m Condition=Approved,Issued',
  ],
  [
    'admissionregistration.k8s.io/v1',
    'MutatingWebhookConfiguration',
    { webhooks: [{}, {}] },
    'Webhooks=2 Age=60m',
  ],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', {}, `Created At=${AN_HOUR_AGO}`],
  [
    'networking.k8s.io/v1',
    'ServiceCIDR',
    { spec: { cidrs: ['10.0.0.0/8', 'fd00::/64'] } },
    'CIDRs=10.0.0.0/8,fd00::/64 Age=60m',
  ],
  [
    'networking.k8s.io/v1',
    'IPAddress',
    { spec: { parentRef: { resource: 'services', namespace: 'n', name: 's' } } },
    'ParentRef=services/n/s',
  ],
])('%s %s', (apiVersion, kind, body, expected) => {
  expect(row(apiVersion, kind, body)).toBe(expected)
})

/** `Name:type`, with a format after a slash where there is one, of each column; types are the clients' to sort by. */
it.each<[string, string, string]>([
  [
    'apps/v1',
    'Deployment',
    'Name:string/name Ready:string Up-to-date:string Available:string Age:string Containers:string Images:string Selector:string',
  ],
  ['apps/v1', 'ControllerRevision', 'Name:string/name Controller:string Revision:string Age:string'],
  [
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    'Name:string/name Reference:string Targets:string MinPods:string MaxPods:string Replicas:string Age:string',
  ],
  [
    'storage.k8s.io/v1',
    'VolumeAttachment',
    'Name:string/name Attacher:string/name PV:string Node:string Attached:boolean Age:string',
  ],
  ['storage.k8s.io/v1', 'CSIStorageCapacity', 'Name:string/name Created At:date'],
  [
    'batch/v1',
    'CronJob',
    'Name:string/name Schedule:string Timezone:string Suspend:boolean Active:integer Last Schedule:string Age:string Containers:string Images:string Selector:string',
  ],
])('types of the columns of %s %s', (apiVersion, kind, expected) => {
  const types = printerOf(apiVersion, kind).columns.map(({ name, type, format }) => {
    return `${name}:${type}${format === undefined ? '' : `/${format}`}`
  })
  expect(types.join(' ')).toBe(expected)
})
