/**
 * The wiring of a node and its pods as a shell script: what `ip` would be told. Pure.
 *
 *   # node
 *   ip address add 10.244.0.1/32 dev lo
 *   # pod default/web (10.244.0.2)
 *   ip link add ptlweb type veth peer name eth0 netns /run/netns/web
 */

import type { NetworkNamespace } from '../../host/host.ts'
import { printLinkOperations } from '../../host/link-print.ts'
import type { NodeAddresses } from './address-plan.ts'
import { nodeEndOperations, nodeOperations, podEndOperations } from './plan.ts'
import type { AddressPlan } from './pod-network.ts'

export interface PrintedPod {
  /** namespace/name */
  readonly key: string
  readonly podIP: string
  readonly link: string
  /** the pod's namespace as the reader can name it */
  readonly network: NetworkNamespace
}

export function printNodeWiring(
  plan: AddressPlan,
  addresses: NodeAddresses,
  pods: readonly PrintedPod[],
): string {
  const { gateway } = addresses
  const lines = [
    '# node',
    ...printLinkOperations(nodeOperations(plan, addresses, false)),
    ...pods.flatMap(({ key, podIP, link, network }) => [
      `# pod ${key} (${podIP})`,
      ...printLinkOperations(nodeEndOperations({ link, podIP, gateway }, network)),
      ...printLinkOperations(podEndOperations({ podIP, gateway }), network),
    ]),
  ]
  return `${lines.join('\n')}\n`
}
