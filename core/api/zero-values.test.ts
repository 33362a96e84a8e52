/** Objects nobody filled in, as kube-apiserver 1.34 shows them in bookmarks. */

import { expect, it } from 'vitest'
import { printedEmpty } from './zero-values.ts'

const template = { metadata: {}, spec: { containers: null } }

it.each([
  ['core.v1.ConfigMap', { metadata: {} }],
  ['core.v1.Pod', { metadata: {}, spec: { containers: null }, status: {} }],
  ['core.v1.Service', { metadata: {}, spec: {}, status: { loadBalancer: {} } }],
  ['core.v1.Endpoints', { metadata: {} }],
  [
    'core.v1.Event',
    {
      metadata: {},
      involvedObject: {},
      source: {},
      firstTimestamp: null,
      lastTimestamp: null,
      eventTime: null,
      reportingComponent: '',
      reportingInstance: '',
    },
  ],
  [
    'apps.v1.Deployment',
    { metadata: {}, spec: { replicas: 0, selector: null, template, strategy: {} }, status: {} },
  ],
  [
    'apps.v1.StatefulSet',
    {
      metadata: {},
      spec: { replicas: 0, selector: null, template, serviceName: '', updateStrategy: {} },
      status: { replicas: 0, availableReplicas: 0 },
    },
  ],
  ['apps.v1.ControllerRevision', { metadata: {}, data: null, revision: 0 }],
  [
    'batch.v1.CronJob',
    { metadata: {}, spec: { schedule: '', jobTemplate: { metadata: {}, spec: { template } } }, status: {} },
  ],
  ['discovery.v1.EndpointSlice', { metadata: {}, addressType: '', endpoints: null, ports: null }],
  ['rbac.v1.RoleBinding', { metadata: {}, roleRef: { apiGroup: '', kind: '', name: '' } }],
  [
    'certificates.v1.CertificateSigningRequest',
    { metadata: {}, spec: { request: null, signerName: '' }, status: {} },
  ],
])('%s', (message, expected) => {
  expect(printedEmpty(`k8s.io.api.${message}`)).toEqual(expected)
})
