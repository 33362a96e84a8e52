/** Short forms for writing down field errors. Pure. */

import type { FieldError } from '../field-error.ts'

export type Faults = readonly FieldError[]

export const required = (field: string, detail?: string): FieldError => ({
  type: 'required',
  field,
  ...(detail === undefined ? {} : { detail }),
})
export const invalidValue = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'invalid',
  field,
  value,
  detail,
})
export const forbiddenField = (field: string, detail: string): FieldError => ({
  type: 'forbidden',
  field,
  detail,
})
export const duplicate = (field: string, value: unknown): FieldError => ({ type: 'duplicate', field, value })

/** `Unsupported value: "x": supported values: "A", "B"` */
export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const list = supported.toSorted().map((one) => JSON.stringify(one))
  return { type: 'notSupported', field, value, detail: `supported values: ${list.join(', ')}` }
}

/** One `invalid` per text that `faultsOf` finds. */
export function invalidTexts(
  field: string,
  value: string,
  faultsOf: (text: string) => readonly string[],
): Faults {
  return faultsOf(value).map((detail) => invalidValue(field, value, detail))
}

/** A fault when `value` is not one of `supported`; absent is a fault of its own when `isRequired`. */
export function choice(
  field: string,
  value: string | undefined,
  supported: readonly string[],
  isRequired = true,
): Faults {
  if (value === undefined || value === '') return isRequired ? [required(field)] : []
  return supported.includes(value) ? [] : [notSupported(field, value, supported)]
}

/** Every value whose key was met before. */
export function repeated<T>(items: readonly T[], keyOf: (item: T) => string | undefined): readonly number[] {
  const seen = new Set<string>()
  return items.flatMap((item, index) => {
    const key = keyOf(item)
    if (key === undefined) return []
    if (seen.has(key)) return [index]
    seen.add(key)
    return []
  })
}

/** A fault when `value` differs from `old` (compared as JSON). */
export function immutable(field: string, value: unknown, old: unknown): Faults {
  return JSON.stringify(value) === JSON.stringify(old)
    ? []
    : [invalidValue(field, value, 'field is immutable')]
}
