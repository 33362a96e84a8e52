/**
 * From the library's tree of an expression to what is checked: operators are calls, macros are what they stand for,
 * and every part knows where in the source errors about it are shown (google/cel-go parser). Pure.
 */

import type { ASTNode } from '@marcbachmann/cel-js'
import type { Expression, Literal } from './expression.ts'
import { ACCUMULATOR, call, ExpansionError, partsOf } from './expression.ts'
import { MACROS, nameMessage } from './macros.ts'
import { operandMessage } from './syntax-faults.ts'

/** What not all expressions may be made of. */
export interface Dialect {
  /** `cel.bind(x, ..., ...)` (google/cel-go ext/bindings.go) */
  readonly hasBindings?: boolean | undefined
}

/** @throws ExpansionError */
export function expanded(node: ASTNode, dialect: Dialect = {}): Expression {
  return new Expander(node.input, dialect).expression(node)
}

const BINARY: Readonly<Record<string, string>> = Object.fromEntries(
  ['==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%', '&&', '||'].map((op) => [op, `_${op}_`]),
)

/** Whatever looks at expressions calls itself for their parts: a sum of so many parts is that deep. */
const MAX_DEPTH = 1_000
export const TOO_DEEP = 'expression is nested too deeply'
/** Of all parts, macros being what they stand for; upstream may look at them for longer than a request may take. */
const MAX_SIZE = 10_000

class Expander {
  readonly #input: string
  readonly #dialect: Dialect
  readonly #sizes = new Map<Expression, number>()
  #depth = 0

  constructor(input: string, dialect: Dialect) {
    this.#input = input
    this.#dialect = dialect
  }

  expression(node: ASTNode): Expression {
    if (this.#depth >= MAX_DEPTH) throw new ExpansionError(TOO_DEEP, node.range.start)
    this.#depth += 1
    try {
      return this.#expression(node)
    } finally {
      this.#depth -= 1
    }
  }

  #expression(node: ASTNode): Expression {
    const at = node.range.start
    switch (node.op) {
      case 'value':
        return literal(node.args as Literal, at)
      case 'id':
        return { kind: 'ident', at, name: node.args }
      case '.':
        return this.#select(node.args, this.#dot(node), false)
      case '.?': {
        const [operand, field] = node.args
        const key: Expression = { kind: 'literal', at, value: field }
        return call('_?._', this.#dot(node), [this.expression(operand), key])
      }
      case '[]':
      case '[?]': {
        const name = node.op === '[]' ? '_[_]' : '_[?_]'
        return call(
          name,
          this.#after(node.args[0], '['),
          node.args.map((arg) => this.expression(arg)),
        )
      }
      case 'call':
        this.#noTrailingComma(node, node.args[1])
        return this.#call(node.args[0], node.args[1], at)
      case 'rcall':
        this.#noTrailingComma(node, node.args[2])
        return this.#member(node.args[0], node.args[1], node.args[2])
      case 'list':
        return { kind: 'list', at, items: node.args.map((item) => this.expression(item)) }
      case 'map':
        return {
          kind: 'map',
          at,
          entries: node.args.map(([key, value]) => [this.expression(key), this.expression(value)] as const),
        }
      case '?:':
        return call(
          '_?_:_',
          this.#after(node.args[0], '?'),
          node.args.map((arg) => this.expression(arg)),
        )
      case '!_':
      case '-_':
        return this.#unary(node.op, node.args, at)
      case 'in':
        return call(
          '@in',
          this.#after(node.args[0], 'in'),
          node.args.map((arg) => this.expression(arg)),
        )
      default:
        return call(
          BINARY[node.op] ?? node.op,
          this.#after(node.args[0], node.op),
          node.args.map((arg) => this.expression(arg)),
        )
    }
  }

  /** Lists and maps may end with one. */
  #noTrailingComma({ range: { start, end } }: ASTNode, args: readonly ASTNode[]): void {
    if (args.length === 0 || !/,\s*\)$/.test(this.#input.slice(start, end))) return
    const at = end - 1
    throw new ExpansionError(`Syntax error: ${operandMessage(this.#input, at)}`, at)
  }

  /** Where an operator stands after its first operand, closing brackets between. */
  #after(operand: ASTNode, operator: string): number {
    const found = this.#input.indexOf(operator, operand.range.end)
    return found < 0 ? operand.range.end : found
  }

  #dot(node: ASTNode): number {
    return this.#input.lastIndexOf('.', node.range.end - 1)
  }

  #unary(op: '!_' | '-_', operand: ASTNode, at: number): Expression {
    const value: unknown = operand.op === 'value' ? operand.args : undefined
    if (op === '-_' && (typeof value === 'bigint' || typeof value === 'number'))
      return literal(-value as Literal, at)
    return call(op, at, [this.expression(operand)])
  }

  #select([operand, field]: readonly [ASTNode, string], at: number, isTest: boolean): Expression {
    return { kind: 'select', at, operand: this.expression(operand), field, isTest }
  }

  #call(name: string, args: readonly ASTNode[], start: number): Expression {
    const at = this.#input.indexOf('(', start)
    const [first] = args
    if (name === 'has' && first !== undefined && args.length === 1) {
      if (first.op !== '.')
        throw new ExpansionError('invalid argument to has() macro', this.expression(first).at)
      return this.#select(first.args, at, true)
    }
    return call(
      name,
      at,
      args.map((arg) => this.expression(arg)),
    )
  }

  #member(name: string, target: ASTNode, args: readonly ASTNode[]): Expression {
    const at = this.#input.indexOf('(', target.range.end)
    const isCel = target.op === 'id' && target.args === 'cel'
    if (this.#dialect.hasBindings && isCel && name === 'bind' && args.length === 3)
      return this.#bind(args, at)
    const macro = MACROS[`${name}/${args.length}`]
    if (macro !== undefined) {
      const names = this.#names(name, args.slice(0, macro.variables))
      const rest = args.slice(macro.variables).map((arg) => this.expression(arg))
      return this.#bounded(macro.expand({ at, range: this.expression(target), names, rest }))
    }
    return {
      kind: 'call',
      at,
      name,
      target: this.expression(target),
      args: args.map((arg) => this.expression(arg)),
    }
  }

  #bind([variable, init, result]: readonly ASTNode[], at: number): Expression {
    if (variable === undefined || init === undefined || result === undefined || variable.op !== 'id')
      throw new ExpansionError(BINDING, variable ? this.expression(variable).at : at)
    const parts = { init: this.expression(init), result: this.expression(result) }
    return { kind: 'bind', at, variable: variable.args, ...parts }
  }

  /** What a macro says twice of something that says it twice, too, soon is too much for anyone to look at. */
  #bounded(made: Expression): Expression {
    if (this.#size(made) > MAX_SIZE) throw new ExpansionError('expression is too large', made.at)
    return made
  }

  #size(expression: Expression): number {
    const known = this.#sizes.get(expression)
    if (known !== undefined) return known
    const size = partsOf(expression).reduce((sum, part) => sum + this.#size(part), 1)
    this.#sizes.set(expression, size)
    return size
  }

  /** Of the variables of a macro. */
  #names(macro: string, args: readonly ASTNode[]): readonly string[] {
    const names = args.map((arg) => {
      if (arg.op !== 'id') throw new ExpansionError(nameMessage(macro), this.expression(arg).at)
      if (ACCUMULATORS.includes(arg.args))
        throw new ExpansionError('iteration variable overwrites accumulator variable', arg.range.start)
      return arg.args
    })
    const [first, second] = names
    if (second !== undefined && first === second)
      throw new ExpansionError(`duplicate variable name: ${second}`, args[1]?.range.start ?? 0)
    return names
  }
}

function literal(value: Literal, at: number): Expression {
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) !== value)
    throw new ExpansionError('invalid int literal', at)
  return { kind: 'literal', at, value }
}

const BINDING = 'cel.bind() variable names must be simple identifiers'

/** What comprehensions are called that collect something, once and now. */
const ACCUMULATORS = ['__result__', ACCUMULATOR]
