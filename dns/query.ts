/**
 * What becomes of bytes a client sent: a query, a refusal, or nothing. Pure.
 *
 * Decides as CoreDNS does before any plugin is asked (miekg/dns acceptfunc.go and server.go; coredns core/dnsserver).
 */

import { decodeHeader, decodeQuestions, decodeRest } from './decode-message.ts'
import type { Header } from './decode-message.ts'
import { encodeMessage } from './encode-message.ts'
import type { Edns, Message, Question } from './message.ts'
import { HEADER_OCTETS, NO_RECORDS, OPCODE, RCODE } from './message.ts'
import { FormatError } from './names.ts'

export type Query =
  /** to be left unanswered, so that nobody can make two servers talk to each other */
  | { readonly kind: 'ignored' }
  /** refused; these are the bytes to say so */
  | { readonly kind: 'rejected'; readonly reply: Buffer }
  | { readonly kind: 'query'; readonly query: Message; readonly question: Question }

/** The options CoreDNS echoes: NSID, EXPIRE, COOKIE, TCP-KEEPALIVE, PADDING. */
const ECHOED_OPTIONS: ReadonlySet<number> = new Set([3, 9, 10, 11, 12])

export function readQuery(bytes: Buffer): Query {
  if (bytes.length < HEADER_OCTETS) return { kind: 'ignored' }
  const { counts, ...header } = decodeHeader(bytes)
  if (header.isResponse) return { kind: 'ignored' }
  if (header.opcode !== OPCODE.query && header.opcode !== OPCODE.notify) {
    return rejected(header, RCODE.NOTIMP)
  }
  const isPlausible =
    counts.questions === 1 && counts.answers <= 1 && counts.authority <= 1 && counts.additional <= 2
  if (!isPlausible) return rejected(header, RCODE.FORMERR)
  const questions = unlessMalformed(() => decodeQuestions(bytes, 1))
  const question = questions?.value[0]
  if (questions === undefined || question === undefined) return rejected(header, RCODE.FORMERR)
  const query = unlessMalformed(() => decodeRest(bytes, { header, counts, questions }))
  if (query === undefined) return rejected(header, RCODE.FORMERR, [question])
  if (query.edns !== undefined && query.edns.version > 0) return badVersion(query, query.edns)
  return { kind: 'query', query, question }
}

function unlessMalformed<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

function rejected(header: Header, rcode: number, questions: readonly Question[] = []): Query {
  const empty = { ...header, ...NO_RECORDS, questions }
  return { kind: 'rejected', reply: encodeMessage({ ...responseTo(empty), rcode }) }
}

function badVersion(query: Message, edns: Edns): Query {
  const reply = {
    ...responseTo(query),
    rcode: RCODE.BADVERS,
    edns: { ...edns, version: 0, udpSize: 0, options: [] },
  }
  return { kind: 'rejected', reply: encodeMessage(reply) }
}

/** An empty NOERROR reply: RD and CD copied, EDNS answered with the client's own size and DO bit. */
export function responseTo(query: Message): Message {
  const { edns } = query
  return {
    ...NO_RECORDS,
    id: query.id,
    isResponse: true,
    opcode: query.opcode,
    isAuthoritative: false,
    isTruncated: false,
    recursionDesired: query.recursionDesired,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: query.checkingDisabled,
    rcode: RCODE.NOERROR,
    questions: query.questions,
    edns: edns && { ...edns, options: edns.options.filter(({ code }) => ECHOED_OPTIONS.has(code)) },
  }
}
