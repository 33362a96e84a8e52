/**
 * Message to bytes: names compressed, cut at a record when it gets too long. Pure.
 *
 * Truncation as miekg/dns does it (msg_truncate.go): whole records as long as they fit, answers first; TC if anything
 * is left out; OPT is always there. One difference: names are always compressed, so that at times more fits than
 * CoreDNS sends. Names are compressed to earlier ones in the same letter case, so that 0x20 and stored names survive.
 */

import { parseIPv4, parseIPv6 } from '../core/net/ip.ts'
import type { Edns, Message, RecordData, ResourceRecord } from './message.ts'
import { HEADER_OCTETS, TYPE } from './message.ts'
import type { Name } from './names.ts'

/** The largest message there is. */
export const MAX_MESSAGE_OCTETS = 65_535
const FIRST_OCTETS = 512
const OPT_OCTETS = 11
const OPTION_HEADER_OCTETS = 4
/** Pointers have fourteen bits. */
const POINTER_LIMIT = 0x4000

/** @param limit in octets, at least 512 */
export function encodeMessage(message: Message, limit: number = MAX_MESSAGE_OCTETS): Buffer {
  const writer = new MessageWriter(limit)
  const { questions, answers, authority, additional } = message
  for (const question of questions) {
    writer.name(question.name)
    writer.uint16(question.type)
    writer.uint16(question.class)
  }
  const edns = message.edns && fitting(message.edns, limit - writer.length)
  const room = limit - (edns === undefined ? 0 : ednsOctets(edns))
  const counts = [0, 0, 0]
  const isWhole = [answers, authority, additional].every((section, index) => {
    const written = section.findIndex((record) => !writer.recordWithin(record, room))
    counts[index] = written < 0 ? section.length : written
    return written < 0
  })
  if (edns !== undefined) writer.edns(edns, message.rcode)
  const extra = edns === undefined ? 0 : 1
  writer.header({ ...message, isTruncated: message.isTruncated || !isWhole }, [
    questions.length,
    counts[0] ?? 0,
    counts[1] ?? 0,
    (counts[2] ?? 0) + extra,
  ])
  return writer.bytes()
}

const ednsOctets = ({ options }: Edns): number =>
  options.reduce((sum, { data }) => sum + OPTION_HEADER_OCTETS + data.length, OPT_OCTETS)

/** Options are given up before the message gets too long. */
const fitting = (edns: Edns, room: number): Edns =>
  ednsOctets(edns) <= room ? edns : { ...edns, options: [] }

class MessageWriter {
  readonly #limit: number
  /** text of a name's tail -> where it begins */
  readonly #names = new Map<string, number>()
  #bytes = Buffer.allocUnsafe(FIRST_OCTETS)
  #length = HEADER_OCTETS

  constructor(limit: number) {
    this.#limit = limit
  }

  get length(): number {
    return this.#length
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  header(message: Message, counts: readonly number[]): void {
    this.#bytes.writeUInt16BE(message.id, 0)
    this.#bytes.writeUInt16BE(flagsOf(message), 2)
    counts.forEach((count, index) => this.#bytes.writeUInt16BE(count, 4 + 2 * index))
  }

  uint8(value: number): void {
    this.#reserve(1)
    this.#length = this.#bytes.writeUInt8(value, this.#length)
  }

  uint16(value: number): void {
    this.#reserve(2)
    this.#length = this.#bytes.writeUInt16BE(value, this.#length)
  }

  uint32(value: number): void {
    this.#reserve(4)
    this.#length = this.#bytes.writeUInt32BE(value, this.#length)
  }

  /** @param compress false where the type does not allow it (SRV: RFC 2782) */
  name(name: Name, compress = true): void {
    // A dot inside a label would make two different names the same text.
    const canCompress = compress && !name.some((label) => label.includes('.'))
    for (let index = 0; index < name.length; index += 1) {
      if (canCompress) {
        const tail = name.slice(index).join('.')
        const at = this.#names.get(tail)
        if (at !== undefined) return this.uint16(0xc000 | at)
        if (this.#length < POINTER_LIMIT) this.#names.set(tail, this.#length)
      }
      this.#octets(name[index] ?? '')
    }
    this.uint8(0)
  }

  /** @returns false, with nothing written, when the record would end beyond `room` */
  recordWithin(record: ResourceRecord, room: number): boolean {
    const start = this.#length
    this.name(record.name)
    this.uint16(record.type)
    this.uint16(record.class)
    this.uint32(record.ttl)
    this.uint16(0)
    const dataStart = this.#length
    this.#data(record.data)
    this.#bytes.writeUInt16BE(Math.min(this.#length - dataStart, 0xffff), dataStart - 2)
    if (this.#length <= room) return true
    this.#length = start
    return false
  }

  edns(edns: Edns, rcode: number): void {
    this.uint8(0)
    this.uint16(TYPE.OPT)
    this.uint16(edns.udpSize)
    this.uint8(rcode >> 4)
    this.uint8(edns.version)
    this.uint16(edns.dnssecOk ? 0x8000 : 0)
    this.uint16(ednsOctets(edns) - OPT_OCTETS)
    for (const { code, data } of edns.options) {
      this.uint16(code)
      this.uint16(data.length)
      this.#copy(data)
    }
  }

  #data(data: RecordData): void {
    switch (data.kind) {
      case 'address':
        return this.#address(data.address)
      case 'name':
        return this.name(data.target)
      case 'preference':
        this.uint16(data.preference)
        return this.name(data.target)
      case 'service':
        for (const value of [data.priority, data.weight, data.port]) this.uint16(value)
        return this.name(data.target, false)
      case 'soa':
        this.name(data.primary)
        this.name(data.mailbox)
        for (const value of [data.serial, data.refresh, data.retry, data.expire, data.minimum]) {
          this.uint32(value)
        }
        return
      case 'text':
        for (const string of data.strings) this.#octets(string)
        return
      case 'raw':
        return this.#copy(data.bytes)
    }
  }

  #address(text: string): void {
    const v4 = parseIPv4(text)
    if (v4 !== undefined) return this.uint32(v4)
    const v6 = parseIPv6(text)
    if (v6 === undefined) throw new RangeError(`not an address: ${JSON.stringify(text)}`)
    for (const shift of [96n, 64n, 32n, 0n]) this.uint32(Number((v6 >> shift) & 0xffffffffn))
  }

  /** A length octet and that many octets. */
  #octets(string: string): void {
    this.uint8(string.length)
    this.#reserve(string.length)
    this.#length += this.#bytes.write(string, this.#length, 'latin1')
  }

  #copy(bytes: Buffer): void {
    this.#reserve(bytes.length)
    bytes.copy(this.#bytes, this.#length)
    this.#length += bytes.length
  }

  /** The buffer grows past the limit by one record at most, which is then taken back. */
  #reserve(octets: number): void {
    const needed = this.#length + octets
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, Math.min(2 * this.#bytes.length, this.#limit)))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}

function flagsOf(message: Message): number {
  return (
    (message.isResponse ? 0x8000 : 0) |
    (message.opcode << 11) |
    (message.isAuthoritative ? 0x400 : 0) |
    (message.isTruncated ? 0x200 : 0) |
    (message.recursionDesired ? 0x100 : 0) |
    (message.recursionAvailable ? 0x80 : 0) |
    (message.authenticData ? 0x20 : 0) |
    (message.checkingDisabled ? 0x10 : 0) |
    (message.rcode & 0xf)
  )
}
