/**
 * What an evaluation costs, counted while it goes on: one for every node of the expression each time it is evaluated,
 * and more where an operator or function looks through a text, a list or a map. Pure.
 *
 * Upstream's units are much the same (google/cel-go interpreter/runtimecost.go, kubernetes/apiserver
 * pkg/cel/library/cost.go); its limits are kept (pkg/apis/cel/config.go).
 */

import type { ParseResult } from '@marcbachmann/cel-js'
import { Budget } from './budget.ts'
import type { ExpressionNode } from './expression-nodes.ts'
import { expressionNodes } from './expression-nodes.ts'

/** Of one expression, and of all expressions of one policy, binding and parameter. */
export const PER_EXPRESSION = 1_000_000
export const PER_EVALUATION = 10_000_000
/** What upstream's evaluator says of an expression that costs more. */
export const TOO_DEAR = 'operation cancelled: actual cost limit exceeded'
/** Of the match conditions of a webhook or a policy. */
export const PER_MATCH_CONDITIONS = 2_500_000

/** Evaluates with a budget. @throws BudgetExceeded; Error for what cannot be evaluated */
export type Metered = (context: object, budget: Budget) => unknown

type Evaluate = (evaluator: unknown, node: unknown, context: unknown) => unknown

export type Costed = {
  readonly cost: number
  readonly outcome: { readonly value: unknown } | { readonly error: unknown } | 'tooDear'
}

/** Evaluates within what one expression may cost. */
export function costed(run: Metered, context: object): Costed {
  const budget = new Budget(PER_EXPRESSION)
  const outcome = ((): Costed['outcome'] => {
    try {
      const value = run(context, budget)
      // An operator may have kept quiet about the error.
      return budget.isSpent ? 'tooDear' : { value }
    } catch (error) {
      return budget.isSpent ? 'tooDear' : { error }
    }
  })()
  return { cost: PER_EXPRESSION - Math.max(0, budget.left), outcome }
}

/** A node as it is evaluated. */
type EvaluatedNode = ExpressionNode & { evaluate: Evaluate }

/** Whose operands are looked through, if not always to the end. */
const LOOKING: ReadonlySet<string> = new Set(['==', '!=', 'in', '+', 'call', 'rcall'])

/** @param program checked: from then on its nodes stay what they are */
export function metered(program: ParseResult): Metered {
  const meter: { budget: Budget | undefined } = { budget: undefined }
  const nodes = expressionNodes(program)
  const lookedThrough = new Set(
    nodes.flatMap(({ op, args }) => (LOOKING.has(op) ? (args as readonly unknown[]).flat() : [])),
  )
  for (const node of nodes) countEvaluations(node as EvaluatedNode, lookedThrough.has(node), meter)
  return (context, budget) => {
    meter.budget = budget
    try {
      return program(context)
    } finally {
      meter.budget = undefined
    }
  }
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** A node replaces its own `evaluate` when it is first called: what it sets is what is called from then on. */
function countEvaluations(
  node: EvaluatedNode,
  isLookedThrough: boolean,
  meter: { readonly budget: Budget | undefined },
): void {
  let inner: Evaluate = node.evaluate
  let isSet = false
  const counting: Evaluate = function (this: unknown, evaluator, self, context) {
    // Sets what is to be called, and comes here again.
    if (!isSet) return inner.call(this, evaluator, self, context)
    meter.budget?.spend(1)
    const value = inner.call(this, evaluator, self, context)
    if (isLookedThrough) spendSize(value, meter.budget)
    return value
  }
  Object.defineProperty(node, 'evaluate', {
    configurable: true,
    enumerable: false,
    get: () => counting,
    set: (next: Evaluate) => {
      inner = next
      isSet = true
    },
  })
}

/** A tenth of a unit for a character, one for an item, however deep it is. */
function spendSize(value: unknown, budget: Budget | undefined): void {
  if (budget === undefined) return
  if (typeof value === 'string') return budget.spend(Math.ceil(value.length / 10))
  if (typeof value !== 'object' || value === null) return
  const items = Array.isArray(value) ? value : isPlain(value) ? Object.values(value) : []
  budget.spend(items.length)
  for (const item of items) spendSize(item, budget)
}
