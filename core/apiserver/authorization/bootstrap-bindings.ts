/**
 * The bindings, and the Roles in kube-system and kube-public, every cluster is born with. Data.
 * kubernetes/kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy.
 */

import type {
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from '../../api/generated/rbac-v1.ts'
import { BOOTSTRAPPING, EVENTS_RULE, READ, allow } from './policy-rule.ts'
import { CONTROLLER_ACCOUNTS, controllerRole } from './controller-roles.ts'

const API_VERSION = 'rbac.authorization.k8s.io/v1'
const GROUP = 'rbac.authorization.k8s.io'
const ANNOTATIONS = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' }

const group = (name: string): Subject => ({ kind: 'Group', apiGroup: GROUP, name })
const user = (name: string): Subject => ({ kind: 'User', apiGroup: GROUP, name })
const account = (name: string): Subject => ({ kind: 'ServiceAccount', name, namespace: 'kube-system' })
const clusterRole = (name: string): RoleRef => ({ apiGroup: GROUP, kind: 'ClusterRole', name })

function bind(role: string, subjects: readonly Subject[], name = role): ClusterRoleBinding {
  return {
    apiVersion: API_VERSION,
    kind: 'ClusterRoleBinding',
    metadata: { name, labels: BOOTSTRAPPING, annotations: ANNOTATIONS },
    ...(subjects.length === 0 ? {} : { subjects }),
    roleRef: clusterRole(role),
  }
}

const AUTHENTICATED = group('system:authenticated')

export const BOOTSTRAP_BINDINGS: readonly ClusterRoleBinding[] = [
  bind('cluster-admin', [group('system:masters')]),
  bind('system:monitoring', [group('system:monitoring')]),
  bind('system:discovery', [AUTHENTICATED]),
  bind('system:basic-user', [AUTHENTICATED]),
  bind('system:public-info-viewer', [AUTHENTICATED, group('system:unauthenticated')]),
  bind('system:service-account-issuer-discovery', [group('system:serviceaccounts')]),
  // Nobody: what nodes may do the node authorizer knows.
  bind('system:node', []),
  bind('system:node-proxier', [user('system:kube-proxy')]),
  bind('system:kube-dns', [account('kube-dns')]),
  bind('system:kube-scheduler', [user('system:kube-scheduler')]),
  bind('system:volume-scheduler', [user('system:kube-scheduler')]),
  bind('system:kube-controller-manager', [user('system:kube-controller-manager')]),
  ...CONTROLLER_ACCOUNTS.map((name) => bind(controllerRole(name), [account(name)])),
]

const place = (namespace: string, name: string) => ({
  name,
  namespace,
  labels: BOOTSTRAPPING,
  annotations: ANNOTATIONS,
})

const role = (namespace: string, name: string, rules: readonly PolicyRule[]): Role => ({
  apiVersion: API_VERSION,
  kind: 'Role',
  metadata: place(namespace, name),
  rules,
})

const roleBinding = (
  namespace: string,
  name: string,
  subjects: readonly Subject[],
  of = name,
): RoleBinding => ({
  apiVersion: API_VERSION,
  kind: 'RoleBinding',
  metadata: place(namespace, name),
  subjects,
  roleRef: { apiGroup: GROUP, kind: 'Role', name: of },
})

const AUTHENTICATION_READER = 'extension-apiserver-authentication-reader'
const SYSTEM = 'kube-system'
const leader = (name: string): string => `system::leader-locking-${name}`
const controller = (name: string): string => `system:controller:${name}`
const BOOTSTRAP_SIGNER = 'bootstrap-signer'

const leaderRules = (name: string): readonly PolicyRule[] => [
  allow('watch', 'core', 'configmaps'),
  allow('get update', 'core', 'configmaps', name),
  allow('create get list update watch', 'coordination.k8s.io', 'leases'),
  allow('create get list update watch', 'coordination.k8s.io', 'leasecandidates'),
]

export const BOOTSTRAP_NAMESPACED_ROLES: readonly Role[] = [
  role(SYSTEM, AUTHENTICATION_READER, [
    allow(READ, 'core', 'configmaps', 'extension-apiserver-authentication'),
  ]),
  ...['kube-controller-manager', 'kube-scheduler'].map((name) =>
    role(SYSTEM, leader(name), leaderRules(name)),
  ),
  role(SYSTEM, controller(BOOTSTRAP_SIGNER), [allow(READ, 'core', 'secrets')]),
  role(SYSTEM, controller('cloud-provider'), [allow('create get list watch', 'core', 'configmaps')]),
  role(SYSTEM, controller('token-cleaner'), [allow('delete get list watch', 'core', 'secrets'), EVENTS_RULE]),
  role('kube-public', controller(BOOTSTRAP_SIGNER), [
    allow(READ, 'core', 'configmaps'),
    allow('update', 'core', 'configmaps', 'cluster-info'),
    EVENTS_RULE,
  ]),
]

const MANAGER = 'kube-controller-manager'
const SCHEDULER = 'kube-scheduler'

export const BOOTSTRAP_ROLE_BINDINGS: readonly RoleBinding[] = [
  roleBinding(
    SYSTEM,
    `system::${AUTHENTICATION_READER}`,
    [user(`system:${MANAGER}`), user(`system:${SCHEDULER}`)],
    AUTHENTICATION_READER,
  ),
  roleBinding(SYSTEM, leader(MANAGER), [
    user(`system:${MANAGER}`),
    account(MANAGER),
    account('leader-election-controller'),
  ]),
  roleBinding(SYSTEM, leader(SCHEDULER), [user(`system:${SCHEDULER}`), account(SCHEDULER)]),
  ...[BOOTSTRAP_SIGNER, 'cloud-provider', 'token-cleaner'].map((name) =>
    roleBinding(SYSTEM, controller(name), [account(name)]),
  ),
  roleBinding('kube-public', controller(BOOTSTRAP_SIGNER), [account(BOOTSTRAP_SIGNER)]),
]
