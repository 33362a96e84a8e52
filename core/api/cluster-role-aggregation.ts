/**
 * The rules of ClusterRoles that are put together from others. Pure.
 * kubernetes/kubernetes pkg/controller/clusterroleaggregation.
 */

import { isSameValue } from './equality.ts'
import type { ClusterRole, PolicyRule } from './generated/rbac-v1.ts'
import { matchesLabelSelector } from './selectors.ts'

/**
 * @returns the role's own rules, or those of all roles its selectors choose, in the order of their names. Chosen
 * roles may be put together themselves; one that is met again on the way adds nothing.
 */
export function effectiveRules(
  role: ClusterRole,
  all: readonly ClusterRole[],
  met: ReadonlySet<string> = new Set(),
): readonly PolicyRule[] {
  if (role.aggregationRule === undefined) return role.rules ?? []
  const seen = new Set([...met, role.metadata.name])
  const rules: PolicyRule[] = []
  for (const selector of role.aggregationRule.clusterRoleSelectors ?? []) {
    const chosen = all
      .filter(({ metadata }) => !seen.has(metadata.name) && matchesLabelSelector(selector, metadata.labels))
      .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    for (const rule of chosen.flatMap((each) => effectiveRules(each, all, seen))) {
      if (!rules.some((known) => isSameValue(known, rule))) rules.push(rule)
    }
  }
  return rules
}
