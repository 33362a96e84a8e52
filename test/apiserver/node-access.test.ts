/** What nodes may read (the node authorizer) and write (NodeRestriction), in kube-apiserver's words. */

import { beforeAll, describe, expect, it } from 'vitest'
import type { ResourceInfo } from '../../core/api/resource.ts'
import {
  CERTIFICATE_SIGNING_REQUESTS,
  CONFIG_MAPS,
  CSI_DRIVERS,
  CSI_NODES,
  LEASES,
  NAMESPACES,
  NODES,
  PERSISTENT_VOLUMES,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  RESOURCE_CLAIMS,
  RESOURCE_SLICES,
  SECRETS,
  SERVICE_ACCOUNTS,
  VOLUME_ATTACHMENTS,
} from '../../core/api/scheme.ts'
import type { Attributes, ResourceTarget } from '../../core/apiserver/authorization/attributes.ts'
import { parsedFields } from '../../core/apiserver/authorization/review-selectors.ts'
import { restrictNodeToken } from '../../core/apiserver/admission/node-tokens.ts'
import { clusterView } from '../../core/apiserver/registry/cluster-view.ts'
import type { User } from '../../core/apiserver/requests/request.ts'
import type { Fixture, Loose } from './fixture.ts'
import { fixture } from './fixture.ts'

const nodeUser = (name: string): User => ({
  name: `system:node:${name}`,
  groups: ['system:nodes', 'system:authenticated'],
})

let api: Fixture
const uids: Record<string, string> = {}

const CONTAINER = {
  name: 'c',
  image: 'i',
  env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'env', key: 'k' } } }],
  envFrom: [{ configMapRef: { name: 'env' } }],
}
const POD = {
  nodeName: 'n1',
  resourceClaims: [{ name: 'a', resourceClaimName: 'named' }],
  containers: [CONTAINER],
  imagePullSecrets: [{ name: 'pull' }],
  volumes: [
    { name: 's', secret: { secretName: 'used' } },
    { name: 'c', configMap: { name: 'used' } },
    { name: 'p', persistentVolumeClaim: { claimName: 'claim' } },
    {
      name: 'e',
      ephemeral: {
        volumeClaimTemplate: {
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      },
    },
    { name: 'j', projected: { sources: [{ serviceAccountToken: { path: 't', audience: 'vault' } }] } },
  ],
}

async function made(resource: ResourceInfo, name: string, rest: Loose = {}): Promise<void> {
  const { metadata } = await api.create(resource, { ...rest, metadata: { name, ...rest.metadata } })
  uids[`${resource.resource}/${name}`] = metadata.uid
}

beforeAll(async () => {
  api = await fixture()
  await made(NAMESPACES, 'kube-node-lease')
  for (const name of ['n1', 'n2']) await made(NODES, name, { metadata: { labels: { zone: 'a' } } })
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
  await made(PERSISTENT_VOLUME_CLAIMS, 'claim', { spec: { ...claim, volumeName: 'volume' } })
  await made(PERSISTENT_VOLUMES, 'volume', {
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      claimRef: { namespace: 'default', name: 'claim' },
      csi: {
        driver: 'd.example',
        volumeHandle: 'h',
        nodeStageSecretRef: { namespace: 'default', name: 'stage' },
        controllerPublishSecretRef: { namespace: 'default', name: 'publish' },
      },
    },
  })
  await made(CSI_DRIVERS, 'd.example', { spec: { tokenRequests: [{ audience: 'driver' }] } })
  await made(VOLUME_ATTACHMENTS, 'attached', {
    spec: { attacher: 'x.y', nodeName: 'n1', source: { persistentVolumeName: 'volume' } },
  })
  await made(PODS, 'p1', { spec: POD })
  await made(PODS, 'p2', {
    spec: {
      nodeName: 'n2',
      containers: [{ name: 'c', image: 'i' }],
      volumes: [{ name: 's', secret: { secretName: 'far' } }],
    },
  })
  const device = { driver: 'd.example', pool: { name: 'p', generation: 1, resourceSliceCount: 1 } }
  for (const nodeName of ['n1', 'n2'])
    await made(RESOURCE_SLICES, `of-${nodeName}`, { spec: { ...device, nodeName, devices: [{ name: 'x' }] } })
  const requests = [{ name: 'r', exactly: { deviceClassName: 'k' } }]
  for (const name of ['named', 'other'])
    await made(RESOURCE_CLAIMS, name, { spec: { devices: { requests } } })
  await made(LEASES, 'n2', { metadata: { namespace: 'kube-node-lease' } })
})

const ALLOWED = 'allowed'

/** `get secrets/used`, `list pods ?spec.nodeName=n1`; with a namespace where the resource has one */
function decided(node: string, text: string): string {
  const [verb = '', what = '', selector] = text.split(' ')
  const [plural = '', name = '', subresource = ''] = what.split('/')
  const [resource = '', ...group] = plural.split('.')
  const isNamespaced = [
    'secrets',
    'configmaps',
    'pods',
    'serviceaccounts',
    'persistentvolumeclaims',
    'resourceclaims',
  ]
  const target: ResourceTarget = {
    kind: 'resource',
    group: group.join('.'),
    version: 'v1',
    resource,
    subresource,
    namespace: resource === 'leases' ? 'kube-node-lease' : isNamespaced.includes(resource) ? 'default' : '',
    name,
    fieldSelector: selector === undefined ? undefined : parsedFields(selector.slice(1)),
  }
  const asked: Attributes = { user: nodeUser(node), verb, target }
  const { allowed, reason } = api.registry.access.authorize(asked)
  return allowed ? ALLOWED : reason
}

const UNRELATED = "no relationship found between node 'n1' and this object"
const READ_ONLY = 'can only read resources of this type'
const ONE_BY_ONE = 'can only get individual resources of this type'

describe('the node authorizer', () => {
  it.each([
    ['get secrets/used', ALLOWED],
    ['watch secrets/used', ALLOWED],
    ['get secrets/env', ALLOWED],
    ['get secrets/pull', ALLOWED],
    ['get secrets/stage', ALLOWED],
    ['get secrets/publish', UNRELATED],
    ['get secrets/far', UNRELATED],
    ['list secrets', 'No Object name found'],
    ['delete secrets/used', READ_ONLY],
    ['get secrets/used/status', 'cannot read subresource'],
    ['get configmaps/used', ALLOWED],
    ['get configmaps/env', ALLOWED],
    ['get configmaps/none', UNRELATED],
    ['get persistentvolumeclaims/claim', ALLOWED],
    ['get persistentvolumeclaims/p1-e', ALLOWED],
    ['list persistentvolumeclaims', ONE_BY_ONE],
    ['patch persistentvolumeclaims/claim/status', ALLOWED],
    ['get persistentvolumeclaims/claim/status', 'can only get/update/patch this type'],
    ['get persistentvolumes/volume', ALLOWED],
    ['get persistentvolumes/none', UNRELATED],
    ['get volumeattachments.storage.k8s.io/attached', ALLOWED],
    ['watch volumeattachments.storage.k8s.io', ONE_BY_ONE],
    ['get serviceaccounts/default', ALLOWED],
    ['create serviceaccounts/default/token', ALLOWED],
    ['create serviceaccounts/other/token', UNRELATED],
    ['create serviceaccounts', 'can only create tokens for individual service accounts'],
    ['create serviceaccounts/default', 'can only create token subresource of serviceaccount'],
    ['get leases.coordination.k8s.io/n1', ALLOWED],
    ['create leases.coordination.k8s.io', ALLOWED],
    [
      'get leases.coordination.k8s.io/n2',
      'can only access node lease with the same name as the requesting node',
    ],
    ['list leases.coordination.k8s.io', 'can only get, create, update, patch, or delete a node lease'],
    ['patch csinodes.storage.k8s.io/n2', 'can only access CSINode with the same name as the requesting node'],
    ['get csinodes.storage.k8s.io/n1/status', 'cannot authorize CSINode subresources'],
    ['list csinodes.storage.k8s.io', 'can only get, create, update, patch, or delete a CSINode'],
    ['get nodes/n1', ALLOWED],
    ['get nodes/n2', "node 'n1' cannot read 'n2', only its own Node object"],
    ['list nodes', "node 'n1' cannot read all nodes, only its own Node object"],
    ['patch nodes/n2/status', ALLOWED],
    ['delete nodes/n1', ''],
    ['get nodes/n1/proxy', ''],
    ['get pods/p1', ALLOWED],
    ['get pods/p2', UNRELATED],
    ['list pods', 'can only list/watch pods with spec.nodeName field selector'],
    ['list pods ?spec.nodeName=n1', ALLOWED],
    ['watch pods ?spec.nodeName==n1,status.phase!=Failed', ALLOWED],
    ['list pods ?spec.nodeName=n2', 'can only list/watch pods with spec.nodeName field selector'],
    ['list pods ?spec.nodeName!=n1', 'can only list/watch pods with spec.nodeName field selector'],
    ['list pods/p1', ALLOWED],
    ['create pods/p2/eviction', ALLOWED],
    ['create pods/p1/binding', ''],
    [
      'list resourceslices.resource.k8s.io',
      'can only list/watch/deletecollection resourceslices with nodeName field selector',
    ],
    ['list resourceslices.resource.k8s.io ?spec.nodeName=n1', ALLOWED],
    ['get resourceslices.resource.k8s.io/of-n1', ALLOWED],
    ['delete resourceslices.resource.k8s.io/of-n2', UNRELATED],
    ['create resourceslices.resource.k8s.io', ALLOWED],
    ['get resourceslices.resource.k8s.io/of-n1/status', 'cannot authorize ResourceSlice subresources'],
    ['get resourceclaims.resource.k8s.io/named', ALLOWED],
    ['get resourceclaims.resource.k8s.io/other', UNRELATED],
    ['list resourceclaims.resource.k8s.io', ONE_BY_ONE],
    ['list services', ALLOWED],
    ['list deployments.apps', ''],
  ])('%s', (text, expected) => {
    expect(decided('n1', text)).toBe(expected)
  })

  it('knows no nodes without a name, and leaves everybody else to others', () => {
    expect(decided('', 'get secrets/used')).toBe('unknown node for user "system:node:"')
    const user = { name: 'system:node:n1', groups: ['system:authenticated'] }
    const target = { kind: 'path', path: '/metrics' } as const
    expect(api.registry.access.authorize({ user, verb: 'get', target })).toEqual({
      allowed: false,
      reason: '',
    })
  })

  it('follows what pods and volumes come to name, and forgets what is gone', async () => {
    expect(decided('n1', 'get secrets/late')).toBe(UNRELATED)
    const volumes = [{ name: 'v', secret: { secretName: 'late' } }]
    await made(PODS, 'p3', { spec: { containers: [{ name: 'c', image: 'i' }], volumes } })
    expect(decided('n1', 'get secrets/late')).toBe(UNRELATED)
    const target = { kind: 'Node', name: 'n1' }
    const name = { namespace: 'default', name: 'p3' }
    await api.registry.bind(
      name,
      { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p3' }, target },
      api.context,
    )
    expect(decided('n1', 'get secrets/late')).toBe(ALLOWED)
    await api.remove(PODS, 'p3', { gracePeriodSeconds: 0 })
    expect(decided('n1', 'get secrets/late')).toBe(UNRELATED)
  })

  it('tells of no rules', async () => {
    const review = { kind: 'SelfSubjectRulesReview', spec: { namespace: 'default' } }
    const row = api.registry.kinds.forPath('authorization.k8s.io', 'v1', 'selfsubjectrulesreviews')
    expect(row).toBeDefined()
    if (row === undefined) return
    const { status } = await api.create(row, { ...review, metadata: {} }, { user: nodeUser('n1') })
    expect(status).toMatchObject({
      incomplete: true,
      evaluationError: 'node authorizer does not support user rule resolution',
    })
  })
})

const as = (node: string): { user: User; dryRun: true } => ({ user: nodeUser(node), dryRun: true })
const refusal = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => ALLOWED,
    (error: unknown) => (error as Error).message.replace(/^.* is forbidden: /, ''),
  )

const mirror = (spec: Loose = {}, metadata: Loose = {}): Loose => ({
  metadata: {
    name: 'm',
    annotations: { 'kubernetes.io/config.mirror': 'x' },
    ownerReferences: [
      { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: uids['nodes/n1'], controller: true },
    ],
    ...metadata,
  },
  spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }], ...spec },
})
const owner = (more: Loose): Loose => ({
  ownerReferences: [
    { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: uids['nodes/n1'], controller: true, ...more },
  ],
})
const volume = (source: Loose): Loose => ({ volumes: [{ name: 'v', ...source }] })

describe('a node that makes a pod', () => {
  const rows: readonly (readonly [string, () => Loose, string])[] = [
    ['of its own', () => mirror(), ALLOWED],
    ['with an empty directory', () => mirror(volume({ emptyDir: {} })), ALLOWED],
    [
      'that is no mirror',
      () => mirror({}, { annotations: {} }),
      'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods',
    ],
    [
      'on another node',
      () => mirror({ nodeName: 'n2' }),
      'node "n1" can only create pods with spec.nodeName set to itself',
    ],
    [
      'of nobody',
      () => mirror({}, { ownerReferences: [] }),
      'node "n1" can only create pods with an owner reference set to itself',
    ],
    [
      'that it does not control',
      () => mirror({}, owner({ controller: false })),
      'node "n1" can only create pods with a controller owner reference set to itself',
    ],
    [
      'that holds its deletion up',
      () => mirror({}, owner({ blockOwnerDeletion: true })),
      'node "n1" must not set blockOwnerDeletion on an owner reference',
    ],
    [
      'of a node that was',
      () => mirror({}, owner({ uid: 'old' })),
      'node n1 UID mismatch: expected old got UID',
    ],
    [
      'with a service account',
      () => mirror({ serviceAccountName: 'default' }),
      'a mirror pod may not reference service accounts',
    ],
    [
      'with a secret',
      () => mirror(volume({ secret: { secretName: 'far' } })),
      'a mirror pod may not reference secrets',
    ],
    [
      'with a token',
      () => mirror(volume({ projected: { sources: [{ serviceAccountToken: { path: 't' } }] } })),
      'a mirror pod may not use ServiceAccountToken volume projections',
    ],
    [
      'with a ConfigMap',
      () => mirror(volume({ configMap: { name: 'used' } })),
      'node "n1" can not create pods that reference configmaps',
    ],
    [
      'with a claim',
      () => mirror(volume({ persistentVolumeClaim: { claimName: 'claim' } })),
      'node "n1" can not create pods that reference persistentvolumeclaims',
    ],
    [
      'with a driver',
      () => mirror(volume({ csi: { driver: 'd.example' } })),
      'node "n1" can not create pods that reference csidrivers (via CSI volumes)',
    ],
  ]
  it.each(rows)('%s', async (_what, pod, expected) => {
    const said = await refusal(api.create(PODS, pod(), as('n1')))
    expect(said.replace(uids['nodes/n1'] ?? '', 'UID')).toBe(expected)
  })
})

describe('a node that writes', () => {
  const patch = (resource: ResourceInfo, name: string, body: Loose, subresource?: string) => (node: string) =>
    api.patch(resource, name, { type: 'merge', patch: body, subresource }, as(node))
  const labels = (key: string) => ({ metadata: { labels: { [key]: 'x' } } })
  const token = (spec: Loose) => async () =>
    restrictNodeToken(
      {
        operation: 'create',
        resource: SERVICE_ACCOUNTS,
        subresource: 'token',
        namespace: 'default',
        name: 'default',
        object: { metadata: { name: 'default' }, spec } as Loose,
        old: undefined,
        context: { ...api.context, ...as('n1') },
        random: { next: () => 0 },
      },
      clusterView(api.store),
      api.registry.access,
    )
  const bound = (name: string, uid: string | undefined = uids[`pods/${name}`]) => ({
    boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
  })
  const rows: readonly (readonly [string, () => (node: string) => Promise<unknown>, string])[] = [
    ['a label of its own', () => patch(NODES, 'n1', labels('example.com/a')), ALLOWED],
    ['its zone', () => patch(NODES, 'n1', labels('topology.kubernetes.io/zone')), ALLOWED],
    ['a label of nodes', () => patch(NODES, 'n1', labels('a.node.kubernetes.io/b')), ALLOWED],
    ['its status', () => patch(NODES, 'n1', { status: { phase: 'Running' } }, 'status'), ALLOWED],
    [
      'a label that says what it is for',
      () => patch(NODES, 'n1', labels('node-role.kubernetes.io/master')),
      'is not allowed to modify labels: node-role.kubernetes.io/master',
    ],
    [
      'a label that pods rely on, by its status',
      () => patch(NODES, 'n1', labels('a.node-restriction.kubernetes.io/b'), 'status'),
      'is not allowed to modify labels: a.node-restriction.kubernetes.io/b',
    ],
    [
      'its taints',
      () => patch(NODES, 'n1', { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } }),
      'node "n1" is not allowed to modify taints',
    ],
    ['another node', () => patch(NODES, 'n2', labels('a')), 'node "n1" is not allowed to modify node "n2"'],
    [
      'a new Node of another',
      () => (node) => api.create(NODES, { metadata: { name: 'n3' } }, as(node)),
      'node "n1" is not allowed to modify node "n3"',
    ],
    [
      'the status of a pod elsewhere',
      () => patch(PODS, 'p2', { status: { phase: 'Running' } }, 'status'),
      'node "n1" can only update pod status for pods with spec.nodeName set to itself',
    ],
    [
      'labels by the status of its pod',
      () => patch(PODS, 'p1', labels('a'), 'status'),
      'node "n1" cannot update labels through pod status',
    ],
    [
      'its pod',
      () => patch(PODS, 'p1', labels('a')),
      'unexpected operation "UPDATE", node "n1" can only create and delete mirror pods',
    ],
    ['a claim', () => patch(PERSISTENT_VOLUME_CLAIMS, 'claim', labels('a')), 'may only update PVC status'],
    [
      'how large a claim is',
      () => patch(PERSISTENT_VOLUME_CLAIMS, 'claim', { status: { capacity: { storage: '2Gi' } } }, 'status'),
      ALLOWED,
    ],
    [
      'a lease of another',
      () => (node) =>
        api.create(LEASES, { metadata: { name: 'n3', namespace: 'kube-node-lease' } }, as(node)),
      'can only access node lease with the same name as the requesting node',
    ],
    [
      'a lease elsewhere',
      () => (node) => api.create(LEASES, { metadata: { name: 'n1' } }, as(node)),
      'can only access leases in the "kube-node-lease" system namespace',
    ],
    [
      'a slice of another',
      () => (node) =>
        api.create(
          RESOURCE_SLICES,
          {
            metadata: { name: 'new' },
            spec: {
              driver: 'd.example',
              pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
              nodeName: 'n2',
              devices: [{ name: 'x' }],
            },
          },
          as(node),
        ),
      'can only create ResourceSlice with the same NodeName as the requesting node',
    ],
    [
      'a CSINode of another',
      () => (node) => api.create(CSI_NODES, { metadata: { name: 'n2' }, spec: { drivers: [] } }, as(node)),
      'can only access CSINode with the same name as the requesting node',
    ],
    [
      'for a certificate that is no request',
      () => (node) => {
        const spec = {
          signerName: 'kubernetes.io/kubelet-serving',
          request: Buffer.from('x').toString('base64'),
          usages: ['server auth'],
        }
        return api.create(CERTIFICATE_SIGNING_REQUESTS, { metadata: { name: 'r' }, spec }, as(node))
      },
      'unable to parse csr: PEM block type must be CERTIFICATE REQUEST',
    ],
    [
      'the eviction of a pod elsewhere',
      () => (node) => {
        const name = { namespace: 'default', name: 'p2' }
        const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: name }
        return api.registry.evict(name, eviction, { ...api.context, ...as(node) })
      },
      'node n1 can only evict pods with spec.nodeName set to itself',
    ],
    ['for a token of nobody', () => token({}), 'node requested token not bound to a pod'],
    [
      'for a token without an identity',
      () => token(bound('p1', '')),
      'node requested token with a pod binding without a uid',
    ],
    [
      'for a token of a pod elsewhere',
      () => token(bound('p2')),
      'node requested token bound to a pod scheduled on a different node',
    ],
    ['for a token of a pod that is not there', () => token(bound('none', 'x')), 'pod "none" not found'],
    [
      'for a token of many',
      () => token({ ...bound('p1'), audiences: ['a', 'b'] }),
      'node may only request 0 or 1 audiences',
    ],
    ['for a token that a volume is of', () => token({ ...bound('p1'), audiences: ['vault'] }), ALLOWED],
    ['for a token that a driver wants', () => token({ ...bound('p1'), audiences: ['driver'] }), ALLOWED],
    [
      'for a token that nobody wants',
      () => token({ ...bound('p1'), audiences: ['other'] }),
      'error validating audience "other": persistentvolumeclaim "p1-e" not found',
    ],
  ]
  it.each(rows)('%s', async (_what, write, expected) => {
    expect(await refusal(write()('n1'))).toBe(expected)
  })

  it('a new pod of anybody: others are let through', async () => {
    const user = { name: 'system:node:n1', groups: ['system:masters'] }
    const pod = { metadata: { name: 'x' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
    expect(await refusal(api.create(PODS, pod, { user, dryRun: true }))).toBe(ALLOWED)
  })
})

describe('objects that a mirror pod keeps as they are', () => {
  it('are not given an account or a token', async () => {
    const { spec } = await api.create(PODS, mirror(), { dryRun: true })
    expect([spec.serviceAccountName, spec.volumes]).toEqual([undefined, undefined])
  })

  it('unused names are there', () => {
    // What the table names and nobody made needs not be there to be refused.
    expect(api.names(SECRETS)).toEqual([])
    expect(api.names(CONFIG_MAPS)).toEqual([])
    expect(api.names(SERVICE_ACCOUNTS)).toEqual(['default'])
  })
})
