/**
 * Whether a value is as its schema says, with upstream's words for what is not. Pure.
 * kubernetes/kube-openapi pkg/validation/validate, kubernetes/apiextensions-apiserver pkg/apiserver/validation.
 */

import type { FieldError } from '../field-error.ts'
import { isSameValue } from '../equality.ts'
import { notSupported, required, tooLong, tooMany } from '../validation/faults.ts'
import { hasFormat } from './formats.ts'
import { compiledPattern } from './re2.ts'
import type { JsonObject, Schema } from './schema.ts'
import {
  childPath,
  isIntOrString,
  isJsonObject,
  itemPath,
  itemSchema,
  keyPath,
  valueSchema,
} from './schema.ts'

type Faults = readonly FieldError[]

/** @param path of the value; '' for the whole object */
export function schemaFaults(value: unknown, schema: Schema, path = ''): Faults {
  if (value === null) {
    return schema.nullable || schema.type === undefined ? [] : typeFaults(value, schema, path)
  }
  const wrongType = typeFaults(value, schema, path)
  if (wrongType.length > 0) return wrongType
  return [
    ...enumFaults(value, schema, path),
    ...(typeof value === 'string' ? stringFaults(value, schema, path) : []),
    ...(typeof value === 'number' ? numberFaults(value, schema, path) : []),
    ...(Array.isArray(value) ? listFaults(value, schema, path) : []),
    ...(isJsonObject(value) ? objectFaults(value, schema, path) : []),
    ...combinationFaults(value, schema, path),
  ]
}

const said = (path: string): string => (path === '' ? '"" in body' : `${path} in body`)

const invalid = (path: string, value: unknown, detail: string): FieldError => ({
  type: 'invalid',
  field: path === '' ? '<nil>' : path,
  value,
  detail: `${said(path)} ${detail}`,
})

/** What Go's JSON calls the value. */
function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function typeFaults(value: unknown, schema: Schema, path: string): Faults {
  const found = typeOf(value)
  const { type } = schema
  if (isIntOrString(schema)) {
    return found === 'integer' || found === 'string' ? [] : [wrongType(path, found, 'integer,string')]
  }
  const isFine = !type || type === found || (type === 'number' && found === 'integer')
  return isFine ? [] : [wrongType(path, found, type)]
}

const wrongType = (path: string, found: string, wanted: string): FieldError => ({
  type: 'typeInvalid',
  field: path === '' ? '<nil>' : path,
  value: found,
  detail: `${said(path)} must be of type ${wanted}: ${JSON.stringify(found)}`,
})

function enumFaults(value: unknown, { enum: allowed }: Schema, path: string): Faults {
  if (allowed === undefined || allowed.some((each) => isSameValue(each, value))) return []
  return [notSupported(path, value, allowed.map(String))]
}

function stringFaults(value: string, schema: Schema, path: string): Faults {
  const { minLength, maxLength, pattern, format } = schema
  const faults: FieldError[] = []
  // Characters as Go counts them, code points.
  const length = Array.from(value).length
  // Of these the first is told.
  if (maxLength !== undefined && length > maxLength) {
    faults.push(tooLong(path, maxLength))
  } else if (minLength !== undefined && length < minLength) {
    faults.push(invalid(path, value, `should be at least ${minLength} chars long`))
  } else if (pattern && !matches(pattern, value)) {
    faults.push(invalid(path, value, `should match '${pattern}'`))
  }
  if (format && !hasFormat(value, format)) {
    faults.push(invalid(path, value, `must be of type ${format}: ${JSON.stringify(value)}`))
  }
  return faults
}

/** A CRD with a pattern that cannot be read is refused. */
function matches(pattern: string, value: string): boolean {
  return compiledPattern(pattern)?.test(value) ?? true
}

function numberFaults(value: number, schema: Schema, path: string): Faults {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, format } = schema
  const faults: FieldError[] = []
  const isTooSmall = minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)
  const isTooLarge = maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)
  const or = (isExclusive: boolean | undefined): string => (isExclusive ? '' : ' or equal to')
  if (isTooSmall) {
    const than = exclusiveMinimum ? 'greater than' : 'greater than or equal to'
    faults.push(invalid(path, value, `should be ${than} ${minimum}`))
  }
  if (isTooLarge) {
    faults.push(invalid(path, value, `should be less than${or(exclusiveMaximum)} ${maximum}`))
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) {
    faults.push(invalid(path, value, `should be a multiple of ${multipleOf}`))
  }
  if (format === 'int32' && Math.abs(value) > 2 ** 31 - 1) {
    faults.push(invalid(path, value, `must be of type int32: "${value}"`))
  }
  return faults
}

function listFaults(value: readonly unknown[], schema: Schema, path: string): Faults {
  const { minItems, maxItems } = schema
  const items = itemSchema(schema)
  return [
    ...(maxItems === undefined ? [] : tooMany(path, value.length, maxItems)),
    ...(minItems !== undefined && value.length < minItems
      ? [invalid(path, value, `should have at least ${minItems} items`)]
      : []),
    ...(items === undefined
      ? []
      : value.flatMap((item, index) => schemaFaults(item, items, itemPath(path, index)))),
    ...repeatedItems(value, schema, path),
  ]
}

/** Sets have each value once, maps each combination of keys. */
function repeatedItems(value: readonly unknown[], schema: Schema, path: string): Faults {
  const kind = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  if (kind !== 'set' && kind !== 'map') return []
  const seen = new Set<string>()
  return value.flatMap((item, index): FieldError[] => {
    const identity = kind === 'set' ? item : identityOf(item, keys)
    const text = JSON.stringify(identity)
    if (seen.has(text)) return [{ type: 'duplicate', field: itemPath(path, index), value: identity }]
    seen.add(text)
    return []
  })
}

const identityOf = (item: unknown, keys: readonly string[]): JsonObject =>
  Object.fromEntries(keys.map((key) => [key, isJsonObject(item) ? item[key] : undefined]))

function objectFaults(value: JsonObject, schema: Schema, path: string): Faults {
  const { properties = {}, minProperties, maxProperties } = schema
  const names = Object.keys(value)
  const rest = valueSchema(schema)
  return [
    ...(maxProperties === undefined ? [] : tooMany(path, names.length, maxProperties)),
    ...(minProperties !== undefined && names.length < minProperties
      ? [invalid(path, value, `should have at least ${minProperties} properties`)]
      : []),
    ...(schema.required ?? [])
      .filter((name) => !Object.hasOwn(value, name))
      .map((name) => required(childPath(path, name))),
    ...names.flatMap((name) => {
      if (Object.hasOwn(properties, name)) {
        return schemaFaults(value[name], properties[name] ?? {}, childPath(path, name))
      }
      return rest === undefined ? [] : schemaFaults(value[name], rest, keyPath(path, name))
    }),
  ]
}

function combinationFaults(value: unknown, schema: Schema, path: string): Faults {
  const { allOf = [], anyOf = [], oneOf = [], not } = schema
  const fits = (part: Schema): boolean => schemaFaults(value, part, path).length === 0
  const faults = allOf.flatMap((part) => schemaFaults(value, part, path))
  if (anyOf.length > 0 && !anyOf.some(fits)) {
    faults.push(invalid(path, value, 'must validate at least one schema (anyOf)'))
  }
  if (oneOf.length > 0) {
    const count = oneOf.filter(fits).length
    const found = count === 0 ? 'Found none valid' : `Found ${count} valid alternatives`
    if (count !== 1) {
      faults.push(invalid(path, value, `must validate one and only one schema (oneOf). ${found}`))
    }
  }
  if (not !== undefined && fits(not)) faults.push(invalid(path, value, 'must not validate the schema (not)'))
  return faults
}
