/** JSON merge patch, RFC 7386. Pure. */

import { isObject } from '../json-value.ts'

/** @returns `target` with every member of `patch` set, or removed where the patch says null */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else if (value !== undefined) result[key] = applyMergePatch(result[key], value)
  }
  return result
}
