/**
 * Port-forward over SPDY streams, whatever carries them: per forwarded connection the client opens an error stream
 * and a data stream with the same requestID. No I/O of its own.
 * kubernetes/kubelet pkg/cri/streaming/portforward/httpstream.go.
 */

import type { Pod } from '../../api/generated/core-v1.ts'
import type { NodeAgent, PodConnection } from '../../api/node-agent.ts'
import type { ByteTransport, SpdyStream } from '../spdy/connection.ts'
import { SpdyConnection } from '../spdy/connection.ts'

export const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io'
/** The same frames inside binary WebSocket messages (KEP-4006). */
export const TUNNELED_PORT_FORWARD_PROTOCOL = 'SPDY/3.1+portforward.k8s.io'

interface Pair {
  error?: SpdyStream
  data?: SpdyStream
}

/** Resolves when the client has closed the connection and every forwarded one has ended. */
export async function portForwardOverSpdy(
  agent: NodeAgent,
  pod: Pod,
  transport: ByteTransport,
): Promise<void> {
  const pairs = new Map<string, Pair>()
  const forwarding = new Set<Promise<void>>()
  const connection = new SpdyConnection(transport, (stream) => {
    const type = stream.headers.get('streamtype')
    const id = stream.headers.get('requestid') ?? stream.headers.get('port') ?? ''
    if ((type !== 'error' && type !== 'data') || portOf(stream) === undefined) return false
    const pair = pairs.get(id) ?? {}
    pair[type] = stream
    pairs.set(id, pair)
    const { error, data } = pair
    if (error && data) {
      pairs.delete(id)
      const ended = forward(agent, pod, { error, data }).finally(() => forwarding.delete(ended))
      forwarding.add(ended)
    }
    return true
  })
  try {
    await connection.run()
  } finally {
    await Promise.allSettled(forwarding)
  }
}

function portOf(stream: SpdyStream): number | undefined {
  const port = Number(stream.headers.get('port'))
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}

async function forward(agent: NodeAgent, pod: Pod, { error, data }: Required<Pair>): Promise<void> {
  const port = portOf(data) ?? 0
  let toPod: Promise<void> | undefined
  try {
    const connection = await agent.dial(pod, port)
    toPod = copied(data.incoming, connection)
    await copiedBack(connection, data)
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause)
    const { name, uid } = pod.metadata
    const text = `error forwarding port ${port} to pod ${name}, uid ${uid}: ${detail}`
    await ignoringLoss(error.write(Buffer.from(text)))
  }
  // kubectl closes its side when both of ours are closed, and not before.
  await ignoringLoss(Promise.all([error.end(), data.end()]))
  await toPod
}

/** The client may be gone by then; there is nobody left to tell. */
async function ignoringLoss(promise: Promise<unknown>): Promise<void> {
  await promise.catch(() => undefined)
}

/** Copies until the pod's side has ended. */
async function copiedBack(connection: PodConnection, data: SpdyStream): Promise<void> {
  try {
    for await (const bytes of connection.incoming) await data.write(bytes)
  } finally {
    connection.destroy()
  }
}

/** Copies until the client's side has ended, which is passed on as a half-close. Never rejects. */
async function copied(from: AsyncIterable<Uint8Array>, connection: PodConnection): Promise<void> {
  try {
    for await (const bytes of from) await connection.write(bytes)
    connection.end()
  } catch {
    // The client tore the stream down: so is the pod's side.
    connection.destroy()
  }
}
