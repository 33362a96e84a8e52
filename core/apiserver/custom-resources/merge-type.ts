/**
 * The shape of a custom resource as server-side apply merges it, read from its schema. Pure.
 * kubernetes/apimachinery pkg/util/managedfields/internal, kubernetes/apiextensions-apiserver (structural to SMD).
 */

import type { Schema } from '../../api/json-schema/schema.ts'
import { itemSchema, keepsUnknown, valueSchema } from '../../api/json-schema/schema.ts'
import type { ListType, SchemaType, StructField, StructType } from '../registry/schema-type.ts'
import { LEAF, SchemaTypes } from '../registry/schema-type.ts'

/** @returns the type of a resource with that schema; its metadata is that of every resource */
export function mergeTypeOf(schema: Schema): StructType {
  const metadata = new SchemaTypes().ofKind('v1', 'ConfigMap').fields.get('metadata')
  const fields = new Map(structFields(schema))
  for (const name of ['apiVersion', 'kind']) fields.set(name, field(LEAF))
  if (metadata) fields.set('metadata', metadata)
  return { kind: 'struct', isAtomic: false, fields }
}

const field = (type: SchemaType): StructField => ({
  type,
  isAlwaysPresent: false,
  patchStrategies: [],
  patchMergeKey: undefined,
})

const structFields = (schema: Schema): readonly (readonly [string, StructField])[] =>
  Object.entries(schema.properties ?? {}).map(([name, member]) => [name, field(typeOf(member))] as const)

function typeOf(schema: Schema): SchemaType {
  const isAtomic = schema['x-kubernetes-map-type'] === 'atomic'
  const values = valueSchema(schema)
  if (schema.type === 'array') return listType(schema)
  if (schema.properties !== undefined)
    return { kind: 'struct', isAtomic, fields: new Map(structFields(schema)) }
  if (values !== undefined) return { kind: 'map', isAtomic, element: typeOf(values) }
  const isOpen = schema.type === 'object' || (schema.type === undefined && keepsUnknown(schema))
  return isOpen ? { kind: 'map', isAtomic, element: LEAF } : LEAF
}

function listType(schema: Schema): ListType {
  const items = itemSchema(schema)
  const relation = schema['x-kubernetes-list-type']
  const keys = (schema['x-kubernetes-list-map-keys'] ?? []).map((name) => ({
    name,
    fallback: items?.properties?.[name]?.default,
  }))
  return {
    kind: 'list',
    relation: relation === 'set' || relation === 'map' ? relation : 'atomic',
    keys,
    element: items ? typeOf(items) : LEAF,
  }
}
