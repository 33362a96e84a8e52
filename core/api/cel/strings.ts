/**
 * Functions of texts that Kubernetes' CEL has beyond the language's own: charAt, replace, format and
 * strings.quote. Pure. google/cel-go ext/strings.go (version 2), ext/formatting.go.
 */

import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import { ESCAPES } from '../go-text.ts'
import type { Functions } from './functions.ts'

/** `strings.quote(text)`: a name whose functions look like a namespace's. */
export class StringsLibrary {}

export const STRINGS: Functions = {
  // oxlint-disable-next-line no-restricted-globals -- a moment's text, not the clock
  'string(google.protobuf.Timestamp): string': (time: Date) => shown(time),
  'string(google.protobuf.Duration): string': (duration: Duration) => shown(duration),
  'string.charAt(int): string': (text: string, at: bigint) => {
    const points = Array.from(text)
    const index = Number(at)
    if (index < 0 || index > points.length) throw new Error(`index out of range: ${index}`)
    return points[index] ?? ''
  },
  'string.replace(string, string): string': (text: string, old: string, next: string) =>
    text.split(old).join(next),
  'string.replace(string, string, int): string': (text: string, old: string, next: string, limit: bigint) =>
    limit < 0n ? text.split(old).join(next) : replacedFirst(text, old, next, Number(limit)),
  'string.format(list): string': (text: string, values: readonly unknown[]) => formatted(text, values),
  'kubernetes.Strings.quote(string): string': (_strings: unknown, text: string) => quoted(text),
}

function replacedFirst(text: string, old: string, next: string, limit: number): string {
  const parts = text.split(old)
  if (parts.length - 1 <= limit) return parts.join(next)
  return [...parts.slice(0, limit), parts.slice(limit).join(old)].join(next)
}

/** With Go's escapes, but for what has no name: CEL's quote leaves that as it is. */
const quoted = (text: string): string =>
  `"${Array.from(text)
    .map((character) => ESCAPES[character] ?? character)
    .join('')}"`

const CLAUSE = /%(?:%|(?:\.(\d+))?([a-zA-Z])?)/g

function formatted(text: string, values: readonly unknown[]): string {
  let index = 0
  return text.replaceAll(CLAUSE, (whole, precision: string | undefined, verb: string | undefined) => {
    if (whole === '%%') return '%'
    if (verb === undefined) throw new Error('unexpected end of string')
    if (index >= values.length) throw new Error(`index ${index} out of range`)
    const value = values[index]
    index += 1
    return clause(verb, value, precision === undefined ? 6 : Number(precision))
  })
}

function clause(verb: string, value: unknown, precision: number): string {
  switch (verb) {
    case 's':
      return shown(value)
    case 'd':
      return String(whole(value, verb))
    case 'f':
      return Number(numberOf(value, verb)).toFixed(precision)
    case 'e':
      return scientific(Number(numberOf(value, verb)).toExponential(precision))
    case 'b':
      return typeof value === 'boolean' ? (value ? '1' : '0') : whole(value, verb).toString(2)
    case 'o':
      return whole(value, verb).toString(8)
    case 'x':
    case 'X': {
      const hex = hexOf(value, verb)
      return verb === 'X' ? hex.toUpperCase() : hex
    }
    default:
      throw new Error(
        `could not parse formatting clause: unrecognized formatting clause ${JSON.stringify(verb)}`,
      )
  }
}

/** `1.2e+4` as `1.2×10⁰⁴` */
function scientific(text: string): string {
  const [mantissa = '', exponent = '+0'] = text.split('e')
  const digits = exponent.slice(1).padStart(2, '0')
  const raised = Array.from(digits, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')
  return `${mantissa}×10${exponent.startsWith('-') ? '⁻' : ''}${raised}`
}

const hexOf = (value: unknown, verb: string): string =>
  typeof value === 'string'
    ? Buffer.from(value).toString('hex')
    : value instanceof Uint8Array
      ? Buffer.from(value).toString('hex')
      : whole(value, verb).toString(16)

function whole(value: unknown, verb: string): bigint {
  if (typeof value === 'bigint') return value
  if (value instanceof UnsignedInt) return BigInt(String(value))
  throw refused(verb, 'integers', value)
}

function numberOf(value: unknown, verb: string): number | bigint {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  throw refused(verb, 'doubles', value)
}

const CLAUSE_NAMES: Readonly<Record<string, string>> = {
  d: 'decimal clause',
  f: 'fixed-point clause',
  e: 'scientific clause',
  b: 'only integers and bools can be formatted as binary',
  o: 'octal clause',
  x: 'only integers, byte buffers, and strings can be formatted as hex',
  X: 'only integers, byte buffers, and strings can be formatted as hex',
}

const refused = (verb: string, what: string, value: unknown): Error =>
  new Error(
    `error during formatting: ${CLAUSE_NAMES[verb] ?? verb} can only be used on ${what}, was given ${typeof value}`,
  )

/** `%s` of anything: lists and maps as CEL writes them. */
function shown(value: unknown): string {
  if (value === null) return 'null'
  // oxlint-disable-next-line no-restricted-globals -- what a moment is, not the clock
  if (value instanceof Date) return value.toISOString().replace(/\.?0*Z$/, 'Z')
  if (value instanceof UnsignedInt) return String(value)
  if (value instanceof Duration) return `${Number(value.seconds) + value.nanos / 1e9}s`
  if (Array.isArray(value)) return `[${value.map(nested).join(', ')}]`
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  if (typeof value === 'object')
    return `{${Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${nested(key)}:${nested(member)}`)
      .join(', ')}}`
  return typeof value === 'string' ? value : `${value as bigint | number | boolean}`
}

const nested = (value: unknown): string => (typeof value === 'string' ? `"${value}"` : shown(value))
