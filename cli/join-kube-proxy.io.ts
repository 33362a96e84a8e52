/** Joins kube-proxy to the cluster, and NetworkPolicy to its user-space proxies. */

import { startKubeProxy } from '../kube-proxy/kube-proxy.io.ts'
import type { KubeProxy, KubeProxyOptions } from '../kube-proxy/kube-proxy.io.ts'
import type { Netpol } from '../netpol/netpol.io.ts'
import type { Informers } from '../core/client/informer.ts'
import type { PodNetwork } from '../core/pod-network/pod-network.ts'
import type { Host, Ledger } from '../host/host.ts'

export interface JoinKubeProxyOptions {
  readonly host: Host
  readonly informers: Informers
  readonly network: PodNetwork
  readonly node: KubeProxyOptions['node']
  readonly proxyMode: KubeProxyOptions['mode']
  readonly ledger?: Ledger | undefined
  readonly netpol: Netpol
}

export async function joinKubeProxy(options: JoinKubeProxyOptions): Promise<KubeProxy> {
  const { host, informers, network, node, proxyMode, ledger, netpol } = options
  return await startKubeProxy({
    host,
    informers,
    ledger,
    node,
    mode: proxyMode,
    clusterCIDR: network.addresses.podCIDR,
    serviceCIDR: network.addresses.serviceCIDR,
    loadBalancerCIDR: network.addresses.loadBalancerCIDR,
    loopback: network.name === 'loopback',
    gate: (source, { ip, port }, protocol) =>
      netpol.allows({ source, destination: ip, port, protocol, viaService: true }),
  })
}
