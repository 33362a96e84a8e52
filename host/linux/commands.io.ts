/** Programs run to their end, in any network namespace, never through a shell. */

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { HostError } from '../errors.ts'
import type { CommandOptions, Commands } from '../host.ts'
import type { NamespaceSwitch } from './network-namespace.io.ts'

const DEFAULT_TIMEOUT_MS = 30_000
/** iptables-save of some ten thousand Services is below a tenth of this. */
const OUTPUT_LIMIT_BYTES = 256 * 1024 * 1024

interface Outcome {
  readonly stdout: string
  readonly stderr: string
}

export function linuxCommands(namespaces: NamespaceSwitch): Commands {
  return {
    run: async (argv, options = {}) => {
      options.signal?.throwIfAborted()
      const [program, ...args] = argv
      if (program === undefined) throw new HostError('COMMAND_FAILED', 'empty command')
      const child = namespaces.inside(options.network, () =>
        spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: commandEnvironment() }),
      )
      return await outcome(child, argv, options)
    },
  }
}

/** Administration tools live in sbin, which ordinary users' PATH may lack; messages are matched, so no translations. */
const commandEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  LC_ALL: 'C',
  PATH: `${process.env.PATH ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`,
})

function outcome(child: ChildProcess, argv: readonly string[], options: CommandOptions): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
  let ended: Error | undefined
  const end = (reason: Error): void => {
    ended ??= reason
    child.kill('SIGKILL')
  }
  const stdout = collected(child.stdout, () => end(failure(argv, 'printed too much', {})))
  const stderr = collected(child.stderr, () => end(failure(argv, 'printed too much', {})))
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const timer = setTimeout(
    () =>
      end(new HostError('COMMAND_TIMED_OUT', `${argv.join(' ')}: no end after ${timeoutMs} ms`, { argv })),
    timeoutMs,
  )
  const onAbort = (): void => end(asError(options.signal?.reason))
  options.signal?.addEventListener('abort', onAbort, { once: true })
  const settle = (): void => {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', onAbort)
  }
  child.on('error', (cause: NodeJS.ErrnoException) => {
    settle()
    reject(ended ?? startFailure(argv, cause))
  })
  child.on('close', (exitCode, signal) => {
    settle()
    if (ended !== undefined) reject(ended)
    else if (exitCode === 0) resolve({ stdout: stdout(), stderr: stderr() })
    else reject(failure(argv, signal ?? `exit status ${exitCode}`, { exitCode, stderr: stderr() }))
  })
  // A program may end without reading its input; its exit status says what there is to say.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(options.stdin ?? '')
  return promise
}

function collected(stream: NodeJS.ReadableStream | null, onTooMuch: () => void): () => string {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  stream?.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length
    if (sizeBytes > OUTPUT_LIMIT_BYTES) onTooMuch()
    else chunks.push(chunk)
  })
  return () => Buffer.concat(chunks).toString()
}

function startFailure(argv: readonly string[], cause: NodeJS.ErrnoException): HostError {
  return cause.code === 'ENOENT'
    ? new HostError('COMMAND_NOT_FOUND', `${argv[0]}: no such program`, { argv, errno: 'ENOENT', cause })
    : new HostError('COMMAND_FAILED', `${argv.join(' ')}: ${cause.message}`, { argv, cause })
}

function failure(
  argv: readonly string[],
  how: string,
  result: { readonly exitCode?: number | null; readonly stderr?: string },
): HostError {
  const said = result.stderr?.trim().split('\n')[0] ?? ''
  return new HostError('COMMAND_FAILED', `${argv.join(' ')}: ${said === '' ? how : `${said} (${how})`}`, {
    argv,
    exitCode: result.exitCode ?? undefined,
    stderr: result.stderr,
  })
}

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)))
