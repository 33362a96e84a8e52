/** JSON values: what every patch and comparison works on. Pure; nothing is changed in place. */

export type JsonObject = Readonly<Record<string, unknown>>

/** Whether `value` is an object with keys, not an array or null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether `value` is an array. Unlike Array.isArray, for elements of unknown type. */
export function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

/**
 * Whether two values are the same JSON. A key whose value is undefined counts as absent; the order of keys does not
 * matter. Shared parts are not looked into.
 */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (isArray(a))
    return isArray(b) && a.length === b.length && a.every((item, index) => equalJson(item, b[index]))
  if (!isObject(a) || !isObject(b)) return false
  for (const key of Object.keys(a)) if (!equalJson(a[key], b[key])) return false
  for (const key of Object.keys(b)) if (b[key] !== undefined && a[key] === undefined) return false
  return true
}

/**
 * A copy that shares nothing that could still change with `value`: frozen parts are taken as they are, keys that
 * are undefined are left out.
 */
export function jsonCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (isArray(value)) return value.map(jsonCopy)
  return mapObject(value as JsonObject, jsonCopy)
}

/** @returns the object with `change` done to each value; keys whose value becomes undefined are left out */
export function mapObject(object: JsonObject, change: (value: unknown, key: string) => unknown): JsonObject {
  // Not by assignment: a client may call a key `__proto__`.
  return Object.fromEntries(
    Object.entries(object)
      .map(([key, value]) => [key, change(value, key)] as const)
      .filter(([, changed]) => changed !== undefined),
  )
}

/** Far above what any kind has; everything that walks values may recurse. */
const MAX_DEPTH = 500

/** Whether a value is nested deeper than any API object is. Does not recurse itself. */
export function isTooDeep(value: unknown): boolean {
  let level: readonly unknown[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return true
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []))
  }
  return false
}

/** The value as Go's `%v` prints it: `map[spec:map[replicas:2]]`. */
export function goText(value: unknown): string {
  if (isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (value === null || value === undefined) return '<nil>'
  if (typeof value === 'string') return value
  if (!isObject(value)) return JSON.stringify(value)
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `map[${entries.map(([key, inner]) => `${key}:${goText(inner)}`).join(' ')}]`
}

/** The value with the keys of its objects sorted, where they are not those of `before`: as Go prints what it changed. */
export function sortedWhereOther(value: unknown, before: unknown): unknown {
  if (value === before || !isObject(value)) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const old = isObject(before) ? before : {}
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortedWhereOther(inner, old[key])]))
}
