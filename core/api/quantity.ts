/**
 * Resource quantities (`100m`, `1.5`, `64Mi`, `2e3`) as exact numbers. Pure.
 *
 * Grammar of kubernetes/apimachinery pkg/api/resource/quantity.go; values are kept in thousandths, rounded up as
 * upstream rounds what is finer.
 */

const SUFFIXES: Readonly<Record<string, bigint>> = {
  '': 1000n,
  m: 1n,
  k: 1000n ** 2n,
  M: 1000n ** 3n,
  G: 1000n ** 4n,
  T: 1000n ** 5n,
  P: 1000n ** 6n,
  E: 1000n ** 7n,
  Ki: 1000n * 1024n,
  Mi: 1000n * 1024n ** 2n,
  Gi: 1000n * 1024n ** 3n,
  Ti: 1000n * 1024n ** 4n,
  Pi: 1000n * 1024n ** 5n,
  Ei: 1000n * 1024n ** 6n,
}

const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE][+-]?\d{1,3})|(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|n|u))?$/

export const QUANTITY_FORMAT =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

/** @returns thousandths: `100m` is 100n, `1` is 1000n; undefined when `text` is no quantity */
export function parseMilli(text: string): bigint | undefined {
  const [, sign, whole = '', fraction = '', exponent, suffix = ''] = QUANTITY.exec(text) ?? []
  if (sign === undefined || whole + fraction === '') return undefined
  const power = Number((exponent ?? 'e0').slice(1)) - fraction.length
  const fine = suffix === 'n' || suffix === 'u'
  const scale = fine ? 1n : (SUFFIXES[suffix] ?? 1000n)
  const down = fine ? (suffix === 'n' ? 6 : 3) : 0
  const digits = BigInt(whole + fraction) * scale
  const shift = power - down
  const value = shift >= 0 ? digits * 10n ** BigInt(shift) : dividedUp(digits, 10n ** BigInt(-shift))
  return sign === '-' ? -value : value
}

const dividedUp = (value: bigint, by: bigint): bigint => (value + by - 1n) / by

/** @returns whole units, rounded up; 0n when absent or no quantity */
export function unitsOf(text: string | undefined): bigint {
  return dividedUp(milliOf(text), 1000n)
}

/** @returns thousandths; 0n when absent or no quantity */
export function milliOf(text: string | undefined): bigint {
  return (text === undefined ? undefined : parseMilli(text)) ?? 0n
}
