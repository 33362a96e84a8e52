/**
 * A node agent for tests of the wire: containers are this machine's processes, logs are given, ports are loopback
 * ports. It keeps the contract (core/api/node-agent.ts) without namespaces or a kubelet.
 */

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { badRequest } from '../../core/api/api-error.ts'
import type { ExecResult, NodeAgent, PodConnection, SessionStreams } from '../../core/api/node-agent.ts'

export interface LocalNodeAgentOptions {
  /** what every container has logged so far */
  readonly logLines: readonly string[]
  /** where a pod's port really is */
  readonly portOf: (port: number) => number
  /** resolves with each further line while a log is followed; rejects when the signal aborts */
  readonly nextLogLine?: (signal: AbortSignal) => Promise<string>
}

/** An agent whose exec runs the command here; attach is `cat`. */
export function localNodeAgent(options: LocalNodeAgentOptions): NodeAgent {
  return {
    logs: async (_pod, request, signal) => {
      if (request.previous)
        throw badRequest(`previous terminated container "${request.container}" in pod not found`)
      const { tailLines } = request
      const lines =
        tailLines === undefined ? options.logLines : options.logLines.slice(-tailLines || Infinity)
      return logStream(lines, request.follow ? options.nextLogLine : undefined, signal)
    },
    exec: async (_pod, { command, tty }, streams) => await run(command, tty, streams),
    attach: async (_pod, { tty }, streams) => await run(['cat'], tty, streams),
    dial: async (_pod, port) => await dialled(options.portOf(port)),
    http: async (nodeName, { path }) => ({
      code: 200,
      contentType: 'text/plain',
      body: `${nodeName} ${path}\n`,
    }),
  }
}

async function* logStream(
  lines: readonly string[],
  next: LocalNodeAgentOptions['nextLogLine'],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(lines.map((line) => `${line}\n`).join(''))
  while (next !== undefined && !signal.aborted) {
    const line = await next(signal).catch(() => undefined)
    if (line === undefined) return
    yield Buffer.from(`${line}\n`)
  }
}

async function run(command: readonly string[], tty: boolean, streams: SessionStreams): Promise<ExecResult> {
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: 'pipe' })
  const failed = once(child, 'error').then(([error]) => String(error))
  const spawned = once(child, 'spawn').then(() => undefined)
  const failure = await Promise.race([failed, spawned])
  if (failure !== undefined) return { kind: 'failed', message: failure }
  const kill = (): void => void child.kill('SIGKILL')
  streams.signal.addEventListener('abort', kill, { once: true })
  void feed(child, streams)
  const [exit] = await Promise.all([
    once(child, 'exit'),
    forward(child.stdout, streams.stdout),
    forward(child.stderr, tty ? streams.stdout : streams.stderr),
  ])
  return { kind: 'exited', exitCode: (exit[0] as number | null) ?? 137 }
}

async function feed(child: ChildProcess, { stdin }: SessionStreams): Promise<void> {
  child.stdin?.on('error', () => undefined)
  try {
    for await (const chunk of stdin ?? []) child.stdin?.write(chunk)
  } catch {
    child.kill('SIGKILL')
  }
  child.stdin?.end()
}

async function forward(from: AsyncIterable<Uint8Array> | null, to: SessionStreams['stdout']): Promise<void> {
  for await (const chunk of from ?? []) await to?.(chunk)
}

async function dialled(port: number): Promise<PodConnection> {
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  return {
    incoming: socket,
    write: async (chunk) => {
      if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), once(socket, 'close')])
    },
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  }
}
