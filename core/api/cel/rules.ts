/**
 * x-kubernetes-validations: the CEL rules of a schema, compiled once and done to values. Pure.
 * kubernetes/apiextensions-apiserver pkg/apiserver/schema/cel/validation.go.
 */

import type { Environment } from '@marcbachmann/cel-js'
import { Optional } from '@marcbachmann/cel-js'
import type { FieldError, FieldErrorType } from '../field-error.ts'
import type { ValidationRule } from '../generated/apiextensions-v1.ts'
import { fieldPath } from '../definition/field-path.ts'
import { Correlation, itemCorrelation, memberCorrelation, oldItem } from '../json-schema/correlation.ts'
import type { JsonObject, Schema } from '../json-schema/schema.ts'
import { childPath, isJsonObject, itemPath, itemSchema, keyPath, valueSchema } from '../json-schema/schema.ts'
import { Budget, BudgetExceeded } from './budget.ts'
import { translated, untranslated } from './dialect.ts'
import { optionalRuleEnvironment, ruleEnvironment } from './library.ts'
import type { Metered } from './metering.ts'
import { PER_EVALUATION, TOO_DEAR, costed, metered } from './metering.ts'
import { celValue } from './values.ts'

const MAX_MESSAGE_BYTES = 5 * 1024

const REASONS: Readonly<Record<string, FieldErrorType>> = {
  FieldValueInvalid: 'invalid',
  FieldValueForbidden: 'forbidden',
  FieldValueRequired: 'required',
  FieldValueDuplicate: 'duplicate',
}

type Compiled = { readonly run: Metered } | { readonly fault: string }

/** A rule that cannot be evaluated here, and why. */
export interface UnsupportedRule {
  readonly path: string
  readonly rule: string
  readonly reason: string
}

interface Place {
  readonly value: unknown
  readonly old: unknown
  readonly schema: Schema
  readonly path: string
  readonly run: Run
  /** what the value was before; undefined where it cannot be told */
  readonly before: Correlation | undefined
  /** the nearest part around it of which can be told what it was */
  readonly around: Correlation | undefined
}

/** One evaluation of all rules. */
interface Run {
  readonly budget: Budget
  readonly faults: FieldError[]
  readonly ratcheted: FieldError[]
  /** No further rule is evaluated: it would cost too much. */
  isOver: boolean
}

export interface ChangeFaults {
  readonly faults: readonly FieldError[]
  /** what would be a fault if anything had changed there */
  readonly ratcheted: readonly FieldError[]
}

/** The rules of one schema. */
export class CelRules {
  readonly #environment: Environment
  #optional: Environment | undefined
  readonly #programs = new WeakMap<ValidationRule, Compiled>()
  readonly #messages = new WeakMap<ValidationRule, Compiled>()
  readonly #hasRules = new WeakMap<Schema, boolean>()

  constructor() {
    this.#environment = ruleEnvironment()
  }

  /** @returns every rule of the schema that does not compile here, with the path of its schema */
  unsupported(schema: Schema, path = ''): readonly UnsupportedRule[] {
    const own = (schema['x-kubernetes-validations'] ?? []).flatMap((rule, index) => {
      const compiled = this.#program(rule)
      const at = `${childPath(path, 'x-kubernetes-validations')}[${index}].rule`
      return 'fault' in compiled ? [{ path: at, rule: rule.rule, reason: compiled.fault }] : []
    })
    const items = itemSchema(schema)
    const values = valueSchema(schema)
    return [
      ...own,
      ...Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
        this.unsupported(member, `${childPath(path, 'properties')}[${name}]`),
      ),
      ...(items ? this.unsupported(items, childPath(path, 'items')) : []),
      ...(values ? this.unsupported(values, childPath(path, 'additionalProperties')) : []),
    ]
  }

  /** @param old the value before; undefined on create, and where it cannot be told which item it was */
  faults(value: unknown, old: unknown, schema: Schema, path = ''): readonly FieldError[] {
    const run = newRun()
    this.#visit({ value, old, schema, path, run, before: undefined, around: undefined })
    return run.faults
  }

  /** As faults(), of a whole object; what did not change is let through, unless a rule is about the change. */
  changeFaults(value: unknown, old: unknown, schema: Schema): ChangeFaults {
    const run = newRun()
    const before = old === undefined ? undefined : new Correlation(value, old, schema)
    this.#visit({ value, old, schema, path: '', run, before, around: undefined })
    return run
  }

  #visit(place: Place): void {
    const { value, schema } = place
    if (value === undefined || value === null || place.run.isOver) return
    const rules = schema['x-kubernetes-validations'] ?? []
    if (rules.length > 0) this.#own(rules, place)
    this.#members(place)
  }

  #members(place: Place): void {
    const { value, old, schema, path, before } = place
    const items = itemSchema(schema)
    if (Array.isArray(value)) {
      if (items === undefined || !this.isRuled(items)) return
      for (const [index, item] of value.entries()) {
        this.#visit({
          ...place,
          value: item,
          old: oldItem(schema, old, item),
          schema: items,
          path: itemPath(path, index),
          ...(before ? { before: itemCorrelation(before, index), around: before } : {}),
        })
      }
      return
    }
    if (!isJsonObject(value)) return
    const { properties = {} } = schema
    const values = valueSchema(schema)
    for (const [name, member] of Object.entries(value)) {
      const isProperty = Object.hasOwn(properties, name)
      const of = isProperty ? properties[name] : values
      if (of === undefined || !this.isRuled(of)) continue
      this.#visit({
        ...place,
        value: member,
        old: isJsonObject(old) ? old[name] : undefined,
        schema: of,
        path: isProperty ? childPath(path, name) : keyPath(path, name),
        ...(before ? { before: memberCorrelation(before, name), around: before } : {}),
      })
    }
  }

  /** Whether any rule is in the schema. */
  isRuled(schema: Schema): boolean {
    const known = this.#hasRules.get(schema)
    if (known !== undefined) return known
    const found = hasRules(schema)
    this.#hasRules.set(schema, found)
    return found
  }

  #own(rules: readonly ValidationRule[], place: Place): void {
    const { value, old, schema, run } = place
    const self = celValue(value, schema)
    const oldSelf = old === undefined || old === null ? undefined : celValue(old, schema)
    for (const rule of rules) {
      const compiled = this.#program(rule)
      const isOptional = rule.optionalOldSelf === true
      // Rules about a change have nothing to say of what is new, unless they ask for it; what cannot be evaluated
      // was warned of.
      const isNone = usesOldSelf(rule.rule) && !isOptional && oldSelf === undefined
      if (run.isOver || 'fault' in compiled || isNone) continue
      const given = { self, ...(oldSelf === undefined ? {} : { oldSelf }) }
      const context = { self, oldSelf: isOptional ? optionalOld(old) : (oldSelf ?? null) }
      const outcome = this.#evaluated(compiled.run, context, place, tooDear(rule))
      if (outcome === undefined) return
      if ('error' in outcome) run.faults.push(errorFault(rule, place, firstLine(outcome.error)))
      else if (outcome.value !== true) this.#broken(rule, place, given)
    }
  }

  /** @param said what is said of an evaluation that costs too much. @returns undefined when it does: all is over then */
  #evaluated(evaluation: Metered, context: object, { run, ...place }: Place, said: string) {
    const { cost, outcome } = costed(evaluation, context)
    const over = cost > run.budget.left ? new BudgetExceeded().message : outcome === 'tooDear' ? said : ''
    if (over === '' && outcome !== 'tooDear') {
      run.budget.spend(cost)
      return outcome
    }
    run.isOver = true
    run.faults.push({ type: 'invalid', field: fieldOf(place), value: place.schema.type ?? '', detail: over })
    return undefined
  }

  /** @param given as rules see it, but that `oldSelf` is no optional: messages that take it for one cannot be made */
  #broken(rule: ValidationRule, place: Place, given: JsonObject): void {
    const text = this.#text(rule, place, given)
    if (text === undefined) return
    const isKept = !usesOldSelf(rule.rule) && (place.before ?? place.around)?.isUnchanged()
    const { faults, ratcheted } = place.run
    const list = isKept ? ratcheted : faults
    list.push(ruleFault(rule, place, text))
  }

  /** @returns undefined when making it costs too much */
  #text(rule: ValidationRule, place: Place, given: JsonObject): string | undefined {
    const fallback = rule.message ? rule.message.trim() : `failed rule: ${rule.rule.trim()}`
    if (!rule.messageExpression) return fallback
    const compiled = this.#compiled(this.#messages, rule, rule.messageExpression)
    if ('fault' in compiled) return fallback
    const outcome = this.#evaluated(compiled.run, given, place, tooDearMessage(rule.messageExpression))
    if (outcome === undefined) return undefined
    // A message that cannot be made is no reason to let the object pass.
    if ('error' in outcome || typeof outcome.value !== 'string') return fallback
    const text = outcome.value.trim()
    const isGood = text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= MAX_MESSAGE_BYTES
    return isGood ? text : fallback
  }

  #program(rule: ValidationRule): Compiled {
    return this.#compiled(this.#programs, rule, rule.rule)
  }

  #compiled(known: WeakMap<ValidationRule, Compiled>, rule: ValidationRule, expression: string): Compiled {
    const existing = known.get(rule)
    if (existing !== undefined) return existing
    const made = this.#compile(expression, rule.optionalOldSelf === true)
    known.set(rule, made)
    return made
  }

  #compile(expression: string, isOptional: boolean): Compiled {
    try {
      const environment = isOptional ? (this.#optional ??= optionalRuleEnvironment()) : this.#environment
      const program = environment.parse(translated(expression))
      const { valid, error } = program.check()
      return valid ? { run: metered(program) } : { fault: firstLine(error) }
    } catch (error) {
      return { fault: firstLine(error) }
    }
  }
}

/** Of an optional old value nobody knows the schema, as upstream: its times are texts. */
const optionalOld = (old: unknown): unknown =>
  old === undefined || old === null ? Optional.none() : Optional.of(celValue(old, undefined))

const newRun = (): Run => ({ budget: new Budget(PER_EVALUATION), faults: [], ratcheted: [], isOver: false })

const NO_FURTHER = 'no further validation rules will be run due to call cost exceeds limit for'
const tooDear = (rule: ValidationRule): string => `'${TOO_DEAR}': ${NO_FURTHER} rule: ${saidOf(rule)}`
const tooDearMessage = (expression: string): string =>
  `${NO_FURTHER} messageExpression: ${JSON.stringify(expression)}`

/** A rule by its message, or as it is written. */
const saidOf = ({ message, rule }: ValidationRule): string => (message ? message.trim() : rule.trim())

const conversionFault = (name: string): string =>
  `type conversion error from 'string' to 'google.protobuf.${name}'`

const firstLine = (error: unknown): string =>
  untranslated(error instanceof Error ? error.message : String(error))
    .split('\n')[0]
    ?.replace(/^No such key: index out of bounds, index (-?\d+) .*$/, 'index out of bounds: $1')
    .replace(/^No such key/, 'no such key')
    .replace(/^Invalid duration string.*/, conversionFault('Duration'))
    .replace(/^timestamp\(\) requires.*/, conversionFault('Timestamp')) ?? ''

/** Whether an expression looks at what was before. */
export const usesOldSelf = (expression: string): boolean => /\boldSelf\b/.test(expression)

function ruleFault(rule: ValidationRule, { path, schema }: Place, detail: string): FieldError {
  const type = REASONS[rule.reason ?? ''] ?? 'invalid'
  const found = rule.fieldPath ? fieldPath(rule.fieldPath, schema) : undefined
  const field = found && 'path' in found ? childPath(path, found.path) : path
  const value = schema.type ?? ''
  const at = field === '' ? '<nil>' : field
  return type === 'duplicate' ? { type, field: at, value } : { type, field: at, value, detail }
}

/** A rule that could not be evaluated. */
function errorFault(rule: ValidationRule, place: Place, why: string): FieldError {
  const said = saidOf(rule)
  const detail = why.startsWith('no such overload')
    ? `'${why}': call arguments did not match a supported operator, function or macro signature for rule: ${said}`
    : `${why} evaluating rule: ${said}`
  return { type: 'invalid', field: fieldOf(place), value: place.schema.type ?? '', detail }
}

const fieldOf = ({ path }: Pick<Place, 'path'>): string => (path === '' ? '<nil>' : path)

function hasRules(schema: Schema): boolean {
  if ((schema['x-kubernetes-validations'] ?? []).length > 0) return true
  const items = itemSchema(schema)
  const values = valueSchema(schema)
  return [
    ...Object.values(schema.properties ?? {}),
    ...(items ? [items] : []),
    ...(values ? [values] : []),
  ].some(hasRules)
}
