/** Sizes and costs between a least and a most (google/cel-go checker/cost.go). Pure; nothing is more than MAX. */

export interface Estimate {
  readonly min: number
  readonly max: number
}

/** Go's largest unsigned number. */
export const MAX = 2 ** 64

const capped = (value: number): number => Math.min(MAX, value)

export const fixed = (value: number): Estimate => ({ min: value, max: value })
export const ZERO = fixed(0)
export const UNKNOWN: Estimate = { min: 0, max: MAX }

export function added(...all: readonly Estimate[]): Estimate {
  return all.reduce((a, b) => ({ min: capped(a.min + b.min), max: capped(a.max + b.max) }), ZERO)
}

export const times = (a: Estimate, b: Estimate): Estimate => ({
  min: capped(a.min * b.min),
  max: capped(a.max * b.max),
})

/** So many times a cost. */
export const timesCost = times

/** Rounded up. */
export const scaled = (a: Estimate, factor: number): Estimate => ({
  min: capped(Math.ceil(a.min * factor)),
  max: capped(Math.ceil(a.max * factor)),
})

export const united = (a: Estimate, b: Estimate): Estimate => ({
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
})
