/**
 * A ValidatingAdmissionPolicy with its expressions compiled, and what it decides about one request. Pure.
 * kubernetes/apiserver pkg/admission/plugin/policy/validating/validator.go.
 */

import type { Environment } from '@marcbachmann/cel-js'
import type { Activation, Outcome, Seen } from '../../../api/cel/admission-program.ts'
import { AdmissionProgram, lazyVariables } from '../../../api/cel/admission-program.ts'
import { Budget } from '../../../api/cel/budget.ts'
import { MatchConditions } from '../../../api/cel/conditions.ts'
import { messageOf } from '../../../api/cel/evaluation-errors.ts'
import { PER_EVALUATION } from '../../../api/cel/metering.ts'
import type {
  ValidatingAdmissionPolicy,
  Validation,
} from '../../../api/generated/admissionregistration-v1.ts'
import type { Sight } from '../seen.ts'

/** Why a request is not to be. An error counts by the policy's failurePolicy alone, and has no reason of its own. */
export interface Denial {
  readonly message: string
  readonly reason?: string | undefined
}

interface CompiledValidation {
  readonly validation: Validation
  readonly program: AdmissionProgram
  readonly message: AdmissionProgram | undefined
}

/** A message that an expression made is not used when it is longer. */
const MAX_MESSAGE_BYTES = 5 * 1024

export class CompiledPolicy {
  readonly #policy: ValidatingAdmissionPolicy
  readonly #variables: ReadonlyMap<string, AdmissionProgram>
  readonly #conditions: MatchConditions
  readonly #validations: readonly CompiledValidation[]
  readonly #annotations: readonly AdmissionProgram[]

  constructor(policy: ValidatingAdmissionPolicy, environment: Environment) {
    const { variables = [], matchConditions = [], validations = [], auditAnnotations = [] } = policy.spec
    const compiled = (expression: string): AdmissionProgram => new AdmissionProgram(environment, expression)
    this.#policy = policy
    this.#variables = new Map(variables.map(({ name, expression }) => [name, compiled(expression)]))
    this.#conditions = new MatchConditions(matchConditions, environment)
    this.#validations = validations.map((validation) => ({
      validation,
      program: compiled(validation.expression),
      message: validation.messageExpression ? compiled(validation.messageExpression) : undefined,
    }))
    this.#annotations = auditAnnotations.map(({ valueExpression }) => compiled(valueExpression))
  }

  /** @returns why the request is not to be, in the order of the validations; none: nothing is against it */
  denials({ judged: seen, conditions }: Sight): readonly Denial[] {
    try {
      const meant = this.#conditions.meant(conditions, (known, budget) =>
        lazyVariables(this.#variables, known, budget),
      )
      if (typeof meant !== 'boolean') return this.#failed(meant.error)
      if (!meant) return []
      return [...this.#validate(seen), ...this.#annotate(seen)]
    } catch (error) {
      return this.#failed(messageOf(error))
    }
  }

  #failed(message: string): readonly Denial[] {
    return this.#policy.spec.failurePolicy === 'Ignore' ? [] : [{ message }]
  }

  #validate(seen: Seen): readonly Denial[] {
    const budget = new Budget(PER_EVALUATION)
    const activation = this.#activation(seen, budget)
    const outcomes = this.#validations.map(({ program }) => program.evaluate(activation, budget))
    return this.#validations.flatMap((validation, index) =>
      this.#denial(validation, outcomes[index], () => validation.message?.evaluate(activation, budget)),
    )
  }

  #denial(
    { validation }: CompiledValidation,
    outcome: Outcome | undefined,
    message: () => Outcome | undefined,
  ): readonly Denial[] {
    if (outcome === undefined) return []
    if ('error' in outcome) return this.#failed(outcome.error)
    if (outcome.value === true) return []
    let text: string
    try {
      text = madeText(message()) || validation.message?.trim() || ''
    } catch (error) {
      return this.#failed(`failed messageExpression: ${messageOf(error)}`)
    }
    return [
      {
        message: text || `failed expression: ${validation.expression.trim()}`,
        reason: validation.reason ?? 'Invalid',
      },
    ]
  }

  /** There is no audit log; what cannot be made for it counts all the same. */
  #annotate(seen: Seen): readonly Denial[] {
    if (this.#annotations.length === 0) return []
    const budget = new Budget(PER_EVALUATION)
    const activation = this.#activation(seen, budget)
    return this.#annotations
      .map((program) => program.evaluate(activation, budget))
      .flatMap((outcome) => ('error' in outcome ? this.#failed(outcome.error) : []))
  }

  #activation(seen: Seen, budget: Budget): Activation {
    return { ...seen, variables: lazyVariables(this.#variables, seen, budget) }
  }
}

/** @returns '' for a message that cannot be used */
function madeText(outcome: Outcome | undefined): string {
  if (outcome === undefined || 'error' in outcome || typeof outcome.value !== 'string') return ''
  const text = outcome.value.trim()
  return Buffer.byteLength(text) > MAX_MESSAGE_BYTES || text.includes('\n') ? '' : text
}
