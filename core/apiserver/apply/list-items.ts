/** How items of a set or keyed list are told apart: one path element each. Pure. */

import { isArray, isObject } from '../requests/json-value.ts'
import type { ListType } from '../registry/schema-type.ts'

/**
 * @returns `v:"x"` for an item of a set, `k:{"port":80,"protocol":"TCP"}` for one of a keyed list (absent keys at
 * their default); undefined for an item that has none of the keys
 */
export function itemElement(item: unknown, list: ListType): string | undefined {
  if (list.relation === 'set') return `v:${JSON.stringify(item)}`
  if (!isObject(item)) return undefined
  const keys = list.keys
    .map(({ name, fallback }) => [name, item[name] ?? fallback] as const)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return keys.length === 0 ? undefined : `k:${JSON.stringify(Object.fromEntries(keys))}`
}

/**
 * Items by path element, in list order. Items that cannot be told apart (a duplicate, a key missing) get their
 * index, `i:2`, so that nothing is lost.
 */
export function itemsByElement(list: unknown, type: ListType): ReadonlyMap<string, unknown> {
  const items = new Map<string, unknown>()
  if (!isArray(list)) return items
  for (const [index, item] of list.entries()) {
    const element = itemElement(item, type)
    items.set(element === undefined || items.has(element) ? `i:${index}` : element, item)
  }
  return items
}
