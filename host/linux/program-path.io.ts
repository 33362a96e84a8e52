/** Which file a command name means, and what container runtimes say when there is none. */

import { accessSync, constants, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { HostError } from '../errors.ts'

/** PATH of a process whose environment has none, as container runtimes set it. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * @returns the absolute path of the program `name`
 * @throws HostError COMMAND_NOT_FOUND or NOT_PRIVILEGED, worded as runc does
 */
export function programPath(name: string, env: Readonly<Record<string, string>>, cwd: string): string {
  if (name.includes('/')) {
    const path = resolve(cwd, name)
    if (!isFile(path)) throw notFound(name, `stat ${name}: no such file or directory`)
    if (!isExecutable(path)) throw new HostError('NOT_PRIVILEGED', `exec: "${name}": permission denied`)
    return path
  }
  const found = (env['PATH'] ?? DEFAULT_PATH)
    .split(':')
    .map((folder) => resolve(cwd, join(folder, name)))
    .find((path) => isFile(path) && isExecutable(path))
  if (found === undefined) throw notFound(name, 'executable file not found in $PATH')
  return found
}

const notFound = (name: string, why: string): HostError =>
  new HostError('COMMAND_NOT_FOUND', `exec: "${name}": ${why}`, { argv: [name], errno: 'ENOENT' })

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    // Not there, or in a folder that is closed to us, as another user's in an inherited PATH.
    return false
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Refused, for whatever reason: not executable for us.
    return false
  }
}
