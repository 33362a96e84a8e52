/** ControllerRevisions (kubernetes/kubernetes pkg/apis/apps/validation/validation.go). Pure. */

import type { ControllerRevision } from '../generated/apps-v1.ts'
import type { Faults } from './faults.ts'
import { immutable, nonNegative, required, when } from './faults.ts'

/** Faults of a ControllerRevision, metadata aside. */
export function validateControllerRevision({ data, revision }: ControllerRevision): Faults {
  const isObject = typeof data === 'object' && data !== null && !Array.isArray(data)
  return [
    ...when(data === undefined, () => required('data', 'data is mandatory')),
    ...when(data !== undefined && !isObject, () => required('data', 'data must be a valid JSON object')),
    ...nonNegative('revision', revision),
  ]
}

/** Faults of a changed ControllerRevision: what it remembers stays, whatever it is. */
export function validateControllerRevisionUpdate(value: ControllerRevision, old: ControllerRevision): Faults {
  return [...nonNegative('revision', value.revision), ...immutable('data', value.data, old.data)]
}
