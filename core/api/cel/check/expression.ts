/**
 * Expressions as cel-go sees them once its macros are expanded: what is checked for types and cost
 * (google/cel-go common/ast). Pure.
 */

interface Common {
  /** offset in the source where errors about it are shown */
  readonly at: number
}

export type Literal = string | number | bigint | boolean | null | Uint8Array | object

export interface Comprehension extends Common {
  readonly kind: 'comprehension'
  readonly range: Expression
  readonly variables: readonly string[]
  readonly accuInit: Expression
  readonly condition: Expression
  readonly step: Expression
  readonly result: Expression
}

/** `x` stands for a value while another expression is evaluated. */
export interface Bind extends Common {
  readonly kind: 'bind'
  readonly variable: string
  readonly init: Expression
  readonly result: Expression
}

export type Expression =
  | (Common & { readonly kind: 'literal'; readonly value: Literal })
  | (Common & { readonly kind: 'ident'; readonly name: string })
  | (Common & {
      readonly kind: 'select'
      readonly operand: Expression
      readonly field: string
      readonly isTest: boolean
    })
  | (Common & {
      readonly kind: 'call'
      readonly name: string
      readonly target: Expression | undefined
      readonly args: readonly Expression[]
    })
  | (Common & { readonly kind: 'list'; readonly items: readonly Expression[] })
  | (Common & { readonly kind: 'map'; readonly entries: readonly (readonly [Expression, Expression])[] })
  | Comprehension
  | Bind

/** The name under which comprehensions collect their result. */
export const ACCUMULATOR = '@result'

/** Thrown for what the library takes for an expression and cel-go does not: macros that are used wrongly, first of all. */
export class ExpansionError extends Error {
  readonly at: number
  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

/** A call of a function that is nobody's member. */
export const call = (name: string, at: number, args: readonly Expression[]): Expression => ({
  kind: 'call',
  at,
  name,
  target: undefined,
  args,
})

/** What an expression consists of, in order. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'ident':
      return []
    case 'select':
      return [expression.operand]
    case 'call':
      return [...(expression.target ? [expression.target] : []), ...expression.args]
    case 'list':
      return expression.items
    case 'map':
      return expression.entries.flat()
    case 'comprehension':
      return [expression.range, expression.accuInit, expression.condition, expression.step, expression.result]
    case 'bind':
      return [expression.init, expression.result]
  }
}
