/**
 * Bytes to message. Pure; whatever the bytes are, the only error is FormatError, and the work is bounded by their
 * number.
 *
 * Lenient where CoreDNS is (miekg/dns msg.go): records that are announced but missing altogether, and bytes after the
 * last record, are no error.
 */

import { printIPv4, printIPv6 } from '../core/net/ip.ts'
import type { Edns, EdnsOption, Message, Question, RecordData, ResourceRecord } from './message.ts'
import { CLASS_IN, HEADER_OCTETS, TYPE } from './message.ts'
import { decodeName, FormatError } from './names.ts'

export interface Header {
  readonly id: number
  readonly isResponse: boolean
  readonly opcode: number
  readonly isAuthoritative: boolean
  readonly isTruncated: boolean
  readonly recursionDesired: boolean
  readonly recursionAvailable: boolean
  readonly authenticData: boolean
  readonly checkingDisabled: boolean
  /** the lower four bits */
  readonly rcode: number
}

export interface Counts {
  readonly questions: number
  readonly answers: number
  readonly authority: number
  readonly additional: number
}

/** @throws FormatError below 12 octets */
export function decodeHeader(bytes: Buffer): Header & { readonly counts: Counts } {
  if (bytes.length < HEADER_OCTETS) throw new FormatError(`${bytes.length} octets are no header`)
  const flags = bytes.readUInt16BE(2)
  return {
    id: bytes.readUInt16BE(0),
    isResponse: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 0xf,
    isAuthoritative: (flags & 0x400) !== 0,
    isTruncated: (flags & 0x200) !== 0,
    recursionDesired: (flags & 0x100) !== 0,
    recursionAvailable: (flags & 0x80) !== 0,
    authenticData: (flags & 0x20) !== 0,
    checkingDisabled: (flags & 0x10) !== 0,
    rcode: flags & 0xf,
    counts: {
      questions: bytes.readUInt16BE(4),
      answers: bytes.readUInt16BE(6),
      authority: bytes.readUInt16BE(8),
      additional: bytes.readUInt16BE(10),
    },
  }
}

/** A part of a message and the offset of what follows it. */
interface Decoded<T> {
  readonly value: T
  readonly next: number
}

/** @throws FormatError */
export function decodeQuestions(bytes: Buffer, count: number): Decoded<readonly Question[]> {
  const questions: Question[] = []
  let next = HEADER_OCTETS
  for (let index = 0; index < count; index += 1) {
    const { name, next: at } = decodeName(bytes, next)
    if (at + 4 > bytes.length) throw new FormatError(`question at ${next} is cut off`)
    questions.push({ name, type: bytes.readUInt16BE(at), class: bytes.readUInt16BE(at + 2) })
    next = at + 4
  }
  return { value: questions, next }
}

/** @throws FormatError */
export function decodeMessage(bytes: Buffer): Message {
  const { counts, ...header } = decodeHeader(bytes)
  const questions = decodeQuestions(bytes, counts.questions)
  return decodeRest(bytes, { header, counts, questions })
}

/** What comes after the questions, with what came before. @throws FormatError */
export function decodeRest(
  bytes: Buffer,
  before: {
    readonly header: Header
    readonly counts: Counts
    readonly questions: Decoded<readonly Question[]>
  },
): Message {
  const { header, counts, questions } = before
  const answers = decodeRecords(bytes, questions.next, counts.answers)
  const authority = decodeRecords(bytes, answers.next, counts.authority)
  const additional = decodeRecords(bytes, authority.next, counts.additional)
  const opt = additional.value.findLast(({ type }) => type === TYPE.OPT)
  return {
    ...header,
    rcode: header.rcode | ((opt === undefined ? 0 : opt.ttl >>> 24) << 4),
    questions: questions.value,
    answers: answers.value,
    authority: authority.value,
    additional: additional.value.filter(({ type }) => type !== TYPE.OPT),
    edns: opt && ednsOf(opt),
  }
}

function decodeRecords(bytes: Buffer, offset: number, count: number): Decoded<readonly ResourceRecord[]> {
  const records: ResourceRecord[] = []
  let next = offset
  while (records.length < count && next < bytes.length) {
    const record = decodeRecord(bytes, next)
    records.push(record.value)
    next = record.next
  }
  return { value: records, next }
}

function decodeRecord(bytes: Buffer, offset: number): Decoded<ResourceRecord> {
  const { name, next: at } = decodeName(bytes, offset)
  if (at + 10 > bytes.length) throw new FormatError(`record at ${offset} is cut off`)
  const type = bytes.readUInt16BE(at)
  const recordClass = bytes.readUInt16BE(at + 2)
  const start = at + 10
  const end = start + bytes.readUInt16BE(at + 8)
  if (end > bytes.length) throw new FormatError(`data of the record at ${offset} is cut off`)
  const layout = recordClass === CLASS_IN ? LAYOUTS.get(type) : undefined
  const data: RecordData = layout?.(bytes, start, end) ?? raw(bytes, start, end)
  return { value: { name, type, class: recordClass, ttl: bytes.readUInt32BE(at + 4), data }, next: end }
}

type Layout = (bytes: Buffer, start: number, end: number) => RecordData

const raw: Layout = (bytes, start, end) => ({ kind: 'raw', bytes: Buffer.from(bytes.subarray(start, end)) })

const ipv4: Layout = (bytes, start, end) => {
  if (end - start !== 4) throw new FormatError('an A record has four octets')
  return { kind: 'address', address: printIPv4(bytes.readUInt32BE(start)) }
}

const ipv6: Layout = (bytes, start, end) => {
  if (end - start !== 16) throw new FormatError('an AAAA record has sixteen octets')
  const value = (bytes.readBigUInt64BE(start) << 64n) | bytes.readBigUInt64BE(start + 8)
  return { kind: 'address', address: printIPv6(value) }
}

/** The name at `offset`, which must be the last thing before `end`. */
function lastName(bytes: Buffer, offset: number, end: number): readonly string[] {
  const { name, next } = decodeName(bytes, offset)
  if (next !== end) throw new FormatError(`record data ends at ${end}, its name at ${next}`)
  return name
}

function fits(needed: number, start: number, end: number): void {
  if (end - start < needed) throw new FormatError(`record data at ${start} is too short`)
}

const oneName: Layout = (bytes, start, end) => ({ kind: 'name', target: lastName(bytes, start, end) })

const preference: Layout = (bytes, start, end) => {
  fits(3, start, end)
  return {
    kind: 'preference',
    preference: bytes.readUInt16BE(start),
    target: lastName(bytes, start + 2, end),
  }
}

const service: Layout = (bytes, start, end) => {
  fits(7, start, end)
  return {
    kind: 'service',
    priority: bytes.readUInt16BE(start),
    weight: bytes.readUInt16BE(start + 2),
    port: bytes.readUInt16BE(start + 4),
    target: lastName(bytes, start + 6, end),
  }
}

const soa: Layout = (bytes, start, end) => {
  const primary = decodeName(bytes, start)
  const mailbox = decodeName(bytes, primary.next)
  const at = mailbox.next
  if (at + 20 !== end) throw new FormatError(`SOA record at ${start} has another length than its fields`)
  return {
    kind: 'soa',
    primary: primary.name,
    mailbox: mailbox.name,
    serial: bytes.readUInt32BE(at),
    refresh: bytes.readUInt32BE(at + 4),
    retry: bytes.readUInt32BE(at + 8),
    expire: bytes.readUInt32BE(at + 12),
    minimum: bytes.readUInt32BE(at + 16),
  }
}

const text: Layout = (bytes, start, end) => {
  const strings: string[] = []
  for (let at = start; at < end;) {
    const next = at + 1 + (bytes[at] ?? 0)
    if (next > end) throw new FormatError(`character-string at ${at} is cut off`)
    strings.push(bytes.toString('latin1', at + 1, next))
    at = next
  }
  return { kind: 'text', strings }
}

/** Types whose data may hold compressed names (RFC 3597 section 4), and those read here; all else is kept as it is. */
const LAYOUTS: ReadonlyMap<number, Layout> = new Map([
  [TYPE.A, ipv4],
  [TYPE.AAAA, ipv6],
  ...[TYPE.NS, TYPE.MD, TYPE.MF, TYPE.CNAME, TYPE.MB, TYPE.MG, TYPE.MR, TYPE.PTR, TYPE.DNAME].map(
    (type): [number, Layout] => [type, oneName],
  ),
  ...[TYPE.MX, TYPE.AFSDB, TYPE.RT, TYPE.KX].map((type): [number, Layout] => [type, preference]),
  [TYPE.SRV, service],
  [TYPE.SOA, soa],
  [TYPE.TXT, text],
])

/** RFC 6891 section 6.1: size in the class, version and DO in the TTL, options in the data. */
function ednsOf(opt: ResourceRecord): Edns {
  const bytes = opt.data.kind === 'raw' ? opt.data.bytes : Buffer.alloc(0)
  const options: EdnsOption[] = []
  for (let at = 0; at < bytes.length;) {
    fits(4, at, bytes.length)
    const end = at + 4 + bytes.readUInt16BE(at + 2)
    if (end > bytes.length) throw new FormatError('EDNS option is cut off')
    options.push({ code: bytes.readUInt16BE(at), data: bytes.subarray(at + 4, end) })
    at = end
  }
  return {
    udpSize: opt.class,
    version: (opt.ttl >>> 16) & 0xff,
    dnssecOk: (opt.ttl & 0x8000) !== 0,
    options,
  }
}
