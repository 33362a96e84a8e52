/**
 * Fills the rules of ClusterRoles that are put together from others
 * (kubernetes/kubernetes pkg/controller/clusterroleaggregation). Pure.
 */

import { effectiveRules } from '../api/cluster-role-aggregation.ts'
import { isSameValue } from '../api/equality.ts'
import type { ClusterRole } from '../api/generated/rbac-v1.ts'
import { CLUSTER_ROLES } from '../api/scheme.ts'
import type { Controller } from './controller.ts'
import { NOTHING } from './controller.ts'

export interface AggregationSnapshot {
  readonly role: ClusterRole
  readonly all: readonly ClusterRole[]
}

export const clusterRoleAggregationController: Controller<AggregationSnapshot> = {
  name: 'clusterrole-aggregation-controller',
  watches: [CLUSTER_ROLES],
  // Whichever role changed may be a part of any that is put together.
  keysFor: (_object, cache) =>
    cache
      .of(CLUSTER_ROLES)
      .list()
      .filter((role) => role.aggregationRule !== undefined)
      .map(({ metadata }) => metadata.name),
  snapshot(key, cache) {
    const role = cache.of(CLUSTER_ROLES).get(key)
    return role?.aggregationRule === undefined ? undefined : { role, all: cache.of(CLUSTER_ROLES).list() }
  },
  plan({ role, all }) {
    const rules = effectiveRules(role, all)
    if (isSameValue(role.rules, rules)) return NOTHING
    return { writes: [{ write: { kind: 'update', resource: CLUSTER_ROLES, object: { ...role, rules } } }] }
  },
}
