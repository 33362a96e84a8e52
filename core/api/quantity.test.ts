import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPercent, scaledValue } from './int-or-percent.ts'
import { canonicalQuantity, compareQuantities, milliOf, parseMilli, unitsOf } from './quantity.ts'

describe('quantities', () => {
  it.each([
    ['0', '0', 0n],
    ['1', '1', 1000n],
    ['1000m', '1', 1000n],
    ['100m', '100m', 100n],
    ['0.5', '500m', 500n],
    ['.5', '500m', 500n],
    ['1.', '1', 1000n],
    ['1500', '1500', 1_500_000n],
    ['2000', '2k', 2_000_000n],
    ['1e3', '1e3', 1_000_000n],
    ['12e2', '1200', 1_200_000n],
    ['1E3', '1e3', 1_000_000n],
    ['1E', '1E', 10n ** 21n],
    ['64Mi', '64Mi', 64n * 1024n ** 2n * 1000n],
    ['1024Mi', '1Gi', 1024n ** 3n * 1000n],
    ['1.5Gi', '1536Mi', 1536n * 1024n ** 2n * 1000n],
    ['0.5Ki', '512', 512_000n],
    ['128974848', '128974848', 128_974_848_000n],
    ['1n', '1n', 1n],
    ['1500u', '1500u', 2n],
    ['0.1n', '1n', 1n],
    ['-1500m', '-1500m', -1500n],
    ['+3', '3', 3000n],
    // Upstream takes no digits for a zero, whatever stands around them.
    ['k', '0', 0n],
    ['Mi', '0', 0n],
    ['-', '0', 0n],
    ['+.Ki', '0', 0n],
    ['e-9', '0', 0n],
  ])('%s is %s, %i thousandths', (text, canonical, milli) => {
    expect(canonicalQuantity(text)).toBe(canonical)
    expect(parseMilli(text)).toBe(milli)
  })

  it.each(['', 'x', '1K', '1ki', '1 Mi', '--1', '1.2.3', 'e', 'e-10', '1e', '1mi'])('refuses %j', (text) => {
    expect(canonicalQuantity(text)).toBeUndefined()
    expect(parseMilli(text)).toBeUndefined()
    expect(milliOf(text)).toBe(0n)
  })

  it.each([
    ['1500m', 2n],
    ['1Ki', 1024n],
    [undefined, 0n],
  ])('%s is %i whole units, rounded up', (text, units) => expect(unitsOf(text)).toBe(units))

  it.each([
    ['1', '1000m', 0],
    ['1Gi', '1G', 1],
    ['999m', '1', -1],
  ])('%s against %s is %i', (a, b, order) => expect(compareQuantities(a, b)).toBe(order))

  it('keeps the amount in its canonical form, which is its own canonical form', () => {
    const suffixes = ['', 'n', 'u', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'e-2', 'E6']
    const text = fc
      .tuple(
        fc.constantFrom('', '-', '+'),
        fc.bigInt(0n, 10n ** 6n),
        fc.stringMatching(/^\.[0-9]{1,3}$|^$/),
        fc.constantFrom(...suffixes),
      )
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, (input) => {
        const canonical = canonicalQuantity(input) ?? ''
        // Fractions of binary units are rounded up to whole ones, and these may end in decimal zeros, upstream too.
        if (/\..*i$/.test(input)) return
        expect(canonicalQuantity(canonical)).toBe(canonical)
        expect(compareQuantities(input, canonical)).toBe(0)
      }),
    )
  })
})

describe('counts or percentages', () => {
  it.each([
    [3, 10, 'up', 3],
    ['25%', 10, 'up', 3],
    ['25%', 10, 'down', 2],
    ['0%', 10, 'up', 0],
    ['100%', 7, 'down', 7],
    ['many', 10, 'up', 0],
    [undefined, 10, 'up', 0],
  ] as const)('%s of %i, rounded %s, is %i', (value, total, round, expected) => {
    expect(scaledValue(value, total, round)).toBe(expected)
  })

  it('knows a percentage', () => {
    expect(['25%', '25', '%', '-1%'].map(isPercent)).toEqual([true, false, false, false])
  })
})
