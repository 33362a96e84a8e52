/**
 * Two operations on objects that know their types: laying an applied configuration over a live object, and taking a
 * set of fields out of an object. Pure; parts that do not change are shared.
 *
 * kubernetes-sigs/structured-merge-diff typed/merge.go and typed/remove.go.
 */

import { isArray, isObject, mapObject } from '../requests/json-value.ts'
import type { ListType, SchemaType } from '../registry/schema-type.ts'
import { childType, isWhole } from '../registry/schema-type.ts'
import type { FieldSet } from './field-set.ts'
import { fieldNode, isMember, setOf } from './field-set.ts'
import { itemsByElement } from './list-items.ts'

/** @returns `live` with everything `config` says; keyed lists and sets are merged item by item */
export function mergeTyped(live: unknown, config: unknown, type: SchemaType): unknown {
  if (config === undefined) return live
  if (live === undefined || live === null || isWhole(type)) return config
  if (type.kind === 'list') return isArray(live) && isArray(config) ? mergeLists(live, config, type) : config
  if (!isObject(live) || !isObject(config)) return config
  // A Map, because assigning to `__proto__` would not make a key of that name.
  const merged = new Map<string, unknown>(Object.entries(live))
  for (const [key, value] of Object.entries(config)) {
    if (value !== undefined) merged.set(key, mergeTyped(merged.get(key), value, childType(type, key)))
  }
  return Object.fromEntries(merged)
}

/**
 * What both have keeps the order of the configuration; what only the live list has comes before what is new, up to
 * the next item both have. kubernetes-sigs/structured-merge-diff typed/merge.go.
 */
function mergeLists(
  live: readonly unknown[],
  config: readonly unknown[],
  type: ListType,
): readonly unknown[] {
  const liveItems = itemsByElement(live, type)
  const configItems = itemsByElement(config, type)
  const liveElements = [...liveItems.keys()]
  const shared = [...configItems.keys()].filter((element) => liveItems.has(element))
  const result: unknown[] = []
  let next = 0
  /** Up to where `isEnd` says so; what both have is merged elsewhere. */
  const takeLiveOnly = (isEnd: (element: string) => boolean): void => {
    for (; next < liveElements.length; next += 1) {
      const element = liveElements[next] ?? ''
      if (!configItems.has(element)) result.push(liveItems.get(element))
      else if (isEnd(element)) return
    }
  }
  let met = 0
  for (const [element, item] of configItems) {
    const nextShared = shared[met]
    takeLiveOnly((each) => nextShared === undefined || each === nextShared)
    if (element === nextShared) met += 1
    if (element === liveElements[next]) next += 1
    result.push(mergeTyped(liveItems.get(element), item, type.element))
  }
  takeLiveOnly(() => false)
  return result
}

/** @returns `value` without the members of `set`; undefined when nothing is left */
export function removeFields(value: unknown, set: FieldSet, type: SchemaType): unknown {
  if (type.kind === 'list') return isArray(value) ? removeItems(value, set, type) : value
  if (!isObject(value)) return value
  const rest = mapObject(value, (part, key) => {
    const node = set[`f:${key}`]
    if (node === undefined) return part
    const kept = isMember(node) ? undefined : removeFields(part, node, childType(type, key))
    // What Go always writes stays, empty.
    const field = type.kind === 'struct' ? type.fields.get(key) : undefined
    return kept ?? (field?.type.kind === 'struct' && field.isAlwaysPresent ? {} : undefined)
  })
  return Object.keys(rest).length === 0 ? undefined : rest
}

function removeItems(
  list: readonly unknown[],
  set: FieldSet,
  type: ListType,
): readonly unknown[] | undefined {
  const rest = [...itemsByElement(list, type)].flatMap(([element, item]) => {
    const node = set[element]
    if (node === undefined) return [item]
    const kept = isMember(node) ? undefined : removeFields(item, node, type.element)
    return kept === undefined ? [] : [kept]
  })
  return rest.length === 0 ? undefined : rest
}

/** @returns the set with every struct field that has members below it a member too, so that empty structs can go */
export function withNamedFields(set: FieldSet, type: SchemaType): FieldSet {
  return setOf(
    Object.entries(set)
      .filter(([element]) => element !== '.')
      .map(([element, node]) => {
        const isNamed = type.kind === 'struct' && type.fields.has(element.slice(2))
        const inner = type.kind === 'list' ? type.element : childType(type, element.slice(2))
        return [element, fieldNode(isNamed || isMember(node), withNamedFields(node, inner))]
      }),
  )
}
