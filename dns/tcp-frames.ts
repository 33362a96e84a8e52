/** Messages on a TCP stream: two octets of length before each (RFC 1035 section 4.2.2). Pure. */

const LENGTH_OCTETS = 2

export function frame(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(LENGTH_OCTETS + message.length)
  framed.writeUInt16BE(message.length, 0)
  message.copy(framed, LENGTH_OCTETS)
  return framed
}

/** Cuts a stream into messages; keeps at most one that is not complete. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)

  /** @returns the messages that are complete now; one of length zero is empty */
  push(chunk: Buffer): readonly Buffer[] {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const messages: Buffer[] = []
    while (bytes.length >= LENGTH_OCTETS) {
      const end = LENGTH_OCTETS + bytes.readUInt16BE(0)
      if (bytes.length < end) break
      messages.push(bytes.subarray(LENGTH_OCTETS, end))
      bytes = bytes.subarray(end)
    }
    this.#rest = bytes
    return messages
  }
}
