/**
 * The bindings, and the Roles in kube-system and kube-public, every cluster is born with. Data.
 * kubernetes/kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy.
 */

import type { ClusterRoleBinding, Role, RoleBinding, RoleRef, Subject } from '../../api/generated/rbac-v1.ts'
import { allow, BOOTSTRAPPING } from './bootstrap-roles.ts'
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
  bind('system:kube-dns', [account('kube-dns'), account('coredns')]),
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

const AUTHENTICATION_READER = 'extension-apiserver-authentication-reader'
const LEADERS = ['kube-controller-manager', 'kube-scheduler'] as const

export const BOOTSTRAP_NAMESPACED_ROLES: readonly Role[] = [
  {
    apiVersion: API_VERSION,
    kind: 'Role',
    metadata: place('kube-system', AUTHENTICATION_READER),
    rules: [allow(['get', 'list', 'watch'], 'core', 'configmaps', ['extension-apiserver-authentication'])],
  },
  ...LEADERS.map((name): Role => ({
    apiVersion: API_VERSION,
    kind: 'Role',
    metadata: place('kube-system', `system::leader-locking-${name}`),
    rules: [allow(['watch'], 'core', 'configmaps'), allow(['get', 'update'], 'core', 'configmaps', [name])],
  })),
]

const roleBinding = (role: string, subjects: readonly Subject[]): RoleBinding => ({
  apiVersion: API_VERSION,
  kind: 'RoleBinding',
  metadata: place('kube-system', role),
  subjects,
  roleRef: { apiGroup: GROUP, kind: 'Role', name: role },
})

export const BOOTSTRAP_ROLE_BINDINGS: readonly RoleBinding[] = [
  roleBinding(AUTHENTICATION_READER, [user('system:kube-controller-manager'), user('system:kube-scheduler')]),
  ...LEADERS.map((name) => roleBinding(`system::leader-locking-${name}`, [user(`system:${name}`)])),
]
