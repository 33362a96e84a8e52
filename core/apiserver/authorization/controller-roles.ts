/**
 * ClusterRoles of the controllers, each for the service account of its name in kube-system: what an external
 * controller manager that uses their credentials may do. Data.
 * kubernetes/kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go.
 */

import type { ClusterRole, PolicyRule } from '../../api/generated/rbac-v1.ts'
import { EVENTS_RULE, READ, allow, clusterRole } from './policy-rule.ts'

const RULES: Readonly<Record<string, readonly PolicyRule[]>> = {
  'attachdetach-controller': [
    allow('list watch', 'core', 'persistentvolumeclaims persistentvolumes'),
    allow(READ, 'core', 'nodes'),
    allow('patch update', 'core', 'nodes/status'),
    allow('list watch', 'core', 'pods'),
    EVENTS_RULE,
    allow('create delete get list watch', 'storage.k8s.io', 'volumeattachments'),
    allow(READ, 'storage.k8s.io', 'csidrivers'),
    allow(READ, 'storage.k8s.io', 'csinodes'),
  ],
  'certificate-controller': [
    allow('delete get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
    allow(
      'update',
      'certificates.k8s.io',
      'certificatesigningrequests/approval certificatesigningrequests/status',
    ),
    allow('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kube-apiserver-client-kubelet'),
    allow(
      'sign',
      'certificates.k8s.io',
      'signers',
      'kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown',
    ),
    allow('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    EVENTS_RULE,
  ],
  'clusterrole-aggregation-controller': [
    allow('escalate get list patch update watch', 'rbac.authorization.k8s.io', 'clusterroles'),
  ],
  'cronjob-controller': [
    allow('get list update watch', 'batch', 'cronjobs'),
    allow('create delete get list patch update watch', 'batch', 'jobs'),
    allow('update', 'batch', 'cronjobs/status'),
    allow('update', 'batch', 'cronjobs/finalizers'),
    allow('delete list watch', 'core', 'pods'),
    EVENTS_RULE,
  ],
  'daemon-set-controller': [
    allow(READ, 'apps,extensions', 'daemonsets'),
    allow('update', 'apps,extensions', 'daemonsets/status'),
    allow('update', 'apps,extensions', 'daemonsets/finalizers'),
    allow('list watch', 'core', 'nodes'),
    allow('create delete list patch watch', 'core', 'pods'),
    allow('create', 'core', 'pods/binding'),
    allow('create delete get list patch update watch', 'apps', 'controllerrevisions'),
    EVENTS_RULE,
  ],
  'deployment-controller': [
    allow('get list update watch', 'apps,extensions', 'deployments'),
    allow('update', 'apps,extensions', 'deployments/status'),
    allow('update', 'apps,extensions', 'deployments/finalizers'),
    allow('create delete get list patch update watch', 'apps,extensions', 'replicasets'),
    allow('get list update watch', 'core', 'pods'),
    EVENTS_RULE,
  ],
  'disruption-controller': [
    allow(READ, 'apps,extensions', 'deployments'),
    allow(READ, 'apps,extensions', 'replicasets'),
    allow(READ, 'core', 'replicationcontrollers'),
    allow(READ, 'policy', 'poddisruptionbudgets'),
    allow(READ, 'apps', 'statefulsets'),
    allow('update', 'policy', 'poddisruptionbudgets/status'),
    allow('patch update', 'core', 'pods/status'),
    allow('get', '*', '*/scale'),
    EVENTS_RULE,
  ],
  'endpoint-controller': [
    allow(READ, 'core', 'pods services'),
    allow('create delete get list update watch', 'core', 'endpoints'),
    allow('create', 'core', 'endpoints/restricted'),
    EVENTS_RULE,
  ],
  'endpointslice-controller': [
    allow(READ, 'core', 'nodes pods services'),
    allow('update', 'core', 'services/finalizers'),
    allow('create delete get list update watch', 'discovery.k8s.io', 'endpointslices'),
    EVENTS_RULE,
  ],
  'endpointslicemirroring-controller': [
    allow(READ, 'core', 'endpoints services'),
    allow('update', 'core', 'services/finalizers'),
    allow('update', 'core', 'endpoints/finalizers'),
    allow('create delete get list update watch', 'discovery.k8s.io', 'endpointslices'),
    EVENTS_RULE,
  ],
  'ephemeral-volume-controller': [
    allow(READ, 'core', 'pods'),
    allow('update', 'core', 'pods/finalizers'),
    allow('create get list watch', 'core', 'persistentvolumeclaims'),
    EVENTS_RULE,
  ],
  'expand-controller': [
    allow('get list patch update watch', 'core', 'persistentvolumes'),
    allow('patch update', 'core', 'persistentvolumeclaims/status'),
    allow(READ, 'core', 'persistentvolumeclaims'),
    EVENTS_RULE,
    allow('get', 'core', 'services'),
  ],
  'generic-garbage-collector': [allow('delete get list patch update watch', '*', '*'), EVENTS_RULE],
  'horizontal-pod-autoscaler': [
    allow(READ, 'autoscaling', 'horizontalpodautoscalers'),
    allow('update', 'autoscaling', 'horizontalpodautoscalers/status'),
    allow('get update', '*', '*/scale'),
    allow('list watch', 'core', 'pods'),
    allow('list watch', 'metrics.k8s.io', 'pods'),
    allow(READ, 'custom.metrics.k8s.io', '*'),
    allow(READ, 'external.metrics.k8s.io', '*'),
    EVENTS_RULE,
  ],
  'job-controller': [
    allow('get list patch update watch', 'batch', 'jobs'),
    allow('update', 'batch', 'jobs/status'),
    allow('update', 'batch', 'jobs/finalizers'),
    allow('create delete list patch watch', 'core', 'pods'),
    EVENTS_RULE,
  ],
  'legacy-service-account-token-cleaner': [
    allow('get', 'core', 'configmaps', 'kube-apiserver-legacy-service-account-token-tracking'),
    allow('delete patch', 'core', 'secrets'),
  ],
  'namespace-controller': [
    allow('delete get list watch', 'core', 'namespaces'),
    allow('update', 'core', 'namespaces/finalize namespaces/status'),
    allow('delete deletecollection get list watch', '*', '*'),
  ],
  'node-controller': [
    allow('delete get list patch update watch', 'core', 'nodes'),
    allow('patch update', 'core', 'nodes/status'),
    allow('patch update', 'core', 'pods/status'),
    allow('delete get list watch', 'core', 'pods'),
    EVENTS_RULE,
  ],
  'persistent-volume-binder': [
    allow('create delete get list update watch', 'core', 'persistentvolumes'),
    allow('update', 'core', 'persistentvolumes/status'),
    allow('get list update watch', 'core', 'persistentvolumeclaims'),
    allow('update', 'core', 'persistentvolumeclaims/status'),
    allow('create delete get list watch', 'core', 'pods'),
    allow(READ, 'storage.k8s.io', 'storageclasses'),
    allow('list watch', 'core', 'nodes'),
    EVENTS_RULE,
    allow('watch', 'core', 'events'),
    allow('get', 'core', 'services'),
  ],
  'pod-garbage-collector': [
    allow('delete list watch', 'core', 'pods'),
    allow(READ, 'core', 'nodes'),
    allow('patch', 'core', 'pods/status'),
  ],
  'pv-protection-controller': [allow('get list update watch', 'core', 'persistentvolumes'), EVENTS_RULE],
  'pvc-protection-controller': [
    allow('get list update watch', 'core', 'persistentvolumeclaims'),
    allow(READ, 'core', 'pods'),
    EVENTS_RULE,
  ],
  'replicaset-controller': [
    allow('get list update watch', 'apps,extensions', 'replicasets'),
    allow('update', 'apps,extensions', 'replicasets/status'),
    allow('update', 'apps,extensions', 'replicasets/finalizers'),
    allow('create delete list patch watch', 'core', 'pods'),
    EVENTS_RULE,
  ],
  'replication-controller': [
    allow('get list update watch', 'core', 'replicationcontrollers'),
    allow('update', 'core', 'replicationcontrollers/status'),
    allow('update', 'core', 'replicationcontrollers/finalizers'),
    allow('create delete list patch watch', 'core', 'pods'),
    EVENTS_RULE,
  ],
  'resource-claim-controller': [
    allow(READ, 'core', 'pods'),
    allow('update', 'core', 'pods/finalizers'),
    allow('create delete get list watch', 'resource.k8s.io', 'resourceclaims'),
    allow('patch update', 'resource.k8s.io', 'resourceclaims resourceclaims/status'),
    allow('patch update', 'core', 'pods/status'),
    EVENTS_RULE,
  ],
  'resourcequota-controller': [
    allow('list watch', '*', '*'),
    allow('update', 'core', 'resourcequotas/status'),
    EVENTS_RULE,
  ],
  'root-ca-cert-publisher': [allow('create update', 'core', 'configmaps'), EVENTS_RULE],
  'route-controller': [
    allow('list watch', 'core', 'nodes'),
    allow('patch', 'core', 'nodes/status'),
    EVENTS_RULE,
  ],
  'selinux-warning-controller': [
    EVENTS_RULE,
    allow(READ, 'core', 'persistentvolumes'),
    allow(READ, 'core', 'persistentvolumeclaims'),
    allow(READ, 'core', 'pods'),
    allow(READ, 'storage.k8s.io', 'csidrivers'),
  ],
  'service-account-controller': [allow('create', 'core', 'serviceaccounts'), EVENTS_RULE],
  'service-cidrs-controller': [
    allow('get list patch update watch', 'networking.k8s.io', 'servicecidrs'),
    allow('patch update', 'networking.k8s.io', 'servicecidrs/finalizers'),
    allow('patch update', 'networking.k8s.io', 'servicecidrs/status'),
    allow(READ, 'networking.k8s.io', 'ipaddresses'),
    EVENTS_RULE,
  ],
  'service-controller': [
    allow(READ, 'core', 'services'),
    allow('patch update', 'core', 'services/status'),
    allow('list watch', 'core', 'nodes'),
    EVENTS_RULE,
  ],
  'statefulset-controller': [
    allow('list watch', 'core', 'pods'),
    allow(READ, 'apps', 'statefulsets'),
    allow('update', 'apps', 'statefulsets/status'),
    allow('update', 'apps', 'statefulsets/finalizers'),
    allow('create delete get patch update', 'core', 'pods'),
    allow('create delete get list patch update watch', 'apps', 'controllerrevisions'),
    allow('create get list watch', 'core', 'persistentvolumeclaims'),
    EVENTS_RULE,
    allow('delete update', 'core', 'persistentvolumeclaims'),
    allow('update', 'core', 'pods/finalizers'),
  ],
  'ttl-after-finished-controller': [allow('delete get list watch', 'batch', 'jobs'), EVENTS_RULE],
  'ttl-controller': [allow('list patch update watch', 'core', 'nodes'), EVENTS_RULE],
  'validatingadmissionpolicy-status-controller': [
    allow(READ, 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
    allow('get patch update', 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
    EVENTS_RULE,
  ],
  'volumeattributesclass-protection-controller': [
    allow(READ, 'core', 'persistentvolumeclaims'),
    allow(READ, 'core', 'persistentvolumes'),
    allow('get list update watch', 'storage.k8s.io', 'volumeattributesclasses'),
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
