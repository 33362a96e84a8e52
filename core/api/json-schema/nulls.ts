/**
 * Takes nulls from an object where its schema wants none and has nothing to put in their place. Pure.
 * kubernetes/apiextensions-apiserver pkg/apiserver/schema/defaulting/prune.go (PruneNonNullableNullsWithoutDefaults).
 */

import type { Schema } from './schema.ts'
import { isJsonObject, itemSchema, memberSchema } from './schema.ts'

export function withoutNulls(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) {
    const items = itemSchema(schema)
    return items === undefined ? value : value.map((item: unknown) => withoutNulls(item, items))
  }
  if (!isJsonObject(value)) return value
  const kept = Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
    const known = memberSchema(schema, name)
    if (known === undefined) return [[name, member]]
    const isSurplus = member === null && !known.nullable && known.default === undefined
    return isSurplus ? [] : [[name, withoutNulls(member, known)]]
  })
  return Object.fromEntries(kept)
}
