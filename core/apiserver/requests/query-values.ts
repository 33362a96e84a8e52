/**
 * The values of query parameters, read as Go reads them. Pure.
 *
 * kubernetes/apimachinery pkg/runtime/conversion.go; the texts are those of Go's strconv.
 */

import { badRequest } from '../../api/api-error.ts'

const MAX_INT64 = 2n ** 63n - 1n
const MAX_UINT64 = 2n ** 64n - 1n

/**
 * @returns undefined when the parameter is absent; the first of several counts
 * @throws ApiError BadRequest for anything but a whole number, '' too
 */
export function int64Of(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const fault = int64Fault(text)
  if (fault !== undefined) throw badRequest(fault)
  return Number(text)
}

/** `strconv.ParseInt: parsing "x": invalid syntax`; undefined for a number that fits */
function int64Fault(text: string): string | undefined {
  const value = /^[+-]?\d+$/.test(text) ? BigInt(text.replace('+', '')) : undefined
  const isFine = value !== undefined && value <= MAX_INT64 && value >= -MAX_INT64 - 1n
  return isFine ? undefined : numberFault('ParseInt', text, value !== undefined)
}

/** As int64Fault, of Go's ParseUint, which takes no sign. */
export function uint64Fault(text: string): string | undefined {
  const value = /^\d+$/.test(text) ? BigInt(text) : undefined
  const isFine = value !== undefined && value <= MAX_UINT64
  return isFine ? undefined : numberFault('ParseUint', text, value !== undefined)
}

const numberFault = (parser: string, text: string, isNumber: boolean): string =>
  `strconv.${parser}: parsing ${JSON.stringify(text)}: ${isNumber ? 'value out of range' : 'invalid syntax'}`

/** Whether a parameter is on: all but "0" and "false" is, in a bare `?watch` too. @returns undefined when absent */
export function booleanOf(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name)
  return text === null ? undefined : !/^(0|false)$/i.test(text)
}
