/** Runs another program in our place: same terminal, same exit code. */

import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/** @returns the exit code (128+n when killed by signal n), or 'missing' when there is no such program */
export function passThrough(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number | 'missing'> {
  const [program = '', ...args] = argv
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env } })
    // The terminal sends Ctrl-C to both; ours is to wait for the child's answer.
    const wait = (): void => undefined
    process.on('SIGINT', wait)
    const done = (settle: () => void): void => {
      process.off('SIGINT', wait)
      settle()
    }
    child.once('error', (error: NodeJS.ErrnoException) =>
      done(() => (error.code === 'ENOENT' ? resolve('missing') : reject(error))),
    )
    child.once('exit', (code, signal) =>
      done(() => resolve(code ?? 128 + (signal ? (constants.signals[signal] ?? 0) : 0))),
    )
  })
}
