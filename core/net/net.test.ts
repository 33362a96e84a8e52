import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addressBandOffset, Allocator, portBandOffset } from './allocator.ts'
import { cidrsOverlap, isStrictSubset, isWithin, parseCidr, printCidr } from './cidr.ts'
import {
  canonicalIp,
  isIPv4Mapped,
  isLinkLocal,
  isLinkLocalMulticast,
  isLoopback,
  isMulticast,
  isUnspecified,
  parseIp,
  parseIPv4,
  parseIPv6,
  printIPv4,
  printIPv6,
} from './ip.ts'
import { parsePort, parsePortRange, printPortRange, rangeContains } from './port.ts'

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

const KINDS = { isUnspecified, isLoopback, isLinkLocal, isMulticast, isLinkLocalMulticast, isIPv4Mapped }

it.each([
  ['0.0.0.0', 'isUnspecified'],
  ['::', 'isUnspecified'],
  ['127.0.0.1', 'isLoopback'],
  ['127.255.255.255', 'isLoopback'],
  ['::1', 'isLoopback'],
  ['169.254.169.254', 'isLinkLocal'],
  ['fe80::1', 'isLinkLocal'],
  ['febf::1', 'isLinkLocal'],
  ['fec0::1', ''],
  ['224.0.0.251', 'isMulticast isLinkLocalMulticast'],
  ['224.0.1.1', 'isMulticast'],
  ['239.255.255.255', 'isMulticast'],
  ['240.0.0.0', ''],
  ['ff02::1', 'isMulticast isLinkLocalMulticast'],
  ['ff12::1', 'isMulticast isLinkLocalMulticast'],
  ['ff05::2', 'isMulticast'],
  ['::ffff:192.0.2.1', 'isIPv4Mapped'],
  ['192.0.2.1', ''],
  ['2001:db8::1', ''],
  ['1.0.0.0', ''],
])('%s is %j', (text, expected) => {
  const address = parseIp(text)
  if (!address) throw new Error('a case that is no address')
  const found = Object.entries(KINDS).filter(([, test]) => test(address))
  expect(found.map(([name]) => name).join(' ')).toBe(expected)
})

it('prints IPv6 as the URL standard does', () => {
  const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }))
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const text = groups.map((one) => one.toString(16)).join(':')
      expect(`[${canonicalIp(text)}]`).toBe(new URL(`http://[${text}]/`).hostname)
    }),
  )
})

it.each([
  ['30000-32767', '30000-32767'],
  ['30000+100', '30000-30100'],
  ['80', '80'],
  [' 1-65535 ', '1-65535'],
  ['0-5', undefined],
  ['10-9', undefined],
  ['1-65536', undefined],
  ['x', undefined],
])('the range %j is %j', (text, expected) => {
  const range = parsePortRange(text)
  expect(range && printPortRange(range)).toBe(expected)
})

it('a range contains its ends and nothing beyond', () => {
  const range = { first: 10, last: 12 }
  expect([9, 10, 12, 13].map((port) => rangeContains(range, port))).toEqual([false, true, true, false])
  expect(['1', '65535', '0', '65536', '080', '-1', ''].map(parsePort)).toEqual([
    1,
    65535,
    ...Array.from({ length: 5 }, () => undefined),
  ])
})
