/**
 * From the library's tree of an expression to what is checked: operators are calls, macros are what they stand for,
 * and every part knows where in the source errors about it are shown (google/cel-go parser). Pure.
 */

import type { ASTNode } from '@marcbachmann/cel-js'
import type { Expression, Literal } from './expression.ts'
import { call, MacroError } from './expression.ts'
import { MACROS } from './macros.ts'

/** @throws MacroError */
export function expanded(node: ASTNode): Expression {
  return new Expander(node.input).expression(node)
}

const BINARY: Readonly<Record<string, string>> = Object.fromEntries(
  ['==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%', '&&', '||'].map((op) => [op, `_${op}_`]),
)

class Expander {
  readonly #input: string

  constructor(input: string) {
    this.#input = input
  }

  expression(node: ASTNode): Expression {
    const at = node.range.start
    switch (node.op) {
      case 'value':
        return { kind: 'literal', at, value: node.args as Literal }
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
        return this.#call(node.args[0], node.args[1], at)
      case 'rcall':
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
      return { kind: 'literal', at, value: -value as Literal }
    return call(op, at, [this.expression(operand)])
  }

  #select([operand, field]: readonly [ASTNode, string], at: number, isTest: boolean): Expression {
    return { kind: 'select', at, operand: this.expression(operand), field, isTest }
  }

  #call(name: string, args: readonly ASTNode[], start: number): Expression {
    const at = this.#input.indexOf('(', start)
    const [first] = args
    if (name === 'has' && first !== undefined && args.length === 1) {
      if (first.op !== '.') throw new MacroError('invalid argument to has() macro', this.expression(first).at)
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
    const macro = MACROS[`${name}/${args.length}`]
    if (macro !== undefined) {
      const names = args.slice(0, macro.variables).map((arg) => simpleName(arg))
      const rest = args.slice(macro.variables).map((arg) => this.expression(arg))
      return macro.expand({ at, range: this.expression(target), names, rest })
    }
    return {
      kind: 'call',
      at,
      name,
      target: this.expression(target),
      args: args.map((arg) => this.expression(arg)),
    }
  }
}

function simpleName(node: ASTNode): string {
  if (node.op === 'id') return node.args
  throw new MacroError('argument must be a simple name', node.range.start)
}
