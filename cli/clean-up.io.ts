/**
 * Removes what a crashed portolan left in the host's own namespace: everything in the ledger that was not forgotten.
 */

import { existsSync } from 'node:fs'
import { cleanUpIptables } from '../kube-proxy/iptables/apply.io.ts'
import type { Host } from '../host/host.ts'
import { openLog } from '../host/linux/log.io.ts'
import { linuxHost } from '../host/linux/linux-host.io.ts'
import { undoHostChanges } from '../host/linux/undo.io.ts'
import { CliError, EXIT } from './errors.ts'
import type { DataDir } from './instance.io.ts'
import { removeInstance } from './instance.io.ts'

/** @returns how many changes were undone; one that cannot be is logged and stays recorded */
export async function undoLeftovers(host: Host): Promise<number> {
  const left = host.ledger.entries()
  for (const change of left) {
    if (change.kind !== 'kube-proxy-chains') continue
    await cleanUpIptables({ commands: host.commands, tablesBefore: change.tablesBefore })
    await host.ledger.forget(change)
  }
  await undoHostChanges(host)
  return left.length - host.ledger.entries().length
}

/** The same for a data dir that nobody runs on. */
export async function cleanUpAfter(dir: DataDir): Promise<number> {
  if (!existsSync(dir.ledger)) return 0
  const host = await linuxHost({ ledgerFile: dir.ledger, log: openLog({ level: 'warn' }) })
  const undone = await undoLeftovers(host)
  const left = host.ledger.entries().length
  if (left > 0)
    throw new CliError(`${left} changes to this host could not be undone; they stay in ${dir.ledger}`, {
      exitCode: EXIT.host,
    })
  removeInstance(dir)
  return undone
}
