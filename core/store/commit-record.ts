/**
 * The bytes of the write-ahead log: one record per committed revision. Pure.
 *
 * A record is a 4-byte little-endian length, the CRC-32 of the body, and the body, which is JSON:
 * `{"revision":7,"changes":[["/registry/pods/default/a",{...}],["/registry/pods/default/b",null]]}`
 * (null: deleted; a third element says when the key expires). A record cut short or damaged by a crash fails its length or checksum; replay ends there.
 */

import { crc32 } from 'node:zlib'
import type { KubernetesObject } from '../api/object.ts'

/** First bytes of every log file; the digit is the format's version. */
export const LOG_MAGIC = Buffer.from('PORTOLAN-LOG-1\n')

const HEADER_BYTES = 8

export interface CommitRecord {
  readonly revision: number
  /** key and new value, or null for a deletion; when the key is to be deleted, in milliseconds since 1970 */
  readonly changes: readonly (readonly [key: string, value: KubernetesObject | null, dueMs?: number])[]
  /** set on the last record of an orderly shutdown: no revision above this one was ever shown */
  readonly closed?: true
}

export interface DecodedRecord {
  readonly record: CommitRecord
  /** offset of the byte after this record */
  readonly end: number
}

/** @returns the record as it stands in the log */
export function encodeRecord(record: CommitRecord): Buffer {
  const body = Buffer.from(JSON.stringify(record))
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + body.length)
  bytes.writeUInt32LE(body.length, 0)
  bytes.writeUInt32LE(crc32(body), 4)
  body.copy(bytes, HEADER_BYTES)
  return bytes
}

/** @returns the record starting at `offset`; undefined at the end of the file or of what can be trusted */
export function decodeRecord(bytes: Buffer, offset: number): DecodedRecord | undefined {
  if (bytes.length - offset < HEADER_BYTES) return undefined
  const start = offset + HEADER_BYTES
  const end = start + bytes.readUInt32LE(offset)
  if (end > bytes.length) return undefined
  const body = bytes.subarray(start, end)
  if (crc32(body) !== bytes.readUInt32LE(offset + 4)) return undefined
  return { record: JSON.parse(body.toString('utf8')) as CommitRecord, end }
}

/** Whether the file begins as one of our logs does. */
export function isLog(bytes: Buffer): boolean {
  return bytes.length >= LOG_MAGIC.length && bytes.subarray(0, LOG_MAGIC.length).equals(LOG_MAGIC)
}
