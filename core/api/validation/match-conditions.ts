/** matchConditions of webhooks and policies. Pure. */

import type { Environment } from '@marcbachmann/cel-js'
import { checked } from '../cel/compile.ts'
import type { MatchCondition } from '../generated/admissionregistration-v1.ts'
import type { Faults } from './faults.ts'
import { duplicate, invalidTexts, invalidValue, repeated, required, tooMany, when } from './faults.ts'
import { qualifiedNameFaults } from './names.ts'

const MAX_CONDITIONS = 64

/** @param environment what the expressions may refer to */
export function validateMatchConditions(
  conditions: readonly MatchCondition[],
  field: string,
  environment: Environment,
): Faults {
  const again = repeated(conditions, ({ name }) => name || undefined)
  return [
    ...tooMany(field, conditions.length, MAX_CONDITIONS),
    ...conditions.flatMap(({ name, expression }, index) => {
      const at = `${field}[${index}]`
      const trimmed = (expression ?? '').trim()
      return [
        ...(trimmed
          ? expressionFaults(trimmed, `${at}.expression`, environment)
          : [required(`${at}.expression`)]),
        ...(name ? invalidTexts(`${at}.name`, name, qualifiedNameFaults) : [required(`${at}.name`)]),
        ...when(again.includes(index), () => duplicate(`${at}.name`, name)),
      ]
    }),
  ]
}

function expressionFaults(expression: string, field: string, environment: Environment): Faults {
  const outcome = checked(environment, expression, ['bool'])
  return 'fault' in outcome ? [invalidValue(field, expression, outcome.fault)] : []
}
