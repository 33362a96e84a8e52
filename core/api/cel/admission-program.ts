/**
 * Expressions of admission, compiled once and evaluated for many requests. Pure.
 * kubernetes/apiserver pkg/admission/plugin/cel (activation.go, composition.go).
 */

import type { Environment } from '@marcbachmann/cel-js'
import { Budget, BudgetExceeded } from './budget.ts'
import { translated, untranslated } from './dialect.ts'
import type { Metered } from './metering.ts'
import { PER_EXPRESSION, metered } from './metering.ts'

/** What the variables of expressions are for one request. */
export interface Activation {
  readonly object: unknown
  readonly oldObject: unknown
  readonly request: unknown
  readonly namespaceObject: unknown
  readonly params: unknown
  readonly authorizer: unknown
  readonly variables: unknown
}

export type Outcome = { readonly value: unknown } | { readonly error: string }

export class AdmissionProgram {
  readonly expression: string
  readonly #run: Metered | undefined
  readonly #fault: string

  /** @param environment the evaluating one; the expression was checked before, and is good unless it was stored elsewhere */
  constructor(environment: Environment, expression: string) {
    this.expression = expression
    const compiled = compile(environment, expression)
    this.#run = compiled.run
    this.#fault = compiled.fault
  }

  /** @throws BudgetExceeded when it costs more than is left, or than one expression may */
  evaluate(activation: Activation, budget: Budget): Outcome {
    if (this.#run === undefined) return { error: `compilation error: ${this.#fault}` }
    const own = new Budget(PER_EXPRESSION)
    try {
      const value = this.#run(activation, own)
      settle(own, budget)
      return { value }
    } catch (error) {
      settle(own, budget)
      return { error: `expression '${this.expression}' resulted in error: ${messageOf(error)}` }
    }
  }
}

/** What was spent on one expression is spent of the whole; an operator may have kept quiet about the error. */
function settle(own: Budget, budget: Budget): void {
  if (own.isSpent) throw new BudgetExceeded()
  budget.spend(PER_EXPRESSION - own.left)
}

function compile(
  environment: Environment,
  expression: string,
): { readonly run: Metered | undefined; readonly fault: string } {
  try {
    const program = environment.parse(translated(expression))
    const { valid, error } = program.check()
    if (valid) return { run: metered(program), fault: '' }
    return { run: undefined, fault: messageOf(error) }
  } catch (error) {
    return { run: undefined, fault: messageOf(error) }
  }
}

/** @returns the message of an error of evaluation, as Go's CEL words it where that is known */
export function messageOf(error: unknown): string {
  const text = untranslated(error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
  return text
    .replace(/^No such key: index out of bounds, index (\d+) >= size \d+$/, 'index out of bounds: $1')
    .replace(/^No such key/, 'no such key')
    .replace(/^no such overload: .*$/, 'no such overload')
    .replace(/^found no matching overload for '.*$/, 'no such overload')
    .replace(
      /^(?:Ternary condition must be bool|Logical operator requires bool operands), .*$/,
      'no such overload',
    )
}

/** @returns `variables`: each evaluated when it is first asked for, and once */
export function lazyVariables(
  programs: ReadonlyMap<string, AdmissionProgram>,
  activation: Omit<Activation, 'variables'>,
  budget: Budget,
): object {
  const variables: object = Object.create(null) as object
  const own: Activation = { ...activation, variables }
  for (const [name, program] of programs) {
    let known: Outcome | undefined
    Object.defineProperty(variables, name, {
      enumerable: true,
      get: () => {
        known ??= program.evaluate(own, budget)
        if ('value' in known) return known.value
        const why = known.error.replace(`expression '${program.expression}' resulted in error: `, '')
        throw new Error(`composited variable ${JSON.stringify(name)} fails to evaluate: ${why}`)
      },
    })
  }
  return variables
}
