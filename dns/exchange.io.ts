/**
 * One question to one server and its reply: over UDP from a port of its own, over TCP when the reply was cut.
 *
 * Sockets are made here and not by the Host's: servers to forward to are the host's own, dialled as they are named,
 * from the namespace portolan was started in. A fresh socket per question makes the source port as hard to guess as
 * the kernel makes it (RFC 5452); a reply must come from that server, with our id and our question.
 */

import { createSocket } from 'node:dgram'
import type { Socket as UdpSocket } from 'node:dgram'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { decodeMessage } from './decode-message.ts'
import { encodeMessage } from './encode-message.ts'
import type { Message } from './message.ts'
import { FormatError, sameName } from './names.ts'
import { frame, FrameReader } from './tcp-frames.ts'
import type { Upstream } from './upstreams.ts'

/** Rejects with what the network said, or with the signal's reason. */
export async function exchange(upstream: Upstream, query: Message, signal: AbortSignal): Promise<Message> {
  const reply = await overUdp(upstream, query, signal)
  return reply.isTruncated ? await overTcp(upstream, query, signal) : reply
}

async function overUdp(
  { address, port, family }: Upstream,
  query: Message,
  signal: AbortSignal,
): Promise<Message> {
  const socket = createSocket(family === 'IPv4' ? 'udp4' : 'udp6')
  try {
    return await new Promise((resolve, reject) => {
      onAbort(signal, reject)
      socket.on('error', reject)
      socket.on('message', (bytes) => {
        const reply = replyTo(query, bytes)
        if (reply !== undefined) resolve(reply)
      })
      // Without a route Node calls back with the error; its types do not say so.
      const connected = (error?: Error): void => (error ? reject(error) : sendTo(socket, query, reject))
      socket.connect(port, address, connected)
    })
  } finally {
    socket.close()
  }
}

function sendTo(socket: UdpSocket, query: Message, reject: (error: Error) => void): void {
  socket.send(encodeMessage(query), (error) => {
    if (error) reject(error)
  })
}

async function overTcp({ address, port }: Upstream, query: Message, signal: AbortSignal): Promise<Message> {
  const socket: Socket = connect({ host: address, port })
  try {
    return await new Promise((resolve, reject) => {
      const frames = new FrameReader()
      onAbort(signal, reject)
      socket.on('error', reject)
      socket.on('close', () => reject(new Error(`${address} closed the connection`)))
      socket.on('data', (chunk: Buffer) => {
        for (const bytes of frames.push(chunk)) {
          const reply = replyTo(query, bytes)
          if (reply !== undefined) resolve(reply)
        }
      })
      socket.write(frame(encodeMessage(query)))
    })
  } finally {
    socket.destroy()
  }
}

function onAbort(signal: AbortSignal, reject: (reason: unknown) => void): void {
  if (signal.aborted) reject(signal.reason)
  else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
}

/** @returns undefined for bytes that are not the reply to `query`: strays and forgeries are not listened to */
function replyTo(query: Message, bytes: Buffer): Message | undefined {
  const message = decodedOrNothing(bytes)
  const asked = query.questions[0]
  const echoed = message?.questions[0]
  if (!message?.isResponse || message.id !== query.id || !asked || !echoed) return undefined
  const isSame =
    echoed.type === asked.type && echoed.class === asked.class && sameName(echoed.name, asked.name)
  return isSame ? message : undefined
}

function decodedOrNothing(bytes: Buffer): Message | undefined {
  try {
    return decodeMessage(bytes)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
