/** Short forms for writing down field errors. Pure. */

import { isPortNumber } from '../../net/port.ts'
import { isSameValue } from '../equality.ts'
import type { FieldError } from '../field-error.ts'
import { PORT_RANGE, portNameFaults } from './names.ts'

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
/** A text that Go has behind a pointer: shown as JSON has it. */
export const pointed = (text: string | undefined): unknown =>
  text === undefined ? null : { toJSON: () => text }

/** An `invalid` of something that is shown by its path alone. */
export const withoutValue = (field: string, detail: string): FieldError => ({
  type: 'invalid',
  field,
  detail,
  hidesValue: true,
})
export const forbiddenField = (field: string, detail: string): FieldError => ({
  type: 'forbidden',
  field,
  detail,
})
export const duplicate = (field: string, value: unknown): FieldError => ({ type: 'duplicate', field, value })
export const notFoundValue = (field: string, value: unknown): FieldError => ({
  type: 'notFound',
  field,
  value,
})
export const tooLong = (field: string, maxBytes: number): FieldError => ({
  type: 'tooLong',
  field,
  detail:
    maxBytes < 0
      ? 'value is too long'
      : `may not be more than ${maxBytes} ${maxBytes === 1 ? 'byte' : 'bytes'}`,
})

/** A fault when there are more than `max`. */
export function tooMany(field: string, count: number, max: number): Faults {
  return count > max
    ? [
        {
          type: 'tooMany',
          field,
          value: count,
          detail: `must have at most ${max} ${max === 1 ? 'item' : 'items'}`,
        },
      ]
    : []
}

/** `Unsupported value: "x": supported values: "A", "B"`, in the order given: upstream's. */
export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const list = supported.map((one) => JSON.stringify(one))
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

/** `required` when empty, else as invalidTexts. */
export function requiredText(
  field: string,
  value: string | undefined,
  faultsOf: (text: string) => readonly string[] = () => [],
): Faults {
  return value ? invalidTexts(field, value, faultsOf) : [required(field)]
}

/** As invalidTexts; absent and empty are no faults. */
export function optionalText(
  field: string,
  value: string | undefined,
  faultsOf: (text: string) => readonly string[],
): Faults {
  return value ? invalidTexts(field, value, faultsOf) : []
}

/** A fault when `value` is not one of `supported`; absent and empty are a fault of their own. */
export function choice(field: string, value: string | undefined, supported: readonly string[]): Faults {
  return value ? optionalChoice(field, value, supported) : [required(field)]
}

/** As choice(), for what Go has behind a pointer: empty is a value that is not supported. */
export function pointedChoice(
  field: string,
  value: string | undefined,
  supported: readonly string[],
): Faults {
  return value === undefined ? [required(field)] : optionalChoice(field, value, supported)
}

/** A fault when `value` is not one of `supported`; absent is none. Empty is: Go has it behind a pointer. */
export function optionalChoice(
  field: string,
  value: string | undefined,
  supported: readonly string[],
): Faults {
  return value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)]
}

/** A map as Go prints it: by its keys. */
export const byKey = <T>(
  map: Readonly<Record<string, T>> | undefined,
): Readonly<Record<string, T>> | undefined =>
  map && Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** A fault when `condition` holds. */
export function when(condition: unknown, fault: () => FieldError): Faults {
  return condition ? [fault()] : []
}

/** A fault when below 0; absent is none. */
export function nonNegative(field: string, value: number | undefined): Faults {
  return when(value !== undefined && value < 0, () =>
    invalidValue(field, value, 'must be greater than or equal to 0'),
  )
}

/** A fault when not from 1 to 65535. */
export function portFaults(field: string, port: number): Faults {
  return when(!isPortNumber(port), () => invalidValue(field, port, PORT_RANGE))
}

/** A port number, or the name of a port; absent counts as the number 0, as in Go. */
export function portOrNameFaults(field: string, port: number | string | undefined): Faults {
  return typeof port === 'string' ? invalidTexts(field, port, portNameFaults) : portFaults(field, port ?? 0)
}

/** @returns the index of every item whose key was met before */
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

export const IMMUTABLE = 'field is immutable'

/** A fault when `value` does not mean the same as `old`. */
export function immutable(field: string, value: unknown, old: unknown): Faults {
  return when(!isSameValue(value, old), () => invalidValue(field, value, IMMUTABLE))
}
