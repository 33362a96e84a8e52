/**
 * Expressions of admission, compiled once and evaluated for many requests. Pure.
 * kubernetes/apiserver pkg/admission/plugin/cel (activation.go, composition.go).
 */

import type { Environment } from '@marcbachmann/cel-js'
import type { Budget } from './budget.ts'
import { translated } from './dialect.ts'
import { messageOf } from './evaluation-errors.ts'
import type { Metered } from './metering.ts'
import { TOO_DEAR, costed, metered } from './metering.ts'

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

/** What expressions see, `variables` aside. */
export type Seen = Omit<Activation, 'variables'>

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

  /** @throws BudgetExceeded when it costs more than is left */
  evaluate(activation: Activation, budget: Budget): Outcome {
    if (this.#run === undefined) return { error: `compilation error: ${this.#fault}` }
    const { cost, outcome } = costed(this.#run, activation)
    budget.spend(cost)
    if (outcome === 'tooDear') return this.#failed(TOO_DEAR)
    return 'error' in outcome ? this.#failed(messageOf(outcome.error)) : outcome
  }

  #failed(why: string): Outcome {
    return { error: `expression '${this.expression}' resulted in error: ${why}` }
  }
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

/** @returns `variables`: each evaluated when it is first asked for, and once */
export function lazyVariables(
  programs: ReadonlyMap<string, AdmissionProgram>,
  seen: Seen,
  budget: Budget,
): object {
  const variables: object = Object.create(null) as object
  const own: Activation = { ...seen, variables }
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
