/** PriorityClasses (kubernetes/kubernetes pkg/apis/scheduling/validation/validation.go). Pure. */

import type { PriorityClass } from '../generated/scheduling-v1.ts'
import { SYSTEM_PRIORITIES } from '../system-priorities.ts'
import type { Faults } from './faults.ts'
import { choice, forbiddenField, immutable, when } from './faults.ts'

const HIGHEST_OF_USERS = 1_000_000_000

/** Faults of a PriorityClass, metadata aside. */
export function validatePriorityClass(one: PriorityClass): Faults {
  const { name } = one.metadata
  const value = one.value ?? 0
  const reason = name?.startsWith('system-') ? notOfTheSystem(one) : undefined
  return [
    ...when(reason, () =>
      forbiddenField(
        'metadata.name',
        `priority class names with 'system-' prefix are reserved for system use only. error: ${reason}`,
      ),
    ),
    ...when(!name?.startsWith('system-') && value > HIGHEST_OF_USERS, () =>
      forbiddenField('value', `maximum allowed value of a user defined priority is ${HIGHEST_OF_USERS}`),
    ),
    ...choice('preemptionPolicy', one.preemptionPolicy, ['PreemptLowerPriority', 'Never']),
  ]
}

function notOfTheSystem({ metadata: { name }, value, globalDefault }: PriorityClass): string | undefined {
  const known = SYSTEM_PRIORITIES.get(name)?.value
  if (known === undefined) return `${name} is not a known system priority class`
  if (value !== known) return `value of ${name} PriorityClass must be ${known}`
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined
}

/** Faults of a changed PriorityClass. */
export function validatePriorityClassUpdate(one: PriorityClass, old: PriorityClass): Faults {
  return [
    ...when((one.value ?? 0) !== (old.value ?? 0), () =>
      forbiddenField('value', 'may not be changed in an update.'),
    ),
    ...immutable('preemptionPolicy', one.preemptionPolicy, old.preemptionPolicy),
  ]
}
