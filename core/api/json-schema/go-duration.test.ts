import { describe, expect, it } from 'vitest'
import { durationFault } from './go-duration.ts'

const invalid = (text: string): string => `time: invalid duration ${JSON.stringify(text)}`

describe('durationFault', () => {
  it.each(['0', '-0', '30s', '1.5s', '.5s', '5.s', '+5s', '-1s', '1h1m1s1ms1us1ns', '1µs', '2562047h'])(
    '%s is a duration',
    (text) => {
      expect(durationFault(text)).toBeUndefined()
    },
  )

  it.each([
    ['x', invalid('x')],
    ['', invalid('')],
    ['-', invalid('-')],
    ['.s', invalid('.s')],
    ['--5s', invalid('--5s')],
    ['1s ', 'time: unknown unit "s " in duration "1s "'],
    ['9999999h', invalid('9999999h')],
    ['1', 'time: missing unit in duration "1"'],
    ['1h1', 'time: missing unit in duration "1h1"'],
    ['1H', 'time: unknown unit "H" in duration "1H"'],
    ['1e3s', 'time: unknown unit "e" in duration "1e3s"'],
    ['1constructor', 'time: unknown unit "constructor" in duration "1constructor"'],
  ])('%j is none', (text, fault) => {
    expect(durationFault(text)).toBe(fault)
  })
})
