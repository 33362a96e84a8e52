/**
 * Macros that the CEL library lacks: comprehensions over two variables (index and item, key and value), `existsOne`,
 * `optMap` and `optFlatMap`; with them `optional.ofNonZeroValue`. Pure.
 *
 * google/cel-go ext/comprehensions.go, cel/library.go (optional).
 */

import type { Environment } from '@marcbachmann/cel-js'
import { Optional } from '@marcbachmann/cel-js'

/** What the library hands a macro; its types leave them open. */
interface Type {
  readonly kind: string
  readonly keyType?: Type
  readonly valueType?: Type
}
interface Node {
  readonly op: string
  readonly args: unknown
}
interface Context {
  forkWithVariable(name: string, type: Type): Context
  reuse(parent: Context): Context
  setIterValue(value: unknown, evaluator: Evaluator): Context
}
interface Checker {
  check(node: Node, context: Context): Type
  getType(name: string): Type
  createError(code: string, message: string, node: Node): Error
}
interface Evaluator {
  run(node: Node, context: Context): unknown
}
interface Call {
  readonly receiver: Node
  readonly args: readonly Node[]
  readonly ast: Node
}

interface Loop {
  readonly receiver: Node
  readonly names: readonly [string, string]
  /** undefined: all */
  readonly filter: Node | undefined
  readonly body: Node
  readonly async: false
  outer: Context | undefined
  inner: Context | undefined
}

/** What becomes of the values of the body, in order; an Error is what could not be evaluated. */
type Fold = (values: Iterable<readonly [unknown, unknown]>) => unknown

const SIMPLE_NAME = 'argument must be a simple name'

function nameOf(node: Node | undefined): string {
  if (node?.op === 'id') return String(node.args)
  throw new Error(SIMPLE_NAME)
}

function loop(result: string, hasFilter: boolean, fold: Fold) {
  return ({ receiver, args }: Call) => {
    const body = args.at(-1)
    if (body === undefined) throw new Error(SIMPLE_NAME)
    const made: Loop = {
      receiver,
      names: [nameOf(args[0]), nameOf(args[1])],
      filter: hasFilter ? args[2] : undefined,
      body,
      async: false,
      outer: undefined,
      inner: undefined,
    }
    return {
      ...made,
      typeCheck: (checker: Checker, macro: Loop, context: Context): Type => {
        const range = checker.check(macro.receiver, context)
        const [first, second] = variableTypes(range, checker, macro.receiver)
        macro.outer = context.forkWithVariable(macro.names[0], first)
        macro.inner = macro.outer.forkWithVariable(macro.names[1], second)
        if (macro.filter !== undefined) checker.check(macro.filter, macro.inner)
        checker.check(macro.body, macro.inner)
        return checker.getType(result)
      },
      evaluate: (evaluator: Evaluator, macro: Loop, context: Context): unknown =>
        fold(outcomes(evaluator, macro, context)),
    }
  }
}

const nameOfType = (type: Type): string => (type as Type & { readonly name?: string }).name ?? type.kind

function variableTypes(range: Type, checker: Checker, node: Node): readonly [Type, Type] {
  const anything = checker.getType('dyn')
  if (range.kind === 'dyn') return [anything, anything]
  if (range.kind === 'list') return [checker.getType('int'), range.valueType ?? anything]
  if (range.kind === 'map') return [range.keyType ?? anything, range.valueType ?? anything]
  throw checker.createError(
    'invalid_comprehension_range',
    `expression of type '${nameOfType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
    node,
  )
}

/** The value of the body for each key, or index; without those the filter leaves out. */
function* outcomes(
  evaluator: Evaluator,
  macro: Loop,
  context: Context,
): Generator<readonly [unknown, unknown]> {
  if (macro.outer === undefined || macro.inner === undefined) throw new Error('not checked')
  const outer = macro.outer.reuse(context)
  for (const [key, value] of entriesOf(evaluator.run(macro.receiver, context))) {
    const inner = macro.inner.reuse(outer.setIterValue(key, evaluator)).setIterValue(value, evaluator)
    if (macro.filter !== undefined && evaluator.run(macro.filter, inner) !== true) continue
    yield [key, attempted(() => evaluator.run(macro.body, inner))]
  }
}

function attempted(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function entriesOf(range: unknown): readonly (readonly [unknown, unknown])[] {
  if (Array.isArray(range)) return range.map((item, index) => [BigInt(index), item] as const)
  if (range instanceof Map) return [...range.entries()]
  if (typeof range === 'object' && range !== null) return Object.entries(range)
  throw new Error(`got '${typeof range}', expected iterable type`)
}

/** @throws the first Error there is, unless a value decides */
function quantified(decides: boolean): Fold {
  return (values) => {
    let failed: Error | undefined
    for (const [, value] of values) {
      if (value === decides) return decides
      if (value instanceof Error) failed ??= value
    }
    if (failed !== undefined) throw failed
    return !decides
  }
}

function valuesOf(values: Iterable<readonly [unknown, unknown]>): readonly (readonly [unknown, unknown])[] {
  return Array.from(values, ([key, value]) => {
    if (value instanceof Error) throw value
    return [key, value] as const
  })
}

const onlyOne: Fold = (values) => valuesOf(values).filter(([, value]) => value === true).length === 1
const listed: Fold = (values) => valuesOf(values).map(([, value]) => value)
const mapped: Fold = (values) => new Map(valuesOf(values))
const merged: Fold = (values) => {
  const result = new Map<unknown, unknown>()
  for (const [key, value] of valuesOf(values).flatMap(([, entry]) => entriesOf(entry))) {
    if (result.has(key)) throw new Error(`insert failed: key ${String(key)} already exists`)
    result.set(key, value)
  }
  return result
}

interface OptionalCall {
  readonly receiver: Node
  readonly name: string
  readonly body: Node
  readonly async: false
  inner: Context | undefined
}

function optionalMacro(isFlat: boolean) {
  return ({ receiver, args }: Call) => {
    const [variable, body] = args
    if (body === undefined) throw new Error(SIMPLE_NAME)
    const made: OptionalCall = { receiver, name: nameOf(variable), body, async: false, inner: undefined }
    return {
      ...made,
      typeCheck: (checker: Checker, macro: OptionalCall, context: Context): Type => {
        const { valueType = checker.getType('dyn') } = checker.check(macro.receiver, context)
        macro.inner = context.forkWithVariable(macro.name, valueType)
        const type = checker.check(macro.body, macro.inner)
        return isFlat && type.kind === 'optional'
          ? type
          : checker.getType(isFlat ? 'optional' : `optional<${nameOfType(type)}>`)
      },
      evaluate: (evaluator: Evaluator, macro: OptionalCall, context: Context): unknown => {
        const optional = evaluator.run(macro.receiver, context)
        if (!(optional instanceof Optional) || macro.inner === undefined) throw new Error('no such overload')
        if (!optional.hasValue()) return optional
        const value = evaluator.run(
          macro.body,
          macro.inner.reuse(context).setIterValue(optional.value(), evaluator),
        )
        return isFlat ? value : Optional.of(value)
      },
    }
  }
}

const isZero = (value: unknown): boolean =>
  value === null ||
  value === '' ||
  value === false ||
  value === 0 ||
  value === 0n ||
  (typeof value === 'object' && Object.keys(value).length === 0 && entryCount(value) === 0)

const entryCount = (value: object): number =>
  value instanceof Map ? value.size : value instanceof Uint8Array ? value.length : 0

/** Adds the macros. */
export function registerMacros(environment: Environment): void {
  const macros: Readonly<Record<string, (call: Call) => object>> = {
    'list.all(ast, ast, ast): bool': loop('bool', false, quantified(false)),
    'list.exists(ast, ast, ast): bool': loop('bool', false, quantified(true)),
    'list.existsOne(ast, ast, ast): bool': loop('bool', false, onlyOne),
    'list.exists_one(ast, ast, ast): bool': loop('bool', false, onlyOne),
    'list.transformList(ast, ast, ast): list': loop('list', false, listed),
    'list.transformList(ast, ast, ast, ast): list': loop('list', true, listed),
    'list.transformMap(ast, ast, ast): map': loop('map', false, mapped),
    'list.transformMap(ast, ast, ast, ast): map': loop('map', true, mapped),
    'list.transformMapEntry(ast, ast, ast): map': loop('map', false, merged),
    'list.transformMapEntry(ast, ast, ast, ast): map': loop('map', true, merged),
    'optional.optMap(ast, ast): optional<dyn>': optionalMacro(false),
    'optional.optFlatMap(ast, ast): optional<dyn>': optionalMacro(true),
  }
  for (const [signature, macro] of Object.entries(macros)) environment.registerFunction(signature, macro)
  environment.registerFunction(
    'OptionalNamespace.ofNonZeroValue(dyn): optional<dyn>',
    (_optional: unknown, value: unknown) => (isZero(value) ? Optional.none() : Optional.of(value)),
  )
}
