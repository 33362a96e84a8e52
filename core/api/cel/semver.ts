/**
 * Versions as semver.org has them, for CEL: semver(), isSemver() and what can be asked of one. Pure.
 * kubernetes/apiserver pkg/cel/library/semverlib.go; the parser is github.com/blang/semver's.
 */

import type { Functions } from './functions.ts'

export class SemverValue {
  readonly numbers: readonly [bigint, bigint, bigint]
  readonly pre: readonly string[]
  constructor(numbers: readonly [bigint, bigint, bigint], pre: readonly string[]) {
    this.numbers = numbers
    this.pre = pre
  }
}

const NUMBER = '(0|[1-9]\\d*)'
const PRE = '(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)'
const SEMVER = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${PRE}(?:\\.${PRE})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
)

function parsed(text: string): SemverValue | undefined {
  const match = SEMVER.exec(text)
  if (match === null) return undefined
  const [, major = '', minor = '', patch = '', pre] = match
  return new SemverValue([BigInt(major), BigInt(minor), BigInt(patch)], pre?.split('.') ?? [])
}

/** `v1.02` as `1.2.0` */
function normalized(text: string): string {
  const match = /^v?([^-+]*)(.*)$/s.exec(text)
  const parts = (match?.[1] ?? '').split('.').map((part) => part.replace(/^0+(?=\d)/, ''))
  while (parts.length < 3) parts.push('0')
  return parts.join('.') + (match?.[2] ?? '')
}

function version(text: string): SemverValue {
  const value = parsed(text)
  if (value !== undefined) return value
  throw new Error(
    text === ''
      ? 'Version string empty'
      : /^[^.]*\.[^.]*\./.test(text)
        ? invalid(text)
        : 'No Major.Minor.Patch elements found',
  )
}

const invalid = (text: string): string => `Invalid character(s) found in version ${JSON.stringify(text)}`

function comparePre(a: readonly string[], b: readonly string[]): number {
  // A version without is the later one.
  if (a.length === 0 || b.length === 0)
    return Math.sign(b.length - a.length) * (a.length === b.length ? 0 : 1)
  for (const [index, one] of a.entries()) {
    const other = b[index]
    if (other === undefined) return 1
    const [isNumber, isOtherNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)]
    if (isNumber !== isOtherNumber) return isNumber ? -1 : 1
    if (isNumber ? BigInt(one) !== BigInt(other) : one !== other)
      return (isNumber ? BigInt(one) < BigInt(other) : one < other) ? -1 : 1
  }
  return a.length < b.length ? -1 : 0
}

function compared(a: SemverValue, b: SemverValue): number {
  for (const index of [0, 1, 2] as const) {
    if (a.numbers[index] !== b.numbers[index]) return a.numbers[index] < b.numbers[index] ? -1 : 1
  }
  return comparePre(a.pre, b.pre)
}

export const isSameVersion = (a: SemverValue, b: SemverValue): boolean => compared(a, b) === 0

export const SEMVERS: Functions = {
  'isSemver(string): bool': (text: string) => parsed(text) !== undefined,
  'isSemver(string, bool): bool': (text: string, loose: boolean) =>
    parsed(loose ? normalized(text) : text) !== undefined,
  'semver(string): kubernetes.Semver': version,
  'semver(string, bool): kubernetes.Semver': (text: string, loose: boolean) =>
    version(loose ? normalized(text) : text),
  'kubernetes.Semver.compareTo(kubernetes.Semver): int': (a: SemverValue, b: SemverValue) =>
    BigInt(compared(a, b)),
  'kubernetes.Semver.isGreaterThan(kubernetes.Semver): bool': (a: SemverValue, b: SemverValue) =>
    compared(a, b) > 0,
  'kubernetes.Semver.isLessThan(kubernetes.Semver): bool': (a: SemverValue, b: SemverValue) =>
    compared(a, b) < 0,
  'kubernetes.Semver.major(): int': ({ numbers }: SemverValue) => numbers[0],
  'kubernetes.Semver.minor(): int': ({ numbers }: SemverValue) => numbers[1],
  'kubernetes.Semver.patch(): int': ({ numbers }: SemverValue) => numbers[2],
}
