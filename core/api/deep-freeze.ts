/** Makes a value and all within it immutable, so that store, caches and watchers may share it. Pure. */

/**
 * Freezes `value` in place, with everything in it. What is frozen already is taken to be frozen all the way
 * down, so freezing a new object that shares parts with an old one costs only the new parts.
 * @returns the same value
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const part of Object.values(value)) deepFreeze(part)
  return value
}
