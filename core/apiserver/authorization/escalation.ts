/**
 * Nobody may give away what they do not have: checks of roles and bindings on their way in. Pure.
 * kubernetes/kubernetes pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased,
 * pkg/registry/rbac/validation/rule.go (ConfirmNoEscalation).
 */

import { forbidden, notFound } from '../../api/api-error.ts'
import { isSameValue } from '../../api/equality.ts'
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
} from '../../api/generated/rbac-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { CLUSTER_ROLES, ROLES } from '../../api/scheme.ts'
import { RBAC_GROUP } from '../../api/validation/rbac.ts'
import type { User } from '../requests/request.ts'
import type { Access } from './access.ts'
import { ruleText, uncovered } from './rules.ts'

export interface PolicyWrite {
  readonly user: User
  readonly resource: ResourceInfo
  readonly object: KubernetesObject
  /** undefined on create */
  readonly old: KubernetesObject | undefined
}

/** @throws ApiError Forbidden when the write would give more than the user has; NotFound for a role there is not */
export function refuseEscalation(access: Access, write: PolicyWrite): void {
  const { user, resource } = write
  if (resource.group !== RBAC_GROUP || access.isPrivileged(user)) return
  switch (resource.kind) {
    case 'Role':
    case 'ClusterRole':
      return checkRole(access, write)
    case 'RoleBinding':
    case 'ClusterRoleBinding':
      return checkBinding(access, write)
  }
}

function checkRole(access: Access, { user, resource, object, old }: PolicyWrite): void {
  const role = object as Role | ClusterRole
  const { name, namespace = '' } = role.metadata
  const { rules: before, aggregationRule: aggregatedBefore } = (old ?? {}) as Partial<ClusterRole>
  const { aggregationRule } = role as ClusterRole
  if (old !== undefined && isSameValue(role.rules, before) && isSameValue(aggregationRule, aggregatedBefore))
    return
  if (may(access, user, 'escalate', { resource: resource.resource, namespace, name })) return
  const wanted = role.rules ?? []
  confirm(access, { user, resource, name, namespace }, wanted)
  // What it will be put together from is not known yet: only who has everything may say so.
  const isWider = aggregationRule !== undefined && !isSameValue(aggregationRule, aggregatedBefore)
  if (isWider) confirm(access, { user, resource, name, namespace }, EVERYTHING)
}

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

function checkBinding(access: Access, { user, resource, object, old }: PolicyWrite): void {
  const binding = object as RoleBinding | ClusterRoleBinding
  const { name, namespace = '' } = binding.metadata
  const before = old as RoleBinding | ClusterRoleBinding | undefined
  if (
    before !== undefined &&
    isSameValue(binding.subjects, before.subjects) &&
    isSameValue(binding.roleRef, before.roleRef)
  )
    return
  const role = { resource: resourceOf(binding.roleRef), namespace, name: binding.roleRef.name }
  if (may(access, user, 'bind', role)) return
  const rules = access.rulesOfRole(binding.roleRef, namespace)
  if (rules === undefined) {
    throw notFound(binding.roleRef.kind === 'Role' ? ROLES : CLUSTER_ROLES, binding.roleRef.name)
  }
  confirm(access, { user, resource, name, namespace }, rules)
}

const resourceOf = ({ kind }: RoleRef): string => (kind === 'Role' ? 'roles' : 'clusterroles')

function may(
  access: Access,
  user: User,
  verb: string,
  of: { readonly resource: string; readonly namespace: string; readonly name: string },
): boolean {
  const target = { kind: 'resource' as const, group: RBAC_GROUP, version: 'v1', subresource: '', ...of }
  return access.authorize({ user, verb, target }).allowed
}

interface Subject {
  readonly user: User
  readonly resource: ResourceInfo
  readonly name: string
  readonly namespace: string
}

function confirm(
  access: Access,
  { user, resource, name, namespace }: Subject,
  wanted: readonly PolicyRule[],
): void {
  const held = [...access.grants(user, namespace)].flatMap(({ rules }) => rules)
  const missing = uncovered(held, wanted)
  if (missing.length === 0) return
  const groups = user.groups.map((group) => JSON.stringify(group)).join(' ')
  const texts = [...new Set(compacted(missing).map(ruleText))].toSorted().join('\n')
  throw forbidden(
    resource,
    name,
    `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${texts}`,
  )
}

/** Rules that differ in their verb alone as one. */
function compacted(atoms: readonly PolicyRule[]): readonly PolicyRule[] {
  const merged = new Map<string, PolicyRule>()
  for (const atom of atoms) {
    const { verbs = [], ...rest } = atom
    const key = JSON.stringify(rest)
    const known = merged.get(key)
    merged.set(key, { ...atom, verbs: [...(known?.verbs ?? []), ...verbs] })
  }
  return [...merged.values()]
}
