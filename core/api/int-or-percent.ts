/** Counts given as a number or a percentage of a total (intstr.GetScaledValueFromIntOrPercent). Pure. */

/** @returns the count; 0 when `value` is neither */
export function scaledValue(value: number | string | undefined, total: number, round: 'up' | 'down'): number {
  if (typeof value === 'number') return value
  const percent = /^(\d+)%$/.exec(value ?? '')
  if (percent === null) return 0
  const exact = (Number(percent[1]) * total) / 100
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact)
}

/** Whether `text` is a percentage such as `25%`. */
export function isPercent(text: string): boolean {
  return /^\d+%$/.test(text)
}
