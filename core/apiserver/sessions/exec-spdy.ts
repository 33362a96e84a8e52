/**
 * exec and attach over SPDY/3.1, as kubectl up to 1.29 speaks it: one stream each for error, stdin, stdout, stderr
 * and resize. No I/O of its own.
 * kubernetes/kubelet pkg/cri/streaming/remotecommand/httpstream.go.
 */

import type { NodeAgent, TerminalSize } from '../../api/node-agent.ts'
import type { ByteTransport, SpdyStream } from '../spdy/connection.ts'
import { SpdyConnection } from '../spdy/connection.ts'
import type { ExecSession } from './exec-session.ts'
import { runExec } from './exec-session.ts'
import { execStatusText, terminalSize } from './exec-status.ts'
import type { ExecOptions } from './session-options.ts'

/** Best first; the last is for clients that name none. */
export const EXEC_SPDY_PROTOCOLS = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
] as const

/** kubelet's --streaming-connection stream creation timeout */
const STREAMS_TIMEOUT_MS = 30_000

export interface SpdySession {
  readonly transport: ByteTransport
  readonly protocol: string
  readonly signal: AbortSignal
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

/** Resolves when the session is over and the connection closed. */
export async function execOverSpdy(agent: NodeAgent, session: ExecSession, over: SpdySession): Promise<void> {
  const version = Number(/^v(\d)/.exec(over.protocol)?.[1] ?? 1)
  const streams = new Map<string, SpdyStream>()
  const expected = expectedStreams(session.options, version)
  const complete = Promise.withResolvers<void>()
  const connection = new SpdyConnection(over.transport, (stream) => {
    const type = stream.headers.get('streamtype') ?? ''
    if (!expected.includes(type) || streams.has(type)) return false
    streams.set(type, stream)
    if (streams.size === expected.length) complete.resolve()
    return true
  })
  const running = connection
    .run()
    .finally(() => complete.reject(new Error('the client closed the connection')))
  // Rejections are seen by the race below or, after it, say only that the connection is over.
  running.catch(() => undefined)
  complete.promise.catch(() => undefined)
  await withinTime(complete.promise, over)
  const result = await runExec(agent, session, {
    stdin: streams.get('stdin')?.incoming,
    stdout: writer(streams.get('stdout')),
    stderr: writer(streams.get('stderr')),
    resize: sizes(streams.get('resize')),
    signal: over.signal,
  })
  await streams.get('error')?.write(Buffer.from(execStatusText(result, version >= 4)))
  for (const stream of streams.values()) {
    // oxlint-disable-next-line no-await-in-loop -- a handful of small frames, in order
    await stream.end()
  }
  await connection.close()
}

function expectedStreams(options: ExecOptions, version: number): readonly string[] {
  return [
    'error',
    ...(options.stdin ? ['stdin'] : []),
    ...(options.stdout ? ['stdout'] : []),
    ...(options.stderr ? ['stderr'] : []),
    ...(options.tty && version >= 3 ? ['resize'] : []),
  ]
}

async function withinTime(promise: Promise<void>, { sleep, signal }: SpdySession): Promise<void> {
  const settled = new AbortController()
  const tooLate = sleep(STREAMS_TIMEOUT_MS, AbortSignal.any([signal, settled.signal])).then(() => {
    throw new Error('timed out waiting for client to create streams')
  })
  try {
    await Promise.race([promise, tooLate])
  } finally {
    settled.abort()
  }
}

const writer = (stream: SpdyStream | undefined) =>
  stream === undefined ? undefined : async (bytes: Uint8Array) => await stream.write(bytes)

/** Resize messages are JSON documents, one after another; each comes in a frame of its own. */
function sizes(stream: SpdyStream | undefined): AsyncIterable<TerminalSize> | undefined {
  return stream === undefined ? undefined : parsedSizes(stream)
}

async function* parsedSizes(stream: SpdyStream): AsyncGenerator<TerminalSize> {
  for await (const bytes of stream.incoming) {
    for (const line of Buffer.from(bytes).toString('utf8').split('\n')) {
      const size = terminalSize(Buffer.from(line))
      if (size !== undefined) yield size
    }
  }
}
