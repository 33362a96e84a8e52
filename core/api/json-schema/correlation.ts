/**
 * What a part of an object was before an update: members by their names, items of lists with keys by those, other
 * items not at all (KEP-4008; kubernetes/apiserver pkg/cel/common/equality.go). Pure.
 */

import { isEqual } from './scalars.ts'
import type { Schema } from './schema.ts'
import { isJsonObject, itemSchema, memberSchema } from './schema.ts'

/** A value that can be told which one it was before. */
export class Correlation {
  readonly value: unknown
  readonly old: unknown
  readonly schema: Schema
  #isUnchanged: boolean | undefined

  constructor(value: unknown, old: unknown, schema: Schema) {
    this.value = value
    this.old = old
    this.schema = schema
  }

  /** Whether it is as it was; the order of a list with keys does not count. */
  isUnchanged(): boolean {
    return (this.#isUnchanged ??= isSame(this))
  }
}

/** @returns undefined for what was not there, or is not described */
export function memberCorrelation(parent: Correlation | undefined, name: string): Correlation | undefined {
  if (parent === undefined) return undefined
  const { value, old, schema } = parent
  if (!isJsonObject(value) || !isJsonObject(old)) return undefined
  if (!Object.hasOwn(value, name) || !Object.hasOwn(old, name)) return undefined
  const of = memberSchema(schema, name)
  return of && new Correlation(value[name], old[name], of)
}

/** @returns undefined where the item was not there, or cannot be told */
export function itemCorrelation(parent: Correlation | undefined, index: number): Correlation | undefined {
  if (parent === undefined || !Array.isArray(parent.value)) return undefined
  const item: unknown = parent.value[index]
  const before = oldItem(parent.schema, parent.old, item)
  const items = itemSchema(parent.schema)
  return before === undefined || items === undefined ? undefined : new Correlation(item, before, items)
}

/** @returns the item of a list with keys that had the same ones */
export function oldItem(schema: Schema, old: unknown, item: unknown): unknown {
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old) || !isJsonObject(item))
    return undefined
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  return old.find(
    (each) => isJsonObject(each) && keys.every((key) => isEqual(each[key] ?? null, item[key] ?? null)),
  ) as unknown
}

function isSame(place: Correlation): boolean {
  const { value, old, schema } = place
  if (Array.isArray(value) && Array.isArray(old)) {
    if (value.length !== old.length) return false
    if (schema['x-kubernetes-list-type'] !== 'map') return isEqual(value, old)
    return value.every((_item, index) => itemCorrelation(place, index)?.isUnchanged() ?? false)
  }
  if (isJsonObject(value) && isJsonObject(old)) {
    const names = Object.keys(value)
    if (names.length !== Object.keys(old).length) return false
    return names.every((name) => memberCorrelation(place, name)?.isUnchanged() ?? false)
  }
  return isEqual(value, old)
}
