import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeMessage } from './decode-message.ts'
import { RCODE, TYPE } from './message.ts'
import { readQuery, responseTo } from './query.ts'

const QUESTION = '03777777 00 0001 0001'
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

describe('what is left unanswered', () => {
  it.each([
    ['nothing', ''],
    ['eleven octets', '1234 0100 0001 0000 0000 00'],
    ['a response', `1234 8100 0001 0000 0000 0000 ${QUESTION}`],
  ])('%s', (_what, bytes) => expect(readQuery(hex(bytes))).toEqual({ kind: 'ignored' }))
})

describe('what is refused', () => {
  it.each([
    ['UPDATE', `1234 2900 0001 0000 0000 0000 ${QUESTION}`, RCODE.NOTIMP, 0],
    ['no question', '1234 0100 0000 0000 0000 0000', RCODE.FORMERR, 0],
    ['two questions', `1234 0100 0002 0000 0000 0000 ${QUESTION} ${QUESTION}`, RCODE.FORMERR, 0],
    ['two answers', `1234 0100 0001 0002 0000 0000 ${QUESTION}`, RCODE.FORMERR, 0],
    ['two authorities', `1234 0100 0001 0000 0002 0000 ${QUESTION}`, RCODE.FORMERR, 0],
    ['three additional records', `1234 0100 0001 0000 0000 0003 ${QUESTION}`, RCODE.FORMERR, 0],
    ['a cut name', '1234 0100 0001 0000 0000 0000 0377', RCODE.FORMERR, 0],
    ['a pointer to itself', '1234 0100 0001 0000 0000 0000 c00c 0001 0001', RCODE.FORMERR, 0],
    ['an unknown label type', '1234 0100 0001 0000 0000 0000 4000 0001 0001', RCODE.FORMERR, 0],
    ['a cut OPT', `1234 0100 0001 0000 0000 0001 ${QUESTION} 00 0029 1000 0000`, RCODE.FORMERR, 1],
    [
      'EDNS version 1',
      `1234 0100 0001 0000 0000 0001 ${QUESTION} 00 0029 1000 00010000 0000`,
      RCODE.BADVERS,
      1,
    ],
  ])('%s', (_what, bytes, rcode, questions) => {
    const read = readQuery(hex(bytes))
    const reply = decodeMessage(read.kind === 'rejected' ? read.reply : Buffer.alloc(0))
    expect(reply).toMatchObject({ id: 0x1234, isResponse: true, recursionDesired: true, rcode })
    expect(reply.questions).toHaveLength(questions)
    if (questions === 0) expect(read).toHaveProperty('reply.length', 12)
  })

  it('answers EDNS version 1 with version 0 and size 0', () => {
    const read = readQuery(hex(`1234 0100 0001 0000 0000 0001 ${QUESTION} 00 0029 1000 00010000 0000`))
    expect(read.kind === 'rejected' && decodeMessage(read.reply).edns).toMatchObject({
      version: 0,
      udpSize: 0,
    })
  })
})

describe('what is a query', () => {
  it.each([
    ['a plain one', `1234 0100 0001 0000 0000 0000 ${QUESTION}`],
    ['NOTIFY', `1234 2100 0001 0000 0000 0000 ${QUESTION}`],
    ['with bits set that mean nothing here', `1234 07ff 0001 0000 0000 0000 ${QUESTION}`],
    ['a record announced but missing', `1234 0100 0001 0001 0000 0000 ${QUESTION}`],
    ['with bytes after it', `1234 0100 0001 0000 0000 0000 ${QUESTION} ffff`],
    ['with OPT', `1234 0100 0001 0000 0000 0001 ${QUESTION} 00 0029 04d0 00008000 0000`],
  ])('%s', (_what, bytes) => {
    expect(readQuery(hex(bytes))).toMatchObject({
      kind: 'query',
      question: { name: ['www'], type: TYPE.A, class: 1 },
    })
  })

  it('gets back RD, CD, its size, DO and the options that are echoed', () => {
    const options = '000a 0008 0102030405060708  0008 0004 00010000'
    const read = readQuery(
      hex(`1234 0130 0001 0000 0000 0001 ${QUESTION} 00 0029 1000 00008000 0014 ${options}`),
    )
    if (read.kind !== 'query') throw new Error(read.kind)
    expect(responseTo(read.query)).toMatchObject({
      recursionDesired: true,
      checkingDisabled: true,
      recursionAvailable: false,
      authenticData: false,
      edns: { udpSize: 4096, dnssecOk: true, options: [{ code: 10 }] },
    })
  })
})

it('never throws, and whatever it refuses is a well-formed reply', () => {
  const noise = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes))
  fc.assert(
    fc.property(noise, (bytes) => {
      const read = readQuery(bytes)
      if (read.kind === 'rejected') expect(decodeMessage(read.reply).isResponse).toBe(true)
    }),
    { numRuns: 5_000 },
  )
})
