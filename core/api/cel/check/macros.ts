/**
 * What CEL's macros stand for: `all`, `exists`, `map`, … as comprehensions
 * (google/cel-go parser/macro.go, ext/comprehensions.go, cel/library.go). Pure.
 */

import type { Comprehension, Expression, Literal } from './expression.ts'
import { ACCUMULATOR, call } from './expression.ts'

export interface MacroUse {
  readonly at: number
  readonly range: Expression
  readonly names: readonly string[]
  readonly rest: readonly Expression[]
}

export interface Macro {
  /** how many of its arguments are names */
  readonly variables: number
  readonly expand: (use: MacroUse) => Expression
}

/** What a comprehension begins with, until when it goes on, what it does, what comes of it. */
type Parts = Pick<Comprehension, 'accuInit' | 'condition' | 'step'> & { readonly result?: Expression }

const literal = (value: Literal, at: number): Expression => ({ kind: 'literal', at, value })
const accu = (at: number): Expression => ({ kind: 'ident', at, name: ACCUMULATOR })

const fold = (variables: number, parts: (use: MacroUse) => Parts): Macro => ({
  variables,
  expand: (use) => ({
    kind: 'comprehension',
    at: use.at,
    range: use.range,
    variables: use.names,
    result: accu(use.at),
    ...parts(use),
  }),
})

const last = (rest: readonly Expression[]): Expression => rest.at(-1) ?? literal(null, 0)
const whileTrue = (at: number, value: Expression): Expression => call('@not_strictly_false', at, [value])

/** With a condition before what is collected, only what meets it is. */
const filtered = ({ at, rest }: MacroUse, step: Expression): Expression =>
  rest.length === 2 && rest[0] !== undefined ? call('_?_:_', at, [rest[0], step, accu(at)]) : step

const all = (variables: number): Macro =>
  fold(variables, ({ at, rest }) => ({
    accuInit: literal(true, at),
    condition: whileTrue(at, accu(at)),
    step: call('_&&_', at, [accu(at), last(rest)]),
  }))

const exists = (variables: number): Macro =>
  fold(variables, ({ at, rest }) => ({
    accuInit: literal(false, at),
    condition: whileTrue(at, call('!_', at, [accu(at)])),
    step: call('_||_', at, [accu(at), last(rest)]),
  }))

const existsOne = (variables: number): Macro =>
  fold(variables, ({ at, rest }) => ({
    accuInit: literal(0n, at),
    condition: literal(true, at),
    step: call('_?_:_', at, [last(rest), call('_+_', at, [accu(at), literal(1n, at)]), accu(at)]),
    result: call('_==_', at, [accu(at), literal(1n, at)]),
  }))

const collected = (variables: number): Macro =>
  fold(variables, (use) => ({
    accuInit: { kind: 'list', at: use.at, items: [] },
    condition: literal(true, use.at),
    step: filtered(
      use,
      call('_+_', use.at, [accu(use.at), { kind: 'list', at: use.at, items: [last(use.rest)] }]),
    ),
  }))

const selected = fold(1, ({ at, names, rest }) => {
  const item: Expression = { kind: 'ident', at, name: names[0] ?? '' }
  const added = call('_+_', at, [accu(at), { kind: 'list', at, items: [item] }])
  return {
    accuInit: { kind: 'list', at, items: [] },
    condition: literal(true, at),
    step: call('_?_:_', at, [last(rest), added, accu(at)]),
  }
})

const mapped = (hasKey: boolean): Macro =>
  fold(2, (use) => {
    const { at, names, rest } = use
    const key: readonly Expression[] = hasKey ? [{ kind: 'ident', at, name: names[0] ?? '' }] : []
    return {
      accuInit: { kind: 'map', at, entries: [] },
      condition: literal(true, at),
      step: filtered(use, call('cel.@mapInsert', at, [accu(at), ...key, last(rest)])),
    }
  })

const optionalMap = (isFlat: boolean): Macro => ({
  variables: 1,
  expand: ({ at, range, names, rest }) => {
    const method = (name: string): Expression => ({ kind: 'call', at, name, target: range, args: [] })
    const bound: Expression = {
      kind: 'bind',
      at,
      variable: names[0] ?? '',
      init: method('value'),
      result: last(rest),
    }
    const mappedValue = isFlat ? bound : call('optional.of', at, [bound])
    return call('_?_:_', at, [method('hasValue'), mappedValue, call('optional.none', at, [])])
  },
})

/** By name and number of arguments. */
export const MACROS: Readonly<Record<string, Macro>> = {
  'all/2': all(1),
  'all/3': all(2),
  'exists/2': exists(1),
  'exists/3': exists(2),
  'exists_one/2': existsOne(1),
  'exists_one/3': existsOne(2),
  'existsOne/2': existsOne(1),
  'existsOne/3': existsOne(2),
  'map/2': collected(1),
  'map/3': collected(1),
  'filter/2': selected,
  'transformList/3': collected(2),
  'transformList/4': collected(2),
  'transformMap/3': mapped(true),
  'transformMap/4': mapped(true),
  'transformMapEntry/3': mapped(false),
  'transformMapEntry/4': mapped(false),
  'optMap/2': optionalMap(false),
  'optFlatMap/2': optionalMap(true),
}

const NAME_MESSAGES: Readonly<Record<string, string>> = {
  map: 'argument is not an identifier',
  filter: 'argument is not an identifier',
  optMap: 'optMap() variable name must be a simple identifier',
  optFlatMap: 'optFlatMap() variable name must be a simple identifier',
}

/** What is said of a variable of a macro that is no name. */
export const nameMessage = (macro: string): string =>
  (Object.hasOwn(NAME_MESSAGES, macro) ? NAME_MESSAGES[macro] : undefined) ?? 'argument must be a simple name'
