import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeName, FormatError, isAtOrBelow, lowerName, nameText, parseName, sameName } from './names.ts'

const label = fc
  .uint8Array({ minLength: 1, maxLength: 63 })
  .map((octets) => Buffer.from(octets).toString('latin1'))
const name = fc.array(label, { maxLength: 3 })

describe('text', () => {
  it.each([
    ['web.shop.', ['web', 'shop']],
    ['web.shop', ['web', 'shop']],
    ['.', []],
    [String.raw`a\.b.c.`, ['a.b', 'c']],
    [String.raw`a\032b.`, ['a b']],
    [String.raw`\255.`, ['\u00ff']],
    ['_http._tcp.web.', ['_http', '_tcp', 'web']],
  ])('%s', (text, labels) => expect(parseName(text)).toEqual(labels))

  it.each([
    ['nothing', ''],
    ['an empty label', 'a..b'],
    ['a leading dot', '.a'],
    ['a label of 64 octets', 'a'.repeat(64)],
    ['an octet above 255', String.raw`\999`],
    ['a character that is no octet', 'ā.example.org'],
    ['256 octets', `${'a'.repeat(62)}.`.repeat(4) + 'abc'],
  ])('refuses %s', (_why, text) => expect(parseName(text)).toBeUndefined())

  it('is read back as it was', () => {
    fc.assert(
      fc.property(name, (labels) => {
        expect(parseName(nameText(labels))).toEqual(labels)
      }),
    )
  })
})

describe('letter case', () => {
  it('is that of A to Z only', () => {
    expect(lowerName(['WeB', 'Ä\u0130'])).toEqual(['web', 'Ä\u0130'])
    expect(sameName(['A', 'b'], ['a', 'B'])).toBe(true)
    expect(sameName(['a'], ['a', 'b'])).toBe(false)
  })
  it('does not matter for being in a zone', () => {
    expect(isAtOrBelow(['x', 'Cluster', 'LOCAL'], ['cluster', 'local'])).toBe(true)
    expect(isAtOrBelow(['cluster', 'local'], ['cluster', 'local'])).toBe(true)
    expect(isAtOrBelow(['mycluster', 'local'], ['cluster', 'local'])).toBe(false)
    expect(isAtOrBelow(['local'], ['cluster', 'local'])).toBe(false)
  })
})

describe('bytes', () => {
  const read = (hex: string, offset = 0) => decodeName(Buffer.from(hex.replaceAll(' ', ''), 'hex'), offset)

  it.each([
    ['the root', '00', 0, [], 1],
    ['labels', '03 777777 02 6575 00', 0, ['www', 'eu'], 8],
    ['a pointer back', '02 6575 00 03 777777 c000', 4, ['www', 'eu'], 10],
    ['a chain of pointers', '01 61 00 01 62 c000 01 63 c003', 7, ['c', 'b', 'a'], 11],
  ])('reads %s', (_what, hex, offset, labels, next) => {
    expect(read(hex, offset)).toEqual({ name: labels, next })
  })

  it.each([
    ['nothing', '', 0],
    ['a label without its end', '03 7777', 0],
    ['a name without its root', '01 61', 0],
    ['half a pointer', '01 61 00 c0', 3],
    ['a pointer to itself', 'c000', 0],
    ['a pointer ahead', 'c002 00', 0],
    ['two pointers in a circle', 'c002 c000', 2],
    ['label type 01', '40 00', 0],
    ['label type 10', '80 00', 0],
    ['more than 255 octets', `${`3f${'61'.repeat(63)}`.repeat(4)}00`, 0],
  ])('refuses %s', (_what, hex, offset) => expect(() => read(hex, offset)).toThrow(FormatError))
})
