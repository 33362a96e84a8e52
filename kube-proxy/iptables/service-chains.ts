/**
 * The chains of one service port: balancing (KUBE-SVC, KUBE-SVL), outside traffic (KUBE-EXT), source ranges (KUBE-FW),
 * endpoints (KUBE-SEP). Pure.
 */

import { cidrContains, parseCidr } from '../../core/net/cidr.ts'
import { parseIp } from '../../core/net/ip.ts'
import type { Endpoint, ServicePort } from '../service-port.ts'
import { endpointKey, isExternallyAccessible } from '../service-port.ts'
import type { ServiceTableEntry } from '../service-table.ts'
import {
  serviceExternalChainName,
  serviceFirewallChainName,
  serviceLocalChainName,
  servicePortChainName,
  servicePortEndpointChainName,
  servicePortHash,
} from './names.ts'
import type { Chain, Match, Rule } from './program.ts'
import { comment, jump, rule, to } from './rule-parts.ts'

export interface CompileOptions {
  /** where pods' addresses are from: other sources are masqueraded; '' means nobody is known to be a pod */
  readonly clusterCIDR: string
  readonly masqueradeAll: boolean
  /** node ports answer on 127.0.0.1, so martians from outside must be stopped */
  readonly localhostNodePorts: boolean
  readonly randomFully: boolean
  /** the node's own address: where source ranges let it in, so are its packets to a load-balancer address it holds */
  readonly nodeIP?: string | undefined
}

/** The options, and what the whole table decides. */
export interface Context extends CompileOptions {
  readonly endpointComments: boolean
}

export interface ServiceChains {
  readonly hash: string
  /** chain that cluster traffic goes to, if it has endpoints */
  readonly internal: string | undefined
  /** chain behind KUBE-EXT, if it has endpoints */
  readonly external: string | undefined
  readonly hasInternal: boolean
  readonly hasExternal: boolean
  readonly usesCluster: boolean
  readonly usesLocal: boolean
}

export function chainsOf({ id, port, endpoints }: ServiceTableEntry): ServiceChains {
  const hash = servicePortHash(id, port.protocol)
  const cluster = servicePortChainName(hash)
  const local = serviceLocalChainName(hash)
  const external = isExternallyAccessible(port)
  const usesCluster = endpoints.cluster.length > 0
  const usesLocal = endpoints.local.length > 0
  return {
    hash,
    internal: port.internalPolicyLocal ? local : cluster,
    external: port.externalPolicyLocal ? local : cluster,
    hasInternal: port.internalPolicyLocal ? usesLocal : usesCluster,
    hasExternal: external && (port.externalPolicyLocal ? usesLocal : usesCluster),
    usesCluster,
    usesLocal,
  }
}

/** Whether outside traffic has somewhere to go: a Local policy keeps KUBE-EXT for traffic of pods and of the node. */
export function reachesExternal({ port, endpoints }: ServiceTableEntry): boolean {
  return isExternallyAccessible(port) && endpoints.hasAnyEndpoints
}

/** All chains of one service port, those of its endpoints last. */
export function serviceChains(
  entry: ServiceTableEntry,
  chains: ServiceChains,
  context: Context,
): readonly Chain[] {
  const { id, port, endpoints } = entry
  const external = reachesExternal(entry)
  const all: Chain[] = []
  if (chains.usesCluster)
    all.push(
      balanceChain(entry, {
        name: servicePortChainName(chains.hash),
        endpoints: endpoints.cluster,
        chains,
        context,
      }),
    )
  if (chains.usesLocal)
    all.push(
      balanceChain(entry, {
        name: serviceLocalChainName(chains.hash),
        endpoints: endpoints.local,
        chains,
        context,
      }),
    )
  if (external) all.push(externalChain(entry, chains, context))
  if (external && port.loadBalancerSourceRanges.length > 0 && port.loadBalancerIPs.length > 0)
    all.push(firewallChain(entry, chains, context))
  return [...all, ...endpoints.reachable.map((endpoint) => endpointChain(id, port, endpoint))]
}

interface Balance {
  readonly name: string
  readonly endpoints: readonly Endpoint[]
  readonly chains: ServiceChains
  readonly context: Context
}

/** KUBE-SVC or KUBE-SVL: masquerade mark for outsiders, then affinity, then chance. */
function balanceChain({ id, port }: ServiceTableEntry, { name, endpoints, chains, context }: Balance): Chain {
  const rules: Rule[] = []
  if (name === chains.internal) rules.push(...masqueradeOutsiders(id, port, context))
  const target = (endpoint: Endpoint): string =>
    servicePortEndpointChainName(id, port.protocol, endpointKey(endpoint))
  const about = (endpoint: Endpoint): readonly Match[] =>
    context.endpointComments ? [comment(`${id} -> ${endpointKey(endpoint)}`)] : []
  if (port.affinitySeconds > 0) {
    for (const endpoint of endpoints) {
      const check: Match = { kind: 'recent-check', name: target(endpoint), seconds: port.affinitySeconds }
      rules.push(rule([...about(endpoint), check], jump(target(endpoint))))
    }
  }
  for (const [index, endpoint] of endpoints.entries()) {
    const left = endpoints.length - index
    const chance: readonly Match[] =
      left > 1 ? [{ kind: 'statistic', probability: (1 / left).toFixed(10) }] : []
    rules.push(rule([...about(endpoint), ...chance], jump(target(endpoint))))
  }
  return { name, rules }
}

function masqueradeOutsiders(id: string, port: ServicePort, context: Context): readonly Rule[] {
  const matches = [comment(`${id} cluster IP`), ...to(port, port.clusterIP)]
  if (context.masqueradeAll) return [rule(matches, jump('KUBE-MARK-MASQ'))]
  if (context.clusterCIDR === '') return []
  return [
    rule(
      [...matches, { kind: 'source', address: context.clusterCIDR, negated: true }],
      jump('KUBE-MARK-MASQ'),
    ),
  ]
}

/** KUBE-EXT: how traffic from outside is treated before it is balanced. */
function externalChain({ id, port }: ServiceTableEntry, chains: ServiceChains, context: Context): Chain {
  const name = serviceExternalChainName(chains.hash)
  const cluster = servicePortChainName(chains.hash)
  if (!port.externalPolicyLocal) {
    const masquerade = rule(
      [comment(`masquerade traffic for ${id} external destinations`)],
      jump('KUBE-MARK-MASQ'),
    )
    return { name, rules: [masquerade, rule([], jump(cluster))] }
  }
  const rules: Rule[] = []
  if (context.clusterCIDR !== '') {
    const fromPods: readonly Match[] = [
      comment(`pod traffic for ${id} external destinations`),
      { kind: 'source', address: context.clusterCIDR },
    ]
    if (chains.usesCluster) rules.push(rule(fromPods, jump(cluster)))
  }
  const fromNode: Match = { kind: 'addrtype', side: 'src' }
  if (chains.usesCluster) {
    rules.push(
      rule(
        [comment(`masquerade LOCAL traffic for ${id} external destinations`), fromNode],
        jump('KUBE-MARK-MASQ'),
      ),
    )
    rules.push(
      rule([comment(`route LOCAL traffic for ${id} external destinations`), fromNode], jump(cluster)),
    )
  }
  if (chains.usesLocal) rules.push(rule([], jump(serviceLocalChainName(chains.hash))))
  return { name, rules }
}

function firewallChain({ id, port }: ServiceTableEntry, chains: ServiceChains, { nodeIP }: Context): Chain {
  const ranges = port.loadBalancerSourceRanges
  // What the node sends to a load-balancer address that is local to it has that address as its source.
  const own = ranges.some((range) => isIn(range, nodeIP)) ? port.loadBalancerIPs : []
  const allowed = [...ranges, ...own].map((address) =>
    rule(
      [comment(`${id} loadbalancer IP`), { kind: 'source', address }],
      jump(serviceExternalChainName(chains.hash)),
    ),
  )
  const rest = rule([comment(`other traffic to ${id} will be dropped by KUBE-PROXY-FIREWALL`)], {
    kind: 'none',
  })
  return { name: serviceFirewallChainName(chains.hash), rules: [...allowed, rest] }
}

function isIn(range: string, address: string | undefined): boolean {
  const cidr = parseCidr(range)
  const ip = address === undefined ? undefined : parseIp(address)
  return cidr !== undefined && ip !== undefined && cidrContains(cidr, ip)
}

function endpointChain(id: string, port: ServicePort, endpoint: Endpoint): Chain {
  const name = servicePortEndpointChainName(id, port.protocol, endpointKey(endpoint))
  const hairpin = rule([comment(id), { kind: 'source', address: endpoint.ip }], jump('KUBE-MARK-MASQ'))
  const remember: readonly Match[] = port.affinitySeconds > 0 ? [{ kind: 'recent-set', name }] : []
  const protocol: Match = { kind: 'protocol', protocol: port.protocol.toLowerCase() }
  return {
    name,
    rules: [hairpin, rule([comment(id), ...remember, protocol], { kind: 'dnat', to: endpointKey(endpoint) })],
  }
}
