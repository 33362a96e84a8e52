/**
 * x-kubernetes-validations: the CEL rules of a schema, compiled once and done to values. Pure.
 * kubernetes/apiextensions-apiserver pkg/apiserver/schema/cel/validation.go.
 */

import type { Environment, ParseResult } from '@marcbachmann/cel-js'
import { Optional } from '@marcbachmann/cel-js'
import type { FieldError, FieldErrorType } from '../field-error.ts'
import type { ValidationRule } from '../generated/apiextensions-v1.ts'
import type { JsonObject, Schema } from '../json-schema/schema.ts'
import { childPath, isJsonObject, itemPath, itemSchema, keyPath, valueSchema } from '../json-schema/schema.ts'
import { Budget } from './budget.ts'
import { translated, untranslated } from './dialect.ts'
import { ruleEnvironment } from './library.ts'
import { celValue } from './values.ts'

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
  readonly budget: Budget
}

/** The rules of one schema. */
export class CelRules {
  readonly #environment: Environment
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
  faults(
    value: unknown,
    old: unknown,
    schema: Schema,
    path = '',
    budget = new Budget(),
  ): readonly FieldError[] {
    const rules = schema['x-kubernetes-validations'] ?? []
    const own =
      rules.length === 0 || value === undefined || value === null
        ? []
        : this.#own(rules, { value, old, schema, path, budget })
    return [...own, ...this.#members({ value, old, schema, path, budget })]
  }

  #members({ value, old, schema, path, budget }: Place): readonly FieldError[] {
    const items = itemSchema(schema)
    if (Array.isArray(value)) {
      if (items === undefined || !this.#isRuled(items)) return []
      const before = oldItems(old, schema)
      return value.flatMap((item, index) =>
        this.faults(item, before(item), items, itemPath(path, index), budget),
      )
    }
    if (!isJsonObject(value)) return []
    const { properties = {} } = schema
    const values = valueSchema(schema)
    return Object.entries(value).flatMap(([name, member]) => {
      const isProperty = Object.hasOwn(properties, name)
      const of = isProperty ? properties[name] : values
      if (of === undefined || !this.#isRuled(of)) return []
      const before = isJsonObject(old) ? old[name] : undefined
      return this.faults(member, before, of, isProperty ? childPath(path, name) : keyPath(path, name), budget)
    })
  }

  #isRuled(schema: Schema): boolean {
    const known = this.#hasRules.get(schema)
    if (known !== undefined) return known
    const found = hasRules(schema)
    this.#hasRules.set(schema, found)
    return found
  }

  #own(rules: readonly ValidationRule[], { value, old, schema, path, budget }: Place): readonly FieldError[] {
    const self = celValue(value, schema, budget)
    const oldSelf = old === undefined ? undefined : celValue(old, schema, budget)
    return rules.flatMap((rule) => {
      const compiled = this.#program(rule)
      const isTransition = /\boldSelf\b/.test(rule.rule)
      const isOptional = rule.optionalOldSelf === true
      // Rules about a change have nothing to say of what is new, unless they ask for it; what cannot be evaluated
      // was warned of.
      if (budget.isSpent || 'fault' in compiled || (isTransition && !isOptional && oldSelf === undefined))
        return []
      const context = { self, oldSelf: isOptional ? optional(oldSelf) : (oldSelf ?? null) }
      try {
        if (compiled.program(context) === true) return []
        return [ruleFault(rule, path, schema, this.#text(rule, context))]
      } catch (error) {
        const why = `${firstLine(error)} evaluating rule: ${rule.message || rule.rule}`
        return [ruleFault({ ...rule, reason: undefined }, path, schema, why)]
      }
    })
  }

  #text(rule: ValidationRule, context: JsonObject): string {
    const fallback = rule.message || `failed rule: ${rule.rule}`
    if (!rule.messageExpression) return fallback
    const compiled = this.#compiled(this.#messages, rule, rule.messageExpression)
    if ('fault' in compiled) return fallback
    try {
      const text: unknown = compiled.program(context)
      return typeof text === 'string' && text.trim() !== '' && !text.includes('\n') ? text : fallback
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
    const made = this.#compile(expression)
    known.set(rule, made)
    return made
  }

  #compile(expression: string): Compiled {
    try {
      const program = this.#environment.parse(translated(expression))
      const { valid, error } = program.check()
      return valid ? { program } : { fault: firstLine(error) }
    } catch (error) {
      return { fault: firstLine(error) }
    }
  }
}

const optional = (value: unknown): unknown => (value === undefined ? Optional.none() : Optional.of(value))

const firstLine = (error: unknown): string =>
  untranslated(error instanceof Error ? error.message : String(error))
    .split('\n')[0]
    ?.replace(/^No such key/, 'no such key') ?? ''

function ruleFault(rule: ValidationRule, path: string, schema: Schema, detail: string): FieldError {
  const type = REASONS[rule.reason ?? ''] ?? 'invalid'
  const field = rule.fieldPath ? childPath(path, rule.fieldPath.replace(/^\./, '')) : path
  return { type, field: field === '' ? '<nil>' : field, value: schema.type || 'object', detail }
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

/** Which item it was before can be told by its keys alone. */
function oldItems(old: unknown, schema: Schema): (item: unknown) => unknown {
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old)) return () => undefined
  const identity = (item: unknown): string =>
    JSON.stringify(keys.map((key) => (isJsonObject(item) ? item[key] : undefined)))
  const byKeys = new Map(old.map((item): [string, unknown] => [identity(item), item]))
  return (item) => byKeys.get(identity(item))
}
