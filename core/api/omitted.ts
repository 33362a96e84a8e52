/** An object without some of its fields. Pure. */

/** @returns a copy without these fields, the others in their order */
export function omitted<T extends object, K extends keyof T & string>(
  value: T,
  ...names: readonly K[]
): Omit<T, K> {
  const kept = Object.entries(value).filter(([name]) => !names.some((each) => each === name))
  return Object.fromEntries(kept) as Omit<T, K>
}
