/**
 * One fault of a field, worded and rendered as kube-apiserver does
 * (kubernetes/apimachinery pkg/util/validation/field/errors.go). Pure.
 */

import { goQuoted } from './go-text.ts'

export const FIELD_ERROR_TYPES = {
  required: { reason: 'FieldValueRequired', text: 'Required value' },
  invalid: { reason: 'FieldValueInvalid', text: 'Invalid value' },
  notSupported: { reason: 'FieldValueNotSupported', text: 'Unsupported value' },
  forbidden: { reason: 'FieldValueForbidden', text: 'Forbidden' },
  duplicate: { reason: 'FieldValueDuplicate', text: 'Duplicate value' },
  notFound: { reason: 'FieldValueNotFound', text: 'Not found' },
  tooLong: { reason: 'FieldValueTooLong', text: 'Too long' },
  tooMany: { reason: 'FieldValueTooMany', text: 'Too many' },
  typeInvalid: { reason: 'FieldValueTypeInvalid', text: 'Invalid value' },
  internal: { reason: 'InternalError', text: 'Internal error' },
} as const
export type FieldErrorType = keyof typeof FIELD_ERROR_TYPES

export interface FieldError {
  readonly type: FieldErrorType
  /** `spec.ports[0].nodePort` */
  readonly field: string
  /** the value found; not shown for required, forbidden and tooLong */
  readonly value?: unknown
  /** what is wrong is no value: none is shown */
  readonly hidesValue?: true
  readonly detail?: string
}

/** @returns the message without the path: `Invalid value: 0: must be between 1 and 65535, inclusive` */
export function fieldErrorBody(error: FieldError): string {
  const { text } = FIELD_ERROR_TYPES[error.type]
  const hidesValue =
    error.hidesValue === true || ['required', 'forbidden', 'tooLong', 'internal'].includes(error.type)
  const head = hidesValue ? text : `${text}: ${printedValue(error.value)}`
  return error.detail ? `${head}: ${error.detail}` : head
}

/** @returns the whole message: `spec.ports[0].port: Invalid value: 0: must be ...` */
export function fieldErrorMessage(error: FieldError): string {
  return `${error.field}: ${fieldErrorBody(error)}`
}

/** Strings quoted as Go does, numbers and booleans bare, all else as Go's JSON, which has no `<`, `>` and `&`. */
function printedValue(value: unknown): string {
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return goQuoted(value)
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
