/**
 * What `portolan up` and startCluster() can be told: one type, its defaults, and its validation, which reports all
 * faults at once. Pure; flags and environment are read in main.io.ts only.
 */

import { NETWORKS } from '../core/pod-network/pod-network.ts'
import type { NetworkName } from '../core/pod-network/pod-network.ts'
import type { EtcdConfig } from './open-store.io.ts'

export const NETWORK_CHOICES = ['auto', ...NETWORKS] as const
export const PROXY_MODES = ['iptables', 'userspace'] as const
export type ProxyMode = (typeof PROXY_MODES)[number]
export const PROXY_MODE_CHOICES = ['auto', ...PROXY_MODES] as const

export interface ClusterConfig {
  readonly network: 'auto' | NetworkName
  readonly proxyMode: 'auto' | ProxyMode
  /** absent: nothing is kept on disk but what the run needs */
  readonly dataDir: string | undefined
  /** API server's port on 127.0.0.1; 0: any free one */
  readonly port: number
  readonly nodeName: string
  readonly clusterDomain: string
  /** whether the host's own resolver learns the cluster's names */
  readonly hostDNS: boolean
  readonly honorProbeDelays: boolean
  /** first ports tried for the Ingress controller; 0: any free one */
  readonly ingressHTTPPort: number
  readonly ingressHTTPSPort: number
  readonly logLevel: LogLevel
  /** absent: objects are kept in the data dir, or in memory */
  readonly etcd?: EtcdConfig | undefined
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export const DEFAULTS: ClusterConfig = Object.freeze({
  network: 'auto',
  proxyMode: 'auto',
  dataDir: undefined,
  port: 6443,
  nodeName: 'portolan',
  clusterDomain: 'cluster.local',
  hostDNS: true,
  honorProbeDelays: false,
  ingressHTTPPort: 80,
  ingressHTTPSPort: 443,
  logLevel: 'warn',
})

const DNS_LABELS = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/** @returns one sentence per fault, each with the flag it belongs to; empty when all is well */
export function configFaults(config: ClusterConfig): readonly string[] {
  const faults: string[] = []
  const oneOf = (flag: string, value: string, choices: readonly string[]): void => {
    if (!choices.includes(value))
      faults.push(`${flag}: ${JSON.stringify(value)} is not one of ${choices.join(', ')}`)
  }
  const port = (flag: string, value: number): void => {
    if (!Number.isInteger(value) || value < 0 || value > 65535)
      faults.push(`${flag}: must be between 0 and 65535`)
  }
  oneOf('--network', config.network, NETWORK_CHOICES)
  oneOf('--proxy-mode', config.proxyMode, PROXY_MODE_CHOICES)
  oneOf('--log-level', config.logLevel, LOG_LEVELS)
  port('--port', config.port)
  port('--ingress-http-port', config.ingressHTTPPort)
  port('--ingress-https-port', config.ingressHTTPSPort)
  if (!DNS_LABELS.test(config.nodeName))
    faults.push(`--node-name: ${JSON.stringify(config.nodeName)} is not a DNS name`)
  if (!DNS_LABELS.test(config.clusterDomain)) {
    faults.push(`--cluster-domain: ${JSON.stringify(config.clusterDomain)} is not a DNS name`)
  }
  if (config.network === 'loopback' && config.proxyMode === 'iptables') {
    faults.push('--proxy-mode: iptables needs the host or isolated network; loopback has userspace only')
  }
  return faults
}

/** What this host allows, as far as the choice of network needs to know. */
export interface NetworkAbility {
  readonly canCreateNetworks: boolean
  readonly hasIptables: boolean
  /** why not, for the message */
  readonly reasons: readonly string[]
}

export type Choice =
  | { readonly kind: 'chosen'; readonly network: NetworkName; readonly proxyMode: ProxyMode }
  | { readonly kind: 'impossible'; readonly reasons: readonly string[] }

/** Which network and proxy mode `auto` means here, and whether what was asked for can be had. */
export function chooseModes(
  config: Pick<ClusterConfig, 'network' | 'proxyMode'>,
  host: NetworkAbility,
): Choice {
  const network = config.network === 'auto' ? (host.canCreateNetworks ? 'host' : 'loopback') : config.network
  if (network !== 'loopback' && !host.canCreateNetworks) return { kind: 'impossible', reasons: host.reasons }
  if (network === 'loopback') return { kind: 'chosen', network, proxyMode: 'userspace' }
  if (config.proxyMode === 'iptables' && !host.hasIptables)
    return { kind: 'impossible', reasons: host.reasons }
  const automatic = host.hasIptables ? 'iptables' : 'userspace'
  return { kind: 'chosen', network, proxyMode: config.proxyMode === 'auto' ? automatic : config.proxyMode }
}
