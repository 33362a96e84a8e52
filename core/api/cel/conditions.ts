/**
 * matchConditions: CEL expressions that decide whether a webhook is asked, or a policy is about a request. Pure.
 * KEP-3716; kubernetes/apiserver pkg/admission/plugin/webhook/matchconditions.
 */

import type { Environment } from '@marcbachmann/cel-js'
import type { MatchCondition } from '../generated/admissionregistration-v1.ts'
import type { Activation, Seen } from './admission-program.ts'
import { AdmissionProgram } from './admission-program.ts'
import { Budget } from './budget.ts'
import { messageOf } from './evaluation-errors.ts'
import { PER_MATCH_CONDITIONS } from './metering.ts'

/** `error`: none says no, and some cannot be evaluated */
export type Meant = boolean | { readonly error: string }

export class MatchConditions {
  readonly #programs: readonly AdmissionProgram[]

  constructor(conditions: readonly MatchCondition[], environment: Environment) {
    this.#programs = conditions.map(({ expression }) => new AdmissionProgram(environment, expression))
  }

  /** @param variables what `variables` are, which spend of the budget, too. @returns whether all conditions hold */
  meant(seen: Seen, variables: (seen: Seen, budget: Budget) => object = () => ({})): Meant {
    if (this.#programs.length === 0) return true
    const budget = new Budget(PER_MATCH_CONDITIONS)
    // Nothing is known of the namespace here.
    const known = { ...seen, namespaceObject: null }
    const activation: Activation = { ...known, variables: variables(known, budget) }
    try {
      const outcomes = this.#programs.map((program) => program.evaluate(activation, budget))
      if (outcomes.some((outcome) => 'value' in outcome && outcome.value === false)) return false
      const errors = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []))
      return errors.length === 0 || { error: aggregated(errors) }
    } catch (error) {
      return { error: messageOf(error) }
    }
  }
}

/** As Go puts several errors into one. */
function aggregated(errors: readonly string[]): string {
  const different = [...new Set(errors)]
  return different.length === 1 ? (different[0] ?? '') : `[${different.join(', ')}]`
}
