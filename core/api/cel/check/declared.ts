/**
 * The types of values that a schema describes, and how large they may be
 * (kubernetes/apiserver pkg/cel/common/schemas.go, pkg/cel/limits.go). Pure.
 */

import type { Schema } from '../../json-schema/schema.ts'
import { isEmbedded, isIntOrString, itemSchema, valueSchema } from '../../json-schema/schema.ts'
import { celName } from '../values.ts'
import type { CelType } from './types.ts'
import { BOOL, DYN, INT, STRING, listOf, mapOf, parsedType, structOf } from './types.ts'

/** The largest request, in bytes: no value is larger. */
export const MAX_REQUEST_BYTES = 3 * 1024 * 1024

export interface Declared {
  readonly type: CelType
  /** of items, or of a map's values */
  readonly element?: Declared
  /** of a map's keys */
  readonly key?: Declared
  /** of a map's values where they are chosen by name */
  readonly member?: Declared
  /** by the names rules use */
  readonly fields?: ReadonlyMap<string, Declared>
  /** at most so many items, members, bytes; 0 where it does not matter */
  readonly maxElements: number
  /** at least so many bytes of JSON */
  readonly minBytes: number
}

const simple = (type: CelType, minBytes: number, maxElements = 0): Declared => ({
  type,
  minBytes,
  maxElements,
})

const MIN_TEXT = 2
const MAX_TEXT = MAX_REQUEST_BYTES - 2
const MAX_TIME = 32
const KEY: Declared = simple(STRING, MIN_TEXT)
const nonNegative = (count: number): number => Math.max(0, count)

/**
 * @param path names of the structs in it: `object.spec`
 * @returns undefined for values of which nothing is known, which rules cannot see
 */
export function declaredOf(schema: Schema, isResource: boolean, path = 'object'): Declared | undefined {
  const { maxLength } = schema
  if (isIntOrString(schema))
    return simple(DYN, 1, maxLength === undefined ? MAX_TEXT : nonNegative(maxLength) * 4)
  switch (schema.type) {
    case 'array':
      return listDeclared(schema, path)
    case 'object':
      return valueSchema(schema) && !isResource
        ? mapDeclared(schema, path)
        : structDeclared(schema, isResource, path)
    case 'string':
      return textDeclared(schema)
    case 'boolean':
      return simple(BOOL, 4)
    case 'number':
      return simple(parsedType('double'), 1)
    case 'integer':
      return simple(INT, 1)
    default:
      return undefined
  }
}

function listDeclared(schema: Schema, path: string): Declared | undefined {
  const items = itemSchema(schema)
  const element = items && declaredOf(items, isEmbedded(items), `${path}.@idx`)
  if (element === undefined) return undefined
  const { maxItems } = schema
  const maxElements =
    maxItems === undefined
      ? Math.trunc((MAX_REQUEST_BYTES - 2) / (element.minBytes + 1))
      : nonNegative(maxItems)
  return { type: listOf(element.type), element, maxElements, minBytes: 2 }
}

function mapDeclared(schema: Schema, path: string): Declared | undefined {
  const values = valueSchema(schema)
  const element = values && declaredOf(values, isEmbedded(values), `${path}.@elem`)
  if (element === undefined) return undefined
  const { maxProperties } = schema
  // A key of no characters, its quotes, a colon and a comma, beside the value.
  const maxElements =
    maxProperties === undefined
      ? Math.trunc((MAX_REQUEST_BYTES - 2) / (element.minBytes + 6))
      : nonNegative(maxProperties)
  return { type: mapOf(KEY.type, element.type), element, maxElements, minBytes: 2 }
}

const TEXT: Schema = { type: 'string' }
const RESOURCE: Readonly<Record<string, Schema>> = {
  kind: TEXT,
  apiVersion: TEXT,
  metadata: { type: 'object', properties: { name: TEXT, generateName: TEXT } },
}

/** A schema that says all there is of a resource keeps what it says of it. */
function resourceProperties({ properties = {} }: Schema): Readonly<Record<string, Schema>> {
  const { kind, apiVersion, metadata } = properties
  const { name, generateName } = metadata?.properties ?? {}
  const texts = [kind, apiVersion, name, generateName]
  const isSaid = metadata?.type === 'object' && texts.every((each) => each?.type === 'string')
  return isSaid ? properties : { ...properties, ...RESOURCE }
}

function structDeclared(schema: Schema, isResource: boolean, path: string): Declared {
  const properties = isResource ? resourceProperties(schema) : (schema.properties ?? {})
  const fields = new Map<string, Declared>()
  let minBytes = 2
  for (const [name, property] of Object.entries(properties)) {
    const shown = celName(name)
    const field = declaredOf(property, isEmbedded(property), `${path}.${shown ?? JSON.stringify(name)}`)
    if (field === undefined) continue
    if (shown !== undefined) fields.set(shown, field)
    if (schema.required?.includes(name) && property.default === undefined)
      minBytes += Buffer.byteLength(name) + field.minBytes + 4
  }
  return { type: structOf(path), fields, maxElements: 0, minBytes }
}

function textDeclared({ format, maxLength, enum: allowed = [] }: Schema): Declared {
  switch (format) {
    case 'byte':
      return simple(
        parsedType('bytes'),
        MIN_TEXT,
        maxLength === undefined ? MAX_TEXT : nonNegative(maxLength),
      )
    case 'duration':
      return simple(parsedType('duration'), 3, MAX_TIME)
    case 'date':
      return simple(parsedType('timestamp'), 12, 12)
    case 'date-time':
      return simple(parsedType('timestamp'), 21, MAX_TIME)
    default: {
      if (maxLength !== undefined) return simple(STRING, MIN_TEXT, nonNegative(maxLength) * 4)
      const texts = allowed.filter((each) => typeof each === 'string')
      const longest = Math.max(0, ...texts.map((each) => Buffer.byteLength(each)))
      return simple(STRING, MIN_TEXT, allowed.length > 0 ? longest : MAX_TEXT)
    }
  }
}

/** Everything in a declared type by the names of its structs. */
export function structsOf(declared: Declared): ReadonlyMap<string, ReadonlyMap<string, Declared>> {
  const structs = new Map<string, ReadonlyMap<string, Declared>>()
  const visit = (each: Declared | undefined): void => {
    if (each === undefined) return
    if (each.fields) structs.set(each.type.name, each.fields)
    visit(each.element)
    for (const field of each.fields?.values() ?? []) visit(field)
  }
  visit(declared)
  return structs
}
