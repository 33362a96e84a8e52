/**
 * Rules that say which requests webhooks and admission policies are about
 * (kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go, validateRuleWithOperations). Pure.
 */

import type { RuleWithOperations } from '../generated/admissionregistration-v1.ts'
import type { Faults } from './faults.ts'
import { invalidValue, notSupported, optionalChoice, required, when } from './faults.ts'

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']

/** Faults of a rule that says which requests are meant. */
export function validateOperationRule(rule: RuleWithOperations, at: string): Faults {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [] } = rule
  return [
    ...when(operations.length === 0, () => required(`${at}.operations`)),
    ...aloneWhenAll(operations, `${at}.operations`, 'operations'),
    ...operations.flatMap((operation, index) =>
      when(!OPERATIONS.includes(operation), () =>
        notSupported(`${at}.operations[${index}]`, operation, OPERATIONS),
      ),
    ),
    ...when(apiGroups.length === 0, () => required(`${at}.apiGroups`)),
    ...aloneWhenAll(apiGroups, `${at}.apiGroups`, 'API groups'),
    ...when(apiVersions.length === 0, () => required(`${at}.apiVersions`)),
    ...aloneWhenAll(apiVersions, `${at}.apiVersions`, 'API versions'),
    ...missingTexts(apiVersions, `${at}.apiVersions`),
    ...validateResources(resources, `${at}.resources`),
    ...optionalChoice(`${at}.scope`, rule.scope, ['*', 'Cluster', 'Namespaced']),
  ]
}

function aloneWhenAll(items: readonly string[], field: string, what: string): Faults {
  return when(items.length > 1 && items.includes('*'), () =>
    invalidValue(field, items, `if '*' is present, must not specify other ${what}`),
  )
}

const missingTexts = (items: readonly string[], field: string): Faults =>
  items.flatMap((item, index) => when(item === '', () => required(`${field}[${index}]`)))

/** `pods`, `pods/status`, `pods/*`, `*\/scale`: none may say again what a wildcard before it said. */
function validateResources(resources: readonly string[], field: string): Faults {
  const covered = (resource: string, index: number): Faults => {
    const [name, sub] = resource.split('/', 2)
    if (sub === undefined) return []
    const before = resources.slice(0, index)
    return [`${name}/*`, `*/${sub}`].flatMap((wildcard) =>
      when(before.includes(wildcard), () =>
        invalidValue(
          `${field}[${index}]`,
          resource,
          `if '${wildcard}' is present, must not specify ${resource}`,
        ),
      ),
    )
  }
  // Of all that are no sub-resources the last one counts.
  const last = resources.findLast((resource) => resource !== '' && !resource.includes('/'))
  return [
    ...when(resources.length === 0, () => required(field)),
    ...missingTexts(resources, field),
    ...resources.flatMap(covered),
    ...when(resources.length > 1 && resources.includes('*/*'), () =>
      invalidValue(field, resources, "if '*/*' is present, must not specify other resources"),
    ),
    ...when(resources.includes('*') && last !== '*', () =>
      invalidValue(
        field,
        resources,
        "if '*' is present, must not specify other resources without subresources",
      ),
    ),
  ]
}
