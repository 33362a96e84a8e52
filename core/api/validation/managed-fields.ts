/** Who may be named as the owner of fields (kubernetes/apimachinery pkg/apis/meta/v1/validation/validation.go). Pure. */

import type { ManagedFieldsEntry } from '../generated/meta-v1.ts'
import { isPrintable } from '../go-text.ts'
import type { Faults } from './faults.ts'
import { invalidValue, tooLong, when } from './faults.ts'

const MANAGER_MAX_BYTES = 128
const SUBRESOURCE_MAX_BYTES = 256

/** Faults of a manager's name. */
export function fieldManagerErrors(manager: string, field: string): Faults {
  let at = 0
  const unprintable: string[] = []
  for (const letter of manager) {
    if (!isPrintable(letter)) unprintable.push(`invalid character ${codePoint(letter)} (at position ${at})`)
    at += Buffer.byteLength(letter)
  }
  return [
    ...when(at > MANAGER_MAX_BYTES, () => tooLong(field, MANAGER_MAX_BYTES)),
    ...unprintable.map((detail) => invalidValue(field, manager, detail)),
  ]
}

const codePoint = (letter: string): string =>
  `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`

/** Faults of the owners an object says it has. */
export function validateManagedFields(entries: readonly ManagedFieldsEntry[], field: string): Faults {
  return entries.flatMap(({ manager = '', subresource = '' }, index) => [
    ...fieldManagerErrors(manager, `${field}[${index}].manager`),
    ...when(Buffer.byteLength(subresource) > SUBRESOURCE_MAX_BYTES, () =>
      tooLong(`${field}[${index}].subresource`, SUBRESOURCE_MAX_BYTES),
    ),
  ])
}
