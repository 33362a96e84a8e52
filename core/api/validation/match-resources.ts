/** matchConstraints of policies and matchResources of bindings. Pure. */

import type { MatchResources, NamedRuleWithOperations } from '../generated/admissionregistration-v1.ts'
import type { Faults } from './faults.ts'
import { duplicate, invalidTexts, pointedChoice, repeated, required } from './faults.ts'
import { validateLabelSelector } from './label-selector.ts'
import { pathSegmentFaults } from './names.ts'
import { validateOperationRule } from './operation-rules.ts'

/** Faults of what says which requests are meant. */
export function validateMatchResources(match: MatchResources, at: string): Faults {
  const { namespaceSelector, objectSelector, resourceRules = [], excludeResourceRules = [] } = match
  const rules = (name: string, list: readonly NamedRuleWithOperations[]): Faults =>
    list.flatMap((rule, index) => validateNamedRule(rule, `${at}.${name}[${index}]`))
  return [
    ...pointedChoice(`${at}.matchPolicy`, match.matchPolicy, ['Equivalent', 'Exact']),
    ...(namespaceSelector
      ? validateLabelSelector(namespaceSelector, `${at}.namespaceSelector`)
      : [required(`${at}.namespaceSelector`)]),
    ...(objectSelector
      ? validateLabelSelector(objectSelector, `${at}.objectSelector`)
      : [required(`${at}.objectSelector`)]),
    ...rules('resourceRules', resourceRules),
    ...rules('excludeResourceRules', excludeResourceRules),
  ]
}

function validateNamedRule(rule: NamedRuleWithOperations, at: string): Faults {
  const { resourceNames = [] } = rule
  const again = repeated(resourceNames, (name) => name)
  return [
    ...resourceNames.flatMap((name, index) => [
      ...invalidTexts(`${at}.resourceNames[${index}]`, name, pathSegmentFaults),
      ...(again.includes(index) ? [duplicate(`${at}.resourceNames[${index}]`, name)] : []),
    ]),
    ...validateOperationRule(rule, at),
  ]
}
