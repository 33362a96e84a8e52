/** What a start does first: removes the traces of a portolan that was killed. */

import type { Host, HostChange } from '../host.ts'
import { undoChanges } from '../host-changes.ts'

/**
 * Removes everything the ledger remembers, the latest first, except kube-proxy's chains: kube-proxy knows its own.
 *
 * @returns what was removed; a change that cannot be undone is logged and stays recorded
 */
export async function undoHostChanges(
  host: Pick<Host, 'ledger' | 'links' | 'commands' | 'log'>,
): Promise<readonly HostChange[]> {
  const undone: HostChange[] = []
  for (const change of host.ledger.entries().toReversed()) {
    if (change.kind === 'kube-proxy-chains') continue
    try {
      await undoChanges([change], host)
      undone.push(change)
    } catch (err) {
      host.log.warn('cannot undo what an earlier portolan changed', { change, err })
    }
  }
  return undone
}
