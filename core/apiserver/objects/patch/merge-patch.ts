/** JSON merge patch, RFC 7386. Pure. */

import { isObject } from '../../requests/json-value.ts'

/** @returns `target` with every member of `patch` set, or removed where the patch says null */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  // A Map, because assigning to `__proto__` would not make a key of that name.
  const result = new Map<string, unknown>(isObject(target) ? Object.entries(target) : [])
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key)
    else if (value !== undefined) result.set(key, applyMergePatch(result.get(key), value))
  }
  return Object.fromEntries(result)
}
