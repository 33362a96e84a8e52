/** Paths in API fields (kubernetes/kubernetes pkg/apis/core/validation/validation.go). Pure. */

import type { Faults } from './faults.ts'
import { invalidValue, when } from './faults.ts'

/** A fault of a path that leads upwards. */
export const backstepFaults = (field: string, path: string): Faults =>
  when(path.split('/').includes('..'), () => invalidValue(field, path, "must not contain '..'"))

/** Faults of a path that does not stay in the directory it begins in. */
export function descendingPathFaults(field: string, path: string): Faults {
  return [
    ...when(path.startsWith('/'), () => invalidValue(field, path, 'must be a relative path')),
    ...backstepFaults(field, path),
  ]
}

/** Faults of a path that becomes a file of a volume: names that begin with two dots are the volume's own. */
export function filePathFaults(field: string, path: string): Faults {
  const isReserved = path.startsWith('..') && !path.startsWith('../')
  return [
    ...descendingPathFaults(field, path),
    ...when(isReserved, () => invalidValue(field, path, "must not start with '..'")),
  ]
}
