/**
 * The ClusterRoles every cluster is born with. Data.
 * kubernetes/kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go. Roles of optional components that
 * are no part of a plain cluster (heapster, cloud providers, volume plugins) are left out.
 */

import type { ClusterRole, PolicyRule } from '../../api/generated/rbac-v1.ts'

const READ = ['get', 'list', 'watch']
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update']
const READ_UPDATE = [...READ, 'update', 'patch']
const READ_WRITE = [...READ, ...WRITE]

/** @param groups separated by commas; `core` is '' */
export function allow(
  verbs: readonly string[],
  groups: string,
  resources: string,
  names?: readonly string[],
): PolicyRule {
  return {
    verbs,
    apiGroups: groups.split(',').map((group) => (group === 'core' ? '' : group)),
    resources: resources.split(' '),
    ...(names ? { resourceNames: names } : {}),
  }
}

const get = (...nonResourceURLs: readonly string[]): PolicyRule => ({ verbs: ['get'], nonResourceURLs })

/** Events are written under both groups. */
export const EVENTS_RULE: PolicyRule = allow(['create', 'patch', 'update'], 'core,events.k8s.io', 'events')

export const BOOTSTRAPPING: Readonly<Record<string, string>> = {
  'kubernetes.io/bootstrapping': 'rbac-defaults',
}
const AUTOUPDATE = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' }

export function clusterRole(
  name: string,
  rules: readonly PolicyRule[],
  labels: Readonly<Record<string, string>> = {},
): ClusterRole {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name, labels: { ...BOOTSTRAPPING, ...labels }, annotations: AUTOUPDATE },
    rules,
  }
}

const aggregatesTo = (role: string): Readonly<Record<string, string>> => ({
  [`rbac.authorization.k8s.io/aggregate-to-${role}`]: 'true',
})

function aggregated(name: string, labels: Readonly<Record<string, string>> = {}): ClusterRole {
  const { rules: _rules, ...role } = clusterRole(name, [], labels)
  return { ...role, aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregatesTo(name) }] } }
}

const WORKLOADS = 'deployments deployments/scale replicasets replicasets/scale'

const VIEW: readonly PolicyRule[] = [
  allow(
    READ,
    'core',
    'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers ' +
      'replicationcontrollers/scale serviceaccounts services services/status',
  ),
  allow(
    READ,
    'core',
    'bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status ' +
      'resourcequotas resourcequotas/status',
  ),
  allow(READ, 'core', 'namespaces'),
  allow(READ, 'discovery.k8s.io', 'endpointslices'),
  allow(
    READ,
    'apps',
    `controllerrevisions daemonsets daemonsets/status ${WORKLOADS} deployments/status replicasets/status ` +
      'statefulsets statefulsets/scale statefulsets/status',
  ),
  allow(READ, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
  allow(READ, 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
  allow(READ, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
  allow(READ, 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'),
]

const EDIT: readonly PolicyRule[] = [
  allow(READ, 'core', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'),
  allow(['impersonate'], 'core', 'serviceaccounts'),
  allow(WRITE, 'core', 'pods pods/attach pods/exec pods/portforward pods/proxy'),
  allow(['create'], 'core', 'pods/eviction'),
  allow(
    WRITE,
    'core',
    'configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets ' +
      'serviceaccounts services services/proxy',
  ),
  allow(['create'], 'core', 'serviceaccounts/token'),
  allow(WRITE, 'apps', `daemonsets ${WORKLOADS} deployments/rollback statefulsets statefulsets/scale`),
  allow(WRITE, 'autoscaling', 'horizontalpodautoscalers'),
  allow(WRITE, 'batch', 'cronjobs jobs'),
  allow(WRITE, 'policy', 'poddisruptionbudgets'),
  allow(WRITE, 'networking.k8s.io', 'ingresses networkpolicies'),
  allow([...READ, ...WRITE], 'coordination.k8s.io', 'leases'),
]

const ADMIN: readonly PolicyRule[] = [
  allow(['create'], 'authorization.k8s.io', 'localsubjectaccessreviews'),
  allow(READ_WRITE, 'rbac.authorization.k8s.io', 'rolebindings roles'),
]

/** What a kubelet needs, narrowed to what has to do with it by the node authorizer. */
export const NODE_RULES: readonly PolicyRule[] = [
  allow(['create'], 'authentication.k8s.io', 'tokenreviews'),
  allow(['create'], 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
  allow(READ, 'core', 'services'),
  allow(['create', ...READ], 'core', 'nodes'),
  allow(['patch', 'update'], 'core', 'nodes/status'),
  allow(['patch', 'update'], 'core', 'nodes'),
  allow(['create', 'patch', 'update'], 'core', 'events'),
  allow(READ, 'core', 'pods'),
  allow(['create', 'delete'], 'core', 'pods'),
  allow(['patch', 'update'], 'core', 'pods/status'),
  allow(['create'], 'core', 'pods/eviction'),
  allow(READ, 'core', 'configmaps secrets'),
  allow(['get'], 'core', 'persistentvolumeclaims persistentvolumes'),
  allow(['get'], 'core', 'endpoints'),
  allow(['create', 'get', 'list', 'watch'], 'certificates.k8s.io', 'certificatesigningrequests'),
  allow(['create', 'delete', 'get', 'patch', 'update'], 'coordination.k8s.io', 'leases'),
  allow(['get'], 'storage.k8s.io', 'volumeattachments'),
  allow(['create'], 'core', 'serviceaccounts/token'),
  allow(['get', 'patch', 'update'], 'core', 'persistentvolumeclaims/status'),
  allow(READ, 'storage.k8s.io', 'csidrivers'),
  allow(['create', 'delete', 'get', 'patch', 'update'], 'storage.k8s.io', 'csinodes'),
  allow(READ, 'node.k8s.io', 'runtimeclasses'),
  allow(['get'], 'resource.k8s.io', 'resourceclaims'),
  allow(['deletecollection'], 'resource.k8s.io', 'resourceslices'),
  allow(['get'], 'core', 'serviceaccounts'),
]

const NODE_PROXIER: readonly PolicyRule[] = [
  allow(['list', 'watch'], 'core', 'endpoints services'),
  allow(['get', 'list', 'watch'], 'core', 'nodes'),
  EVENTS_RULE,
  allow(['list', 'watch'], 'discovery.k8s.io', 'endpointslices'),
  allow(['list', 'watch'], 'networking.k8s.io', 'servicecidrs'),
]

const SCHEDULER: readonly PolicyRule[] = [
  EVENTS_RULE,
  allow(['create'], 'coordination.k8s.io', 'leases'),
  allow(['get', 'list', 'update', 'watch'], 'coordination.k8s.io', 'leases', ['kube-scheduler']),
  allow(READ, 'core', 'nodes'),
  allow(['delete', ...READ], 'core', 'pods'),
  allow(['create'], 'core', 'bindings pods/binding'),
  allow(['patch', 'update'], 'core', 'pods/status'),
  allow(READ, 'core', 'replicationcontrollers services'),
  allow(READ, 'apps', 'replicasets statefulsets'),
  allow(READ, 'policy', 'poddisruptionbudgets'),
  allow(READ_UPDATE, 'core', 'persistentvolumeclaims persistentvolumes'),
  allow(['create'], 'authentication.k8s.io', 'tokenreviews'),
  allow(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
  allow(READ, 'storage.k8s.io', 'csidrivers csinodes csistoragecapacities volumeattachments'),
  allow(READ, 'core', 'namespaces'),
]

const VOLUME_SCHEDULER: readonly PolicyRule[] = [
  allow([...READ, 'patch', 'update'], 'core', 'persistentvolumes'),
  allow(READ, 'storage.k8s.io', 'storageclasses'),
  allow([...READ, 'patch', 'update'], 'core', 'persistentvolumeclaims'),
]

const CONTROLLER_MANAGER: readonly PolicyRule[] = [
  EVENTS_RULE,
  allow(['create'], 'coordination.k8s.io', 'leases'),
  allow(['get', 'list', 'update', 'watch'], 'coordination.k8s.io', 'leases', ['kube-controller-manager']),
  allow(['create'], 'core', 'secrets serviceaccounts'),
  allow(['delete'], 'core', 'secrets'),
  allow(['get'], 'core', 'configmaps namespaces secrets serviceaccounts'),
  allow(['update'], 'core', 'secrets serviceaccounts'),
  allow(['create'], 'authentication.k8s.io', 'tokenreviews'),
  allow(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
  allow(['list', 'watch'], '*', '*'),
  allow(['create'], 'core', 'serviceaccounts/token'),
]

const PUBLIC_PATHS = ['/healthz', '/livez', '/readyz', '/version', '/version/']
const DISCOVERY_PATHS = ['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*']

export const BOOTSTRAP_ROLES: readonly ClusterRole[] = [
  clusterRole('cluster-admin', [allow(['*'], '*', '*'), { verbs: ['*'], nonResourceURLs: ['*'] }]),
  clusterRole('system:discovery', [get(...DISCOVERY_PATHS, ...PUBLIC_PATHS)]),
  clusterRole('system:public-info-viewer', [get(...PUBLIC_PATHS)]),
  clusterRole('system:monitoring', [
    get('/healthz', '/healthz/*', '/livez', '/livez/*', '/metrics', '/metrics/slis', '/readyz', '/readyz/*'),
  ]),
  clusterRole('system:basic-user', [
    allow(['create'], 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
    allow(['create'], 'authentication.k8s.io', 'selfsubjectreviews'),
  ]),
  aggregated('admin'),
  aggregated('edit', aggregatesTo('admin')),
  aggregated('view', aggregatesTo('edit')),
  clusterRole('system:aggregate-to-admin', ADMIN, aggregatesTo('admin')),
  clusterRole('system:aggregate-to-edit', EDIT, aggregatesTo('edit')),
  clusterRole('system:aggregate-to-view', VIEW, aggregatesTo('view')),
  clusterRole('system:auth-delegator', [
    allow(['create'], 'authentication.k8s.io', 'tokenreviews'),
    allow(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
  ]),
  clusterRole('system:service-account-issuer-discovery', [
    get(
      '/.well-known/openid-configuration',
      '/.well-known/openid-configuration/',
      '/openid/v1/jwks',
      '/openid/v1/jwks/',
    ),
  ]),
  clusterRole('system:kubelet-api-admin', [
    allow(READ, 'core', 'nodes'),
    allow(['proxy'], 'core', 'nodes'),
    allow(['*'], 'core', 'nodes/log nodes/metrics nodes/proxy nodes/stats'),
  ]),
  clusterRole('system:node', NODE_RULES),
  clusterRole('system:node-bootstrapper', [
    allow(['create', 'get', 'list', 'watch'], 'certificates.k8s.io', 'certificatesigningrequests'),
  ]),
  clusterRole('system:node-proxier', NODE_PROXIER),
  clusterRole('system:kube-dns', [
    allow(['list', 'watch'], 'core', 'endpoints services'),
    allow(['list', 'watch'], 'discovery.k8s.io', 'endpointslices'),
  ]),
  clusterRole('system:kube-scheduler', SCHEDULER),
  clusterRole('system:volume-scheduler', VOLUME_SCHEDULER),
  clusterRole('system:kube-controller-manager', CONTROLLER_MANAGER),
]
