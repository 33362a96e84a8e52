/**
 * Conversions of what is written out, which are made before anything is evaluated: `int('x')` keeps an expression that is
 * fine otherwise from being prepared (google/cel-go interpreter/planner.go, common/types). Pure.
 */

import { isGoDuration } from '../../json-schema/go-duration.ts'
import { isTimestamp } from '../../timestamp.ts'
import type { Expression, Literal } from './expression.ts'
import { partsOf } from './expression.ts'

/** `value` is absent for what is known only once the expression is evaluated. */
type Prepared = { readonly error: string } | { readonly value?: Literal }

/** @returns what keeps the expression from being prepared */
export function conversionError(expression: Expression): string | undefined {
  const outcome = prepared(expression)
  return 'error' in outcome ? outcome.error : undefined
}

function prepared(expression: Expression): Prepared {
  if (expression.kind === 'literal') return expression
  const parts = partsOf(expression).map(prepared)
  const failed = parts.find((part) => 'error' in part)
  if (failed !== undefined) return failed
  if (expression.kind !== 'call' || expression.target !== undefined || parts.length !== 1) return {}
  const [part] = parts
  const convert = Object.hasOwn(CONVERSIONS, expression.name) ? CONVERSIONS[expression.name] : undefined
  if (convert === undefined || part === undefined || !('value' in part) || part.value === undefined) return {}
  if (part.value === null && expression.name !== 'dyn')
    return { error: `no such overload: ${expression.name}(null_type)` }
  return convert(part.value)
}

const NUMBER = /^[-+]?\d+$/
const DECIMAL = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$|^[-+]?(inf|infinity|nan)$/i
const TRUTHS = ['1', 't', 'true', 'TRUE', 'True', '0', 'f', 'false', 'FALSE', 'False']

const isInt = (value: bigint): boolean => BigInt.asIntN(64, value) === value
const isUint = (value: bigint): boolean => BigInt.asUintN(64, value) === value

/** Of texts that are some. */
const ofText =
  (type: string, isGood: (text: string) => boolean): ((value: Literal) => Prepared) =>
  (value): Prepared =>
    typeof value === 'string' && !isGood(value)
      ? { error: `type conversion error from 'string' to '${type}'` }
      : {}

const toInt = ofText('int', (text) => NUMBER.test(text) && isInt(BigInt(text.replace('+', ''))))
const toUint = ofText('uint', (text) => /^\d+$/.test(text) && isUint(BigInt(text)))

const CONVERSIONS: Readonly<Record<string, (value: Literal) => Prepared>> = {
  dyn: (value) => ({ value }),
  string: toText,
  int: (value) =>
    typeof value === 'number' && !(Math.abs(value) < 2 ** 63) ? { error: 'integer overflow' } : toInt(value),
  uint: (value) =>
    (typeof value === 'bigint' || typeof value === 'number') && value < 0
      ? { error: 'unsigned integer overflow' }
      : toUint(value),
  double: ofText('double', (text) => DECIMAL.test(text)),
  bool: ofText('bool', (text) => TRUTHS.includes(text)),
  duration: ofText('google.protobuf.Duration', isGoDuration),
  timestamp: ofText('google.protobuf.Timestamp', isTimestamp),
}

function toText(value: Literal): Prepared {
  if (!(value instanceof Uint8Array)) return typeof value === 'object' ? {} : { value: String(value) }
  try {
    return { value: new TextDecoder('utf-8', { fatal: true }).decode(value) }
  } catch {
    return { error: 'invalid UTF-8 in bytes, cannot convert to string' }
  }
}
