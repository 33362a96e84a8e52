/**
 * Durations as Go's time.ParseDuration reads them: `1h30m`, `-1.5s`, `0`; else as any numbers with units that can be
 * made out, `2 days` (kubernetes/kube-openapi pkg/validation/strfmt/duration.go). Pure.
 */

const DURATION = /^[-+]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g
const LOOSE_PART = /(\d+)\s*([A-Za-zµ]+)/g

/** Those that Go has. */
const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

const UNITS: Readonly<Record<string, bigint>> = {
  ...NANOSECONDS,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
}

/** Other names; what begins with one in the second list is that unit, too. */
const NAMES: readonly (readonly [unit: string, names: readonly string[], beginning: string])[] = [
  ['ns', ['ns'], 'nano'],
  ['us', ['us', 'µs'], 'micro'],
  ['ms', ['ms'], 'milli'],
  ['s', ['s'], 'sec'],
  ['m', ['m'], 'min'],
  ['h', ['h', 'hr'], 'hour'],
  ['d', ['d'], 'day'],
  ['w', ['w', 'wk'], 'week'],
]

/** Whether it is one by Go's rules. */
export const isGoDuration = (text: string): boolean => DURATION.test(text)

/** @returns nanoseconds; undefined for what is no duration by either rule */
export function nanosecondsOf(text: string): bigint | undefined {
  if (!isGoDuration(text)) return looseNanoseconds(text)
  const total = [...text.matchAll(PART)].reduce(
    (sum, [, amount = '', unit = '']) => sum + scaled(amount, UNITS[unit] ?? 0n),
    0n,
  )
  return text.startsWith('-') ? -total : total
}

/** `1.5` of a unit, what is finer than a nanosecond cut off. */
function scaled(amount: string, unit: bigint): bigint {
  const [whole = '', fraction = ''] = amount.split('.')
  return (BigInt(`${whole}${fraction}` || '0') * unit) / 10n ** BigInt(fraction.length)
}

function looseNanoseconds(text: string): bigint | undefined {
  const parts = [...text.matchAll(LOOSE_PART)].flatMap(([, amount = '', name = '']) => {
    const unit = looseUnit(name.toLowerCase())
    return unit === undefined ? [] : [BigInt(amount) * unit]
  })
  return parts.length === 0 ? undefined : parts.reduce((sum, part) => sum + part, 0n)
}

const looseUnit = (name: string): bigint | undefined => {
  const found = NAMES.find(([, names, beginning]) => names.includes(name) || name.startsWith(beginning))
  return found && UNITS[found[0]]
}

/** Go's durations are 64 bits. */
const MAX = 1n << 63n

/** @returns why Go would not read the text as a duration; undefined when it would */
export function durationFault(text: string): string | undefined {
  const invalid = `time: invalid duration ${JSON.stringify(text)}`
  const isNegative = text.startsWith('-')
  let rest = text.replace(/^[-+]/, '')
  if (rest === '0') return undefined
  if (rest === '') return invalid
  let total = 0n
  while (rest !== '') {
    const [number = '', whole = '', fraction = ''] = /^(\d*)(?:\.(\d*))?/.exec(rest) ?? []
    if (whole === '' && fraction === '') return invalid
    const [unit = ''] = /^[^.\d]*/.exec(rest.slice(number.length)) ?? []
    if (unit === '') return `time: missing unit in duration ${JSON.stringify(text)}`
    const size = Object.hasOwn(NANOSECONDS, unit) ? NANOSECONDS[unit] : undefined
    if (size === undefined)
      return `time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`
    const part = fraction === '' ? 0n : (BigInt(fraction) * size) / 10n ** BigInt(fraction.length)
    total += BigInt(whole || '0') * size + part
    if (total > MAX) return invalid
    rest = rest.slice(number.length + unit.length)
  }
  return total === MAX && !isNegative ? invalid : undefined
}
