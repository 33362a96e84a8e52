/**
 * Network namespaces held by descriptor, and work done inside them.
 *
 * The calling thread enters a namespace, works synchronously and comes back: sockets made and children forked
 * meanwhile stay there for good. Two dangers are dealt with here: libuv's thread pool keeps for ever the namespace
 * it was started in (so it is started beforehand), and a thread that cannot come back must not go on.
 */

import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { HostError } from '../errors.ts'
import type { Namespaces, NetworkNamespace } from '../host.ts'
import { CLONE_NEWNET } from './syscalls.io.ts'
import type { Syscalls } from './syscalls.io.ts'

/** Does synchronous work in a network namespace; absent means portolan's own. May not be nested. */
export interface NamespaceSwitch {
  inside<T>(network: NetworkNamespace | undefined, work: () => T): T
}

/** @param syscalls absent: no namespace can be entered (HostError UNSUPPORTED) */
export async function openNamespaceSwitch(syscalls: Syscalls | undefined): Promise<NamespaceSwitch> {
  await stat('/') // starts the thread pool where it belongs
  if (syscalls === undefined) return { inside: (network, work) => withoutSyscalls(network, work) }
  const home = openSync('/proc/thread-self/ns/net', 'r')
  let away = false
  return {
    inside(network, work) {
      if (network === undefined) return work()
      if (away) throw new HostError('BUSY', 'already inside another network namespace')
      syscalls.setns(network.fd, CLONE_NEWNET)
      away = true
      try {
        return work()
      } finally {
        orDie('return to the network namespace', () => syscalls.setns(home, CLONE_NEWNET))
        away = false
      }
    },
  }
}

function withoutSyscalls<T>(network: NetworkNamespace | undefined, work: () => T): T {
  if (network === undefined) return work()
  throw new HostError('UNSUPPORTED', 'network namespaces cannot be entered: koffi did not load')
}

/** Ends the process when `restore` fails: the thread is somewhere unknown, and even cleaning up would hit the wrong place. */
export function orDie(what: string, restore: () => void): void {
  try {
    restore()
  } catch (error) {
    writeSync(2, `portolan: cannot ${what}: ${String(error)}; stopping at once\n`)
    process.kill(process.pid, 'SIGKILL')
  }
}

/** The namespace behind an open descriptor; closing it is the holder's. */
export function heldNamespace(fd: number, release: () => void): NetworkNamespace {
  let held = true
  return {
    id: String(fstatSync(fd).ino),
    path: `/proc/${process.pid}/fd/${fd}`,
    fd,
    [Symbol.dispose]() {
      if (!held) return
      held = false
      release()
      closeSync(fd)
    },
  }
}

/** @param linkUp brings `lo` up in the namespace just made, and is told when it is closed */
export function linuxNamespaces(
  syscalls: Syscalls | undefined,
  netlink: { bringUpLoopback(network: NetworkNamespace): void; forget(network: NetworkNamespace): void },
): Namespaces {
  return {
    createNetwork() {
      return Promise.try(() => {
        if (syscalls === undefined) throw new HostError('UNSUPPORTED', 'no network namespaces without koffi')
        const fd = unsharedNetwork(syscalls)
        const network: NetworkNamespace = heldNamespace(fd, () => netlink.forget(network))
        netlink.bringUpLoopback(network)
        return network
      })
    },
  }
}

function unsharedNetwork(syscalls: Syscalls): number {
  const home = openSync('/proc/thread-self/ns/net', 'r')
  try {
    syscalls.unshare(CLONE_NEWNET)
    try {
      return openSync('/proc/thread-self/ns/net', 'r')
    } finally {
      orDie('return to the network namespace', () => syscalls.setns(home, CLONE_NEWNET))
    }
  } finally {
    closeSync(home)
  }
}
