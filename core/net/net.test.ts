import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addressBandOffset, Allocator, portBandOffset } from './allocator.ts'
import { cidrsOverlap, isStrictSubset, isWithin, parseCidr, printCidr } from './cidr.ts'
import { canonicalIp, parseIPv4, parseIPv6, printIPv4, printIPv6 } from './ip.ts'

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['0.0.0.0', '0.0.0.0'],
  ['255.255.255.255', '255.255.255.255'],
  ['192.0.2.01', undefined],
  ['192.0.2', undefined],
  ['192.0.2.256', undefined],
  [' 192.0.2.1', undefined],
  ['2001:DB8::1', '2001:db8::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['1:2:3:4:5:6:7', undefined],
  ['1::2::3', undefined],
  ['fe80::1%eth0', undefined],
  ['', undefined],
])('%j is %j', (text, expected) => expect(canonicalIp(text)).toBe(expected))

it('reads what it prints', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => parseIPv4(printIPv4(value)) === value),
  )
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
      (value) => parseIPv6(printIPv6(value)) === value,
    ),
  )
})

it.each([
  ['10.0.0.0/8', '10.0.0.0/8', true],
  ['10.1.2.3/8', '10.0.0.0/8', false],
  ['0.0.0.0/0', '0.0.0.0/0', true],
  ['192.0.2.7/32', '192.0.2.7/32', true],
  ['2001:db8::/32', '2001:db8::/32', true],
])('reads %s as %s', (text, printed, canonical) => {
  const cidr = parseCidr(text)
  expect(cidr && printCidr(cidr)).toBe(printed)
  expect(cidr?.isCanonical).toBe(canonical)
})

it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/08', '/8', '10.0.0.0/', 'x/8'])('refuses %s', (text) => {
  expect(parseCidr(text)).toBeUndefined()
})

it.each([
  ['10.1.0.0/16', '10.0.0.0/8', { within: true, strict: true, overlap: true }],
  ['10.0.0.0/8', '10.0.0.0/8', { within: true, strict: false, overlap: true }],
  ['10.0.0.0/8', '10.1.0.0/16', { within: false, strict: false, overlap: true }],
  ['192.0.2.0/24', '10.0.0.0/8', { within: false, strict: false, overlap: false }],
  ['::/0', '0.0.0.0/0', { within: false, strict: false, overlap: false }],
])('%s against %s', (left, right, expected) => {
  const [a, b] = [parseCidr(left), parseCidr(right)]
  if (!a || !b) throw new Error('a case that is no CIDR')
  expect({ within: isWithin(a, b), strict: isStrictSubset(a, b), overlap: cidrsOverlap(a, b) }).toEqual(
    expected,
  )
})

it.each([
  [2 ** 20, 256, 128],
  [2768, 173, 86],
  [256, 16, 16],
  [15, 0, 0],
])('band offsets of %i numbers are %i and %i', (size, addresses, ports) => {
  expect([addressBandOffset(size), portBandOffset(size)]).toEqual([addresses, ports])
})

it('gives each number once, the dynamic band first, and all of them in the end', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1 }), (draws) => {
      let turn = 0
      const allocator = new Allocator({ size: 20, offset: 16, draw: () => draws[turn++ % draws.length] ?? 0 })
      const given = Array.from({ length: 20 }, () => allocator.allocate())
      expect(given.slice(0, 4).every((number) => number !== undefined && number >= 16)).toBe(true)
      expect(new Set(given).size).toBe(20)
      expect(allocator.allocate()).toBeUndefined()
      allocator.release(3)
      expect(allocator.reserve(3)).toBe(true)
      expect(allocator.reserve(3)).toBe(false)
    }),
  )
})
