/**
 * Resource quantities (`100m`, `1.5`, `64Mi`, `2e3`): exact numbers, and their one spelling. Pure.
 *
 * Grammar, rounding (up, to a billionth) and canonical form of kubernetes/apimachinery pkg/api/resource/quantity.go.
 * One difference: values beyond 2^63-1 are kept, not capped.
 */

/** Which family of suffixes a quantity was written with, and is printed with. */
type Format = 'decimal' | 'binary' | 'exponent'

interface Quantity {
  /** billionths, rounded away from zero */
  readonly nano: bigint
  readonly format: Format
}

const NANO = 1_000_000_000n
/** Suffix of 1000^n, from billionths on. */
const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'] as const
const ONES = 3
/** Suffix of 1024^n. */
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const

const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE][+-]?\d{1,3})|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?$/

export const QUANTITY_FORMAT =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

function parseQuantity(text: string): Quantity | undefined {
  const [, sign, whole = '', fraction = '', exponent, suffix = ''] = QUANTITY.exec(text) ?? []
  if (sign === undefined || text === '') return undefined
  // No digits are a zero to upstream, as in `k`, save where it reckons exactly, below a billionth.
  if (whole + fraction === '' && Number((exponent ?? 'e0').slice(1)) < -9) return undefined
  const digits = BigInt(whole + fraction)
  const power = BINARY_SUFFIXES.findIndex((one) => one !== '' && one === suffix)
  const isBinary = power > 0
  const decimals = isBinary ? 0 : 3 * (DECIMAL_SUFFIXES.findIndex((one) => one === suffix) - ONES)
  const shift = Number((exponent ?? 'e0').slice(1)) + decimals + 9 - fraction.length
  const scaled = isBinary ? digits << BigInt(10 * power) : digits
  const nano = shift >= 0 ? scaled * 10n ** BigInt(shift) : dividedUp(scaled, 10n ** BigInt(-shift))
  const format = isBinary ? 'binary' : exponent === undefined ? 'decimal' : 'exponent'
  return { nano: sign === '-' ? -nano : nano, format }
}

/** Away from zero, as upstream rounds what is too fine. */
function dividedUp(value: bigint, by: bigint): bigint {
  return value < 0n ? -dividedUp(-value, by) : (value + by - 1n) / by
}

/** @returns billionths; undefined when `text` is no quantity */
export const parseNano = (text: string): bigint | undefined => parseQuantity(text)?.nano

/** @returns thousandths: `100m` is 100n, `1` is 1000n; undefined when `text` is no quantity */
export function parseMilli(text: string): bigint | undefined {
  const quantity = parseQuantity(text)
  return quantity && dividedUp(quantity.nano, 1_000_000n)
}

/** @returns thousandths; 0n when absent or no quantity */
export function milliOf(text: string | undefined): bigint {
  return (text === undefined ? undefined : parseMilli(text)) ?? 0n
}

/** @returns whole units, rounded up; 0n when absent or no quantity */
export function unitsOf(text: string | undefined): bigint {
  const quantity = text === undefined ? undefined : parseQuantity(text)
  return quantity ? dividedUp(quantity.nano, NANO) : 0n
}

/** @returns below 0 when `a` is less than `b`, 0 when they are the same amount; what is no quantity counts as 0 */
export function compareQuantities(a: string, b: string): number {
  const difference = (parseQuantity(a)?.nano ?? 0n) - (parseQuantity(b)?.nano ?? 0n)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/**
 * The one spelling of an amount in its family of suffixes: the largest suffix that needs no fraction.
 * `1000m` is `1`, `0.5` is `500m`, `1.5Gi` is `1536Mi`, `1e3` stays.
 * @returns undefined when `text` is no quantity
 */
export function canonicalQuantity(text: string): string | undefined {
  const quantity = parseQuantity(text)
  return quantity && printed(quantity)
}

/** @returns thousandths in the family of suffixes that `like` is written with */
export function quantityLike(milli: bigint, like: string | undefined): string {
  const format = (like === undefined ? undefined : parseQuantity(like))?.format ?? 'decimal'
  return printed({ nano: milli * 1_000_000n, format })
}

function printed({ nano, format }: Quantity): string {
  if (nano === 0n) return '0'
  const isSmall = -1024n * NANO < nano && nano < 1024n * NANO
  return format === 'binary' && !isSmall
    ? printBinary(dividedUp(nano, NANO))
    : printDecimal(nano, format === 'exponent')
}

function printBinary(units: bigint): string {
  const { rest, times } = withoutFactor(units, 1024n, BINARY_SUFFIXES.length - 1)
  return `${rest}${BINARY_SUFFIXES[times]}`
}

function printDecimal(nano: bigint, hasExponent: boolean): string {
  const { rest, times } = withoutFactor(nano, 1000n, DECIMAL_SUFFIXES.length - 1)
  if (!hasExponent) return `${rest}${DECIMAL_SUFFIXES[times]}`
  return times === ONES ? String(rest) : `${rest}e${3 * (times - ONES)}`
}

function withoutFactor(value: bigint, factor: bigint, atMost: number): { rest: bigint; times: number } {
  let rest = value
  let times = 0
  while (times < atMost && rest % factor === 0n) {
    rest /= factor
    times += 1
  }
  return { rest, times }
}

/** @returns thousandths of a resource as a quantity: bytes are counted by 1024, everything else by 1000 */
export function amountText(milli: bigint, name: string): string {
  const isBytes = /memory|storage|hugepages/.test(name) && milli % 1_024_000n === 0n
  return canonicalQuantity(isBytes ? `${milli / 1_024_000n}Ki` : `${milli}m`) ?? '0'
}
