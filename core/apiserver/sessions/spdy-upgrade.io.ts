/**
 * Takes over a SPDY/3.1 upgrade request: agrees on a protocol, answers 101, and gives the socket as a transport.
 * kubernetes/streaming pkg/httpstream/spdy/upgrade.go.
 */

import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { ApiError } from '../../api/api-error.ts'
import type { ByteTransport } from '../spdy/connection.ts'
import type { Upgrade } from './websocket.io.ts'

const PROTOCOL_HEADER = 'x-stream-protocol-version'

/** Whether the request asks for SPDY/3.1. */
export function isSpdyUpgrade(incoming: IncomingMessage): boolean {
  return (incoming.headers.upgrade ?? '').toLowerCase() === 'spdy/3.1'
}

/**
 * @param offered what we speak, best first; the last is taken for clients that name none
 * @throws ApiError Forbidden when the client asks for none of them
 */
export function acceptSpdy(
  { incoming, socket, head }: Upgrade,
  offered: readonly string[],
): { readonly transport: ByteTransport; readonly protocol: string } {
  const asked = askedProtocols(incoming)
  const protocol = asked.length === 0 ? offered.at(-1) : offered.find((each) => asked.includes(each))
  if (protocol === undefined) {
    throw new ApiError(
      'Forbidden',
      `unable to upgrade: unable to negotiate protocol: client supports [${asked.join(' ')}], server accepts [${offered.join(' ')}]`,
    )
  }
  socket.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Connection: Upgrade',
      'Upgrade: SPDY/3.1',
      `X-Stream-Protocol-Version: ${protocol}`,
      '',
      '',
    ].join('\r\n'),
  )
  if (head.length > 0) socket.unshift(head)
  return { transport: socketTransport(socket), protocol }
}

function askedProtocols(incoming: IncomingMessage): readonly string[] {
  const header = incoming.headers[PROTOCOL_HEADER]
  return [header ?? []]
    .flat()
    .flatMap((value) => value.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

function socketTransport(socket: Duplex): ByteTransport {
  return {
    incoming: chunks(socket),
    write: async (bytes) => await writeTo(socket, bytes),
    end: () => void socket.end(),
  }
}

/** A connection that breaks ends like one that closes: what was cut short shows in its streams. */
async function* chunks(socket: Duplex): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) yield chunk
  } catch (error) {
    if (!socket.destroyed) throw error
  }
}

/** Resolves when there is room for more, or the other side is gone. */
export async function writeTo(socket: Duplex, bytes: Uint8Array): Promise<void> {
  if (socket.destroyed || !socket.writable || socket.write(bytes)) return
  const settled = new AbortController()
  const options = { signal: settled.signal }
  try {
    await Promise.race([once(socket, 'drain', options), once(socket, 'close', options)])
  } finally {
    settled.abort()
  }
}
