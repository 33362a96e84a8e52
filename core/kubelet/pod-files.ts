/**
 * The files a pod gets for itself: /etc/resolv.conf, /etc/hosts, /etc/hostname (kubernetes/kubernetes
 * pkg/kubelet/network/dns/dns.go, pkg/kubelet/kubelet_pods.go). Pure.
 */

import type { Pod } from '../api/generated/core-v1.ts'

export interface PodDnsFacts {
  readonly clusterDNS: string
  readonly clusterDomain: string
  /** the node's own resolver configuration */
  readonly node: {
    readonly nameservers: readonly string[]
    readonly searches: readonly string[]
    readonly options: readonly string[]
  }
}

const MAX_NAMESERVERS = 3
const MAX_SEARCHES = 32

export function resolvConf(pod: Pod, { clusterDNS, clusterDomain, node }: PodDnsFacts): string {
  const namespace = pod.metadata.namespace ?? 'default'
  const cluster = {
    nameservers: [clusterDNS],
    searches: [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain, ...node.searches],
    options: ['ndots:5'],
  }
  const none = { nameservers: [], searches: [], options: [] }
  const policy = pod.spec.dnsPolicy ?? 'ClusterFirst'
  const usesCluster =
    policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !pod.spec.hostNetwork)
  const base = policy === 'None' ? none : usesCluster ? cluster : node
  const extra = pod.spec.dnsConfig
  const nameservers = [...new Set([...base.nameservers, ...(extra?.nameservers ?? [])])].slice(
    0,
    MAX_NAMESERVERS,
  )
  const searches = [...new Set([...base.searches, ...(extra?.searches ?? [])])].slice(0, MAX_SEARCHES)
  const options = new Map(base.options.map((option) => [option.split(':')[0], option]))
  for (const { name, value } of extra?.options ?? []) {
    if (name) options.set(name, value ? `${name}:${value}` : name)
  }
  return [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...nameservers.map((server) => `nameserver ${server}`),
    ...(options.size > 0 ? [`options ${[...options.values()].join(' ')}`] : []),
    '',
  ].join('\n')
}

export function hostname(pod: Pod, nodeName: string): string {
  if (pod.spec.hostNetwork) return nodeName
  return (pod.spec.hostname || pod.metadata.name).slice(0, 63).replace(/[-.]+$/, '')
}

export function hostsFile(pod: Pod, podIP: string, clusterDomain: string): string {
  const name = hostname(pod, '')
  const { subdomain } = pod.spec
  const full = subdomain ? `${name}.${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}\t` : ''
  const aliases = (pod.spec.hostAliases ?? []).map(
    ({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}`,
  )
  return [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::\tip6-localnet',
    'fe00::\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    `${podIP}\t${full}${name}`,
    ...(aliases.length > 0 ? ['', '# Entries added by HostAliases.', ...aliases] : []),
    '',
  ].join('\n')
}
