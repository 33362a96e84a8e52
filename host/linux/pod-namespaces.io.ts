/**
 * The UTS, IPC, PID and mount namespaces a pod's processes share: made, entered for a moment to start a process, and
 * gone with their first process.
 *
 * That first process does nothing but reap orphans (it ignores SIGCHLD, so the kernel reaps for it) and wait for its
 * input to end. Portolan holds the other end, and the kernel is asked to kill it when portolan dies: either way the
 * kernel then kills everything in the PID namespace.
 *
 * All entering is done by the calling thread and undone before anything else runs; a thread that cannot come back
 * ends the process. While away, nothing may create a thread. setns() into a mount namespace gives this thread its own
 * working directory: process.chdir() is not seen by Node's thread pool from then on.
 */

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { HostError } from '../errors.ts'
import type { SandboxOptions } from '../host.ts'
import type { NamespaceSwitch } from './network-namespace.io.ts'
import { orDie } from './network-namespace.io.ts'
import { enterPodRoot } from './pod-root.io.ts'
import { DEFAULT_PATH } from './program-path.io.ts'
import { CLONE_FS, CLONE_NEWIPC, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUTS } from './syscalls.io.ts'
import type { Syscalls } from './syscalls.io.ts'

const HOSTNAME_BYTES = 64
/** Not every `env` can ignore signals (coreutils >= 8.31 can); without it orphans stay zombies until the pod ends. */
const INIT_SCRIPT = `
  mount_proc='mount -t proc -o nosuid,nodev,noexec proc /proc'
  if env --ignore-signal=CHLD $mount_proc 2>/dev/null
  then echo ready; exec env --ignore-signal=CHLD cat >/dev/null
  else $mount_proc && echo ready && exec cat >/dev/null
  fi`

/** Open descriptors of one set of namespaces. */
interface NamespaceFds {
  readonly mnt: number
  readonly pid: number
  readonly uts: number
  readonly ipc: number
}

export interface PodNamespaces extends AsyncDisposable {
  /** Whether the first process still runs; without it no other can be started here. */
  readonly isAlive: boolean
  /** Synchronous work (starting a process) in all of the pod's namespaces, in a mount namespace of its own. */
  inside<T>(work: () => T): T
}

export type OpenPodNamespaces = (options: SandboxOptions) => Promise<PodNamespaces>

/** @returns how pods' namespaces are made; the descriptors of portolan's own are opened at the first */
export function podNamespaceOpener(syscalls: Syscalls, namespaces: NamespaceSwitch): OpenPodNamespaces {
  let home: NamespaceFds | undefined
  return async (options) => {
    home ??= rehearsedHome(syscalls)
    let closing: Promise<void> | undefined
    const own = home
    const started = namespaces.inside(options.network, () => startInit(syscalls, own, options))
    try {
      const pod = { ...started, pid: openSync(`/proc/${started.init.pid}/ns/pid`, 'r') }
      await untilReady(started.init)
      return {
        get isAlive() {
          return started.init.exitCode === null && started.init.signalCode === null
        },
        inside: (work) => namespaces.inside(options.network, () => visit(syscalls, { home: own, pod }, work)),
        [Symbol.asyncDispose]: () => (closing ??= close(started.init, pod)),
      }
    } catch (error) {
      await close(started.init, started)
      throw error
    }
  }
}

async function close(init: ChildProcess, fds: Partial<NamespaceFds>): Promise<void> {
  await killed(init)
  for (const fd of [fds.mnt, fds.pid, fds.uts, fds.ipc]) if (fd !== undefined) closeSync(fd)
}

/** Goes home once without having left, so that a missing privilege is found while nothing is lost yet. */
function rehearsedHome(syscalls: Syscalls): NamespaceFds {
  const home = { ...openNamespaceFds(), pid: openNamespace('pid') }
  const cwd = currentFolder()
  try {
    syscalls.unshare(CLONE_FS)
    goHome(syscalls, home, cwd)
    return home
  } catch (cause) {
    for (const fd of Object.values(home)) closeSync(fd)
    const what = 'no privilege to leave the mount, PID, UTS and IPC namespaces and come back'
    throw new HostError('NOT_PRIVILEGED', what, { cause })
  }
}

const openNamespace = (name: string): number => openSync(`/proc/thread-self/ns/${name}`, 'r')

const openNamespaceFds = (): Omit<NamespaceFds, 'pid'> => ({
  mnt: openNamespace('mnt'),
  uts: openNamespace('uts'),
  ipc: openNamespace('ipc'),
})

/** All but the PID namespace, which only portolan's own /proc can show. */
interface StartedInit extends Omit<NamespaceFds, 'pid'> {
  readonly init: ChildProcess
}

function startInit(syscalls: Syscalls, home: NamespaceFds, options: SandboxOptions): StartedInit {
  return away(syscalls, home, () => {
    syscalls.unshare(CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNS)
    syscalls.sethostname(options.hostname.slice(0, HOSTNAME_BYTES))
    enterPodRoot(syscalls, options.network !== undefined)
    // Before the first process mounts a /proc in which this thread is not to be seen.
    const fds = openNamespaceFds()
    syscalls.unshare(CLONE_NEWPID)
    const init = spawn('setpriv', ['--pdeathsig', 'KILL', '--', '/bin/sh', '-c', INIT_SCRIPT], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: DEFAULT_PATH },
      cwd: '/',
      detached: true, // a Ctrl-C meant for portolan is not for the pods
    })
    if (init.pid !== undefined) return { ...fds, init }
    for (const fd of Object.values(fds)) closeSync(fd)
    throw spawnFailure(init)
  })
}

function spawnFailure(init: ChildProcess): HostError {
  init.once('error', () => undefined) // told by what is thrown
  return new HostError('COMMAND_FAILED', 'cannot start setpriv (package util-linux)')
}

function visit<T>(
  syscalls: Syscalls,
  { home, pod }: { readonly home: NamespaceFds; readonly pod: NamespaceFds },
  work: () => T,
): T {
  return away(syscalls, home, () => {
    syscalls.setns(pod.uts, CLONE_NEWUTS)
    syscalls.setns(pod.ipc, CLONE_NEWIPC)
    syscalls.setns(pod.mnt, CLONE_NEWNS)
    syscalls.unshare(CLONE_NEWNS)
    syscalls.setns(pod.pid, CLONE_NEWPID)
    return work()
  })
}

/** Work that leaves portolan's namespaces; whatever it did, the thread is back afterwards. */
function away<T>(syscalls: Syscalls, home: NamespaceFds, work: () => T): T {
  const cwd = currentFolder()
  try {
    return work()
  } finally {
    orDie('return to the namespaces', () => goHome(syscalls, home, cwd))
  }
}

/** In a user namespace this needs all four namespaces to be of that user namespace's making. */
function goHome(syscalls: Syscalls, home: NamespaceFds, cwd: string): void {
  syscalls.setns(home.pid, CLONE_NEWPID)
  syscalls.setns(home.mnt, CLONE_NEWNS)
  syscalls.setns(home.uts, CLONE_NEWUTS)
  syscalls.setns(home.ipc, CLONE_NEWIPC)
  process.chdir(cwd)
}

/** The working directory, or the root if it has been deleted. */
function currentFolder(): string {
  try {
    return process.cwd()
  } catch {
    // Deleted: there is no going back to it, here or anywhere.
    return '/'
  }
}

async function untilReady(init: ChildProcess): Promise<void> {
  if (init.stdout === null || init.stderr === null)
    throw new Error('the pod process was started without pipes')
  const said = text(init.stderr)
  const ready = await Promise.race([
    once(init.stdout, 'data').then(() => true),
    once(init, 'exit').then(() => false),
  ])
  init.stdin?.on('error', () => undefined) // it died; dispose finds out
  if (!ready) throw new HostError('NOT_PRIVILEGED', `cannot set up the pod's namespaces: ${await said}`)
}

async function killed(init: ChildProcess): Promise<void> {
  if (init.exitCode !== null || init.signalCode !== null) return
  const exit = once(init, 'exit')
  init.kill('SIGKILL')
  await exit
}
