/** metav1.Conditions in a status (kubernetes/apimachinery pkg/apis/meta/v1/validation/validation.go). Pure. */

import type { Condition } from '../generated/meta-v1.ts'
import type { Faults } from './faults.ts'
import {
  duplicate,
  invalidTexts,
  invalidValue,
  notSupported,
  repeated,
  required,
  tooLong,
  when,
} from './faults.ts'
import { conditionReasonFaults, qualifiedNameFaults } from './names.ts'

const MAX_REASON = 1024
const MAX_MESSAGE = 32 * 1024
const STATUSES = ['False', 'True', 'Unknown']

/** Faults of the conditions of a status. */
export function validateConditions(
  conditions: readonly Condition[] = [],
  field = 'status.conditions',
): Faults {
  const again = repeated(conditions, ({ type }) => type)
  return conditions.flatMap((condition, index) => [
    ...when(again.includes(index), () => duplicate(`${field}[${index}].type`, condition.type)),
    ...validateCondition(condition, `${field}[${index}]`),
  ])
}

function validateCondition(condition: Condition, at: string): Faults {
  const { type = '', status = '', observedGeneration = 0, reason = '', message = '' } = condition
  return [
    ...invalidTexts(`${at}.type`, type, qualifiedNameFaults),
    ...when(!STATUSES.includes(status), () => notSupported(`${at}.status`, status, STATUSES)),
    ...when(observedGeneration < 0, () =>
      invalidValue(`${at}.observedGeneration`, observedGeneration, 'must be greater than or equal to zero'),
    ),
    ...when(!condition.lastTransitionTime, () => required(`${at}.lastTransitionTime`)),
    ...(reason ? invalidTexts(`${at}.reason`, reason, conditionReasonFaults) : [required(`${at}.reason`)]),
    ...when(reason.length > MAX_REASON, () => tooLong(`${at}.reason`, MAX_REASON)),
    ...when(Buffer.byteLength(message) > MAX_MESSAGE, () => tooLong(`${at}.message`, MAX_MESSAGE)),
  ]
}
