/**
 * Roles and bindings (kubernetes/kubernetes pkg/apis/rbac/validation/validation.go). Pure.
 */

import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from '../generated/rbac-v1.ts'
import type { Faults } from './faults.ts'
import { invalidTexts, invalidValue, notSupported, required, when } from './faults.ts'
import { validateLabelSelector } from './label-selector.ts'
import { dnsSubdomainFaults, pathSegmentFaults } from './names.ts'
import { isSameValue } from '../equality.ts'
import { printedStruct } from './go-structs.ts'

export const RBAC_GROUP = 'rbac.authorization.k8s.io'

/** Faults of a Role, metadata aside. */
export function validateRole({ rules = [] }: Role): Faults {
  return rules.flatMap((rule, index) => validateRule(rule, `rules[${index}]`, true))
}

/** Faults of a ClusterRole, metadata aside. */
export function validateClusterRole({ rules = [], aggregationRule }: ClusterRole): Faults {
  const selectors = aggregationRule?.clusterRoleSelectors ?? []
  const at = 'aggregationRule.clusterRoleSelectors'
  return [
    ...rules.flatMap((rule, index) => validateRule(rule, `rules[${index}]`, false)),
    ...when(aggregationRule !== undefined && selectors.length === 0, () =>
      required(at, 'at least one clusterRoleSelector required if aggregationRule is non-nil'),
    ),
    ...selectors.flatMap((selector, index) => {
      const faults = validateLabelSelector(selector, `${at}[${index}]`)
      return [
        ...faults,
        ...when(faults.length > 0, () =>
          invalidValue(`${at}[${index}]`, undefined, 'invalid label selector.'),
        ),
      ]
    }),
  ]
}

function validateRule(rule: PolicyRule, at: string, isNamespaced: boolean): Faults {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  const verbFaults = when(verbs.length === 0, () =>
    required(`${at}.verbs`, 'verbs must contain at least one value'),
  )
  if (nonResourceURLs.length > 0) {
    const field = `${at}.nonResourceURLs`
    const isMixed = apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0
    return [
      ...verbFaults,
      ...when(isNamespaced, () =>
        invalidValue(field, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'),
      ),
      ...when(isMixed, () =>
        invalidValue(
          field,
          nonResourceURLs,
          'rules cannot apply to both regular resources and non-resource URLs',
        ),
      ),
    ]
  }
  return [
    ...verbFaults,
    ...when(apiGroups.length === 0, () =>
      required(`${at}.apiGroups`, 'resource rules must supply at least one api group'),
    ),
    ...when(resources.length === 0, () =>
      required(`${at}.resources`, 'resource rules must supply at least one resource'),
    ),
  ]
}

/** Faults of a RoleBinding, metadata aside. */
export function validateRoleBinding({ roleRef, subjects = [] }: RoleBinding): Faults {
  return [...validateRoleRef(roleRef, ['Role', 'ClusterRole']), ...validateSubjects(subjects, false)]
}

/** Faults of a ClusterRoleBinding, metadata aside. */
export function validateClusterRoleBinding({ roleRef, subjects = [] }: ClusterRoleBinding): Faults {
  return [...validateRoleRef(roleRef, ['ClusterRole']), ...validateSubjects(subjects, true)]
}

/** A binding stays with its role. */
export function validateRoleRefUpdate(
  { roleRef }: { readonly roleRef: RoleRef },
  old: { readonly roleRef: RoleRef },
): Faults {
  return when(!isSameValue(roleRef, old.roleRef), () =>
    invalidValue('roleRef', printedStruct('RoleRef', roleRef), 'cannot change roleRef'),
  )
}

function validateRoleRef({ apiGroup = '', kind, name }: RoleRef, kinds: readonly string[]): Faults {
  return [
    ...when(apiGroup !== RBAC_GROUP, () => notSupported('roleRef.apiGroup', apiGroup, [RBAC_GROUP])),
    ...when(!kinds.includes(kind), () => notSupported('roleRef.kind', kind ?? '', kinds)),
    ...(name ? invalidTexts('roleRef.name', name, pathSegmentFaults) : [required('roleRef.name')]),
  ]
}

/** @param needsNamespace within a namespace an account without one is of that namespace */
function validateSubjects(subjects: readonly Subject[], needsNamespace: boolean): Faults {
  return subjects.flatMap((subject, index) => validateSubject(subject, `subjects[${index}]`, needsNamespace))
}

const SUBJECT_KINDS = ['ServiceAccount', 'User', 'Group']

function validateSubject(
  { kind, apiGroup = '', name, namespace }: Subject,
  at: string,
  needsNamespace: boolean,
): Faults {
  const nameFaults = when(!name, () => required(`${at}.name`))
  switch (kind) {
    case 'ServiceAccount':
      return [
        ...nameFaults,
        ...(name ? invalidTexts(`${at}.name`, name, dnsSubdomainFaults) : []),
        ...when(apiGroup !== '', () => notSupported(`${at}.apiGroup`, apiGroup, [''])),
        ...when(needsNamespace && !namespace, () => required(`${at}.namespace`)),
      ]
    case 'User':
    case 'Group':
      return [
        ...nameFaults,
        ...when(apiGroup !== RBAC_GROUP, () => notSupported(`${at}.apiGroup`, apiGroup, [RBAC_GROUP])),
      ]
    default:
      return [...nameFaults, notSupported(`${at}.kind`, kind ?? '', SUBJECT_KINDS)]
  }
}
