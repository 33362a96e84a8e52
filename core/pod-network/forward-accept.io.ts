/**
 * Lets pods' packets through a host that forwards nothing by default (`iptables -P FORWARD DROP`, as Docker sets it):
 * two accepting rules at the end of FORWARD, behind everybody else's. Hosts that forward are left alone.
 */

import { HostError } from '../../host/errors.ts'
import type { Host, HostChange } from '../../host/host.ts'

type RuleChange = Extract<HostChange, { kind: 'iptables-rule' }>

/** @returns what was recorded and made, to be undone by `undoChanges` */
export async function acceptForwarding(
  podCIDR: string,
  { commands, ledger }: Pick<Host, 'commands' | 'ledger'>,
): Promise<readonly RuleChange[]> {
  if (!(await dropsForwarded(commands))) return []
  const comment = ['-m', 'comment', '--comment', 'portolan pods', '-j', 'ACCEPT']
  const changes = ['-s', '-d'].map((side): RuleChange => ({
    kind: 'iptables-rule',
    table: 'filter',
    chain: 'FORWARD',
    rule: [side, podCIDR, ...comment],
  }))
  for (const change of changes) {
    await ledger.record(change)
    await commands.run(['iptables', '-w', '5', '-t', change.table, '-A', change.chain, ...change.rule])
  }
  return changes
}

async function dropsForwarded(commands: Host['commands']): Promise<boolean> {
  try {
    const { stdout } = await commands.run(['iptables', '-w', '5', '-S', 'FORWARD'])
    return stdout.startsWith('-P FORWARD DROP')
  } catch (error) {
    // Without iptables nobody has set a policy with it.
    if (error instanceof HostError) return false
    throw error
  }
}
