import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printIPv4, printIPv6 } from '../core/net/ip.ts'
import { decodeMessage } from './decode-message.ts'
import { encodeMessage } from './encode-message.ts'
import type { Message, RecordData, ResourceRecord } from './message.ts'
import { CLASS_IN, NO_RECORDS, OPCODE, RCODE, TYPE } from './message.ts'
import type { Name } from './names.ts'
import { FormatError } from './names.ts'

const web: Name = ['web', 'shop', 'svc', 'cluster', 'local']

const BASE: Message = {
  ...NO_RECORDS,
  id: 0x1234,
  isResponse: true,
  opcode: OPCODE.query,
  isAuthoritative: true,
  isTruncated: false,
  recursionDesired: true,
  recursionAvailable: false,
  authenticData: false,
  checkingDisabled: false,
  rcode: RCODE.NOERROR,
  questions: [{ name: web, type: TYPE.A, class: CLASS_IN }],
}

const address = (name: Name, text: string): ResourceRecord => ({
  name,
  type: text.includes(':') ? TYPE.AAAA : TYPE.A,
  class: CLASS_IN,
  ttl: 5,
  data: { kind: 'address', address: text },
})

const WEB = '03776562 0473686f70 03737663 07636c7573746572 056c6f63616c 00'

describe('golden bytes', () => {
  const golden = (hex: string): string => hex.replaceAll(/\s/g, '')

  it('answers an address, its owner a pointer to the question', () => {
    const bytes = encodeMessage({ ...BASE, answers: [address(web, '10.96.0.7')] })
    expect(bytes.toString('hex')).toBe(
      golden(`1234 8500 0001 0001 0000 0000  ${WEB} 0001 0001  c00c 0001 0001 00000005 0004 0a600007`),
    )
  })

  it('does not compress the target of SRV (RFC 2782)', () => {
    const data: RecordData = { kind: 'service', priority: 0, weight: 100, port: 80, target: web }
    const answers = [{ name: web, type: TYPE.SRV, class: CLASS_IN, ttl: 5, data }]
    expect(encodeMessage({ ...BASE, answers }).toString('hex')).toContain(golden(`0000 0064 0050 ${WEB}`))
  })

  it('puts the upper bits of the rcode, the version and DO into OPT', () => {
    const edns = {
      udpSize: 1232,
      version: 0,
      dnssecOk: true,
      options: [{ code: 10, data: Buffer.from('ab', 'hex') }],
    }
    const bytes = encodeMessage({ ...BASE, rcode: RCODE.BADVERS, edns })
    expect(bytes.toString('hex')).toMatch(new RegExp(`${golden('00 0029 04d0 01008000 0005 000a 0001 ab')}$`))
    expect(bytes.readUInt16BE(10)).toBe(1)
  })

  it('compresses to the same letter case only', () => {
    const upper = web.map((label) => label.toUpperCase())
    const bytes = encodeMessage({ ...BASE, answers: [address(upper, '10.96.0.7')] })
    expect(decodeMessage(bytes).answers[0]?.name).toEqual(upper)
  })

  it('keeps a dot in a label apart from one between labels', () => {
    const odd: Name = ['web.shop', 'svc', 'cluster', 'local']
    const bytes = encodeMessage({ ...BASE, answers: [address(odd, '10.96.0.7')] })
    expect(decodeMessage(bytes).answers[0]?.name).toEqual(odd)
  })
})

const label = fc.string({
  minLength: 1,
  maxLength: 12,
  unit: fc.constantFrom('a', 'b', 'X', 'Y', '0', '9', '-', '_', '.'),
})
const name = fc.array(label, { maxLength: 5 })
const uint16 = fc.nat({ max: 0xffff })
const uint32 = fc.nat({ max: 0xffffffff })
const octets = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))
const ipv4 = fc.nat({ max: 0xffffffff }).map(printIPv4)
const ipv6 = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map(printIPv6)

type Typed = Pick<ResourceRecord, 'type' | 'data'>
const typed: fc.Arbitrary<Typed> = fc.oneof(
  ipv4.map((text): Typed => ({ type: TYPE.A, data: { kind: 'address', address: text } })),
  ipv6.map((text): Typed => ({ type: TYPE.AAAA, data: { kind: 'address', address: text } })),
  fc
    .tuple(fc.constantFrom(TYPE.CNAME, TYPE.NS, TYPE.PTR), name)
    .map(([type, target]): Typed => ({ type, data: { kind: 'name', target } })),
  fc.tuple(uint16, name).map(([preference, target]): Typed => ({
    type: TYPE.MX,
    data: { kind: 'preference', preference, target },
  })),
  fc.tuple(uint16, uint16, uint16, name).map(([priority, weight, port, target]): Typed => ({
    type: TYPE.SRV,
    data: { kind: 'service', priority, weight, port, target },
  })),
  fc.tuple(name, name, uint32).map(([primary, mailbox, serial]): Typed => ({
    type: TYPE.SOA,
    data: { kind: 'soa', primary, mailbox, serial, refresh: 1, retry: 2, expire: 3, minimum: 4 },
  })),
  fc.array(octets, { minLength: 1, maxLength: 3 }).map((strings): Typed => ({
    type: TYPE.TXT,
    data: { kind: 'text', strings: strings.map((string) => string.toString('latin1')) },
  })),
  octets.map((bytes): Typed => ({ type: 65_280, data: { kind: 'raw', bytes } })),
)
const record: fc.Arbitrary<ResourceRecord> = fc
  .tuple(name, typed, uint32)
  .map(([owner, { type, data }, ttl]) => ({ name: owner, type, class: CLASS_IN, ttl, data }))
const section = fc.array(record, { maxLength: 12 })
const edns = fc.record({
  udpSize: uint16,
  version: fc.constant(0),
  dnssecOk: fc.boolean(),
  options: fc.array(fc.record({ code: uint16, data: octets }), { maxLength: 3 }),
})
const message: fc.Arbitrary<Message> = fc.record({
  id: uint16,
  isResponse: fc.boolean(),
  opcode: fc.nat({ max: 15 }),
  isAuthoritative: fc.boolean(),
  isTruncated: fc.boolean(),
  recursionDesired: fc.boolean(),
  recursionAvailable: fc.boolean(),
  authenticData: fc.boolean(),
  checkingDisabled: fc.boolean(),
  rcode: fc.nat({ max: 15 }),
  questions: fc.array(fc.record({ name, type: uint16, class: uint16 }), { minLength: 1, maxLength: 1 }),
  answers: section,
  authority: section,
  additional: section,
  edns: fc.option(edns, { nil: undefined }),
})

describe('properties', () => {
  it('what was encoded is decoded as it was', () => {
    fc.assert(
      fc.property(message, (one) => {
        expect(decodeMessage(encodeMessage(one))).toEqual(one)
      }),
    )
  })

  it('a message cut to a limit keeps to it, loses whole records from the end, and says so', () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 512, max: 1500 }), (one, limit) => {
        const bytes = encodeMessage(one, limit)
        expect(bytes.length).toBeLessThanOrEqual(limit)
        const cut = decodeMessage(bytes)
        const all = [...one.answers, ...one.authority, ...one.additional]
        const kept = [...cut.answers, ...cut.authority, ...cut.additional]
        expect(kept).toEqual(all.slice(0, kept.length))
        expect(cut.isTruncated).toBe(one.isTruncated || kept.length < all.length)
        expect(cut.questions).toEqual(one.questions)
        expect(cut.edns === undefined).toBe(one.edns === undefined)
      }),
    )
  })

  it('bytes that are no message are a FormatError and nothing else', () => {
    const noise = fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes))
    const damaged = fc
      .tuple(message, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 6 }), fc.nat())
      .map(([one, changes, end]) => {
        const bytes = Buffer.from(encodeMessage(one))
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        return bytes.subarray(0, end % 3 === 0 ? end % bytes.length : bytes.length)
      })
    fc.assert(
      fc.property(fc.oneof(noise, damaged), (bytes) => {
        try {
          encodeMessage(decodeMessage(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError)
        }
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('truncation', () => {
  const many = Array.from({ length: 80 }, (_none, index) => address(web, `10.244.1.${index + 1}`))

  it.each([
    ['29 addresses in 512 octets', 512, undefined, 29],
    ['73 in 1232 with EDNS', 1232, { udpSize: 1232, version: 0, dnssecOk: false, options: [] }, 73],
    ['all 80 in 4096', 4096, { udpSize: 4096, version: 0, dnssecOk: false, options: [] }, 80],
  ])('%s', (_what, limit, edns_, count) => {
    const cut = decodeMessage(encodeMessage({ ...BASE, answers: many, edns: edns_ }, limit))
    expect(cut.answers).toHaveLength(count)
    expect(cut.isTruncated).toBe(count < 80)
  })
})

describe('leniency', () => {
  it('takes records that are announced but missing, and bytes after the end', () => {
    const bytes = Buffer.concat([encodeMessage(BASE), Buffer.from('ffff', 'hex')])
    expect(decodeMessage(bytes).questions).toEqual(BASE.questions)
    const announced = Buffer.from(encodeMessage(BASE))
    announced.writeUInt16BE(1, 6)
    expect(decodeMessage(announced).answers).toEqual([])
  })
})
