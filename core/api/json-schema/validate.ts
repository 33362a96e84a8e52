/**
 * Whether a value is as its schema says, with upstream's words for what is not; of what was wrong before, only what
 * has changed. Pure.
 * kubernetes/kube-openapi pkg/validation/validate (whose ways of choosing what to tell of clauses that do not fit, and
 * of counting what does, are followed to the letter), kubernetes/apiextensions-apiserver pkg/apiserver/validation.
 */

import type { FieldError } from '../field-error.ts'
import type { Correlation } from './correlation.ts'
import { itemCorrelation, memberCorrelation } from './correlation.ts'
import type { Flaw } from './flaws.ts'
import { clauseFlaw, flawFault, requiredFlaw, tooManyFlaw, typeFlaw, valueFlaw } from './flaws.ts'
import { hasFormat, knownFormat } from './formats.ts'
import { enumFlaws, numberFlaws, textFlaws } from './scalars.ts'
import type { JsonObject, Schema } from './schema.ts'
import { isIntOrString, isJsonObject, itemPath, itemSchema, valueSchema } from './schema.ts'

export interface SchemaFaultOptions {
  /** path of the value's place; '' for a whole object */
  readonly at?: string
  /** the value before: where nothing changed, nothing is wrong */
  readonly before?: Correlation | undefined
  /** a default, whose type nobody asks for where whole numbers and texts may stand, as upstream */
  readonly isDefault?: boolean
}

/** @returns faults, their fields beginning with `at` */
export function schemaFaults(
  value: unknown,
  schema: Schema,
  { at = '', before, isDefault = false }: SchemaFaultOptions = {},
): readonly FieldError[] {
  return checked({ value, schema, path: '', before, isDefault }).flaws.map((flaw) => flawFault(flaw, at))
}

interface Place {
  readonly value: unknown
  readonly schema: Schema
  readonly path: string
  readonly before: Correlation | undefined
  readonly isDefault: boolean
}

interface Result {
  readonly flaws: readonly Flaw[]
  /** how much fits: of several clauses that do not, the one is told of that fits best */
  readonly score: number
}

const FINE: Result = { flaws: [], score: 0 }

/** All in one; a flaw is told of once. */
function merged(results: readonly Result[], more = 0): Result {
  const flaws = new Map<string, Flaw>()
  for (const result of results) {
    for (const flaw of result.flaws) if (!flaws.has(flaw.text)) flaws.set(flaw.text, flaw)
  }
  return { flaws: [...flaws.values()], score: results.reduce((sum, { score }) => sum + score, more) }
}

/** A value that is as it was is let through, whatever is wrong with it. */
function checked(place: Place): Result {
  const result = checkedAnew(place)
  if (result.flaws.length === 0 || !place.before?.isUnchanged()) return result
  return { flaws: [], score: result.score }
}

function checkedAnew(place: Place): Result {
  const { value, schema, path } = place
  if (value === null || value === undefined) {
    return merged([checkedType(place), flawed(enumFlaws(null, schema, path))])
  }
  const checks: readonly (Result | undefined)[] = [
    isTyped(place) ? checkedType(place) : undefined,
    checkedClauses(place),
    typeof value === 'string' ? flawed(textFlaws(value, schema, path)) : undefined,
    typeof value === 'string' && formatOf(place) ? checkedFormat(value, schema, path) : undefined,
    typeof value === 'number' ? flawed(numberFlaws(value, schema, path), 1) : undefined,
    Array.isArray(value) ? checkedList(value, place) : undefined,
    flawed(enumFlaws(value, schema, path)),
    isJsonObject(value) ? checkedObject(value, place) : undefined,
  ]
  const done = checks.filter((check) => check !== undefined)
  return merged(done, done.length + 1)
}

const flawed = (flaws: readonly Flaw[], score = 0): Result => ({ flaws, score })

/** What Go's JSON calls the value. */
function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

const typesOf = ({ schema, isDefault }: Place): readonly string[] =>
  isIntOrString(schema) && !isDefault ? ['integer', 'string'] : schema.type ? [schema.type] : []

const isTyped = (place: Place): boolean => typesOf(place).length > 0 || formatOf(place) !== undefined

/** Formats unknown to upstream are dropped, but not where defaults are judged. */
const formatOf = ({ schema, isDefault }: Place): string | undefined =>
  isDefault ? schema.format || undefined : knownFormat(schema.format)

/** A format makes a text or a list fit any type that is no number. */
function checkedType(place: Place): Result {
  const { value, schema, path } = place
  const types = typesOf(place)
  const wanted = types.join(',')
  if (value === null || value === undefined) {
    const isRefused = types.length > 0 && !types.includes('null') && schema.nullable !== true
    return isRefused ? flawed([typeFlaw(path, wanted, 'null')]) : flawed([], 1)
  }
  const found = typeOf(value)
  const format = formatOf(place)
  const fits = types.includes(found) || (found === 'integer' && types.includes('number'))
  const isTextual = typeof value === 'string' || Array.isArray(value)
  const isNumeric = types.includes('number') || types.includes('integer')
  if (format !== undefined && isTextual && !isNumeric) return flawed([], 1)
  if (fits) return flawed([], 1)
  if (format !== undefined && !isTextual) return flawed([typeFlaw(path, format, valueFormat(value))])
  return flawed([typeFlaw(path, wanted, found)])
}

const valueFormat = (value: unknown): string =>
  typeof value === 'number' ? (Number.isInteger(value) ? 'int64' : 'float64') : ''

function checkedFormat(value: string, { format = '' }: Schema, path: string): Result {
  return flawed(hasFormat(value, format) ? [] : [typeFlaw(path, format, value)])
}

function checkedList(value: readonly unknown[], { schema, path, before, isDefault }: Place): Result {
  const { minItems, maxItems } = schema
  const items = itemSchema(schema)
  const inner =
    items === undefined
      ? []
      : value.map((item, index) =>
          checked({
            value: item,
            schema: items,
            path: itemPath(path, index),
            before: itemCorrelation(before, index),
            isDefault,
          }),
        )
  const count = value.length
  const tooFew = minItems !== undefined && count < minItems
  const tooMany = maxItems !== undefined && count > maxItems
  return merged(
    [
      ...inner,
      flawed(tooFew ? [valueFlaw(path, count, `should have at least ${minItems} items`)] : []),
      flawed(tooMany ? [tooManyFlaw(path, count, maxItems, 'items')] : []),
    ],
    1,
  )
}

function checkedObject(value: JsonObject, { schema, path, before, isDefault }: Place): Result {
  const { properties = {}, minProperties, maxProperties, required = [] } = schema
  const names = Object.keys(value)
  const values = valueSchema(schema)
  const count = names.length
  // What a whole object is, is never as it was: it may have been read in another version.
  const old = (name: string): Correlation | undefined =>
    path === '' && (name === 'apiVersion' || name === 'kind') ? undefined : memberCorrelation(before, name)
  const member = (name: string, of: Schema, at: string): Result =>
    checked({ value: value[name], schema: of, path: at, before: old(name), isDefault })
  const tooFew = minProperties !== undefined && count < minProperties
  const tooMany = maxProperties !== undefined && count > maxProperties
  const missing = required.filter((name) => !Object.hasOwn(value, name))
  return merged([
    flawed(tooFew ? [valueFlaw(path, count, `should have at least ${minProperties} properties`)] : []),
    flawed(tooMany ? [tooManyFlaw(path, count, maxProperties, 'properties')] : []),
    ...(values === undefined
      ? []
      : names
          .filter((name) => !Object.hasOwn(properties, name))
          .map((name) => member(name, values, `${path}.${name}`))),
    ...Object.entries(properties)
      .filter(([name]) => Object.hasOwn(value, name))
      .map(([name, of]) => member(name, of, path === '' ? name : `${path}.${name}`)),
    flawed(missing.map((name) => requiredFlaw(`${path}.${name}`))),
  ])
}

/** What the clauses of allOf, anyOf, oneOf and not say; none of them lets a value through for being as it was. */
function checkedClauses(place: Place): Result {
  const { schema } = place
  const { allOf = [], anyOf = [], oneOf = [], not } = schema
  const of = (clause: Schema): Result => checkedAnew({ ...place, schema: clause })
  return merged(
    [
      anyOf.length > 0 ? anyResult(place.path, anyOf, of) : FINE,
      oneOf.length > 0 ? oneResult(place.path, oneOf.map(of)) : FINE,
      allOf.length > 0 ? allResult(place.path, allOf.map(of)) : FINE,
      flawed(
        not !== undefined && isFine(of(not))
          ? [clauseFlaw(place.path, 'must not validate the schema (not)')]
          : [],
      ),
    ],
    1,
  )
}

const isFine = ({ flaws }: Result): boolean => flaws.length === 0

/** The first of those that fit best. */
const best = (results: readonly Result[]): Result | undefined =>
  results.reduce<Result | undefined>(
    (found, result) => (found === undefined || result.score > found.score ? result : found),
    undefined,
  )

function anyResult(path: string, clauses: readonly Schema[], of: (clause: Schema) => Result): Result {
  const failed: Result[] = []
  for (const clause of clauses) {
    const result = of(clause)
    if (isFine(result)) return result
    failed.push(result)
  }
  const told = flawed([clauseFlaw(path, 'must validate at least one schema (anyOf)')])
  return merged([told, best(failed) ?? FINE])
}

function oneResult(path: string, results: readonly Result[]): Result {
  const fitting = results.filter(isFine)
  const [first] = fitting
  if (first !== undefined && fitting.length === 1) return first
  const found = first === undefined ? 'Found none valid' : `Found ${fitting.length} valid alternatives`
  const told = flawed([clauseFlaw(path, `must validate one and only one schema (oneOf). ${found}`)])
  return merged([told, first === undefined ? (best(results) ?? FINE) : FINE])
}

function allResult(path: string, results: readonly Result[]): Result {
  const count = results.filter(isFine).length
  if (count === results.length) return merged(results)
  const none = count === 0 ? '. None validated' : ''
  return merged([...results, flawed([clauseFlaw(path, `must validate all the schemas (allOf)${none}`)])])
}
