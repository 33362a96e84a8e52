/**
 * Whether an expression makes sense by the types of what it speaks of, in cel-go's words where it does not
 * (google/cel-go checker/checker.go). Pure.
 */

import type { Dialect } from './expand.ts'
import type { CheckError } from './error-text.ts'
import type { Expression } from './expression.ts'
import { ACCUMULATOR } from './expression.ts'
import { overloadsOf } from './signatures.ts'
import type { CelType, Mapping } from './types.ts'
import {
  allAssigned,
  assigned,
  BOOL,
  DYN,
  ERROR,
  INT,
  isDyn,
  isDynOrError,
  isOptional,
  isSameType,
  listOf,
  mapOf,
  mostGeneral,
  optionalOf,
  paramOf,
  parsedType,
  printedType,
  substituted,
  typeNamed,
  typeOf,
} from './types.ts'

export interface Checked {
  readonly errors: readonly CheckError[]
  readonly result: CelType
  /** of every part */
  readonly types: ReadonlyMap<Expression, CelType>
  /** which overloads a call may be of */
  readonly overloads: ReadonlyMap<Expression, readonly string[]>
  /** functions of a namespace, which are called of nothing: `sets.contains` */
  readonly qualified: ReadonlyMap<Expression, string>
  readonly usesOldSelf: boolean
}

/** The fields of types that have some, by the name of the type. */
export type Structs = ReadonlyMap<string, ReadonlyMap<string, { readonly type: CelType }>>

/** What an expression may speak of. */
export interface Scope extends Dialect {
  readonly variables: ReadonlyMap<string, CelType>
  readonly structs: Structs
}

export function checked(expression: Expression, scope: Scope): Checked {
  return new Checker(scope).checked(expression)
}

type Variables = ReadonlyMap<string, CelType>

class Checker {
  readonly #structs: Structs
  readonly #types = new Map<Expression, CelType>()
  readonly #overloads = new Map<Expression, readonly string[]>()
  readonly #qualified = new Map<Expression, string>()
  readonly #errors: CheckError[] = []
  #scopes: readonly Variables[]
  #known: Mapping = new Map()
  #fresh = 0
  #usesOldSelf = false

  constructor({ variables, structs }: Scope) {
    this.#scopes = [variables]
    this.#structs = structs
  }

  checked(expression: Expression): Checked {
    this.#check(expression)
    const types = new Map(
      [...this.#types].map(([each, type]) => [each, substituted(this.#known, type, true)]),
    )
    return {
      errors: this.#errors.toSorted((a, b) => a.at - b.at),
      result: types.get(expression) ?? ERROR,
      types,
      overloads: this.#overloads,
      qualified: this.#qualified,
      usesOldSelf: this.#usesOldSelf,
    }
  }

  #fail(at: number, message: string): CelType {
    this.#errors.push({ at, message })
    return ERROR
  }

  #set(expression: Expression, type: CelType): void {
    this.#types.set(expression, type)
  }

  #type(expression: Expression): CelType {
    return this.#types.get(expression) ?? ERROR
  }

  #check(expression: Expression): void {
    this.#set(expression, this.#typeOf(expression))
  }

  #typeOf(expression: Expression): CelType {
    switch (expression.kind) {
      case 'literal':
        return literalType(expression.value)
      case 'ident':
        return this.#lookup(expression.name) ?? this.#undeclared(expression.name, expression.at)
      case 'select':
        return this.#select(expression)
      case 'call':
        return this.#call(expression)
      case 'list':
        return listOf(this.#joined(expression.items))
      case 'map': {
        const keys = this.#joined(expression.entries.map(([key]) => key))
        return mapOf(keys, this.#joined(expression.entries.map(([, value]) => value)))
      }
      case 'comprehension':
        return this.#comprehension(expression)
      case 'bind':
        this.#check(expression.init)
        return this.#within(new Map([[expression.variable, this.#type(expression.init)]]), () => {
          this.#check(expression.result)
          return this.#type(expression.result)
        })
    }
  }

  #lookup(name: string): CelType | undefined {
    for (const scope of this.#scopes.toReversed()) {
      const found = scope.get(name)
      if (found === undefined) continue
      if (name === 'oldSelf' && scope === this.#scopes[0]) this.#usesOldSelf = true
      return found
    }
    const type = typeNamed(name)
    return type && typeOf(type)
  }

  #undeclared(name: string, at: number): CelType {
    return this.#fail(at, `undeclared reference to '${name}' (in container '')`)
  }

  #within<T>(scope: Variables, work: () => T): T {
    const before = this.#scopes
    this.#scopes = [...before, scope]
    try {
      return work()
    } finally {
      this.#scopes = before
    }
  }

  #select(expression: Expression & { readonly kind: 'select' }): CelType {
    const name = qualifiedName(expression)
    const named = name === undefined ? undefined : this.#lookup(name)
    if (named !== undefined) return named
    const result = this.#member(expression, expression.operand, expression.field, false)
    return expression.isTest ? BOOL : substituted(this.#known, result, false)
  }

  #member(of: Expression, operand: Expression, field: string, isOptionalSelect: boolean): CelType {
    this.#check(operand)
    const type = substituted(this.#known, this.#type(operand), false)
    const isWrapped = isOptional(type)
    const target = isWrapped ? (type.params[0] ?? DYN) : type
    const result = this.#memberType(of.at, target, field)
    return isWrapped || isOptionalSelect ? optionalOf(result) : result
  }

  #memberType(at: number, target: CelType, field: string): CelType {
    switch (target.kind) {
      case 'map':
        return target.params[1] ?? DYN
      case 'struct': {
        const fields = this.#structs.get(target.name)
        // A value of which nothing may be seen.
        if (fields === undefined) return this.#fail(at, `unexpected failed resolution of '${target.name}'`)
        const found = fields.get(field)
        return found === undefined ? this.#fail(at, `undefined field '${field}'`) : found.type
      }
      case 'param':
        this.#assign(DYN, target)
        return DYN
      default:
        if (!isDynOrError(target))
          this.#fail(at, `type '${printedType(target)}' does not support field selection`)
        return DYN
    }
  }

  #assign(type: CelType, wanted: CelType): boolean {
    const known = assigned(this.#known, type, wanted)
    if (known !== undefined) this.#known = known
    return known !== undefined
  }

  #call(expression: Expression & { readonly kind: 'call' }): CelType {
    const { name, target, args, at } = expression
    if (name === '_?._') {
      const [operand, field] = args
      const isNamed = operand !== undefined && field?.kind === 'literal' && typeof field.value === 'string'
      if (!isNamed) return ERROR
      this.#overloads.set(expression, ['select_optional_field'])
      const result = this.#member(expression, operand, field.value as string, true)
      return substituted(this.#known, result, false)
    }
    for (const arg of args) this.#check(arg)
    if (target === undefined) return this.#resolved(expression, name, args, false)
    const prefix = qualifiedName(target)
    const qualified = prefix === undefined ? undefined : `${prefix}.${name}`
    if (qualified !== undefined && overloadsOf(qualified) !== undefined) {
      this.#qualified.set(expression, qualified)
      return this.#resolved(expression, qualified, args, false)
    }
    this.#check(target)
    if (overloadsOf(name) === undefined) return this.#undeclared(name, at)
    return this.#resolved(expression, name, [target, ...args], true)
  }

  #resolved(of: Expression, name: string, args: readonly Expression[], isMember: boolean): CelType {
    const overloads = overloadsOf(name)
    if (overloads === undefined) return this.#undeclared(name, of.at)
    if (name === '_&&_' || name === '_||_') return this.#logical(of, name, args)
    const types = args.map((arg) => this.#type(arg))
    let result: CelType | undefined
    const ids: string[] = []
    for (const overload of overloads) {
      if (overload.isMember !== isMember) continue
      const fresh: Mapping = new Map(overload.params.map((param) => [param, this.#variable()]))
      const wanted = overload.args.map((arg) => substituted(fresh, arg, false))
      const known = allAssigned(this.#known, types, wanted)
      if (known === undefined) continue
      this.#known = known
      ids.push(overload.id)
      const found = substituted(known, substituted(fresh, overload.result, false), false)
      result = result === undefined || isDyn(result) || isSameType(found, result) ? (result ?? found) : DYN
    }
    if (result === undefined) return this.#noOverload(of.at, name, types, isMember)
    this.#overloads.set(of, ids)
    return result
  }

  #noOverload(at: number, name: string, types: readonly CelType[], isMember: boolean): CelType {
    const [first = '', ...rest] = types.map((type) => printedType(substituted(this.#known, type, true)))
    const shown = isMember
      ? `${first}.(${rest.join(', ')})`
      : `(${[first, ...rest].filter(Boolean).join(', ')})`
    return this.#fail(at, `found no matching overload for '${name}' applied to '${shown}'`)
  }

  #logical(of: Expression, name: string, args: readonly Expression[]): CelType {
    let isWrong = false
    for (const arg of args) {
      const type = this.#type(arg)
      if (this.#assign(type, BOOL)) continue
      this.#fail(arg.at, mismatch(BOOL, type))
      isWrong = true
    }
    this.#overloads.set(of, [name === '_&&_' ? 'logical_and' : 'logical_or'])
    return isWrong ? ERROR : BOOL
  }

  #variable(): CelType {
    this.#fresh += 1
    return paramOf(`_var${this.#fresh - 1}`)
  }

  #joined(items: readonly Expression[]): CelType {
    let joined: CelType | undefined
    for (const item of items) {
      this.#check(item)
      const type = this.#type(item)
      if (joined === undefined) joined = type
      else if (this.#assign(joined, type)) joined = mostGeneral(joined, type)
      // Where it matters it is told of later: ./literals.ts.
      else joined = DYN
    }
    return joined ?? this.#variable()
  }

  #comprehension(expression: Expression & { readonly kind: 'comprehension' }): CelType {
    const { range, accuInit, condition, step, result, variables } = expression
    this.#check(range)
    this.#check(accuInit)
    const accu = this.#type(accuInit)
    const items = this.#itemTypes(range, variables.length)
    return this.#within(new Map([[ACCUMULATOR, accu]]), () => {
      const names = new Map(variables.map((name, index) => [name, items[index] ?? DYN]))
      this.#within(names, () => {
        this.#check(condition)
        this.#expect(condition, BOOL)
        this.#check(step)
        this.#expect(step, accu)
      })
      this.#check(result)
      return substituted(this.#known, this.#type(result), false)
    })
  }

  #itemTypes(range: Expression, count: number): readonly CelType[] {
    const type = substituted(this.#known, this.#type(range), false)
    const [first = DYN, second = DYN] = type.params
    if (type.kind === 'list') return count === 2 ? [INT, first] : [first]
    if (type.kind === 'map') return [first, second]
    if (type.kind === 'param' || type.kind === 'dyn' || type.kind === 'error') {
      this.#assign(DYN, type)
      return [DYN, DYN]
    }
    this.#fail(
      range.at,
      `expression of type '${printedType(type)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
    )
    return [ERROR, ERROR]
  }

  #expect(expression: Expression, wanted: CelType): void {
    const type = this.#type(expression)
    if (!this.#assign(wanted, type)) this.#fail(expression.at, mismatch(wanted, type))
  }
}

/** As messages say it. */
export const mismatch = (wanted: CelType, found: CelType): string =>
  `expected type '${printedType(wanted)}' but found '${printedType(found)}'`

function literalType(value: unknown): CelType {
  if (value === null) return parsedType('null')
  if (typeof value === 'boolean') return BOOL
  if (typeof value === 'bigint') return INT
  if (typeof value === 'number') return parsedType('double')
  if (typeof value === 'string') return parsedType('string')
  return parsedType(value instanceof Uint8Array ? 'bytes' : 'uint')
}

/** `a.b.c` of names alone. */
export function qualifiedName(expression: Expression): string | undefined {
  if (expression.kind === 'ident') return expression.name
  if (expression.kind !== 'select' || expression.isTest) return undefined
  const prefix = qualifiedName(expression.operand)
  return prefix === undefined ? undefined : `${prefix}.${expression.field}`
}
