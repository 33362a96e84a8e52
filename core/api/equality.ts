/**
 * Whether two API values mean the same: absent, null, the empty list and the empty map are one, the order of keys
 * does not matter. Pure. As kubernetes/apimachinery pkg/api/equality (Semantic.DeepEqual) compares decoded objects.
 */

type Value = Readonly<Record<string, unknown>>

const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (typeof value === 'object' && Object.values(value).every((inner) => inner === undefined))

/** Whether `a` and `b` mean the same. */
export function isSameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (isNothing(a) || isNothing(b)) return isNothing(a) && isNothing(b)
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [left, right] = [a as Value, b as Value]
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return false
  const keys = new Set([...Object.keys(left), ...Object.keys(right)])
  return [...keys].every((key) => isSameValue(left[key], right[key]))
}
