/**
 * Whether the rules of a schema compile, and what all of them may cost together
 * (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/validation/{validation,cel_validation}.go). Pure.
 */

import type { CompiledExpression } from '../cel/check/compile.ts'
import { compiledExpression } from '../cel/check/compile.ts'
import type { Declared } from '../cel/check/declared.ts'
import { declaredOf, MAX_REQUEST_BYTES } from '../cel/check/declared.ts'
import type { FieldError } from '../field-error.ts'
import type { ValidationRule } from '../generated/apiextensions-v1.ts'
import { isEmbedded } from '../json-schema/schema.ts'
import type { Faults } from '../validation/faults.ts'
import { forbiddenField, invalidValue } from '../validation/faults.ts'
import { printedRule } from './go-json.ts'
import type { SchemaPlace } from './schema.ts'

/** What one expression may cost, and all of a schema. */
const EXPRESSION_LIMIT = 10_000_000
const SCHEMA_LIMIT = 100_000_000
/** How many of the most expensive are named, of those that cost a hundredth of the limit. */
const NAMED = 4

interface Cost {
  readonly field: string
  readonly cost: number
}

/** The rules of one schema, node by node. */
export class RuleFaults {
  readonly #at: string
  readonly #limitsEach: boolean
  readonly #faults: FieldError[] = []
  #expensive: readonly Cost[] = []
  #total = 0

  /** @param at path of the whole schema. @param limitsEach whether one expression alone may cost too much */
  constructor(at: string, limitsEach: boolean) {
    this.#at = at
    this.#limitsEach = limitsEach
  }

  /** Faults found, by node, an inner one's first. */
  get faults(): Faults {
    return this.#faults
  }

  visit(place: SchemaPlace): void {
    const { schema, at } = place
    const rules = schema['x-kubernetes-validations'] ?? []
    if (rules.length === 0) return
    const self = declaredOf(schema, place.isRoot || isEmbedded(schema))
    if (self === undefined) {
      const detail =
        'internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations'
      this.#faults.push({ type: 'internal', field: `${at}.x-kubernetes-validations`, detail })
      return
    }
    for (const [index, rule] of rules.entries())
      this.#rule(rule, `${at}.x-kubernetes-validations[${index}]`, { place, self })
  }

  #rule(
    rule: ValidationRule,
    at: string,
    { place, self }: { readonly place: SchemaPlace; readonly self: Declared },
  ): void {
    const isOldOptional = rule.optionalOldSelf === true
    const options = { self, isOldOptional }
    const compiled = compiledExpression(rule.rule, options)
    const fault = ruleFault(compiled)
    if (fault === undefined && 'maxCost' in compiled)
      this.#observe(`${at}.rule`, 'estimated rule cost', compiled.maxCost * cardinality(place, self))
    if (fault !== undefined) this.#faults.push(invalidValue(`${at}.rule`, printedRule(rule), fault))
    if (fault === undefined && rule.messageExpression)
      this.#message(rule, `${at}.messageExpression`, compiledExpression(rule.messageExpression, options))
    const isBool = 'type' in compiled && compiled.type.kind === 'bool'
    const usesOldSelf = isBool && compiled.usesOldSelf
    this.#oldSelf(rule, at, { place, usesOldSelf })
  }

  #message(rule: ValidationRule, field: string, compiled: CompiledExpression): void {
    if ('fault' in compiled)
      this.#faults.push(
        invalidValue(field, printedRule(rule), `messageExpression compilation failed: ${compiled.fault}`),
      )
    else if (compiled.type.kind !== 'string')
      this.#faults.push(invalidValue(field, printedRule(rule), 'messageExpression must evaluate to a string'))
    else if (compiled.unprepared !== undefined)
      this.#faults.push(
        invalidValue(
          field,
          printedRule(rule),
          `messageExpression instantiation failed: ${compiled.unprepared}`,
        ),
      )
    else this.#observe(field, 'estimated messageExpression cost', compiled.maxCost)
  }

  #oldSelf(
    rule: ValidationRule,
    at: string,
    { place, usesOldSelf }: { readonly place: SchemaPlace; readonly usesOldSelf: boolean },
  ): void {
    const { uncorrelatable } = place
    if (usesOldSelf && uncorrelatable !== undefined) {
      const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`
      this.#faults.push(invalidValue(`${at}.rule`, rule.rule, detail))
    }
    if (!usesOldSelf && rule.optionalOldSelf !== undefined)
      this.#faults.push(
        invalidValue(
          `${at}.optionalOldSelf`,
          rule.optionalOldSelf,
          'may not be set if oldSelf is not used in rule',
        ),
      )
  }

  #observe(field: string, name: string, cost: number): void {
    if (this.#limitsEach && cost > EXPRESSION_LIMIT)
      this.#faults.push(forbiddenField(field, costMessage(name, cost, EXPRESSION_LIMIT)))
    this.#total += cost
    if (cost < SCHEMA_LIMIT / 100) return
    this.#expensive = [...this.#expensive, { field, cost }]
      .toSorted((a, b) => b.cost - a.cost)
      .slice(0, NAMED)
  }

  /** @returns faults of all rules together */
  totalFaults(): Faults {
    if (this.#total <= SCHEMA_LIMIT) return []
    const each = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'
    const name = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema'
    return [
      ...this.#expensive.map(({ field }) => forbiddenField(field, each)),
      forbiddenField(this.#at, costMessage(name, this.#total, SCHEMA_LIMIT)),
    ]
  }
}

function ruleFault(compiled: CompiledExpression): string | undefined {
  if ('fault' in compiled) return `compilation failed: ${compiled.fault}`
  if (compiled.type.kind !== 'bool') return 'cel expression must evaluate to a bool'
  const { unprepared } = compiled
  return unprepared === undefined ? undefined : `program instantiation failed: ${unprepared}`
}

/** How many such values there may be in an object: by the limits around it, else by what fits into a request. */
const cardinality = ({ count }: SchemaPlace, { minBytes }: Declared): number =>
  count ?? Math.trunc(MAX_REQUEST_BYTES / (minBytes + 1))

function costMessage(name: string, cost: number, limit: number): string {
  const factor = cost / limit
  const shown = factor > 100 ? 'more than 100x' : `${factor.toFixed(factor < 1.5 ? 6 : 1)}x`
  return `${name} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`
}
