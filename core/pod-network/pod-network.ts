/**
 * How pods are connected on this node: the interface between the node agent and the three networks. Types only;
 * ./host-network.io.ts (also `isolated`: the same code with the node in its own namespace) and
 * ./loopback-network.io.ts implement it.
 */

import type { NetworkNamespace } from '../../host/host.ts'
import type { Pod } from '../api/generated/core-v1.ts'

export const NETWORKS = ['host', 'isolated', 'loopback'] as const
export type NetworkName = (typeof NETWORKS)[number]

/** The address ranges of a cluster; disjoint, in CIDR notation. */
export interface AddressPlan {
  readonly podCIDR: string
  readonly serviceCIDR: string
  readonly loadBalancerCIDR: string
}

/** The node as others see it. */
export interface NodeNetwork {
  /** where kube-proxy's rules, the netpol rules and node-side sockets belong; absent: where portolan runs */
  readonly network?: NetworkNamespace | undefined
  /** the Node's InternalIP */
  readonly internalIP: string
  /** address every pod can reach the node by: the pods' gateway (127.0.0.1 in `loopback`) */
  readonly gateway: string
}

export interface PodAttachment {
  readonly ip: string
  /** the pod's own namespace; absent for hostNetwork pods and in `loopback` */
  readonly network?: NetworkNamespace | undefined
}

export interface PodNetwork extends AsyncDisposable {
  readonly name: NetworkName
  readonly addresses: AddressPlan
  readonly node: NodeNetwork
  /** Gives the pod its address and wires it up. The same attachment when called again for the same uid. */
  attach(pod: Pod): Promise<PodAttachment>
  /** Takes it down and frees the address. Nothing happens for an unknown uid. */
  detach(uid: string): Promise<void>
}
