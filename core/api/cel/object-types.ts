/**
 * What can be known of the fields of objects, for checking expressions about them: of the built-in kinds from the field
 * table, of custom resources from their schemas. Pure.
 *
 * kubernetes/apiserver pkg/cel/common/schemas.go (SchemaDeclType).
 */

import type { Schema } from '../json-schema/schema.ts'
import { isIntOrString, itemSchema, valueSchema } from '../json-schema/schema.ts'
import type { FieldFacts } from '../schema/field-table.ts'
import {
  ANY_JSON,
  META_PACKAGE,
  SCHEMA_UNIONS,
  jsonFields,
  jsonName,
  listElement,
  messageOfKind,
} from '../schema/field-table.ts'
import type { ObjectType } from './admission-environment.ts'

export interface KnownType {
  /** in the order in which they refer to each other, `name` last */
  readonly types: readonly ObjectType[]
  readonly name: string
}

const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'bool',
  bytes: 'bytes',
  int32: 'int',
  int64: 'int',
  double: 'double',
  [`${META_PACKAGE}.Time`]: 'google.protobuf.Timestamp',
  [`${META_PACKAGE}.MicroTime`]: 'google.protobuf.Timestamp',
  [`${META_PACKAGE}.Duration`]: 'string',
  'k8s.io.apimachinery.pkg.api.resource.Quantity': 'string',
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString': 'dyn',
  'k8s.io.apimachinery.pkg.runtime.RawExtension': 'dyn',
  [`${META_PACKAGE}.FieldsV1`]: 'dyn',
  [ANY_JSON]: 'dyn',
  ...Object.fromEntries(Object.keys(SCHEMA_UNIONS).map((name) => [name, 'dyn'])),
}

/** What every object has beside its own fields. */
const ROOT = { apiVersion: 'string', kind: 'string' }

/** @returns undefined when the field table does not know the kind */
export function builtInType(apiVersion: string, kind: string): KnownType | undefined {
  const message = messageOfKind(apiVersion, kind)
  if (message === undefined) return undefined
  const types: ObjectType[] = []
  const known = new Map<string, string>(Object.entries(SCALARS))
  const typeOf = (name: string): string => {
    const existing = known.get(name)
    if (existing !== undefined) return existing
    const only = listElement(name)
    if (only !== undefined) return fieldType(only, typeOf)
    // What refers to itself is anything there.
    known.set(name, 'dyn')
    types.push({ name, fields: { ...(name === message ? ROOT : {}), ...fieldsOf(name, typeOf) } })
    known.set(name, name)
    return name
  }
  return { name: typeOf(message), types }
}

const fieldsOf = (message: string, typeOf: (name: string) => string): Readonly<Record<string, string>> =>
  Object.fromEntries(jsonFields(message).map((field) => [jsonName(field), fieldType(field, typeOf)]))

function fieldType(field: FieldFacts, typeOf: (name: string) => string): string {
  const type = typeOf(field.t)
  if (field.k !== undefined) return `map<string, ${type}>`
  return field.r === undefined ? type : `list<${type}>`
}

/** @param title for the type of the whole object. @returns the types of a custom resource */
export function customType(schema: Schema, title: string): KnownType {
  const types: ObjectType[] = []
  const name = typeName(title)
  const { types: metaTypes, name: metadata } = metadataType()
  const typeOf = (each: Schema, path: string): string => {
    if (each['x-kubernetes-preserve-unknown-fields'] === true && each.properties === undefined) return 'dyn'
    if (isIntOrString(each)) return 'dyn'
    const items = itemSchema(each)
    if (items !== undefined) return `list<${typeOf(items, `${path}.items`)}>`
    const values = valueSchema(each)
    if (each.properties === undefined)
      return values === undefined ? scalarType(each) : `map<string, ${typeOf(values, `${path}.values`)}>`
    const fields = Object.entries(each.properties).map(
      ([key, member]) => [key, typeOf(member, `${path}.${key}`)] as const,
    )
    const own = path === name ? name : `${typeName(path)}.${types.length}`
    types.push({ name: own, fields: Object.fromEntries(fields) })
    return own
  }
  typeOf({ ...schema, properties: schema.properties ?? {} }, name)
  const complete = types.map((type) =>
    type.name === name ? { ...type, fields: { ...ROOT, ...type.fields, metadata } } : type,
  )
  return { name, types: [...metaTypes, ...complete] }
}

/** What the CEL library takes for a name. */
const typeName = (text: string): string => text.replaceAll(/[^\w.]/g, '_')

function metadataType(): KnownType {
  const pod = builtInType('v1', 'ConfigMap')
  const metadata = `${META_PACKAGE}.ObjectMeta`
  const last = pod?.types.findIndex(({ name }) => name === metadata) ?? -1
  return { name: metadata, types: pod?.types.slice(0, last + 1) ?? [] }
}

function scalarType({ type, format }: Schema): string {
  switch (type) {
    case 'boolean':
      return 'bool'
    case 'integer':
      return 'int'
    case 'number':
      return 'double'
    case 'string':
      return STRING_FORMATS[format ?? ''] ?? 'string'
    default:
      return 'dyn'
  }
}

const STRING_FORMATS: Readonly<Record<string, string>> = {
  byte: 'bytes',
  duration: 'google.protobuf.Duration',
  date: 'google.protobuf.Timestamp',
  'date-time': 'google.protobuf.Timestamp',
}
