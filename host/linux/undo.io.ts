/**
 * Undoes what a dead portolan left in the namespace this one was started in: the ledger's entries, newest first. What
 * is not there any more is undone already. kube-proxy's chains are not for the host to know: the composition root
 * removes those.
 */

import { isNotFound } from '../errors.ts'
import type { Host, HostChange } from '../host.ts'

/** Rejects with HostError at the first change that cannot be undone; it stays in the ledger. */
export async function undoHostChanges(host: Pick<Host, 'commands' | 'ledger' | 'links'>): Promise<void> {
  for (const change of host.ledger.entries().toReversed()) {
    if (change.kind === 'kube-proxy-chains') continue
    try {
      await undo(change, host)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    await host.ledger.forget(change)
  }
}

async function undo(
  change: Exclude<HostChange, { kind: 'kube-proxy-chains' }>,
  host: Pick<Host, 'commands' | 'links'>,
): Promise<void> {
  switch (change.kind) {
    case 'link':
      return await host.links.apply([{ kind: 'delete-link', link: change.name }])
    case 'address':
      return await host.links.apply([{ kind: 'delete-address', link: change.link, address: change.address }])
    case 'route':
      return await host.links.apply([
        { kind: 'delete-route', to: change.to, link: change.link, type: change.type },
      ])
    case 'sysctl':
      return await host.links.apply([{ kind: 'sysctl', name: change.name, value: change.before }])
    case 'mount':
      return await unmount(change.target, host)
    case 'nft-table':
      // Made and deleted in one batch: no failure when it is not there.
      await host.commands.run(['nft', '-f', '-'], {
        stdin: `table ${change.family} ${change.name}\ndelete table ${change.family} ${change.name}\n`,
      })
  }
}

/** A target that is no mount point was never mounted over, or is free already. */
async function unmount(target: string, { commands }: Pick<Host, 'commands'>): Promise<void> {
  const mounts = await commands.run(['findmnt', '-rno', 'TARGET'])
  if (!mounts.stdout.split('\n').includes(target)) return
  await commands.run(['umount', target])
}
