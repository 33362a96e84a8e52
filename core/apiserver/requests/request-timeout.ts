/**
 * `timeout=30s` in a query: how long the client would have the server work. Requests here are answered long before, so
 * that it only has to be a duration. Pure.
 *
 * kubernetes/apiserver pkg/endpoints/filters/request_deadline.go; Go's time.ParseDuration.
 */

import { badRequest } from '../../api/api-error.ts'

/** @throws ApiError BadRequest for a `timeout` that is none */
export function refuseTimeout(query: URLSearchParams): void {
  const text = query.get('timeout') ?? ''
  const fault = text === '' ? undefined : durationFault(text)
  if (fault !== undefined) throw badRequest(`invalid timeout specified in the request URL - ${fault}`)
}

const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
const MAX = 1n << 63n

/** @returns why Go would not read the text as a duration; undefined when it would */
export function durationFault(text: string): string | undefined {
  const invalid = `time: invalid duration ${JSON.stringify(text)}`
  const isNegative = text.startsWith('-')
  let rest = text.replace(/^[-+]/, '')
  if (rest === '0') return undefined
  if (rest === '') return invalid
  let total = 0n
  while (rest !== '') {
    const [number = '', whole = '', fraction = ''] = /^(\d*)(?:\.(\d*))?/.exec(rest) ?? []
    if (whole === '' && fraction === '') return invalid
    const [unit = ''] = /^[^.\d]*/.exec(rest.slice(number.length)) ?? []
    if (unit === '') return `time: missing unit in duration ${JSON.stringify(text)}`
    const size = Object.hasOwn(NANOSECONDS, unit) ? NANOSECONDS[unit] : undefined
    if (size === undefined)
      return `time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`
    const part = fraction === '' ? 0n : (BigInt(fraction) * size) / 10n ** BigInt(fraction.length)
    total += BigInt(whole || '0') * size + part
    if (total > MAX) return invalid
    rest = rest.slice(number.length + unit.length)
  }
  return total === MAX && !isNegative ? invalid : undefined
}
