/** WebSockets: taking over an upgrade request, sending with back-pressure, and as a transport of bytes. */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { badRequest } from '../../api/api-error.ts'
import { AsyncQueue } from '../async-queue.ts'
import type { ByteTransport } from '../spdy/connection.ts'

export interface Upgrade {
  readonly incoming: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

const MAX_MESSAGE_BYTES = 32 * 1024 * 1024
const MAX_PENDING_BYTES = 4 * 1024 * 1024

/** Whether the request asks for a WebSocket (and not for SPDY). */
export function isWebSocketUpgrade(incoming: IncomingMessage): boolean {
  return (incoming.headers.upgrade ?? '').toLowerCase() === 'websocket'
}

/**
 * @param offered what we speak, best first
 * @returns the first of them the client asks for; undefined when there is none
 */
export function chosenProtocol(incoming: IncomingMessage, offered: readonly string[]): string | undefined {
  const asked = String(incoming.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
  return offered.find((protocol) => asked.includes(protocol))
}

/** Answers 101. Rejects with ApiError BadRequest when the client asks for none of the protocols. */
export async function acceptWebSocket(
  { incoming, socket, head }: Upgrade,
  offered: readonly string[],
): Promise<{ readonly webSocket: WebSocket; readonly protocol: string }> {
  const protocol = chosenProtocol(incoming, offered)
  if (protocol === undefined) {
    const asked = String(incoming.headers['sec-websocket-protocol'] ?? '')
    throw badRequest(`unable to upgrade: none of the protocols [${asked}] is one of [${offered.join(' ')}]`)
  }
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  })
  // ws takes tokens only (RFC 6455 4.1), and kubectl's `SPDY/3.1+portforward.k8s.io` is none: we agree on it ourselves.
  delete incoming.headers['sec-websocket-protocol']
  server.once('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`))
  return await new Promise((resolve, reject) => {
    server.once('wsClientError', (error) => reject(badRequest(`unable to upgrade: ${error.message}`)))
    server.handleUpgrade(incoming, socket, head, (webSocket) => {
      // 'close' follows, and that is what its users wait for.
      webSocket.on('error', () => undefined)
      resolve({ webSocket, protocol })
    })
  })
}

/** Resolves when the message is on its way; at once when the connection is gone. */
export async function sendMessage(webSocket: WebSocket, message: Uint8Array | string): Promise<void> {
  if (webSocket.readyState !== WebSocket.OPEN) return
  await new Promise<void>((resolve) => {
    // A failure is a lost connection: 'close' tells whoever needs to know.
    webSocket.send(message, () => resolve())
  })
}

/** Binary messages as one stream of bytes: where one ends has no meaning. */
export function webSocketTransport(webSocket: WebSocket): ByteTransport {
  const queue = new AsyncQueue<Uint8Array>((bytes) => bytes.length)
  webSocket.on('message', (message: Buffer) => {
    queue.push(message)
    if (queue.weight > MAX_PENDING_BYTES) webSocket.pause()
  })
  webSocket.once('close', () => queue.end())
  return {
    incoming: taken(queue, webSocket),
    write: async (bytes) => await sendMessage(webSocket, bytes),
    end: () => {
      webSocket.resume()
      webSocket.close(1000)
    },
  }
}

async function* taken(queue: AsyncQueue<Uint8Array>, webSocket: WebSocket): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunks = await queue.takeAll()
    if (chunks === undefined) return
    webSocket.resume()
    yield* chunks
  }
}
