/**
 * What is wrong with the literals of an expression, which needs no evaluation to be seen: patterns and times that are
 * none, lists and maps of values of several types (google/cel-go cel/validator.go). Pure.
 */

import { isGoDuration } from '../../json-schema/go-duration.ts'
import { patternFault } from '../../json-schema/re2.ts'
import { isTimestamp } from '../../timestamp.ts'
import type { Checked } from './checker.ts'
import { mismatch } from './checker.ts'
import type { CheckError } from './error-text.ts'
import { formatErrors } from './format-call.ts'
import type { Expression, Literal } from './expression.ts'
import { partsOf } from './expression.ts'
import type { CelType } from './types.ts'
import { DYN, isSameType } from './types.ts'

/** Texts are made of values of any types. */
const MIXES = 'format'

export function literalErrors(expression: Expression, checked: Checked): readonly CheckError[] {
  const { types } = checked
  const errors: CheckError[] = []
  const visit = (each: Expression, mayMix: boolean): void => {
    errors.push(
      ...argumentErrors(each),
      ...formatErrors(each, checked),
      ...(mayMix ? [] : mixtureErrors(each, types)),
    )
    const mixes = mayMix || (each.kind === 'call' && each.name === MIXES)
    for (const part of partsOf(each)) visit(part, mixes)
  }
  visit(expression, false)
  return errors.toSorted((a, b) => a.at - b.at)
}

/** The first and the last second there is a time for. */
const FIRST_SECOND = -62_135_596_800n
const LAST_SECOND = 253_402_300_799n

/** What may be written out. Nothing is neither a duration nor a time, though it may stand for one. */
const ARGUMENTS: Readonly<Record<string, (value: Literal) => boolean>> = {
  matches: (value) => typeof value !== 'string' || patternFault(value) === undefined,
  duration: (value) => typeof value === 'string' && isGoDuration(value),
  timestamp: (value) =>
    typeof value === 'bigint'
      ? value >= FIRST_SECOND && value <= LAST_SECOND
      : typeof value === 'string' && isTimestamp(value),
}

function argumentErrors(expression: Expression): readonly CheckError[] {
  if (expression.kind !== 'call') return []
  const { name, args } = expression
  const isGood = Object.hasOwn(ARGUMENTS, name) ? ARGUMENTS[name] : undefined
  const arg = args.at(-1)
  if (isGood === undefined || arg?.kind !== 'literal' || isGood(arg.value)) return []
  return [{ at: arg.at, message: `invalid ${name} argument` }]
}

function mixtureErrors(
  expression: Expression,
  types: ReadonlyMap<Expression, CelType>,
): readonly CheckError[] {
  if (expression.kind === 'list') return others(expression.items, types).slice(0, 1)
  if (expression.kind !== 'map') return []
  const { entries } = expression
  return [
    ...others(
      entries.map(([key]) => key),
      types,
    ),
    ...others(
      entries.map(([, value]) => value),
      types,
    ),
  ]
}

/** @returns errors of what is of another type than the first */
function others(
  items: readonly Expression[],
  types: ReadonlyMap<Expression, CelType>,
): readonly CheckError[] {
  const typeOf = (item: Expression | undefined): CelType => (item && types.get(item)) ?? DYN
  const first = typeOf(items[0])
  return items
    .filter((item) => !isSameType(first, typeOf(item)))
    .map((item) => ({ at: item.at, message: mismatch(first, typeOf(item)) }))
}
