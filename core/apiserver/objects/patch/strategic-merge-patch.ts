/**
 * Strategic merge patch: a merge patch that knows which lists are merged item by item, and by which key. Pure.
 *
 * Follows kubernetes/apimachinery pkg/util/strategicpatch/patch.go, its directives included: `$patch`,
 * `$retainKeys`, `$deleteFromPrimitiveList/FIELD`, `$setElementOrder/FIELD`. Service ports merge by `port` alone,
 * as upstream's do (so 53/TCP and 53/UDP are one to it).
 */

import { badRequest } from '../../../api/api-error.ts'
import type { JsonObject } from '../../requests/json-value.ts'
import { goText, isArray, isObject } from '../../requests/json-value.ts'
import type { SchemaType, StructField } from '../../registry/schema-type.ts'
import { LEAF } from '../../registry/schema-type.ts'
import { orderedElements } from './element-order.ts'

const PATCH = '$patch'
const RETAIN_KEYS = '$retainKeys'
const DELETE_FROM = '$deleteFromPrimitiveList/'
const SET_ORDER = '$setElementOrder/'

const isDirective = (key: string): boolean =>
  key === PATCH || key === RETAIN_KEYS || key.startsWith(DELETE_FROM) || key.startsWith(SET_ORDER)

/** @throws ApiError BadRequest when the patch is not one, or misses a merge key */
export function applyStrategicMergePatch(original: unknown, patch: unknown, type: SchemaType): JsonObject {
  if (!isObject(patch)) throw badRequest('a strategic merge patch is an object')
  return mergedMap(isObject(original) ? original : {}, patch, type)
}

function mergedMap(original: JsonObject, patch: JsonObject, type: SchemaType): JsonObject {
  switch (patch[PATCH]) {
    case undefined:
    case 'merge':
      break
    case 'replace':
      return mergedMap({}, withoutDirective(patch), type)
    case 'delete':
      return {}
    default:
      throw badRequest(`Unknown patch type found: ${String(patch[PATCH])}`)
  }
  // A Map, because assigning to `__proto__` would not make a key of that name.
  const result = new Map<string, unknown>(Object.entries(retained(original, patch)))
  for (const [key, value] of Object.entries(patch)) {
    if (isDirective(key) || value === undefined) continue
    if (value === null) result.delete(key)
    else result.set(key, mergedValue(result.get(key), value, fieldOf(type, key)))
  }
  const merged = Object.fromEntries(result)
  return withPrimitivesDeleted(withElementOrder(merged, original, patch, type), patch)
}

const withoutDirective = (patch: JsonObject): JsonObject => {
  const { [PATCH]: _, ...rest } = patch
  return rest
}

/** `$retainKeys`: of the original only these keys stay. */
function retained(original: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch[RETAIN_KEYS]
  if (keys === undefined) return original
  if (!isArray(keys)) throw badRequest('$retainKeys is not a list')
  const surplus = Object.keys(patch).find((key) => !isDirective(key) && !keys.includes(key))
  if (surplus !== undefined) throw badRequest(`$retainKeys does not contain the patched field ${surplus}`)
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.includes(key)))
}

interface Field {
  readonly type: SchemaType
  readonly strategies: readonly string[]
  readonly mergeKey: string | undefined
}

function fieldOf(type: SchemaType, key: string): Field {
  const known: StructField | undefined = type.kind === 'struct' ? type.fields.get(key) : undefined
  if (known) return { type: known.type, strategies: known.patchStrategies, mergeKey: known.patchMergeKey }
  return { type: type.kind === 'map' ? type.element : LEAF, strategies: [], mergeKey: undefined }
}

function mergedValue(original: unknown, patch: unknown, field: Field): unknown {
  if (isObject(patch)) {
    const base = isObject(original) && !field.strategies.includes('replace') ? original : {}
    return mergedMap(base, patch, field.type)
  }
  if (!isArray(patch) || !field.strategies.includes('merge')) return patch
  return mergedList(isArray(original) ? original : [], patch, field)
}

function mergedList(
  original: readonly unknown[],
  patch: readonly unknown[],
  field: Field,
): readonly unknown[] {
  const { mergeKey } = field
  if (mergeKey === undefined) {
    const merged = [...new Set([...original, ...patch])]
    return orderedElements(merged, (item) => item, patch, original)
  }
  const keyOf = (item: unknown): unknown => keyOfItem(item, mergeKey)
  const items = patch.filter((item) => !(isObject(item) && item[PATCH] !== undefined))
  if (patch.some((item) => isObject(item) && item[PATCH] === 'replace')) {
    return items.map((item) => mergedItem({}, item, field))
  }
  const deleted = patch.filter((item) => isObject(item) && item[PATCH] === 'delete').map(keyOf)
  let merged: readonly unknown[] = original.filter((item) => !deleted.includes(keyOf(item)))
  for (const item of items) {
    const index = merged.findIndex((existing) => keyOf(existing) === keyOf(item))
    merged =
      index < 0
        ? [...merged, mergedItem({}, item, field)]
        : merged.with(index, mergedItem(merged[index], item, field))
  }
  return orderedElements(merged, keyOf, items.map(keyOf), original.map(keyOf))
}

function mergedItem(original: unknown, patch: unknown, field: Field): unknown {
  const element = field.type.kind === 'list' ? field.type.element : LEAF
  return isObject(patch) ? mergedMap(isObject(original) ? original : {}, patch, element) : patch
}

function keyOfItem(item: unknown, mergeKey: string): unknown {
  const key = isObject(item) ? item[mergeKey] : undefined
  if (key === undefined) {
    throw badRequest(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`)
  }
  return key
}

/** `$setElementOrder/FIELD`: the items named come in that order. */
function withElementOrder(
  merged: JsonObject,
  original: JsonObject,
  patch: JsonObject,
  type: SchemaType,
): JsonObject {
  const result: Record<string, unknown> = { ...merged }
  for (const [directive, order] of Object.entries(patch)) {
    if (!directive.startsWith(SET_ORDER) || !isArray(order)) continue
    const name = directive.slice(SET_ORDER.length)
    const list = result[name]
    if (!isArray(list)) continue
    const { mergeKey } = fieldOf(type, name)
    const keyOf =
      mergeKey === undefined ? (item: unknown) => item : (item: unknown) => keyOfItem(item, mergeKey)
    const before = original[name]
    result[name] = orderedElements(list, keyOf, order.map(keyOf), isArray(before) ? before.map(keyOf) : [])
  }
  return result
}

/** `$deleteFromPrimitiveList/FIELD`: these values are taken out. */
function withPrimitivesDeleted(merged: JsonObject, patch: JsonObject): JsonObject {
  const result: Record<string, unknown> = { ...merged }
  for (const [directive, values] of Object.entries(patch)) {
    if (!directive.startsWith(DELETE_FROM) || !isArray(values)) continue
    const name = directive.slice(DELETE_FROM.length)
    const list = result[name]
    if (isArray(list)) result[name] = list.filter((item) => !values.includes(item))
  }
  return result
}
