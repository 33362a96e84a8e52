/**
 * Port-forward in WebSocket's own framing (`v4.channel.k8s.io?ports=80`), as @kubernetes/client-node speaks it: two
 * channels per port, data and error, each opened by a message with the port in little-endian.
 * kubernetes/kubelet pkg/cri/streaming/portforward/websocket.go.
 */

import type { WebSocket } from 'ws'
import { badRequest } from '../../api/api-error.ts'
import type { Pod } from '../../api/generated/core-v1.ts'
import type { NodeAgent } from '../../api/node-agent.ts'
import { sendMessage } from './websocket.io.ts'

export const CHANNEL_PORT_FORWARD_PROTOCOLS = ['v4.channel.k8s.io'] as const

/** @returns the ports of `?ports=80,443` or `?ports=80&ports=443`. Throws ApiError BadRequest. */
export function requestedPorts(query: URLSearchParams): readonly number[] {
  const ports = query.getAll('ports').flatMap((value) => value.split(',').map(Number))
  if (ports.length === 0) throw badRequest('query parameter "port" is required')
  const wrong = ports.find((port) => !Number.isInteger(port) || port < 1 || port > 65_535)
  if (wrong !== undefined) throw badRequest(`unable to parse port ${wrong}`)
  return ports
}

/** Resolves when every forwarded connection has ended or the client has gone. */
export async function portForwardOverChannels(
  agent: NodeAgent,
  pod: Pod,
  { webSocket, ports }: { readonly webSocket: WebSocket; readonly ports: readonly number[] },
): Promise<void> {
  const dialled = ports.map(async (port) => await agent.dial(pod, port))
  // Each is awaited where its port is forwarded; a client that leaves early must not leave a failure unheard.
  for (const connection of dialled) connection.catch(() => undefined)
  const destroyAll = (): void => {
    for (const connection of dialled) connection.then((made) => made.destroy()).catch(() => undefined)
  }
  let writing: Promise<void> = Promise.resolve()
  webSocket.on('message', (message: Buffer) => {
    const [channel = 0] = message
    const connection = channel % 2 === 0 ? dialled[channel / 2] : undefined
    if (connection === undefined || message.length < 2) return
    // One message at a time: the next is not read until this one is taken, which the first may wait for the dial.
    webSocket.pause()
    writing = writing
      .then(async () => await (await connection).write(message.subarray(1)))
      .catch(async () => (await connection).destroy())
      .catch(() => undefined)
      .finally(() => webSocket.resume())
  })
  webSocket.once('close', destroyAll)
  try {
    await Promise.all(ports.map(async (port, index) => await forward(port, index)))
    await writing
  } finally {
    destroyAll()
  }
  webSocket.close(1000)

  async function forward(port: number, index: number): Promise<void> {
    const greeting = Buffer.alloc(2)
    greeting.writeUInt16LE(port)
    const send = async (channel: number, bytes: Uint8Array): Promise<void> =>
      await sendMessage(webSocket, Buffer.concat([Buffer.of(channel), bytes]))
    await send(index * 2, greeting)
    await send(index * 2 + 1, greeting)
    const connection = dialled[index]
    try {
      if (connection === undefined) return
      for await (const bytes of (await connection).incoming) await send(index * 2, bytes)
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      const text = `error forwarding port ${port} to pod ${pod.metadata.name}, uid ${pod.metadata.uid}: ${detail}`
      await send(index * 2 + 1, Buffer.from(text))
    } finally {
      connection?.then((made) => made.destroy()).catch(() => undefined)
    }
  }
}
