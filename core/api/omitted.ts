/** An object without some of its fields. Pure. */

/** @returns the object without `keys`, the others in their order; the same object when it has none of them */
export function without<T extends object>(object: T, ...keys: readonly string[]): T {
  if (!keys.some((key) => key in object)) return object
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key))) as T
}

/** As `without`, for fields that the type knows. */
export const omitted = <T extends object, K extends keyof T & string>(
  value: T,
  ...names: readonly K[]
): Omit<T, K> => without(value, ...names)
