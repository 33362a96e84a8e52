/** Reading what a peer sends, as far as there is a limit to it. */

import type { IncomingMessage } from 'node:http'

/** @returns the whole body. Rejects with `tooLarge()` as soon as it has more than `maxBytes`, and with what breaks it off */
export async function limitedBody(
  incoming: IncomingMessage,
  maxBytes: number,
  tooLarge: () => Error = () => new Error('the answer is too large'),
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
