/**
 * The data dir as other commands see it: who runs on it, and where its files are.
 *
 *     DIR/instance.json   who runs (pid and how to reach it); removed on a clean exit
 *     DIR/kubeconfig      0600
 *     DIR/pki/            CA and keys, 0600
 *     DIR/store/          the objects
 *     DIR/pods/           volumes and logs of pods
 *     DIR/ledger.json     traces left in the host's namespace, until they are undone
 *     DIR/log             messages of a detached run
 */

import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { CliError, EXIT } from './errors.ts'
import type { Instance } from './instance.ts'
import { parseInstance } from './instance.ts'

export interface DataDir {
  readonly path: string
  readonly instanceFile: string
  readonly kubeconfig: string
  readonly pki: string
  readonly store: string
  readonly pods: string
  readonly ledger: string
  readonly log: string
}

/** @param path absent: $PORTOLAN_DATA_DIR, else ~/.portolan */
export function dataDirAt(path: string | undefined): DataDir {
  const root = resolve(path ?? process.env['PORTOLAN_DATA_DIR'] ?? join(homedir(), '.portolan'))
  return {
    path: root,
    instanceFile: join(root, 'instance.json'),
    kubeconfig: join(root, 'kubeconfig'),
    pki: join(root, 'pki'),
    store: join(root, 'store'),
    pods: join(root, 'pods'),
    ledger: join(root, 'ledger.json'),
    log: join(root, 'log'),
  }
}

/** Makes the folder, readable by its owner only. @throws CliError when it cannot be written */
export function prepareDataDir(dir: DataDir): void {
  try {
    mkdirSync(dir.path, { recursive: true, mode: 0o700 })
    chmodSync(dir.path, 0o700)
    const probe = join(dir.path, `.probe-${process.pid}`)
    writeFileSync(probe, '')
    rmSync(probe)
  } catch (error) {
    throw new CliError(`the data dir ${dir.path} cannot be written: ${messageOf(error)}`, {
      exitCode: EXIT.host,
      remedy: 'name another with --data-dir DIR',
      cause: error,
    })
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Start time of a process in clock ticks since boot, or undefined when there is none. */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command name is in parentheses and may hold spaces; fields are counted after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // Killed, but its parent has not asked for it yet.
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

export type Occupant =
  | { readonly kind: 'none' }
  /** a crash left its instance file behind */
  | { readonly kind: 'dead'; readonly instance: Instance }
  | { readonly kind: 'running'; readonly instance: Instance }

/** Who runs on this data dir. */
export function occupantOf(dir: DataDir): Occupant {
  let text: string
  try {
    text = readFileSync(dir.instanceFile, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'none' }
    throw new CliError(`${dir.instanceFile} cannot be read: ${messageOf(error)}`, {
      exitCode: EXIT.host,
      cause: error,
    })
  }
  const instance = parseInstance(text)
  if (instance === undefined) return { kind: 'none' }
  return processStart(instance.pid) === instance.processStart
    ? { kind: 'running', instance }
    : { kind: 'dead', instance }
}

/** The instance that runs on `dir`. @throws CliError when none does */
export function runningInstance(dir: DataDir): Instance {
  const occupant = occupantOf(dir)
  if (occupant.kind === 'running') return occupant.instance
  throw new CliError(`portolan is not running on ${dir.path}`, {
    remedy: 'start it with: portolan up -f FILE',
  })
}

export function writeInstance(dir: DataDir, instance: Instance): void {
  const temporary = `${dir.instanceFile}.${process.pid}`
  writeFileSync(temporary, `${JSON.stringify(instance, null, 2)}\n`, { mode: 0o600 })
  renameSync(temporary, dir.instanceFile)
}

export function removeInstance(dir: DataDir): void {
  rmSync(dir.instanceFile, { force: true })
}
