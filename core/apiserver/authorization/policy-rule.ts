/** How rules of roles are written down here. */

import type { ClusterRole, PolicyRule } from '../../api/generated/rbac-v1.ts'

export const READ = 'get list watch'
export const WRITE = 'create delete deletecollection patch update'
export const READ_WRITE = 'create delete deletecollection get list patch update watch'

/**
 * @param verbs separated by spaces, as resources and names
 * @param groups separated by commas; `core` is ''
 */
export function allow(verbs: string, groups: string, resources: string, names?: string): PolicyRule {
  return {
    verbs: verbs.split(' '),
    apiGroups: groups.split(',').map((group) => (group === 'core' ? '' : group)),
    resources: resources.split(' '),
    ...(names === undefined ? {} : { resourceNames: names.split(' ') }),
  }
}

export const get = (...nonResourceURLs: readonly string[]): PolicyRule => ({
  verbs: ['get'],
  nonResourceURLs,
})

/** Events are written under both groups. */
export const EVENTS_RULE: PolicyRule = allow('create patch update', 'core,events.k8s.io', 'events')

export const BOOTSTRAPPING: Readonly<Record<string, string>> = {
  'kubernetes.io/bootstrapping': 'rbac-defaults',
}
const AUTOUPDATE = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' }

/** @returns a role that clusters are born with */
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
