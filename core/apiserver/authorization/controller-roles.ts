/**
 * ClusterRoles of the controllers, each for the service account of its name in kube-system: what an external
 * controller manager that uses their credentials may do. Data.
 * kubernetes/kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go.
 */

import type { ClusterRole, PolicyRule } from '../../api/generated/rbac-v1.ts'
import { allow, clusterRole, EVENTS_RULE } from './bootstrap-roles.ts'

const READ = ['get', 'list', 'watch']
const LIST_WATCH = ['list', 'watch']
const POD_OWNER = ['create', 'delete', 'list', 'patch', 'watch']

const RULES: Readonly<Record<string, readonly PolicyRule[]>> = {
  'clusterrole-aggregation-controller': [
    allow(
      ['escalate', 'get', 'list', 'patch', 'update', 'watch'],
      'rbac.authorization.k8s.io',
      'clusterroles',
    ),
  ],
  'cronjob-controller': [
    allow([...READ, 'update'], 'batch', 'cronjobs'),
    allow(['create', 'delete', ...READ, 'patch', 'update'], 'batch', 'jobs'),
    allow(['update'], 'batch', 'cronjobs/finalizers cronjobs/status'),
    allow(['delete', 'list'], 'core', 'pods'),
    EVENTS_RULE,
  ],
  'daemon-set-controller': [
    allow(READ, 'apps', 'daemonsets'),
    allow(['update'], 'apps', 'daemonsets/finalizers daemonsets/status'),
    allow(LIST_WATCH, 'core', 'nodes'),
    allow(POD_OWNER, 'core', 'pods'),
    allow(['create'], 'core', 'pods/binding'),
    allow(['create', 'delete', ...READ, 'patch', 'update'], 'apps', 'controllerrevisions'),
    EVENTS_RULE,
  ],
  'deployment-controller': [
    allow([...READ, 'update'], 'apps', 'deployments'),
    allow(['update'], 'apps', 'deployments/finalizers deployments/status'),
    allow(['create', 'delete', ...READ, 'patch', 'update'], 'apps', 'replicasets'),
    allow([...READ, 'update'], 'core', 'pods'),
    EVENTS_RULE,
  ],
  'disruption-controller': [
    allow(READ, 'apps', 'deployments replicasets statefulsets'),
    allow(READ, 'core', 'replicationcontrollers'),
    allow(READ, 'policy', 'poddisruptionbudgets'),
    allow(['update'], 'policy', 'poddisruptionbudgets/status'),
    allow(['patch', 'update'], 'core', 'pods/status'),
    allow(LIST_WATCH, 'core', 'pods'),
    allow(['get'], '*', '*/scale'),
    EVENTS_RULE,
  ],
  'endpoint-controller': [
    allow(READ, 'core', 'pods services'),
    allow(['create', 'delete', ...READ, 'update'], 'core', 'endpoints'),
    allow(['create'], 'core', 'endpoints/restricted'),
    EVENTS_RULE,
  ],
  'endpointslice-controller': [
    allow(READ, 'core', 'nodes pods services'),
    allow(['update'], 'core', 'services/finalizers'),
    allow(['create', 'delete', ...READ, 'update'], 'discovery.k8s.io', 'endpointslices'),
    allow(['create'], 'discovery.k8s.io', 'endpointslices/restricted'),
    EVENTS_RULE,
  ],
  'endpointslicemirroring-controller': [
    allow(READ, 'core', 'endpoints services'),
    allow(['update'], 'core', 'endpoints/finalizers services/finalizers'),
    allow(['create', 'delete', ...READ, 'update'], 'discovery.k8s.io', 'endpointslices'),
    allow(['create'], 'discovery.k8s.io', 'endpointslices/restricted'),
    EVENTS_RULE,
  ],
  'ephemeral-volume-controller': [
    allow(READ, 'core', 'pods'),
    allow(['update'], 'core', 'pods/finalizers'),
    allow(['create', ...READ], 'core', 'persistentvolumeclaims'),
    EVENTS_RULE,
  ],
  'generic-garbage-collector': [allow(['delete', ...READ, 'patch', 'update'], '*', '*'), EVENTS_RULE],
  'horizontal-pod-autoscaler': [
    allow(READ, 'autoscaling', 'horizontalpodautoscalers'),
    allow(['update'], 'autoscaling', 'horizontalpodautoscalers/status'),
    allow(['get', 'update'], '*', '*/scale'),
    allow(['list'], 'core', 'pods'),
    allow(['list'], 'metrics.k8s.io', 'pods'),
    allow(['get', 'list'], 'custom.metrics.k8s.io,external.metrics.k8s.io', '*'),
    EVENTS_RULE,
  ],
  'job-controller': [
    allow([...READ, 'patch', 'update'], 'batch', 'jobs'),
    allow(['update'], 'batch', 'jobs/finalizers jobs/status'),
    allow(POD_OWNER, 'core', 'pods'),
    EVENTS_RULE,
  ],
  'namespace-controller': [
    allow(['delete', 'get', 'list', 'watch'], 'core', 'namespaces'),
    allow(['update'], 'core', 'namespaces/finalize namespaces/status'),
    allow(['delete', 'deletecollection', 'get', 'list'], '*', '*'),
  ],
  'node-controller': [
    allow(['delete', 'get', 'list', 'patch', 'update'], 'core', 'nodes'),
    allow(['patch', 'update'], 'core', 'nodes/status'),
    allow(['patch', 'update'], 'core', 'pods/status'),
    allow(['delete', 'get', 'list'], 'core', 'pods'),
    EVENTS_RULE,
  ],
  'pod-garbage-collector': [
    allow(['delete', 'list', 'watch'], 'core', 'pods'),
    allow(['get', 'list'], 'core', 'nodes'),
    allow(['patch'], 'core', 'pods/status'),
  ],
  'pv-protection-controller': [allow([...READ, 'update'], 'core', 'persistentvolumes'), EVENTS_RULE],
  'pvc-protection-controller': [
    allow([...READ, 'update'], 'core', 'persistentvolumeclaims'),
    allow(READ, 'core', 'pods'),
    EVENTS_RULE,
  ],
  'replicaset-controller': [
    allow([...READ, 'update'], 'apps', 'replicasets'),
    allow(['update'], 'apps', 'replicasets/finalizers replicasets/status'),
    allow(POD_OWNER, 'core', 'pods'),
    EVENTS_RULE,
  ],
  'replication-controller': [
    allow([...READ, 'update'], 'core', 'replicationcontrollers'),
    allow(['update'], 'core', 'replicationcontrollers/finalizers replicationcontrollers/status'),
    allow(POD_OWNER, 'core', 'pods'),
    EVENTS_RULE,
  ],
  'resourcequota-controller': [
    allow(LIST_WATCH, '*', '*'),
    allow(['update'], 'core', 'resourcequotas/status'),
    EVENTS_RULE,
  ],
  'root-ca-cert-publisher': [allow(['create', 'update'], 'core', 'configmaps'), EVENTS_RULE],
  'route-controller': [
    allow(LIST_WATCH, 'core', 'nodes'),
    allow(['patch'], 'core', 'nodes/status'),
    EVENTS_RULE,
  ],
  'service-account-controller': [allow(['create'], 'core', 'serviceaccounts'), EVENTS_RULE],
  'service-cidrs-controller': [
    allow([...READ, 'patch', 'update'], 'networking.k8s.io', 'servicecidrs'),
    allow(['patch', 'update'], 'networking.k8s.io', 'servicecidrs/finalizers servicecidrs/status'),
    allow(READ, 'networking.k8s.io', 'ipaddresses'),
    EVENTS_RULE,
  ],
  'service-controller': [
    allow(READ, 'core', 'services'),
    allow(['patch', 'update'], 'core', 'services/status'),
    allow(LIST_WATCH, 'core', 'nodes'),
    EVENTS_RULE,
  ],
  'statefulset-controller': [
    allow(LIST_WATCH, 'core', 'pods'),
    allow(READ, 'apps', 'statefulsets'),
    allow(['update'], 'apps', 'statefulsets/finalizers statefulsets/status'),
    allow(['create', 'delete', 'get', 'patch', 'update'], 'core', 'pods'),
    allow(['create', 'delete', ...READ, 'patch', 'update'], 'apps', 'controllerrevisions'),
    allow(['create', 'get'], 'core', 'persistentvolumeclaims'),
    allow(['delete', 'update'], 'core', 'persistentvolumeclaims'),
    EVENTS_RULE,
  ],
  'ttl-controller': [allow([...LIST_WATCH, 'patch', 'update'], 'core', 'nodes'), EVENTS_RULE],
  'ttl-after-finished-controller': [allow(['delete', ...READ], 'batch', 'jobs'), EVENTS_RULE],
  'validatingadmissionpolicy-status-controller': [
    allow(READ, 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
    allow(['get', 'patch', 'update'], 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
    EVENTS_RULE,
  ],
}

const ROLE_PREFIX = 'system:controller:'

export const CONTROLLER_ROLES: readonly ClusterRole[] = Object.entries(RULES).map(([name, rules]) =>
  clusterRole(ROLE_PREFIX + name, rules),
)

/** Names of the controllers' service accounts in kube-system. */
export const CONTROLLER_ACCOUNTS: readonly string[] = Object.keys(RULES)

export const controllerRole = (account: string): string => ROLE_PREFIX + account
