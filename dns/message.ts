/**
 * What a DNS message is (RFC 1035 section 4, EDNS: RFC 6891): types and numbers. Pure.
 *
 * ./decode-message.ts and ./encode-message.ts turn it from and into bytes.
 */

import type { Name } from './names.ts'

export const TYPE = {
  A: 1,
  NS: 2,
  MD: 3,
  MF: 4,
  CNAME: 5,
  SOA: 6,
  MB: 7,
  MG: 8,
  MR: 9,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  AFSDB: 18,
  RT: 21,
  AAAA: 28,
  SRV: 33,
  KX: 36,
  DNAME: 39,
  OPT: 41,
  HTTPS: 65,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
} as const

export const CLASS_IN = 1

export const OPCODE = { query: 0, notify: 4 } as const

export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const

export const HEADER_OCTETS = 12

export interface Question {
  readonly name: Name
  readonly type: number
  readonly class: number
}

/** What a record says, by layout; `ResourceRecord.type` tells which of the types with that layout it is. */
export type RecordData =
  /** A or AAAA; canonical text */
  | { readonly kind: 'address'; readonly address: string }
  /** CNAME, NS, PTR, DNAME */
  | { readonly kind: 'name'; readonly target: Name }
  /** MX and its like */
  | { readonly kind: 'preference'; readonly preference: number; readonly target: Name }
  | ServiceData
  | StartOfAuthority
  /** one string of octets per character-string */
  | { readonly kind: 'text'; readonly strings: readonly string[] }
  | { readonly kind: 'raw'; readonly bytes: Buffer }

export interface ServiceData {
  readonly kind: 'service'
  readonly priority: number
  readonly weight: number
  readonly port: number
  readonly target: Name
}

export interface StartOfAuthority {
  readonly kind: 'soa'
  readonly primary: Name
  readonly mailbox: Name
  readonly serial: number
  /** seconds, as the following */
  readonly refresh: number
  readonly retry: number
  readonly expire: number
  readonly minimum: number
}

export interface ResourceRecord {
  readonly name: Name
  readonly type: number
  readonly class: number
  /** seconds */
  readonly ttl: number
  readonly data: RecordData
}

export interface EdnsOption {
  readonly code: number
  readonly data: Buffer
}

export interface Edns {
  /** the largest UDP message its sender takes, in octets */
  readonly udpSize: number
  readonly version: number
  readonly dnssecOk: boolean
  readonly options: readonly EdnsOption[]
}

/** The three sections after the question; `additional` is without OPT, which is `Message.edns`. */
export interface Sections {
  readonly answers: readonly ResourceRecord[]
  readonly authority: readonly ResourceRecord[]
  readonly additional: readonly ResourceRecord[]
}

export interface Message extends Sections {
  readonly id: number
  readonly isResponse: boolean
  readonly opcode: number
  readonly isAuthoritative: boolean
  readonly isTruncated: boolean
  readonly recursionDesired: boolean
  readonly recursionAvailable: boolean
  readonly authenticData: boolean
  readonly checkingDisabled: boolean
  /** with the upper bits that EDNS adds */
  readonly rcode: number
  readonly questions: readonly Question[]
  readonly edns?: Edns | undefined
}

export const NO_RECORDS: Sections = { answers: [], authority: [], additional: [] }
