/**
 * Whether `'%s is %d'.format([a, b])` has for each clause a value that it can show
 * (google/cel-go ext/formatting.go). Pure.
 */

import type { Checked } from './checker.ts'
import type { CheckError } from './error-text.ts'
import type { Expression } from './expression.ts'
import type { CelType, TypeKind } from './types.ts'
import { DYN, runtimeName } from './types.ts'

/** What may follow a `%`: nothing, another one, or the digits of a fraction and a letter. */
const CLAUSE = /%(?:%|(\.\d*)?([\s\S])?)/g

interface Clause {
  readonly shows: readonly TypeKind[]
  readonly refusal: string
}

const INTEGERS: readonly TypeKind[] = ['int', 'uint']
const HEX: Clause = {
  shows: [...INTEGERS, 'string', 'bytes'],
  refusal: 'only integers, byte buffers, and strings can be formatted as hex',
}
const TEXT: Clause = {
  shows: [
    ...INTEGERS,
    'list',
    'map',
    'double',
    'bool',
    'string',
    'timestamp',
    'bytes',
    'duration',
    'type',
    'null',
  ],
  refusal:
    'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
}

const CLAUSES: Readonly<Record<string, Clause>> = {
  s: TEXT,
  d: { shows: INTEGERS, refusal: 'decimal clause can only be used on integers' },
  f: { shows: ['double', 'string'], refusal: 'fixed-point clause can only be used on doubles' },
  e: { shows: ['double', 'string'], refusal: 'scientific clause can only be used on doubles' },
  b: { shows: [...INTEGERS, 'bool'], refusal: 'only integers and bools can be formatted as binary' },
  x: HEX,
  X: HEX,
  o: { shows: INTEGERS, refusal: 'octal clause can only be used on integers' },
}

/** @returns what is wrong with a call of format() whose text and list are literals; one error at most */
export function formatErrors(expression: Expression, { types }: Checked): readonly CheckError[] {
  if (expression.kind !== 'call' || expression.name !== 'format') return []
  const { target, args, at } = expression
  const [list] = args
  if (target?.kind !== 'literal' || typeof target.value !== 'string' || list?.kind !== 'list') return []
  const { items } = list
  let used = 0
  for (const [clause, precision, letter] of target.value.matchAll(CLAUSE)) {
    if (clause === '%%') continue
    const item = items[used]
    used += 1
    const error = clauseError({ precision, letter, item, index: used - 1 }, types)
    if (error !== undefined) return [{ at: error.at ?? at, message: error.message }]
  }
  if (items.length <= used) return []
  const message = `too many arguments supplied to string.format (expected ${used}, got ${items.length})`
  return [{ at, message }]
}

interface Use {
  readonly precision: string | undefined
  readonly letter: string | undefined
  readonly item: Expression | undefined
  readonly index: number
}

/** `at` is absent where the call as a whole is wrong. */
interface UseError {
  readonly at?: number
  readonly message: string
}

function clauseError(
  { precision, letter, item, index }: Use,
  types: ReadonlyMap<Expression, CelType>,
): UseError | undefined {
  const unparsed = 'could not parse formatting clause'
  if (letter === undefined && precision === undefined) return { message: 'unexpected end of string' }
  if (item === undefined) return { message: `index ${index} out of range` }
  if (letter === undefined)
    return {
      message: `${unparsed}: error while parsing precision: could not find end of precision specifier`,
    }
  const clause = Object.hasOwn(CLAUSES, letter) ? CLAUSES[letter] : undefined
  if (clause === undefined) return { message: `${unparsed}: unrecognized formatting clause "${letter}"` }
  const wrong = unshown(item, clause, types)
  if (wrong === undefined) return undefined
  const type = runtimeName(types.get(wrong) ?? DYN)
  return { at: wrong.at, message: `error during formatting: ${clause.refusal}, was given ${type}` }
}

/** @returns the value, or the one inside of it, that the clause cannot show */
function unshown(
  item: Expression,
  clause: Clause,
  types: ReadonlyMap<Expression, CelType>,
): Expression | undefined {
  const { kind } = types.get(item) ?? DYN
  if (kind === 'dyn') return undefined
  if (!clause.shows.includes(kind)) return item
  if (clause !== TEXT) return undefined
  const inner = item.kind === 'list' ? item.items : item.kind === 'map' ? item.entries.flat() : []
  for (const each of inner) {
    const found = unshown(each, clause, types)
    if (found !== undefined) return found
  }
  return undefined
}
