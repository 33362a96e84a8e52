/**
 * Netlink messages as bytes: framing, attributes, acknowledgements. Pure.
 *
 * Layout: netlink(7). A message is a 16-byte header (length, type, flags, sequence, port), a body, and padding to 4.
 * Attributes in a body are length, type, value, padded to 4. Byte order is the machine's; the machines Node runs on
 * here are little-endian.
 */

const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NLM_F_MULTI = 2
const NLM_F_CAPPED = 0x100
const NLM_F_ACK_TLVS = 0x200
const NLMSGERR_ATTR_MSG = 1

const HEADER_BYTES = 16

/** One request without its header; the sequence number is given when it is sent. */
export interface NetlinkRequest {
  readonly type: number
  readonly flags: number
  readonly body: Buffer
}

export interface NetlinkReply {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly body: Buffer
}

export interface NetlinkAck {
  /** 0: done; else the errno */
  readonly errno: number
  /** the kernel's own words, when it has any */
  readonly message: string | undefined
}

/** @param sequence of the first request; the next ones count up. @returns one datagram */
export function encodeRequests(requests: readonly NetlinkRequest[], sequence: number): Buffer {
  return Buffer.concat(
    requests.map(({ type, flags, body }, index) => {
      const header = Buffer.alloc(HEADER_BYTES)
      header.writeUInt32LE(HEADER_BYTES + body.length, 0)
      header.writeUInt16LE(type, 4)
      header.writeUInt16LE(flags, 6)
      header.writeUInt32LE(sequence + index, 8)
      return Buffer.concat([header, padded(body)])
    }),
  )
}

/** @returns the messages of one datagram; bytes too short to be one end the list */
export function decodeReplies(datagram: Buffer): readonly NetlinkReply[] {
  const replies: NetlinkReply[] = []
  let offset = 0
  while (offset + HEADER_BYTES <= datagram.length) {
    const length = datagram.readUInt32LE(offset)
    if (length < HEADER_BYTES || offset + length > datagram.length) break
    replies.push({
      type: datagram.readUInt16LE(offset + 4),
      flags: datagram.readUInt16LE(offset + 6),
      sequence: datagram.readUInt32LE(offset + 8),
      body: datagram.subarray(offset + HEADER_BYTES, offset + length),
    })
    offset += aligned(length)
  }
  return replies
}

/** The end of a list of replies. */
export const isDone = (reply: NetlinkReply): boolean => reply.type === NLMSG_DONE

/** Whether more replies to the same request follow. */
export const isOneOfMany = (reply: NetlinkReply): boolean => (reply.flags & NLM_F_MULTI) !== 0

/** @returns undefined if the reply is no acknowledgement */
export function decodeAck(reply: NetlinkReply): NetlinkAck | undefined {
  if (reply.type !== NLMSG_ERROR || reply.body.length < 4) return undefined
  const errno = -reply.body.readInt32LE(0)
  if ((reply.flags & NLM_F_ACK_TLVS) === 0) return { errno, message: undefined }
  // errno, then the request: its header only when capped, the whole of it otherwise
  const requestBytes = (reply.flags & NLM_F_CAPPED) === 0 ? reply.body.readUInt32LE(4) : HEADER_BYTES
  const text = attributes(reply.body.subarray(4 + aligned(requestBytes))).get(NLMSGERR_ATTR_MSG)
  return { errno, message: text === undefined ? undefined : cString(text) }
}

/** One attribute with its header and padding. */
export function attribute(type: number, value: Uint8Array): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16LE(4 + value.length, 0)
  head.writeUInt16LE(type, 2)
  return padded(Buffer.concat([head, value]))
}

/** The attributes in `bytes` by type; of several of a type the last. */
export function attributes(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>()
  let offset = 0
  while (offset + 4 <= bytes.length) {
    const length = bytes.readUInt16LE(offset)
    if (length < 4 || offset + length > bytes.length) break
    // The two highest bits say "nested" and "network byte order".
    found.set(bytes.readUInt16LE(offset + 2) & 0x3fff, bytes.subarray(offset + 4, offset + length))
    offset += aligned(length)
  }
  return found
}

const aligned = (length: number): number => (length + 3) & ~3

const padded = (bytes: Buffer): Buffer =>
  bytes.length % 4 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length) - bytes.length)])

/** Text up to its zero byte. */
export const cString = (bytes: Buffer): string => bytes.toString('utf8').replace(/\0.*$/s, '')
