/** A started child as the RunningProcess port shows it. */

import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { HostError } from '../errors.ts'
import type { ExitStatus, RunningProcess, TerminalSize } from '../host.ts'

export interface ProcessStreams {
  readonly stdin: Writable | undefined
  readonly stdout: Readable
  readonly stderr: Readable | undefined
  resize(size: TerminalSize): void
}

/**
 * Resolves once the program runs; rejects with HostError when it could not be executed. When it ends, whatever it
 * left behind in its process group ends too, as in a container.
 */
export function runningProcess(
  child: ChildProcess,
  argv: readonly string[],
  streams: ProcessStreams,
): Promise<RunningProcess> {
  const { promise, resolve, reject } = Promise.withResolvers<RunningProcess>()
  child.once('error', (cause: NodeJS.ErrnoException) =>
    reject(new HostError('COMMAND_FAILED', `exec: ${JSON.stringify(argv[0])}: ${cause.message}`, { cause })),
  )
  const { pid } = child
  if (pid === undefined) return promise // 'error' follows
  streams.stdin?.on('error', ignoreBrokenPipe)
  const exited = new Promise<ExitStatus>((done) => {
    child.once('exit', (code, signal) => {
      killGroup(pid)
      done(exitStatus(code, signal))
    })
  })
  resolve({
    pid,
    stdin: streams.stdin,
    stdout: streams.stdout,
    stderr: streams.stderr,
    exited,
    kill: (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return
      if (signal === 'SIGKILL') killGroup(pid)
      child.kill(signal)
    },
    resize: (size) => streams.resize(size),
  })
  return promise
}

/** The process closed its input; its exit status says what there is to say. */
const ignoreBrokenPipe = (): undefined => undefined

/** Kills all that is left of the group a process leads; nothing when nothing is left. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    // EPERM: only members that run as somebody else are left, which an ordinary user may not kill.
    if (code !== 'ESRCH' && code !== 'EPERM') throw error
  }
}

function exitStatus(code: number | null, signal: NodeJS.Signals | null): ExitStatus {
  return signal === null
    ? { kind: 'exited', code: code ?? 0 }
    : { kind: 'signalled', signal, number: constants.signals[signal] }
}
