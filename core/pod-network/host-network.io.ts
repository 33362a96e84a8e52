/**
 * The networks `host` (the node is the namespace portolan was started in) and `isolated` (the node has one of its
 * own, with a link and routes from the host). The same pods and links in both; what is changed in the host's
 * namespace is recorded first.
 */

import type { HostChange, LinkOperation } from '../../host/host.ts'
import { acceptForwarding } from './forward-accept.io.ts'
import { applyRecorded, undoChanges } from '../../host/host-changes.ts'
import { addressPlan, nodeAddresses } from './address-plan.ts'
import { collisions, hostUplinkOperations, nodeOperations, nodeUplinkOperations } from './plan.ts'
import type { AddressPlan, PodNetwork } from './pod-network.ts'
import { linkPrefix, RoutedNetwork, withNodeNamespace } from './routed-network.io.ts'
import type { PodNetworkHost } from './routed-network.io.ts'

export interface PodNetworkOptions {
  readonly host: PodNetworkHost
  /** in place of the defaults; RangeError if they are no IPv4 ranges or overlap */
  readonly addresses?: Partial<AddressPlan> | undefined
}

/** The host is the node: rules and routes are where a kubelet and kube-proxy on it would have them. */
export async function hostNetwork({ host, addresses: overrides }: PodNetworkOptions): Promise<PodNetwork> {
  const addresses = addressPlan('host', overrides)
  const own = nodeAddresses(addresses)
  const { links, log } = host
  const routes = await links.routes()
  for (const collision of collisions(addresses, routes)) log.warn(collision)
  const outward = await links.defaultSource()
  const made = await applyRecorded(
    [
      ...nodeOperations(addresses, own, outward !== undefined),
      // Packets from outside to node ports come in by these.
      ...routes
        .filter(({ to }) => to === 'default')
        .map(({ link }): LinkOperation => ({
          kind: 'sysctl',
          name: `net/ipv4/conf/${link}/forwarding`,
          value: '1',
        })),
    ],
    host,
  )
  const accepted = await acceptForwarding(addresses.podCIDR, host)
  return new RoutedNetwork(
    {
      name: 'host',
      addresses,
      node: { internalIP: outward ?? own.gateway, gateway: own.gateway },
      nodeAddresses: own,
      linkPrefix: linkPrefix(host.random),
      close: () => undoChanges([...made, ...accepted], host),
    },
    host,
  )
}

/** The node has a namespace of its own; the host reaches it, its pods and its Services through one link. */
export function isolatedNetwork({ host, addresses: overrides }: PodNetworkOptions): Promise<PodNetwork> {
  const addresses = addressPlan('isolated', overrides)
  const own = nodeAddresses(addresses)
  return withNodeNamespace(host, async (node) => {
    const prefix = linkPrefix(host.random)
    const routes = await host.links.routes()
    for (const collision of collisions(addresses, routes)) host.log.warn(collision)
    const uplink = hostUplinkOperations(`${prefix}0`, addresses, { addresses: own, node })
    const made = await applyRecorded(uplink, host)
    const close = async (changes: readonly HostChange[]): Promise<void> => {
      await undoChanges(changes, host)
      node[Symbol.dispose]()
    }
    try {
      await host.links.apply(nodeUplinkOperations(addresses, own), node)
    } catch (error) {
      await undoChanges(made, host)
      throw error
    }
    return new RoutedNetwork(
      {
        name: 'isolated',
        addresses,
        node: { network: node, internalIP: own.uplink.node, gateway: own.gateway },
        nodeAddresses: own,
        linkPrefix: prefix,
        close: () => close(made),
      },
      host,
    )
  })
}
