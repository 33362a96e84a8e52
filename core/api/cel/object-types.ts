/**
 * What can be known of the fields of objects, for checking expressions about them: of the built-in kinds from the field
 * table, of custom resources from their schemas. Pure.
 *
 * kubernetes/apiserver pkg/cel/common/schemas.go (SchemaDeclType).
 */

import type { Schema } from '../json-schema/schema.ts'
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
import type { Structs } from './check/checker.ts'
import { declaredOf, structsOf } from './check/declared.ts'
import type { CelType } from './check/types.ts'
import { BOOL, DYN, INT, STRING, listOf, mapOf, parsedType, structOf } from './check/types.ts'
import { celName, reservedCelWord } from './values.ts'

export interface KnownType {
  readonly type: CelType
  /** those it consists of, its own among them */
  readonly structs: Structs
}

const TIMESTAMP = parsedType('timestamp')

const RAW_EXTENSION = 'k8s.io.apimachinery.pkg.runtime.RawExtension'
const FIELDS = `${META_PACKAGE}.FieldsV1`

/** Absent: values of several types, whose schema names none, so that nobody sees them. */
const SCALARS: Readonly<Record<string, CelType | undefined>> = {
  string: STRING,
  bool: BOOL,
  bytes: parsedType('bytes'),
  int32: INT,
  int64: INT,
  double: parsedType('double'),
  [`${META_PACKAGE}.Time`]: TIMESTAMP,
  [`${META_PACKAGE}.MicroTime`]: TIMESTAMP,
  [`${META_PACKAGE}.Duration`]: STRING,
  'k8s.io.apimachinery.pkg.api.resource.Quantity': undefined,
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString': DYN,
  [RAW_EXTENSION]: structOf(RAW_EXTENSION),
  [FIELDS]: structOf(FIELDS),
  [ANY_JSON]: undefined,
  ...Object.fromEntries(Object.keys(SCHEMA_UNIONS).map((name) => [name, undefined])),
}

type Fields = ReadonlyMap<string, { readonly type: CelType }>

/** What every object has beside its own fields. */
const ROOT: Fields = new Map(['apiVersion', 'kind'].map((name) => [name, { type: STRING }]))

/** @returns undefined when the field table does not know the kind */
export function builtInType(apiVersion: string, kind: string): KnownType | undefined {
  const message = messageOfKind(apiVersion, kind)
  if (message === undefined) return undefined
  const { type, structs } = messageType(message)
  const own = new Map([...ROOT, ...(structs.get(message) ?? [])])
  return { type, structs: withKeywords([...structs, [message, own]]) }
}

type TypeOf = (name: string) => CelType | undefined

/** Objects that may hold anything: as if nothing could be in them. */
const OPAQUE = [RAW_EXTENSION, FIELDS]

function messageType(message: string): KnownType {
  const structs = new Map<string, Fields>(OPAQUE.map((name) => [name, new Map()]))
  const known = new Map(Object.entries(SCALARS))
  const typeOf: TypeOf = (name) => {
    if (known.has(name)) return known.get(name)
    const only = listElement(name)
    if (only !== undefined) return fieldType(only, typeOf)
    // What is in itself has no fields there.
    const inner = `${name}.@self`
    known.set(name, structOf(inner))
    structs.set(inner, new Map())
    structs.set(name, fieldsOf(name, typeOf))
    known.set(name, structOf(name))
    return structOf(name)
  }
  return { type: typeOf(message) ?? DYN, structs }
}

const fieldsOf = (message: string, typeOf: TypeOf): Fields =>
  new Map(
    jsonFields(message).flatMap((field) => {
      const name = celName(jsonName(field))
      const type = fieldType(field, typeOf)
      return name === undefined || type === undefined ? [] : [[name, { type }] as const]
    }),
  )

function fieldType(field: FieldFacts, typeOf: TypeOf): CelType | undefined {
  const type = typeOf(field.t)
  if (type === undefined) return undefined
  if (field.k !== undefined) return mapOf(STRING, type)
  return field.r === undefined ? type : listOf(type)
}

/** @param name for the type of the whole object. @returns undefined when the schema says nothing */
export function customType(schema: Schema, name: string): KnownType | undefined {
  const declared = declaredOf(schema, true, name)
  if (declared?.fields === undefined) return undefined
  const metadata = messageType(`${META_PACKAGE}.ObjectMeta`)
  const own = new Map([...declared.fields, ...ROOT, ['metadata', { type: metadata.type }]])
  return {
    type: declared.type,
    structs: withKeywords([...metadata.structs, ...structsOf(declared), [name, own]]),
  }
}

/** Here, other than in rules of definitions, a keyword names a field beside its escaped form, too: `metadata.namespace`. */
const withKeywords = (structs: Iterable<readonly [string, Fields]>): Structs =>
  new Map(
    Array.from(structs, ([name, fields]) => {
      const keywords = Array.from(fields, ([field, of]) => [/^__(.+)__$/.exec(field)?.[1] ?? '', of] as const)
      return [
        name,
        new Map([...fields, ...keywords.filter(([keyword]) => reservedCelWord(keyword))]),
      ] as const
    }),
  )
