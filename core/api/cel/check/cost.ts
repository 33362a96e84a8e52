/**
 * What evaluating an expression may cost at most, by how large the values it looks at may be
 * (google/cel-go checker/cost.go, kubernetes/apiserver pkg/cel/library/cost.go). Pure.
 *
 * Numbers are doubles, where Go's are 64-bit: above 2^53 they are near enough for what is told of them.
 */

import type { Checked } from './checker.ts'
import type { Declared } from './declared.ts'
import type { Estimate } from './estimate.ts'
import { added, fixed, timesCost, UNKNOWN, united, ZERO } from './estimate.ts'
import type { Expression } from './expression.ts'
import { ACCUMULATOR } from './expression.ts'
import type { SizedNode } from './call-cost.ts'
import { callCost } from './call-cost.ts'
import type { CelType } from './types.ts'
import { DYN, isOptional } from './types.ts'

/**
 * @param root the type of what is spoken of
 * @param rootName what alone is of that type; absent: sizes of everything are looked for in it
 * @returns the most that evaluating it may cost
 */
export function maxCost(expression: Expression, checked: Checked, root: Declared, rootName?: string): number {
  return new Coster(checked, root, rootName).cost(expression).max
}

/** How large keys and values in a container are. */
interface Entries {
  readonly container: 'list' | 'map'
  readonly key: Estimate
  readonly value: Estimate
}

interface Local {
  readonly path: readonly string[]
  readonly size: Estimate | undefined
  readonly entries: Entries | undefined
}

const SELECT = fixed(1)
const NEW_LIST = 10
const NEW_MAP = 30

class Coster {
  readonly #checked: Checked
  readonly #root: Declared
  readonly #rootName: string | undefined
  readonly #paths = new Map<Expression, readonly string[]>()
  readonly #sizes = new Map<Expression, Estimate>()
  readonly #entries = new Map<Expression, Entries>()
  #locals: readonly (readonly [string, Local])[] = []

  constructor(checked: Checked, root: Declared, rootName: string | undefined) {
    this.#checked = checked
    this.#rootName = rootName
    this.#root = root
  }

  cost(expression: Expression): Estimate {
    switch (expression.kind) {
      case 'literal':
        return ZERO
      case 'ident':
        this.#paths.set(expression, this.#local(expression.name)?.path ?? [expression.name])
        return SELECT
      case 'select':
        return this.#select(expression)
      case 'call':
        return this.#call(expression)
      case 'list':
        return this.#list(expression)
      case 'map':
        return this.#map(expression)
      case 'comprehension':
        return this.#comprehension(expression)
      case 'bind':
        return this.#bind(expression)
    }
  }

  #local(name: string): Local | undefined {
    return this.#locals.findLast(([known]) => known === name)?.[1]
  }

  #with<T>(names: readonly (readonly [string, Local])[], work: () => T): T {
    const before = this.#locals
    this.#locals = [...before, ...names]
    try {
      return work()
    } finally {
      this.#locals = before
    }
  }

  #type(expression: Expression): CelType {
    return this.#checked.types.get(expression) ?? DYN
  }

  #path(expression: Expression): readonly string[] {
    const local = expression.kind === 'ident' ? this.#local(expression.name) : undefined
    return local?.path ?? this.#paths.get(expression) ?? []
  }

  #select(expression: Expression & { readonly kind: 'select' }): Estimate {
    const { operand, field, isTest } = expression
    const cost = this.cost(operand)
    // Looking whether something is there costs nothing.
    if (isTest) return cost
    this.#paths.set(expression, [...this.#path(operand), field])
    const { kind } = this.#type(operand)
    return kind === 'map' || kind === 'struct' || kind === 'param' ? added(cost, SELECT) : cost
  }

  #call(expression: Expression & { readonly kind: 'call' }): Estimate {
    const { args, target } = expression
    const name = this.#checked.qualified.get(expression) ?? expression.name
    const [first] = args
    if (name === 'dyn' && first !== undefined) {
      const cost = added(fixed(1), this.cost(first))
      this.#copy(expression, first)
      return cost
    }
    const costs = args.map((arg) => this.cost(arg))
    const nodes = args.map((arg) => this.#node(arg))
    const ids = this.#checked.overloads.get(expression) ?? []
    if (ids.length === 0) return ZERO
    const isMember = target !== undefined && !this.#checked.qualified.has(expression)
    const targetCost = isMember ? this.cost(target) : ZERO
    const of = isMember ? this.#node(target) : undefined
    let total: Estimate | undefined
    let size: Estimate | undefined
    for (const id of ids) {
      const one = callCost({
        name,
        id,
        target: of,
        args: nodes,
        costs,
        elementSize: (node) => this.#elementSize(node),
      })
      total = total === undefined ? one.cost : united(total, one.cost)
      if (one.size) size = size === undefined ? one.size : united(size, one.size)
      this.#noteEntries(expression, id)
      if (id === 'index_list' && first) {
        size = this.#entriesOf(first)?.value
        this.#paths.set(expression, [...this.#path(first), '@items'])
      }
      if (id === 'index_map' && first) {
        size = this.#entriesOf(first)?.value
        this.#paths.set(expression, [...this.#path(first), '@values'])
      }
      size ??= this.#size(expression)
    }
    if (size) this.#sizes.set(expression, size)
    return added(targetCost, total ?? ZERO)
  }

  /** What is in the result of putting two together, or of choosing one of two. */
  #noteEntries(expression: Expression & { readonly kind: 'call' }, id: string): void {
    const parts = id === 'conditional' ? expression.args.slice(1) : expression.args
    if (!['conditional', 'add_list', 'add_string', 'add_bytes'].includes(id)) return
    const [a, b] = parts.map((part) => this.#entriesOf(part))
    if (a && b)
      this.#entries.set(expression, {
        container: a.container,
        key: united(a.key, b.key),
        value: united(a.value, b.value),
      })
  }

  #copy(to: Expression, from: Expression): void {
    const size = this.#size(from)
    const entries = this.#entriesOf(from)
    if (size) this.#sizes.set(to, size)
    if (entries) this.#entries.set(to, entries)
  }

  #list(expression: Expression & { readonly kind: 'list' }): Estimate {
    const costs = expression.items.map((item) => this.cost(item))
    const value = this.#unitedSizes(expression.items)
    this.#entries.set(expression, { container: 'list', key: fixed(1), value })
    return added(...costs, fixed(NEW_LIST))
  }

  #map(expression: Expression & { readonly kind: 'map' }): Estimate {
    const costs = expression.entries.flatMap(([key, value]) => [this.cost(key), this.cost(value)])
    const key = this.#unitedSizes(expression.entries.map(([each]) => each))
    const value = this.#unitedSizes(expression.entries.map(([, each]) => each))
    this.#entries.set(expression, { container: 'map', key, value })
    return added(...costs, fixed(NEW_MAP))
  }

  #unitedSizes(items: readonly Expression[]): Estimate {
    const sizes = items.map((item) => this.#size(item) ?? UNKNOWN)
    return sizes.reduce((a, b) => united(a, b), sizes[0] ?? ZERO)
  }

  #comprehension(expression: Expression & { readonly kind: 'comprehension' }): Estimate {
    const { range, accuInit, condition, step, result } = expression
    const before = added(this.cost(range), this.cost(accuInit))
    const accu: Local = {
      path: this.#path(accuInit),
      size: this.#size(accuInit),
      entries: this.#entriesOf(accuInit),
    }
    return this.#with([[ACCUMULATOR, accu]], () => {
      const each = this.#with(this.#iterated(expression), () => {
        const cost = added(this.cost(condition), this.cost(step))
        return { cost, entries: this.#entriesOf(step) }
      })
      const after = this.cost(result)
      const count = this.#size(range) ?? UNKNOWN
      if (accuInit.kind === 'literal') this.#sizes.set(expression, this.#size(accuInit) ?? UNKNOWN)
      else {
        this.#sizes.set(expression, count)
        if (each.entries) this.#entries.set(expression, each.entries)
      }
      return added(before, after, timesCost(count, each.cost))
    })
  }

  #iterated({
    range,
    variables,
  }: Expression & { readonly kind: 'comprehension' }): readonly (readonly [string, Local])[] {
    const entries = this.#entriesOf(range)
    const container = entries?.container ?? (this.#type(range).kind === 'list' ? 'list' : 'map')
    const path = this.#path(range)
    const local = (part: string, size: Estimate | undefined): Local => ({
      path: [...path, part],
      size,
      entries: undefined,
    })
    const key = local(container === 'list' ? '@indices' : '@keys', entries?.key)
    const value = local(container === 'list' ? '@items' : '@values', entries?.value)
    const [first = '', second] = variables
    if (second !== undefined)
      return [
        [first, key],
        [second, value],
      ]
    return [[first, container === 'list' ? value : key]]
  }

  #bind({ init, variable, result, ...rest }: Expression & { readonly kind: 'bind' }): Estimate {
    const expression = { init, variable, result, ...rest }
    const cost = added(fixed(NEW_LIST), this.cost(init))
    const local: Local = { path: this.#path(init), size: this.#size(init), entries: this.#entriesOf(init) }
    return this.#with([[variable, local]], () => {
      const inner = this.cost(result)
      this.#copy(expression, result)
      return added(cost, inner)
    })
  }

  #node(expression: Expression): SizedNode {
    const path = this.#path(expression)
    return {
      expression,
      type: this.#type(expression),
      path: path[0] === ACCUMULATOR ? [] : path,
      size: this.#size(expression),
    }
  }

  #size(expression: Expression): Estimate | undefined {
    const known = this.#sizes.get(expression) ?? ownSize(expression)
    if (known !== undefined) return known
    const declared = this.#declaredSize(this.#path(expression))
    if (declared !== undefined) {
      this.#sizes.set(expression, declared)
      return declared
    }
    if (isScalar(this.#type(expression))) return fixed(1)
    return expression.kind === 'ident' ? this.#local(expression.name)?.size : undefined
  }

  #entriesOf(expression: Expression): Entries | undefined {
    const known = this.#entries.get(expression)
    if (known) return known
    return expression.kind === 'ident' ? this.#local(expression.name)?.entries : undefined
  }

  /** @returns how large what a path leads to may be; the first name is `self`, or anything */
  #declaredSize(path: readonly string[]): Estimate | undefined {
    if (path.length === 0) return undefined
    if (this.#rootName !== undefined && path[0] !== this.#rootName) return undefined
    let at: Declared | undefined = this.#root
    for (const name of path.slice(1)) {
      if (at === undefined) return undefined
      if (name === '@items' || name === '@values') at = at.element
      else if (name === '@keys') at = at.type.kind === 'map' ? (at.key ?? KEYS) : undefined
      else at = at.fields?.get(name) ?? at.member
    }
    return at && { min: 0, max: at.maxElements }
  }

  #elementSize(list: SizedNode): Estimate | undefined {
    return list.path.length === 0 ? undefined : this.#declaredSize([...list.path, '@items'])
  }
}

const KEYS: Declared = { type: DYN, maxElements: 0, minBytes: 0 }

function ownSize(expression: Expression): Estimate | undefined {
  switch (expression.kind) {
    case 'literal': {
      const { value } = expression
      if (typeof value === 'string') return fixed(Array.from(value).length)
      return fixed(value instanceof Uint8Array ? value.length : 1)
    }
    case 'list':
      return fixed(expression.items.length)
    case 'map':
      return fixed(expression.entries.length)
    default:
      return undefined
  }
}

const SCALARS = ['bool', 'double', 'duration', 'int', 'timestamp', 'uint']

const isScalar = (type: CelType): boolean =>
  SCALARS.includes(type.kind) || (isOptional(type) && isScalar(type.params[0] ?? DYN))
