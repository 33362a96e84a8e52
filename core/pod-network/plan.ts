/**
 * Nodes and pods as lists of network operations. Pure; ./print.ts shows them, ./routed-network.io.ts makes them true.
 *
 * Point-to-point links without a bridge, as kindnet wires pods: every packet is routed, so rules in FORWARD see
 * pod-to-pod traffic of one node, and a pod reaching itself through a Service needs no special mode. Each pod knows
 * one neighbour, the gateway; the node knows one route per pod. Forwarding is switched on for these links only.
 */

import type { LinkOperation, NetworkNamespace, RouteState } from '../../host/host.ts'
import { cidrsOverlap, parseCidr } from '../net/cidr.ts'
import type { NodeAddresses } from './address-plan.ts'
import type { AddressPlan } from './pod-network.ts'

/** How interfaces are called inside pods and isolated nodes. */
export const POD_LINK = 'eth0'

/**
 * The node's own part: the gateway's address, and routes without which a program on the node could not even begin to
 * send to a Service (kube-proxy's rules act later, when a route has been found).
 *
 * @param hasDefaultRoute packets to Services have a route already
 */
export function nodeOperations(
  plan: AddressPlan,
  { gateway }: NodeAddresses,
  hasDefaultRoute: boolean,
): readonly LinkOperation[] {
  const address: LinkOperation = { kind: 'address', link: 'lo', address: `${gateway}/32` }
  if (hasDefaultRoute) return [address]
  return [address, ...serviceRoutes(plan, gateway)]
}

/** Service addresses that no rule catches end here instead of leaving by the default route. */
const serviceRoutes = (plan: AddressPlan, source: string): readonly LinkOperation[] =>
  [plan.serviceCIDR, plan.loadBalancerCIDR].map((to) => ({ kind: 'route', to, link: 'lo', source }))

export interface PodLink {
  /** the node's end */
  readonly link: string
  readonly podIP: string
  readonly gateway: string
}

/** In the node's namespace: the link to a pod and the way to its address. */
export function nodeEndOperations(
  { link, podIP, gateway }: PodLink,
  pod: NetworkNamespace,
): readonly LinkOperation[] {
  return [
    { kind: 'veth', name: link, peer: { name: POD_LINK, network: pod } },
    { kind: 'sysctl', name: `net.ipv4.conf.${link}.forwarding`, value: '1' },
    { kind: 'up', link },
    { kind: 'route', to: `${podIP}/32`, link, source: gateway },
  ]
}

/** In the pod's namespace: its address and the way out. Low ports are free to all, as container runtimes have it. */
export function podEndOperations({ podIP, gateway }: Omit<PodLink, 'link'>): readonly LinkOperation[] {
  return [
    { kind: 'address', link: POD_LINK, address: `${podIP}/32` },
    { kind: 'up', link: POD_LINK },
    { kind: 'route', to: `${gateway}/32`, link: POD_LINK, scope: 'link' },
    { kind: 'route', to: 'default', link: POD_LINK, via: gateway },
    { kind: 'sysctl', name: 'net.ipv4.ip_unprivileged_port_start', value: '0' },
  ]
}

/** In the host's namespace: the link to an isolated node, and the ways to what is behind it. */
export function hostUplinkOperations(
  link: string,
  plan: AddressPlan,
  { addresses, node }: { readonly addresses: NodeAddresses; readonly node: NetworkNamespace },
): readonly LinkOperation[] {
  const { host, node: via } = addresses.uplink
  return [
    { kind: 'veth', name: link, peer: { name: POD_LINK, network: node } },
    { kind: 'address', link, address: `${host}/32` },
    { kind: 'up', link },
    { kind: 'route', to: `${via}/32`, link, source: host },
    ...[addresses.podCIDR, plan.serviceCIDR, plan.loadBalancerCIDR].map((to): LinkOperation => ({
      kind: 'route',
      to,
      link,
      via,
      source: host,
    })),
  ]
}

/** In an isolated node's namespace: its address on the link to the host, and the way out through it. */
export function nodeUplinkOperations(plan: AddressPlan, addresses: NodeAddresses): readonly LinkOperation[] {
  const { host, node } = addresses.uplink
  return [
    { kind: 'address', link: POD_LINK, address: `${node}/32` },
    { kind: 'sysctl', name: `net.ipv4.conf.${POD_LINK}.forwarding`, value: '1' },
    { kind: 'up', link: POD_LINK },
    { kind: 'route', to: `${host}/32`, link: POD_LINK, scope: 'link' },
    { kind: 'route', to: 'default', link: POD_LINK, via: host, source: node },
    ...nodeOperations(plan, addresses, false),
  ]
}

/** What of the host's routing the cluster's ranges would cover: one sentence each, for a warning. */
export function collisions(plan: AddressPlan, routes: readonly RouteState[]): readonly string[] {
  const ours = Object.values<string>({ ...plan })
  return routes.flatMap(({ to, link }) => {
    const theirs = to === 'default' ? undefined : parseCidr(to)
    const hit = ours.find((text) => {
      const range = parseCidr(text)
      return range !== undefined && theirs !== undefined && cidrsOverlap(range, theirs)
    })
    return hit === undefined ? [] : [`the cluster's ${hit} overlaps the host's route ${to} dev ${link}`]
  })
}
