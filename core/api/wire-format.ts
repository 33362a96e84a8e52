/**
 * The protobuf wire format: varints, tags, length-delimited fields, both directions. Pure.
 * (protobuf.dev/programming-guides/encoding)
 */

/** One field as it stands in the bytes. */
export type WireField =
  | { readonly number: number; readonly kind: 'varint'; readonly value: bigint }
  | { readonly number: number; readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly number: number; readonly kind: 'fixed64' | 'fixed32'; readonly value: Uint8Array }

/** The bytes are not a protobuf message. */
export class WireFormatError extends Error {
  readonly detail: string

  constructor(detail: string) {
    super(`malformed protobuf: ${detail}`)
    this.detail = detail
    this.name = 'WireFormatError'
  }
}

/** @returns all fields of a message, in order. Throws WireFormatError. */
export function readFields(bytes: Uint8Array): readonly WireField[] {
  const fields: WireField[] = []
  let at = 0
  while (at < bytes.length) {
    const tag = readVarint(bytes, at)
    const number = Number(tag.value >> 3n)
    const { field, next } = readValue(bytes, tag.next, { number, wireType: Number(tag.value & 7n) })
    fields.push(field)
    at = next
  }
  return fields
}

function readValue(
  bytes: Uint8Array,
  at: number,
  tag: { readonly number: number; readonly wireType: number },
): { field: WireField; next: number } {
  const { number } = tag
  switch (tag.wireType) {
    case 0: {
      const { value, next } = readVarint(bytes, at)
      return { field: { number, kind: 'varint', value }, next }
    }
    case 1:
      return { field: { number, kind: 'fixed64', value: slice(bytes, at, 8) }, next: at + 8 }
    case 2: {
      const { value, next } = readVarint(bytes, at)
      const length = Number(value)
      return { field: { number, kind: 'bytes', value: slice(bytes, next, length) }, next: next + length }
    }
    case 5:
      return { field: { number, kind: 'fixed32', value: slice(bytes, at, 4) }, next: at + 4 }
    default:
      throw new WireFormatError(`wire type ${tag.wireType}`)
  }
}

function slice(bytes: Uint8Array, at: number, length: number): Uint8Array {
  if (at + length > bytes.length) throw new WireFormatError('unexpected end')
  return bytes.subarray(at, at + length)
}

/** Reads one varint of at most ten bytes. Throws WireFormatError. */
export function readVarint(bytes: Uint8Array, at: number): { value: bigint; next: number } {
  let value = 0n
  for (let index = 0; index < 10; index += 1) {
    const byte = bytes[at + index]
    if (byte === undefined) throw new WireFormatError('unexpected end')
    value |= BigInt(byte & 0x7f) << BigInt(7 * index)
    if ((byte & 0x80) === 0) return { value: BigInt.asUintN(64, value), next: at + index + 1 }
  }
  throw new WireFormatError('varint too long')
}

/** @returns a varint as bytes */
export function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

/** @returns a length-delimited field: bytes, a string, or a message given as its parts */
export function bytesField(number: number, value: Uint8Array | string | readonly Uint8Array[]): Uint8Array {
  const body = typeof value === 'string' ? Buffer.from(value) : isList(value) ? Buffer.concat(value) : value
  return Buffer.concat([varint(number * 8 + 2), varint(body.length), body])
}

const isList = (value: Uint8Array | readonly Uint8Array[]): value is readonly Uint8Array[] =>
  Array.isArray(value)

/** @returns a varint field */
export function varintField(number: number, value: number): Uint8Array {
  return Buffer.concat([varint(number * 8), varint(value)])
}

/** @returns a field of a double */
export function doubleField(number: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return Buffer.concat([varint(number * 8 + 1), bytes])
}
