/** `up --detach`: the same command in a process of its own, which tells this one how far it is until all is ready. */

import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { CliError } from './errors.ts'
import type { DataDir } from './instance.io.ts'

/** What the background process tells the one that started it. */
export type DetachMessage = { readonly kind: 'line'; readonly text: string } | { readonly kind: 'ready' }

/** Sends a message to the starting process, where there is one that still listens. */
export function tellParent(message: DetachMessage): void {
  if (process.connected) process.send?.(message)
}

/** Starts this very command in the background and prints its progress; returns once it is ready. */
export async function detached(dir: DataDir): Promise<void> {
  const log = openSync(dir.log, 'a', 0o600)
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  })
  await new Promise<void>((resolve, reject) => {
    child.on('message', (message: DetachMessage) => {
      if (message.kind === 'line') process.stdout.write(`${message.text}\n`)
      else resolve()
    })
    child.once('error', reject)
    child.once('exit', (code) => {
      reject(
        new CliError(`the background process ended (exit code ${code}) before it was ready`, {
          remedy: `see ${dir.log}`,
        }),
      )
    })
  })
  child.disconnect()
  child.unref()
}
