/** What is wrong with an expression of admission, as a fault of the field it is in. Pure. */

import type { Checked } from '../cel/compile.ts'
import type { Faults } from './faults.ts'
import { invalidValue } from './faults.ts'

export function expressionFaults(outcome: Checked, expression: string, field: string): Faults {
  if (!('fault' in outcome)) return []
  const { fault, isInternal } = outcome
  return [isInternal ? { type: 'internal', field, detail: fault } : invalidValue(field, expression, fault)]
}
