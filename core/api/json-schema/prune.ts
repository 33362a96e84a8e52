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
  memberSchema,
  TYPE_META,
} from './schema.ts'

export interface Pruned {
  readonly value: unknown
  /** paths of what was taken, in the order met */
  readonly unknown: readonly string[]
}

/** @param isResource whether the value is a resource: its apiVersion, kind and metadata stay as they are */
export function pruned(value: unknown, schema: Schema, isResource = true): Pruned {
  const unknown: string[] = []
  const walk = (inner: unknown, of: Schema | undefined, path: string, resource: boolean): unknown => {
    if (of === undefined) return inner
    if (Array.isArray(inner)) {
      const items = itemSchema(of)
      return items === undefined
        ? inner
        : inner.map((item, i) => walk(item, items, itemPath(path, i), isEmbedded(items)))
    }
    if (!isJsonObject(inner)) return inner
    const kept: Record<string, unknown> = {}
    for (const [name, member] of Object.entries(inner)) {
      const at = childPath(path, name)
      const known = memberSchema(of, name)
      if (resource && TYPE_META.includes(name)) kept[name] = member
      else if (known !== undefined) kept[name] = walk(member, known, at, isEmbedded(known))
      else if (keepsUnknown(of) || of.additionalProperties === true) kept[name] = member
      else unknown.push(at)
    }
    return kept
  }
  return { value: walk(value, schema, '', isResource), unknown }
}
