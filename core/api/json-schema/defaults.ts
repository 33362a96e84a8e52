/**
 * Fills an object with the defaults of its schema. Pure and idempotent.
 * kubernetes/apiextensions-apiserver pkg/apiserver/schema/defaulting/algorithm.go.
 */

import type { Schema } from './schema.ts'
import { isJsonObject, itemSchema, memberSchema } from './schema.ts'

/** A null where none may stand counts as absent. */
export function withDefaults(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) {
    const items = itemSchema(schema)
    if (items === undefined) return value
    return value.map((item: unknown) =>
      item === null && !items.nullable && items.default !== undefined
        ? withDefaults(items.default, items)
        : withDefaults(item, items),
    )
  }
  if (!isJsonObject(value)) return value
  const result: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    const known = memberSchema(schema, name)
    if (known === undefined) result[name] = member
    else if (member !== null || known.nullable) result[name] = withDefaults(member, known)
    else if (known.default !== undefined) result[name] = withDefaults(known.default, known)
  }
  for (const [name, known] of Object.entries(schema.properties ?? {})) {
    if (known.default !== undefined && !Object.hasOwn(value, name))
      result[name] = withDefaults(known.default, known)
  }
  return result
}
