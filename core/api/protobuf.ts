/**
 * Request bodies in protobuf, as typed Kubernetes clients send them, to the objects JSON would have given. Pure.
 *
 * Driven by the field table; the irregularities of Kubernetes' JSON forms (times, quantities, inline members) are
 * the special messages below. Envelope: kubernetes/apimachinery pkg/runtime/serializer/protobuf/protobuf.go.
 *
 * Go writes its value fields always, so that "", 0 and false arrive for what was never set: they are dropped,
 * except in pointer fields, where presence is meaning (`replicas: 0`).
 */

import type { FieldFacts } from './schema/field-table.ts'
import { jsonName, listElement, messageFields, messageOfKind, SCHEMA_UNIONS } from './schema/field-table.ts'
import { timestamp as wholeSeconds } from './timestamp.ts'
import type { WireField } from './wire-format.ts'
import { WireFormatError, readFields, readVarint } from './wire-format.ts'

export const PROTOBUF_MEDIA_TYPE = 'application/vnd.kubernetes.protobuf'

const MAGIC = [0x6b, 0x38, 0x73, 0x00]
/** Far deeper than any Kubernetes object except JSONSchemaProps, which may nest this much at most. */
const MAX_DEPTH = 100

type JsonObject = Record<string, unknown>

/**
 * @param body envelope and object
 * @param expected the kind to assume where the envelope names none
 * @returns the object with apiVersion and kind. Throws WireFormatError for bytes that are no such message
 */
export function decodeProtobuf(
  body: Uint8Array,
  expected?: { readonly apiVersion: string; readonly kind: string },
): JsonObject {
  if (!MAGIC.every((byte, index) => body[index] === byte)) {
    throw new WireFormatError(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    )
  }
  const envelope = readFields(body.subarray(MAGIC.length))
  const typeMeta = readFields(bytesOf(envelope, 1))
  const apiVersion = text(bytesOf(typeMeta, 1)) || (expected?.apiVersion ?? '')
  const kind = text(bytesOf(typeMeta, 2)) || (expected?.kind ?? '')
  const message = messageOfKind(apiVersion, kind)
  if (message === undefined) {
    throw new WireFormatError(`no kind "${kind}" is registered for version "${apiVersion}"`)
  }
  return { apiVersion, kind, ...decodeMessage(message, bytesOf(envelope, 2), 0) }
}

function bytesOf(fields: readonly WireField[], number: number): Uint8Array {
  const field = fields.findLast((candidate) => candidate.number === number && candidate.kind === 'bytes')
  return field?.kind === 'bytes' ? field.value : new Uint8Array()
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

/** JSON forms that are not an object of the message's fields, by the end of the message's name. */
const SPECIAL: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  'meta.v1.Time': (bytes) => timeText(bytes, 0),
  'meta.v1.MicroTime': (bytes) => timeText(bytes, 6),
  'meta.v1.Duration': (bytes) => goDuration(integer(readFields(bytes), 1)),
  'meta.v1.FieldsV1': (bytes) => rawJson(bytes),
  'pkg.runtime.RawExtension': (bytes) => rawJson(bytes),
  'api.resource.Quantity': (bytes) => text(bytesOf(readFields(bytes), 1)),
  'util.intstr.IntOrString': intOrString,
  'apiextensions.v1.JSON': (bytes) => rawJson(bytes),
}

const SPECIAL_NAME = /[^.]+\.[^.]+\.[^.]+$/

function special(message: string): ((bytes: Uint8Array) => unknown) | undefined {
  const name = SPECIAL_NAME.exec(message)?.[0] ?? ''
  return Object.hasOwn(SPECIAL, name) ? SPECIAL[name] : undefined
}

function integer(fields: readonly WireField[], number: number): bigint {
  const field = fields.findLast((candidate) => candidate.number === number)
  return field?.kind === 'varint' ? BigInt.asIntN(64, field.value) : 0n
}

function rawJson(bytes: Uint8Array): unknown {
  const raw = text(bytesOf(readFields(bytes), 1))
  try {
    return raw === '' ? undefined : (JSON.parse(raw) as unknown)
  } catch (error) {
    throw new WireFormatError(`embedded JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Years 1 to 9999: what RFC 3339 can say. Go's zero time is the first second of year 1. */
const FIRST_SECOND = -62_135_596_800n
const LAST_SECOND = 253_402_300_799n

/** RFC 3339 with that many digits of fraction; the zero time is absent. */
function timeText(bytes: Uint8Array, digits: 0 | 6): string | undefined {
  const fields = readFields(bytes)
  const seconds = integer(fields, 1)
  const nanos = integer(fields, 2)
  if (seconds === 0n && nanos === 0n) return undefined
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND) throw new WireFormatError('time out of range')
  const whole = wholeSeconds(Number(seconds) * 1000)
  return digits === 0 ? whole : whole.replace('Z', `.${String(nanos / 1000n).padStart(6, '0')}Z`)
}

/** Go's time.Duration.String: `1h2m3.5s`, `1.5ms`, `0s`. */
export function goDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s'
  const sign = nanoseconds < 0n ? '-' : ''
  const value = nanoseconds < 0n ? -nanoseconds : nanoseconds
  if (value < 1_000n) return `${sign}${value}ns`
  if (value < 1_000_000n) return `${sign}${Number(value) / 1e3}µs`
  if (value < 1_000_000_000n) return `${sign}${Number(value) / 1e6}ms`
  const minutes = value / 60_000_000_000n
  const seconds = `${Number(value % 60_000_000_000n) / 1e9}s`
  if (minutes === 0n) return sign + seconds
  const hours = minutes / 60n
  return `${sign}${hours === 0n ? '' : `${hours}h`}${minutes % 60n}m${seconds}`
}

function intOrString(bytes: Uint8Array): number | string {
  const fields = readFields(bytes)
  if (integer(fields, 1) === 1n) return text(bytesOf(fields, 3))
  return Number(integer(fields, 2))
}

function decodeMessage(message: string, bytes: Uint8Array, depth: number): JsonObject {
  if (depth > MAX_DEPTH) throw new WireFormatError('nested too deeply')
  const facts = new Map((messageFields(message) ?? []).map((field) => [field.i, field]))
  const object: JsonObject = {}
  for (const wire of readFields(bytes)) {
    const field = facts.get(wire.number)
    if (field !== undefined) put(object, { field, wire, depth })
  }
  return object
}

interface Found {
  readonly field: FieldFacts
  readonly wire: WireField
  readonly depth: number
}

function put(object: JsonObject, found: Found): void {
  const { field, wire } = found
  const name = jsonName(field)
  if (field.inl === 1) {
    if (wire.kind === 'bytes') Object.assign(object, decodeMessage(field.t, wire.value, found.depth + 1))
  } else if (field.k !== undefined) {
    const map = (object[name] ??= {}) as JsonObject
    const [key, value] = mapEntry(found)
    map[key] = value
  } else if (field.r === 1) {
    const list = (object[name] ??= []) as unknown[]
    list.push(...elements(found))
  } else {
    const value = single(found)
    if (value !== undefined && (field.p === 1 || !isZero(value))) object[name] = value
  }
}

const isZero = (value: unknown): boolean => value === '' || value === 0 || value === false

function mapEntry({ field, wire, depth }: Found): [string, unknown] {
  const entry = wire.kind === 'bytes' ? readFields(wire.value) : []
  const key = text(bytesOf(entry, 1))
  const value = entry.findLast((candidate) => candidate.number === 2)
  const { k: _key, ...valueFacts } = field
  return [key, value === undefined ? emptyOf(field.t) : single({ field: valueFacts, wire: value, depth })]
}

const emptyOf = (type: string): unknown => (type === 'string' || type === 'bytes' ? '' : {})

/** Numbers may come packed: several in one length-delimited field. */
function elements(found: Found): unknown[] {
  const { field, wire, depth } = found
  const isNumber = /^(int32|int64|bool)$/.test(field.t)
  if (!isNumber || wire.kind !== 'bytes') return [single(found)]
  const values: unknown[] = []
  for (let at = 0; at < wire.value.length;) {
    const { value, next } = readVarint(wire.value, at)
    values.push(single({ field, wire: { number: field.i, kind: 'varint', value }, depth }))
    at = next
  }
  return values
}

function single({ field, wire, depth }: Found): unknown {
  switch (wire.kind) {
    case 'varint':
      if (field.t === 'bool') return wire.value !== 0n
      return Number(BigInt.asIntN(field.t === 'int32' ? 32 : 64, wire.value))
    case 'fixed64':
      return Buffer.from(wire.value).readDoubleLE()
    case 'fixed32':
      return Buffer.from(wire.value).readFloatLE()
    case 'bytes':
      return lengthDelimited(field.t, wire.value, depth)
  }
}

function lengthDelimited(type: string, bytes: Uint8Array, depth: number): unknown {
  if (type === 'string') return text(bytes)
  if (type === 'bytes') return Buffer.from(bytes).toString('base64')
  const decode = special(type)
  if (decode !== undefined) return decode(bytes)
  const only = listElement(type)
  if (only !== undefined) {
    return readFields(bytes).map((wire) => single({ field: only, wire, depth }))
  }
  const decoded = decodeMessage(type, bytes, depth + 1)
  const union = SCHEMA_UNIONS[type]
  return union === undefined ? decoded : (decoded['schema'] ?? decoded[union.field] ?? false)
}
