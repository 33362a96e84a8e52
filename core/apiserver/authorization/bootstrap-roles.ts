/**
 * The ClusterRoles every cluster is born with: those of its components, and of users (./user-roles.ts). Data.
 * kubernetes/kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go.
 */

import type { ClusterRole, PolicyRule } from '../../api/generated/rbac-v1.ts'
import { EVENTS_RULE, READ, READ_WRITE, allow, clusterRole, get } from './policy-rule.ts'
import { USER_ROLES } from './user-roles.ts'

/** What a kubelet needs, narrowed to what has to do with it by the node authorizer. */
export const NODE_RULES: readonly PolicyRule[] = [
  allow('create', 'authentication.k8s.io', 'tokenreviews'),
  allow('create', 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
  allow(READ, 'core', 'services'),
  allow('create get list watch', 'core', 'nodes'),
  allow('patch update', 'core', 'nodes/status'),
  allow('patch update', 'core', 'nodes'),
  allow('create patch update', 'core', 'events'),
  allow(READ, 'core', 'pods'),
  allow('create delete', 'core', 'pods'),
  allow('patch update', 'core', 'pods/status'),
  allow('create', 'core', 'pods/eviction'),
  allow(READ, 'core', 'configmaps secrets'),
  allow('get', 'core', 'persistentvolumeclaims persistentvolumes'),
  allow('get', 'core', 'endpoints'),
  allow('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
  allow('create delete get patch update', 'coordination.k8s.io', 'leases'),
  allow('get', 'storage.k8s.io', 'volumeattachments'),
  allow('create', 'core', 'serviceaccounts/token'),
  allow('get patch update', 'core', 'persistentvolumeclaims/status'),
  allow(READ, 'storage.k8s.io', 'csidrivers'),
  allow('create delete get patch update', 'storage.k8s.io', 'csinodes'),
  allow(READ, 'node.k8s.io', 'runtimeclasses'),
  allow('get', 'resource.k8s.io', 'resourceclaims'),
  allow('deletecollection', 'resource.k8s.io', 'resourceslices'),
  allow('get', 'core', 'serviceaccounts'),
]

const COMPONENTS: Readonly<Record<string, readonly PolicyRule[]>> = {
  discovery: [
    get(
      '/api',
      '/api/*',
      '/apis',
      '/apis/*',
      '/healthz',
      '/livez',
      '/openapi',
      '/openapi/*',
      '/readyz',
      '/version',
      '/version/',
    ),
  ],
  monitoring: [
    get('/healthz', '/healthz/*', '/livez', '/livez/*', '/metrics', '/metrics/slis', '/readyz', '/readyz/*'),
    allow('get', 'core', 'nodes/metrics'),
  ],
  'basic-user': [
    allow('create', 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
    allow('create', 'authentication.k8s.io', 'selfsubjectreviews'),
  ],
  'public-info-viewer': [get('/healthz', '/livez', '/readyz', '/version', '/version/')],
  'auth-delegator': [
    allow('create', 'authentication.k8s.io', 'tokenreviews'),
    allow('create', 'authorization.k8s.io', 'subjectaccessreviews'),
  ],
  'kube-aggregator': [allow(READ, 'core', 'endpoints services')],
  'service-account-issuer-discovery': [
    get(
      '/.well-known/openid-configuration',
      '/.well-known/openid-configuration/',
      '/openid/v1/jwks',
      '/openid/v1/jwks/',
    ),
  ],
  'kubelet-api-admin': [
    allow(READ, 'core', 'nodes'),
    allow('proxy', 'core', 'nodes'),
    allow('*', 'core', 'nodes/log nodes/metrics nodes/proxy nodes/stats'),
    allow('*', 'core', 'nodes/configz nodes/healthz nodes/pods'),
  ],
  'node-bootstrapper': [allow('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests')],
  'node-problem-detector': [
    allow('get', 'core', 'nodes'),
    allow('patch', 'core', 'nodes/status'),
    EVENTS_RULE,
  ],
  'node-proxier': [
    allow('list watch', 'core', 'endpoints services'),
    allow(READ, 'core', 'nodes'),
    EVENTS_RULE,
    allow('list watch', 'networking.k8s.io', 'servicecidrs'),
    allow('list watch', 'discovery.k8s.io', 'endpointslices'),
  ],
  'kube-dns': [allow('list watch', 'core', 'endpoints services')],
  'kube-scheduler': [
    EVENTS_RULE,
    allow('create', 'coordination.k8s.io', 'leases'),
    allow('get list update watch', 'coordination.k8s.io', 'leases', 'kube-scheduler'),
    allow(READ_WRITE, 'coordination.k8s.io', 'leasecandidates'),
    allow(READ, 'core', 'nodes'),
    allow('delete get list watch', 'core', 'pods'),
    allow('create', 'core', 'bindings pods/binding'),
    allow('patch update', 'core', 'pods/status'),
    allow(READ, 'core', 'replicationcontrollers services'),
    allow(READ, 'apps,extensions', 'replicasets'),
    allow(READ, 'apps', 'statefulsets'),
    allow(READ, 'policy', 'poddisruptionbudgets'),
    allow(READ, 'core', 'persistentvolumeclaims persistentvolumes'),
    allow('create', 'authentication.k8s.io', 'tokenreviews'),
    allow('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    allow(READ, 'storage.k8s.io', 'csinodes'),
    allow(READ, 'storage.k8s.io', 'volumeattachments'),
    allow(READ, 'core', 'namespaces'),
    allow(READ, 'storage.k8s.io', 'csidrivers'),
    allow(READ, 'storage.k8s.io', 'csistoragecapacities'),
    allow(READ, 'resource.k8s.io', 'deviceclasses'),
    allow('get list patch update watch', 'resource.k8s.io', 'resourceclaims'),
    allow('get list patch update watch', 'resource.k8s.io', 'resourceclaims/status'),
    allow('update', 'core', 'pods/finalizers'),
    allow(READ, 'resource.k8s.io', 'resourceslices'),
  ],
  'volume-scheduler': [
    allow('get list patch update watch', 'core', 'persistentvolumes'),
    allow(READ, 'storage.k8s.io', 'storageclasses'),
    allow('get list patch update watch', 'core', 'persistentvolumeclaims'),
  ],
  'persistent-volume-provisioner': [
    allow('create delete get list watch', 'core', 'persistentvolumes'),
    allow('get list update watch', 'core', 'persistentvolumeclaims'),
    allow(READ, 'storage.k8s.io', 'storageclasses'),
    allow('watch', 'core', 'events'),
    EVENTS_RULE,
  ],
  'kube-controller-manager': [
    EVENTS_RULE,
    allow('create', 'coordination.k8s.io', 'leases'),
    allow('get update', 'coordination.k8s.io', 'leases', 'kube-controller-manager'),
    allow('create', 'core', 'secrets serviceaccounts'),
    allow('delete', 'core', 'secrets'),
    allow('get', 'core', 'configmaps namespaces secrets serviceaccounts'),
    allow('update', 'core', 'secrets serviceaccounts'),
    allow('create', 'authentication.k8s.io', 'tokenreviews'),
    allow('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    allow('list watch', '*', '*'),
    allow('create', 'core', 'serviceaccounts/token'),
  ],
  heapster: [allow(READ, 'core', 'events namespaces nodes pods'), allow(READ, 'extensions', 'deployments')],
  node: NODE_RULES,
}

/** Those who may ask for certificates, and approve of them. */
const CERTIFICATES = 'system:certificates.k8s.io'
const REQUESTS = `${CERTIFICATES}:certificatesigningrequests`
const askingFor = (what: string): ClusterRole =>
  clusterRole(`${REQUESTS}:${what}`, [
    allow('create', 'certificates.k8s.io', `certificatesigningrequests/${what}`),
  ])
const approving = (signer: string): ClusterRole =>
  clusterRole(`${CERTIFICATES}:${signer}-approver`, [
    allow('approve', 'certificates.k8s.io', 'signers', `kubernetes.io/${signer}`),
  ])

export const BOOTSTRAP_ROLES: readonly ClusterRole[] = [
  clusterRole('cluster-admin', [allow('*', '*', '*'), { verbs: ['*'], nonResourceURLs: ['*'] }]),
  ...USER_ROLES,
  ...Object.entries(COMPONENTS).map(([name, rules]) => clusterRole(`system:${name}`, rules)),
  ...['nodeclient', 'selfnodeclient'].map(askingFor),
  ...['kube-apiserver-client', 'kube-apiserver-client-kubelet', 'kubelet-serving', 'legacy-unknown'].map(
    approving,
  ),
]
