/**
 * exec and attach over WebSocket: each message's first byte says which stream it is of.
 * kubernetes/apimachinery pkg/util/remotecommand/constants.go; KEP-4006 for v5, whose CLOSE signal is what ends
 * stdin (kubectl exec -i, kubectl cp).
 */

import type { WebSocket } from 'ws'
import type { NodeAgent, TerminalSize } from '../../api/node-agent.ts'
import { AsyncQueue } from '../async-queue.ts'
import type { ExecSession } from './exec-session.ts'
import { runExec } from './exec-session.ts'
import { execStatusText, terminalSize } from './exec-status.ts'
import { sendMessage } from './websocket.io.ts'

/** Best first. */
export const EXEC_PROTOCOLS = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
] as const

const STDIN = 0
const STDOUT = 1
const STDERR = 2
const ERROR = 3
const RESIZE = 4
const CLOSE = 255

const MAX_PENDING_BYTES = 4 * 1024 * 1024

/** Resolves when the session is over and its last word is sent. */
export async function execOverWebSocket(
  agent: NodeAgent,
  session: ExecSession,
  connection: { readonly webSocket: WebSocket; readonly protocol: string; readonly signal: AbortSignal },
): Promise<void> {
  const { webSocket, protocol, signal } = connection
  const { options } = session
  const isText = protocol.includes('base64')
  const stdin = new AsyncQueue<Uint8Array>((bytes) => bytes.length)
  const resize = new AsyncQueue<TerminalSize>()
  webSocket.on('message', (message: Buffer) => {
    receive(isText ? decodeText(message) : message, { stdin, resize })
    if (stdin.weight > MAX_PENDING_BYTES) webSocket.pause()
  })
  webSocket.once('close', () => {
    stdin.end()
    resize.end()
  })
  const send = async (channel: number, bytes: Uint8Array): Promise<void> =>
    await sendMessage(
      webSocket,
      isText ? encodeText(channel, bytes) : Buffer.concat([Buffer.of(channel), bytes]),
    )
  const result = await runExec(agent, session, {
    stdin: options.stdin ? resumed(stdin, webSocket) : undefined,
    stdout: options.stdout ? async (bytes) => await send(STDOUT, bytes) : undefined,
    stderr: options.stderr ? async (bytes) => await send(STDERR, bytes) : undefined,
    resize: options.tty ? resize : undefined,
    signal,
  })
  const last = execStatusText(result, /^v[45]\./.test(protocol))
  if (last !== '') await send(ERROR, Buffer.from(last))
  // Paused, it would not see the other side's close.
  webSocket.resume()
  webSocket.close(1000)
}

interface Channels {
  readonly stdin: AsyncQueue<Uint8Array>
  readonly resize: AsyncQueue<TerminalSize>
}

function receive(message: Uint8Array, { stdin, resize }: Channels): void {
  const bytes = message.subarray(1)
  switch (message[0]) {
    case STDIN:
      if (bytes.length > 0) stdin.push(bytes)
      return
    case RESIZE: {
      const size = terminalSize(bytes)
      if (size !== undefined) resize.push(size)
      return
    }
    case CLOSE:
      if (bytes[0] === STDIN) stdin.end()
      return
    default:
      return
  }
}

/** The queue's values; taking them lets the client go on sending. */
async function* resumed(queue: AsyncQueue<Uint8Array>, webSocket: WebSocket): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunks = await queue.takeAll()
    webSocket.resume()
    if (chunks === undefined) return
    yield* chunks
  }
}

/** The base64 protocols name the channel by an ASCII digit. */
function decodeText(message: Buffer): Uint8Array {
  const channel = Number(message.toString('latin1', 0, 1))
  return Buffer.concat([Buffer.of(channel), Buffer.from(message.toString('latin1', 1), 'base64')])
}

const encodeText = (channel: number, bytes: Uint8Array): string =>
  `${channel}${Buffer.from(bytes).toString('base64')}`
