/** matchConditions of webhooks and policies. Pure. */

import type { Scope } from '../cel/check/checker.ts'
import { checked } from '../cel/compile.ts'
import type { MatchCondition } from '../generated/admissionregistration-v1.ts'
import { expressionFaults } from './expressions.ts'
import type { Faults } from './faults.ts'
import { duplicate, invalidTexts, repeated, required, tooMany, when } from './faults.ts'
import { qualifiedNameFaults } from './names.ts'

const MAX_CONDITIONS = 64

/** @param scope what the expressions may refer to */
export function validateMatchConditions(
  conditions: readonly MatchCondition[],
  field: string,
  scope: Scope,
): Faults {
  const again = repeated(conditions, ({ name }) => name || undefined)
  return [
    ...tooMany(field, conditions.length, MAX_CONDITIONS),
    ...conditions.flatMap(({ name, expression }, index) => {
      const at = `${field}[${index}]`
      const trimmed = (expression ?? '').trim()
      return [
        ...(trimmed
          ? expressionFaults(checked(scope, trimmed, ['bool']), trimmed, `${at}.expression`)
          : [required(`${at}.expression`)]),
        ...(name ? invalidTexts(`${at}.name`, name, qualifiedNameFaults) : [required(`${at}.name`)]),
        ...when(again.includes(index), () => duplicate(`${at}.name`, name)),
      ]
    }),
  ]
}
