/** What the API server asks of a pod on this node: its logs, a command in it, its streams, its ports. */

import { on } from 'node:events'
import type { Socket } from 'node:net'
import type { ExitStatus, RunningProcess } from '../../host/host.ts'
import { isNotFound } from '../../host/errors.ts'
import { badRequest, notFound } from '../api/api-error.ts'
import type { Pod } from '../api/generated/core-v1.ts'
import type { ExecResult, NodeAgent, PodConnection, SessionStreams } from '../api/node-agent.ts'
import { PODS } from '../api/scheme.ts'
import type { ContainerRunner } from './container-runner.io.ts'
import type { PodContext } from './pod-context.ts'
import type { PodWorker } from './pod-worker.io.ts'

export function podAgent(
  workerOf: (pod: Pod) => PodWorker | undefined,
  context: PodContext,
): Omit<NodeAgent, 'http'> {
  const runnerOf = (pod: Pod, container: string): ContainerRunner => {
    const worker = workerOf(pod)
    if (worker === undefined) throw notFound(PODS, pod.metadata.name)
    const runner = worker.runner(container)
    if (runner) return runner
    const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec
    const exists = [...containers, ...initContainers, ...ephemeralContainers].some(
      ({ name }) => name === container,
    )
    if (!exists) throw badRequest(`container ${container} is not valid for pod ${pod.metadata.name}`)
    throw badRequest(
      `container "${container}" in pod "${pod.metadata.name}" is waiting to start: ContainerCreating`,
    )
  }
  return {
    async logs(pod, options, signal) {
      const runner = runnerOf(pod, options.container)
      const log = runner.log(options.previous ?? false)
      const place = `"${options.container}" in pod "${pod.metadata.name}"`
      if (log === undefined && options.previous)
        throw badRequest(`previous terminated container ${place} not found`)
      if (log === undefined)
        throw badRequest(`container ${place} is waiting to start: ${waitingReason(runner)}`)
      return log.read(options, signal)
    },
    async exec(pod, { container, command, tty }, streams) {
      const runner = runnerOf(pod, container)
      if (runner.state.phase.kind !== 'running')
        return { kind: 'failed', message: `container not found ("${container}")` }
      try {
        const terminal = tty ? { width: 80, height: 24 } : undefined
        const process = await runner.execProcess({ command, terminal, stdin: streams.stdin !== undefined })
        return await session(process, streams)
      } catch (error) {
        if (!isNotFound(error)) throw error
        return {
          kind: 'failed',
          message: `exec: "${command[0]}": executable file not found in $PATH: unknown`,
        }
      }
    },
    async attach(pod, { container }, streams) {
      const runner = runnerOf(pod, container)
      const { process } = runner
      if (process) return await attached(process, streams, runner.container.stdinOnce ?? false)
      if (runner.state.runtime === 'process') return { kind: 'failed', message: NOT_RUNNING }
      // What is played has no streams but its log.
      const log = runner.log(false)
      if (log === undefined) return { kind: 'failed', message: `container "${container}" is not running` }
      for await (const chunk of log.read({ container, follow: true, tailLines: 0 }, streams.signal))
        await streams.stdout?.(chunk)
      return { kind: 'exited', exitCode: 0 }
    },
    async dial(pod, port) {
      const worker = workerOf(pod)
      if (worker === undefined) throw notFound(PODS, pod.metadata.name)
      const network = worker.sandbox?.network
      const address = network === undefined ? (worker.podIP ?? '127.0.0.1') : '127.0.0.1'
      return await connected(context.host.sockets.connect({ network, address, port }))
    },
  }
}

/** as containerd words it */
const NOT_RUNNING = 'error attaching to container: container is in CONTAINER_EXITED state'

function waitingReason(runner: ContainerRunner): string {
  const { phase } = runner.state
  return phase.kind === 'waiting' ? phase.reason : 'ContainerCreating'
}

/** Joins a process to the client's streams until it ends. Its output is sent to the last byte before that is told. */
async function session(process: RunningProcess, streams: SessionStreams): Promise<ExecResult> {
  const gone = (): void => process.kill('SIGKILL')
  streams.signal.addEventListener('abort', gone, { once: true })
  // The client may keep its ends open, or go: what it still sends has nobody to read it, and no say in how this ends.
  void feed(process, streams, true).catch(gone)
  void resize(process, streams).catch(gone)
  const [status] = await Promise.all([
    process.exited,
    pump(process.stdout, streams.stdout),
    process.stderr ? pump(process.stderr, streams.stderr ?? streams.stdout) : undefined,
  ])
  streams.signal.removeEventListener('abort', gone)
  return { kind: 'exited', exitCode: exitCode(status) }
}

const exitCode = (status: ExitStatus): number =>
  status.kind === 'exited' ? status.code : 128 + status.number

/**
 * Looks on at a container's own process. Its streams are the log's as well, so they are listened to and never taken:
 * several clients see the same, and the container goes on when they leave. How it ends is not told here but in the
 * pod's status, as by container runtimes: who looked on has succeeded.
 */
async function attached(
  process: RunningProcess,
  streams: SessionStreams,
  stdinOnce: boolean,
): Promise<ExecResult> {
  const left = Promise.withResolvers<ExecResult>()
  const leave = (): void => left.resolve({ kind: 'exited', exitCode: 0 })
  let sending = Promise.resolve()
  const listener = (to: SessionStreams['stdout']) => (chunk: Uint8Array) => {
    sending = sending.then(() => to?.(chunk)).catch(leave)
  }
  const toStdout = listener(streams.stdout)
  const toStderr = listener(streams.stderr ?? streams.stdout)
  process.stdout.on('data', toStdout)
  process.stderr?.on('data', toStderr)
  streams.signal.addEventListener('abort', leave, { once: true })
  void feed(process, streams, stdinOnce).catch(leave)
  void resize(process, streams).catch(leave)
  try {
    const ended = process.exited.then(async (): Promise<ExecResult> => {
      await sending
      return { kind: 'exited', exitCode: 0 }
    })
    return await Promise.race([ended, left.promise])
  } finally {
    streams.signal.removeEventListener('abort', leave)
    process.stdout.off('data', toStdout)
    process.stderr?.off('data', toStderr)
  }
}

async function pump(from: AsyncIterable<Uint8Array>, to: SessionStreams['stdout']): Promise<void> {
  try {
    for await (const chunk of from) await to?.(chunk)
  } catch (error) {
    // A terminal whose last process ended reads as an I/O error: that is its end.
    if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error
  }
}

/** @param closes whether the end of the client's input is the end of the process's */
async function feed(process: RunningProcess, streams: SessionStreams, closes: boolean): Promise<void> {
  const { stdin } = process
  if (!streams.stdin || !stdin) return
  stdin.on('error', () => undefined)
  try {
    for await (const chunk of streams.stdin) {
      if (!stdin.write(chunk)) await Promise.race([drained(stdin), process.exited])
    }
  } finally {
    if (closes) stdin.end()
  }
}

async function drained(stream: NodeJS.WritableStream): Promise<void> {
  for await (const _event of on(stream, 'drain')) return
}

async function resize(process: RunningProcess, streams: SessionStreams): Promise<void> {
  if (!streams.resize) return
  for await (const size of streams.resize) process.resize(size)
}

async function connected(socket: Socket): Promise<PodConnection> {
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return {
    incoming: socket,
    write: (chunk) =>
      new Promise((resolve, reject) => {
        socket.write(chunk, (error) => (error ? reject(error) : resolve()))
      }),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  }
}
