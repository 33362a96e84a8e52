/**
 * SPDY/3.1 frames: bytes to frames and back. Pure; header blocks stay compressed here (./header-blocks.io.ts), as
 * compression goes on from frame to frame.
 *
 * draft-mbelshe-httpbis-spdy-00 section 2.6, as moby/spdystream speaks it for kubectl.
 */

export type SpdyFrame =
  | {
      readonly kind: 'syn-stream'
      readonly streamId: number
      readonly isFinal: boolean
      readonly block: Uint8Array
    }
  | {
      readonly kind: 'syn-reply' | 'headers'
      readonly streamId: number
      readonly isFinal: boolean
      readonly block: Uint8Array
    }
  | { readonly kind: 'rst-stream'; readonly streamId: number; readonly status: number }
  | { readonly kind: 'ping'; readonly id: number }
  | { readonly kind: 'goaway'; readonly lastStreamId: number; readonly status: number }
  | {
      readonly kind: 'data'
      readonly streamId: number
      readonly isFinal: boolean
      readonly bytes: Uint8Array
    }
  /** SETTINGS, WINDOW_UPDATE and what else may be passed over */
  | { readonly kind: 'other'; readonly type: number }

/** The bytes are not SPDY/3. */
export class SpdyProtocolError extends Error {
  constructor(detail: string) {
    super(`SPDY: ${detail}`)
    this.name = 'SpdyProtocolError'
  }
}

const HEAD_BYTES = 8
/** Go's library sends at most 16 KiB of data in a frame; header blocks are small. */
const MAX_PAYLOAD_BYTES = 1024 * 1024
const FLAG_FIN = 1
const TYPES = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goaway: 7, headers: 8 } as const
const VERSION = 3

/** RST_STREAM and GOAWAY status codes */
export const RST_REFUSED_STREAM = 3
export const RST_CANCEL = 5

/** Collects bytes and gives frames as they are whole. */
export class SpdyFrameReader {
  #waiting: Buffer = Buffer.alloc(0)

  /** @returns the frames completed by these bytes. Throws SpdyProtocolError. */
  push(bytes: Uint8Array): readonly SpdyFrame[] {
    this.#waiting = this.#waiting.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#waiting, bytes])
    const frames: SpdyFrame[] = []
    for (;;) {
      if (this.#waiting.length < HEAD_BYTES) return frames
      const length = this.#waiting.readUIntBE(5, 3)
      if (length > MAX_PAYLOAD_BYTES) throw new SpdyProtocolError(`frame of ${length} bytes`)
      if (this.#waiting.length < HEAD_BYTES + length) return frames
      frames.push(frameOf(this.#waiting.subarray(0, HEAD_BYTES + length)))
      this.#waiting = this.#waiting.subarray(HEAD_BYTES + length)
    }
  }
}

function frameOf(bytes: Buffer): SpdyFrame {
  const payload = bytes.subarray(HEAD_BYTES)
  const isFinal = (bytes.readUInt8(4) & FLAG_FIN) !== 0
  if ((bytes.readUInt8(0) & 0x80) === 0) {
    return { kind: 'data', streamId: bytes.readUInt32BE(0), isFinal, bytes: payload }
  }
  const version = bytes.readUInt16BE(0) & 0x7fff
  if (version !== VERSION) throw new SpdyProtocolError(`version ${version}`)
  return controlFrame(bytes.readUInt16BE(2), payload, isFinal)
}

function controlFrame(type: number, payload: Buffer, isFinal: boolean): SpdyFrame {
  const first = (): number => atLeast(payload, 4).readUInt32BE(0) & 0x7fffffff
  switch (type) {
    case TYPES.synStream:
      return { kind: 'syn-stream', streamId: first(), isFinal, block: atLeast(payload, 10).subarray(10) }
    case TYPES.synReply:
      return { kind: 'syn-reply', streamId: first(), isFinal, block: payload.subarray(4) }
    case TYPES.headers:
      return { kind: 'headers', streamId: first(), isFinal, block: payload.subarray(4) }
    case TYPES.rstStream:
      return { kind: 'rst-stream', streamId: first(), status: atLeast(payload, 8).readUInt32BE(4) }
    case TYPES.ping:
      return { kind: 'ping', id: atLeast(payload, 4).readUInt32BE(0) }
    case TYPES.goaway:
      return { kind: 'goaway', lastStreamId: first(), status: atLeast(payload, 8).readUInt32BE(4) }
    default:
      return { kind: 'other', type }
  }
}

function atLeast(payload: Buffer, length: number): Buffer {
  if (payload.length < length) throw new SpdyProtocolError('frame too short')
  return payload
}

/** @returns the frame's bytes; a SYN_STREAM is of priority 0 and not associated with another stream */
export function printFrame(frame: Exclude<SpdyFrame, { kind: 'other' }>): Uint8Array {
  switch (frame.kind) {
    case 'data': {
      const head = Buffer.alloc(HEAD_BYTES)
      head.writeUInt32BE(frame.streamId, 0)
      head.writeUInt8(frame.isFinal ? FLAG_FIN : 0, 4)
      head.writeUIntBE(frame.bytes.length, 5, 3)
      return Buffer.concat([head, frame.bytes])
    }
    case 'syn-stream':
      return control(TYPES.synStream, [word(frame.streamId), Buffer.alloc(6), frame.block], frame.isFinal)
    case 'syn-reply':
      return control(TYPES.synReply, [word(frame.streamId), frame.block], frame.isFinal)
    case 'headers':
      return control(TYPES.headers, [word(frame.streamId), frame.block], frame.isFinal)
    case 'rst-stream':
      return control(TYPES.rstStream, [word(frame.streamId), word(frame.status)])
    case 'ping':
      return control(TYPES.ping, [word(frame.id)])
    case 'goaway':
      return control(TYPES.goaway, [word(frame.lastStreamId), word(frame.status)])
  }
}

function control(type: number, parts: readonly Uint8Array[], isFinal = false): Uint8Array {
  const payload = Buffer.concat(parts)
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt16BE(0x8000 | VERSION, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt8(isFinal ? FLAG_FIN : 0, 4)
  head.writeUIntBE(payload.length, 5, 3)
  return Buffer.concat([head, payload])
}

function word(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Header names in lower case, each with one value. */
export type SpdyHeaders = ReadonlyMap<string, string>

/** @returns the headers of a block that is no longer compressed. Throws SpdyProtocolError. */
export function parseHeaders(block: Uint8Array): SpdyHeaders {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.length)
  const headers = new Map<string, string>()
  let at = 4
  const text = (): string => {
    const length = atLeast(bytes, at + 4).readUInt32BE(at)
    const value = atLeast(bytes, at + 4 + length).toString('utf8', at + 4, at + 4 + length)
    at += 4 + length
    return value
  }
  for (let left = atLeast(bytes, 4).readUInt32BE(0); left > 0; left -= 1) {
    const name = text()
    headers.set(name.toLowerCase(), text())
  }
  return headers
}

/** @returns a block yet to be compressed */
export function printHeaders(headers: SpdyHeaders): Uint8Array {
  const texts = [...headers].flat().flatMap((text) => {
    const bytes = Buffer.from(text)
    return [word(bytes.length), bytes]
  })
  return Buffer.concat([word(headers.size), ...texts])
}
