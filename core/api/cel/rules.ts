/**
 * x-kubernetes-validations: the CEL rules of a schema, compiled once and done to values. Pure.
 * kubernetes/apiextensions-apiserver pkg/apiserver/schema/cel/validation.go.
 */

import type { Environment, ParseResult } from '@marcbachmann/cel-js'
import { Optional } from '@marcbachmann/cel-js'
import type { FieldError, FieldErrorType } from '../field-error.ts'
import type { ValidationRule } from '../generated/apiextensions-v1.ts'
import { fieldPath } from '../definition/field-path.ts'
import { Correlation, itemCorrelation, memberCorrelation, oldItem } from '../json-schema/correlation.ts'
import type { JsonObject, Schema } from '../json-schema/schema.ts'
import { childPath, isJsonObject, itemPath, itemSchema, keyPath, valueSchema } from '../json-schema/schema.ts'
import { Budget } from './budget.ts'
import { translated, untranslated } from './dialect.ts'
import { optionalRuleEnvironment, ruleEnvironment } from './library.ts'
import { celValue } from './values.ts'

const MAX_MESSAGE_BYTES = 5 * 1024

const REASONS: Readonly<Record<string, FieldErrorType>> = {
  FieldValueInvalid: 'invalid',
  FieldValueForbidden: 'forbidden',
  FieldValueRequired: 'required',
  FieldValueDuplicate: 'duplicate',
}

type Compiled = { readonly program: ParseResult } | { readonly fault: string }

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
    const run: Run = { budget: new Budget(), faults: [], ratcheted: [] }
    this.#visit({ value, old, schema, path, run, before: undefined, around: undefined })
    return run.faults
  }

  /** As faults(), of a whole object; what did not change is let through, unless a rule is about the change. */
  changeFaults(value: unknown, old: unknown, schema: Schema): ChangeFaults {
    const run: Run = { budget: new Budget(), faults: [], ratcheted: [] }
    const before = old === undefined ? undefined : new Correlation(value, old, schema)
    this.#visit({ value, old, schema, path: '', run, before, around: undefined })
    return run
  }

  #visit(place: Place): void {
    const { value, schema } = place
    if (value === undefined || value === null) return
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
    const { budget } = run
    const self = celValue(value, schema, budget)
    const oldSelf = old === undefined || old === null ? undefined : celValue(old, schema, budget)
    for (const rule of rules) {
      const compiled = this.#program(rule)
      const isTransition = usesOldSelf(rule.rule)
      const isOptional = rule.optionalOldSelf === true
      // Rules about a change have nothing to say of what is new, unless they ask for it; what cannot be evaluated
      // was warned of.
      if (budget.isSpent || 'fault' in compiled || (isTransition && !isOptional && oldSelf === undefined))
        continue
      const context = { self, oldSelf: isOptional ? optionalOld(old, budget) : (oldSelf ?? null) }
      try {
        if (compiled.program(context) === true) continue
        const isKept = !isTransition && (place.before ?? place.around)?.isUnchanged()
        const fault = ruleFault(
          rule,
          place,
          this.#text(rule, { self, ...(oldSelf === undefined ? {} : { oldSelf }) }),
        )
        if (isKept) run.ratcheted.push(fault)
        else run.faults.push(fault)
      } catch (error) {
        run.faults.push(errorFault(rule, place, firstLine(error)))
      }
    }
  }

  /** @param context whose `oldSelf` is no optional, as upstream: messages that take it for one cannot be made */
  #text(rule: ValidationRule, context: JsonObject): string {
    const fallback = rule.message ? rule.message.trim() : `failed rule: ${rule.rule.trim()}`
    if (!rule.messageExpression) return fallback
    const compiled = this.#compiled(this.#messages, rule, rule.messageExpression)
    if ('fault' in compiled) return fallback
    try {
      const result: unknown = compiled.program(context)
      const text = typeof result === 'string' ? result.trim() : ''
      const isGood = text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= MAX_MESSAGE_BYTES
      return isGood ? text : fallback
    } catch {
      // A message that cannot be made is no reason to let the object pass.
      return fallback
    }
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
      return valid ? { program } : { fault: firstLine(error) }
    } catch (error) {
      return { fault: firstLine(error) }
    }
  }
}

/** Of an optional old value nobody knows the schema, as upstream: its times are texts. */
const optionalOld = (old: unknown, budget: Budget): unknown =>
  old === undefined || old === null ? Optional.none() : Optional.of(celValue(old, undefined, budget))

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
function errorFault(rule: ValidationRule, { path, schema }: Place, why: string): FieldError {
  const said = rule.message ? rule.message.trim() : rule.rule.trim()
  const detail = why.startsWith('no such overload')
    ? `'${why}': call arguments did not match a supported operator, function or macro signature for rule: ${said}`
    : why.startsWith('validation failed')
      ? why
      : `${why} evaluating rule: ${said}`
  return { type: 'invalid', field: path === '' ? '<nil>' : path, value: schema.type ?? '', detail }
}

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
