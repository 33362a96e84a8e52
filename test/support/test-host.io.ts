/**
 * A machine of a test's own: network and mount namespaces made by the test, in which portolan may be `host`, write rules
 * and change the resolver without touching the real one. Gone with its holder process, whatever happens.
 */

import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface TestHost extends AsyncDisposable {
  /** Runs a program inside to its end; its exit code is part of the outcome, not an exception. */
  run(
    argv: readonly string[],
    options?: { readonly stdin?: string; readonly timeoutMs?: number },
  ): Promise<Outcome>
  /** Starts a program inside that goes on. */
  start(argv: readonly string[], env?: Readonly<Record<string, string>>): ChildProcess
  /** a scratch folder of this host, removed with it */
  readonly folder: string
}

/** Why hosts cannot be made here, or undefined when they can: for a visible skip. */
export const noTestHost: string | undefined =
  process.getuid?.() === 0 ? undefined : 'needs root to make network and mount namespaces'

/** Entering a host leaves the working directory behind: paths are absolute. */
export const ROOT: string = resolve(import.meta.dirname, '../..')
export const PORTOLAN: string = resolve(ROOT, 'portolan')

export async function testHost(): Promise<TestHost> {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-test-'))
  // The holder prints once it is set up, and dies with this process (kill-child) or when its stdin ends.
  const script = 'mount --make-rprivate / && ip link set lo up && echo ready && exec cat'
  const holder = spawn('unshare', ['--net', '--mount', '--fork', '--kill-child', 'sh', '-c', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const inner = await new Promise<number>((done, failed) => {
    holder.once('error', failed)
    holder.once('exit', (code) => failed(new Error(`the test host's holder ended with ${code}`)))
    holder.stdout.once('data', () => done(holder.pid ?? 0))
  })
  // unshare --fork: the namespaces are those of its child.
  const { stdout: child } = await run(['pgrep', '-P', String(inner)], {})
  const enter = ['nsenter', '-t', child.trim(), '-n', '-m', '--']
  const running = new Set<ChildProcess>()
  return {
    folder,
    run: (argv, options = {}) => run([...enter, ...argv], options),
    start(argv, env = {}) {
      const [program = '', ...args] = [...enter, ...argv]
      const process_ = spawn(program, args, {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { ...process.env, ...env },
      })
      running.add(process_)
      process_.once('exit', () => running.delete(process_))
      return process_
    },
    async [Symbol.asyncDispose]() {
      for (const one of running) one.kill('SIGKILL')
      holder.stdin.end()
      if (holder.exitCode === null) await new Promise((done) => holder.once('exit', done))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function run(
  argv: readonly string[],
  options: { readonly stdin?: string; readonly timeoutMs?: number },
): Promise<Outcome> {
  const [program = '', ...args] = argv
  return new Promise((done, failed) => {
    const child = execFile(
      program,
      args,
      { timeout: options.timeoutMs ?? 30_000, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') return failed(error)
        done({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
      },
    )
    // A program that does not read its input closes it.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(options.stdin ?? '')
  })
}

/** Waits until `check` gives a value that is not undefined; fails with what it last threw, or saw, after `timeoutMs`. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined>,
  timeoutMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  let last: unknown
  for (;;) {
    try {
      const value = await check()
      if (value !== undefined) return value
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: last })
    await new Promise((tick) => setTimeout(tick, 50))
  }
}
