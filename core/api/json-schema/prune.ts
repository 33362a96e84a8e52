/**
 * Takes from an object what its schema does not know. Pure.
 * kubernetes/apiextensions-apiserver pkg/apiserver/schema/pruning/algorithm.go.
 */

import type { Schema } from './schema.ts'
import {
  childPath,
  isEmbedded,
  isJsonObject,
  itemPath,
  itemSchema,
  keepsUnknown,
  TYPE_META,
  valueSchema,
} from './schema.ts'

export interface Pruned {
  readonly value: unknown
  /** paths of what was taken, in the order of their texts */
  readonly unknown: readonly string[]
}

/** @param isResource whether the value is a resource: its apiVersion, kind and metadata stay as they are */
export function pruned(value: unknown, schema: Schema, isResource = true): Pruned {
  const unknown: string[] = []
  const root = isResource ? { ...schema, 'x-kubernetes-embedded-resource': true } : schema
  const result = walk(value, root, { path: '', keepsAll: false, unknown })
  return { value: result, unknown: unknown.toSorted() }
}

interface Walk {
  readonly path: string
  /** in what is kept, whatever is in it: lists' items are, too */
  readonly keepsAll: boolean
  readonly unknown: string[]
}

/** @param schema undefined: nothing is known here, as in the values of a map of which nothing is said */
function walk(value: unknown, schema: Schema | undefined, { path, keepsAll, unknown }: Walk): unknown {
  const keeps = keepsAll || (schema !== undefined && keepsUnknown(schema))
  if (Array.isArray(value)) {
    const items = schema && itemSchema(schema)
    if (keeps && items === undefined) return value
    return value.map((item, index) =>
      walk(item, items, { path: itemPath(path, index), keepsAll: keeps, unknown }),
    )
  }
  if (!isJsonObject(value)) return value
  const { properties = {}, additionalProperties } = schema ?? {}
  const values = schema && valueSchema(schema)
  const kept: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    const inner = { path: childPath(path, name), keepsAll: false, unknown }
    if (schema && isEmbedded(schema) && TYPE_META.includes(name)) kept[name] = member
    else if (Object.hasOwn(properties, name)) kept[name] = walk(member, properties[name], inner)
    else if (additionalProperties !== undefined) kept[name] = walk(member, values, inner)
    else if (keeps) kept[name] = member
    else unknown.push(inner.path)
  }
  return kept
}
