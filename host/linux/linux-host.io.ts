/** The real machine: every slice of the Host port, joined. */

import { HostError } from '../errors.ts'
import type { Host, Logger } from '../host.ts'
import { systemClock } from './clock.io.ts'
import { linuxCommands } from './commands.io.ts'
import { openLedger } from './ledger.io.ts'
import { linuxLinks } from './links.io.ts'
import { ackError, linuxNetlink } from './netlink.io.ts'
import type { Netlink } from './netlink.io.ts'
import { linuxNamespaces, openNamespaceSwitch } from './network-namespace.io.ts'
import { systemRandom } from './random.io.ts'
import { linkUp } from './rtnetlink-request.ts'
import { linuxSandboxes } from './sandbox.io.ts'
import { linuxSockets } from './sockets.io.ts'
import { loadSyscalls } from './syscalls.io.ts'
import type { Syscalls } from './syscalls.io.ts'

export interface LinuxHostOptions {
  /** where traces in the host's own namespace are remembered; made when first needed */
  readonly ledgerFile: string
  readonly log: Logger
}

/**
 * Call it on the main thread, before anything else uses namespaces. Without the C library (koffi) the machine has no
 * namespaces: those slices refuse with HostError UNSUPPORTED, and the rest works.
 */
export async function linuxHost({ ledgerFile, log }: LinuxHostOptions): Promise<Host> {
  const syscalls = syscallsIfAny(log)
  const namespaces = await openNamespaceSwitch(syscalls)
  const netlink = syscalls === undefined ? undefined : linuxNetlink(syscalls, namespaces)
  return {
    clock: systemClock,
    random: systemRandom,
    log,
    commands: linuxCommands(namespaces),
    namespaces: linuxNamespaces(syscalls, {
      bringUpLoopback: (network) => bringUpLoopback(netlink, network),
      forget: (network) => netlink?.forget(network),
    }),
    links: linuxLinks(netlink, namespaces),
    sockets: await linuxSockets(namespaces, syscalls),
    sandboxes: linuxSandboxes(syscalls, namespaces),
    ledger: await openLedger(ledgerFile),
  }
}

function syscallsIfAny(log: Logger): Syscalls | undefined {
  try {
    return loadSyscalls()
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== 'UNSUPPORTED') throw error
    log.warn('no system calls: pods have no namespaces of their own', { err: error })
    return undefined
  }
}

function bringUpLoopback(netlink: Netlink | undefined, network: Parameters<Netlink['forget']>[0]): void {
  const failed = netlink?.change([linkUp('lo')], network).find(({ errno }) => errno !== 0)
  if (failed !== undefined) throw ackError(failed, 'ip link set lo up')
}
