/** What this host allows, found by trying in throw-away namespaces, as far as the choice of network depends on it. */

import type { Host } from '../host/host.ts'
import type { NetworkAbility } from './config.ts'

export async function networkAbility(host: Pick<Host, 'namespaces' | 'commands'>): Promise<NetworkAbility> {
  try {
    using network = await host.namespaces.createNetwork()
    const reasons: string[] = []
    for (const argv of [
      ['iptables', '-t', 'nat', '-S'],
      ['nft', 'list', 'tables'],
    ]) {
      try {
        await host.commands.run(argv, { network })
      } catch (error) {
        reasons.push(messageOf(error))
      }
    }
    return { canCreateNetworks: true, hasIptables: reasons.length === 0, reasons }
  } catch (error) {
    return { canCreateNetworks: false, hasIptables: false, reasons: [messageOf(error)] }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
