/**
 * ServiceTable to kube-proxy's iptables rules: the `compile` step (kubernetes/kubernetes pkg/proxy/iptables/proxier.go,
 * syncProxyRules). Pure; always the whole; chains and rules in kube-proxy's order.
 */

import { cidrContains, parseCidr } from '../../core/net/cidr.ts'
import { parseIp } from '../../core/net/ip.ts'
import type { Endpoint, ServicePort } from '../service-port.ts'
import { endpointKey, isExternallyAccessible } from '../service-port.ts'
import type { ServiceTable, ServiceTableEntry } from '../service-table.ts'
import {
  serviceExternalChainName,
  serviceFirewallChainName,
  serviceLocalChainName,
  servicePortChainName,
  servicePortEndpointChainName,
  servicePortHash,
} from './names.ts'
import type { Chain, IptablesProgram, Match, Rule, Verdict } from './program.ts'

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

const MASQUERADE_MARK = '0x4000'
const MARK = `${MASQUERADE_MARK}/${MASQUERADE_MARK}`
/** With more endpoints than this their comments are left out. */
const LARGE_CLUSTER_ENDPOINTS = 1_000

const comment = (text: string): Match => ({ kind: 'comment', text })
const jump = (chain: string): Verdict => ({ kind: 'jump', chain })
const rule = (matches: readonly Match[], verdict: Verdict): Rule => ({ matches, verdict })

export function compileIptables(table: ServiceTable, options: CompileOptions): IptablesProgram {
  const endpoints = table.entries.reduce((sum, { endpoints: { reachable } }) => sum + reachable.length, 0)
  const context = { ...options, endpointComments: endpoints <= LARGE_CLUSTER_ENDPOINTS }
  const parts = table.entries.map((entry) => compileEntry(entry, context))
  return { filter: filterTable(parts, options), nat: natTable(parts, options) }
}

interface Context extends CompileOptions {
  readonly endpointComments: boolean
}

/** What one service port adds to the shared chains, and its own chains. */
interface Part {
  readonly natServices: readonly Rule[]
  readonly natNodePorts: readonly Rule[]
  readonly chains: readonly Chain[]
  readonly filterServices: readonly Rule[]
  readonly filterExternal: readonly Rule[]
  readonly filterNodePorts: readonly Rule[]
  readonly firewall: readonly Rule[]
}

function compileEntry(entry: ServiceTableEntry, context: Context): Part {
  const chains = chainsOf(entry)
  return {
    ...portalRules(entry, chains),
    ...refusalRules(entry, chains),
    filterNodePorts: healthCheckRules(entry),
    firewall: firewallRules(entry, chains),
    chains: serviceChains(entry, chains, context),
  }
}

interface ServiceChains {
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

function chainsOf({ id, port, endpoints }: ServiceTableEntry): ServiceChains {
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

/** `-m tcp -p tcp -d ADDRESS --dport PORT` */
function to(port: ServicePort, address: string): readonly Match[] {
  const protocol: Match = { kind: 'protocol', protocol: port.protocol.toLowerCase() }
  return [protocol, { kind: 'destination', address }, { kind: 'dport', port: port.port }]
}

function toNodePort(port: ServicePort): readonly Match[] {
  return [
    { kind: 'protocol', protocol: port.protocol.toLowerCase() },
    { kind: 'dport', port: port.nodePort },
  ]
}

/** Whether outside traffic has somewhere to go: a Local policy keeps KUBE-EXT for traffic of pods and of the node. */
function reachesExternal({ port, endpoints }: ServiceTableEntry): boolean {
  return isExternallyAccessible(port) && endpoints.hasAnyEndpoints
}

function portalRules(
  entry: ServiceTableEntry,
  chains: ServiceChains,
): Pick<Part, 'natServices' | 'natNodePorts'> {
  const { id, port } = entry
  const external = serviceExternalChainName(chains.hash)
  const balancer = port.loadBalancerSourceRanges.length > 0 ? serviceFirewallChainName(chains.hash) : external
  const cluster =
    chains.hasInternal && chains.internal
      ? [rule([comment(`${id} cluster IP`), ...to(port, port.clusterIP)], jump(chains.internal))]
      : []
  if (!reachesExternal(entry)) return { natServices: cluster, natNodePorts: [] }
  return {
    natServices: [
      ...cluster,
      ...port.externalIPs.map((ip) => rule([comment(`${id} external IP`), ...to(port, ip)], jump(external))),
      ...port.loadBalancerIPs.map((ip) =>
        rule([comment(`${id} loadbalancer IP`), ...to(port, ip)], jump(balancer)),
      ),
    ],
    natNodePorts: port.nodePort === 0 ? [] : [rule([comment(id), ...toNodePort(port)], jump(external))],
  }
}

/** Traffic to a Service without usable endpoints is refused, or dropped where another node has some. */
function refusalRules(
  entry: ServiceTableEntry,
  chains: ServiceChains,
): Pick<Part, 'filterServices' | 'filterExternal'> {
  const { id, port, endpoints } = entry
  const dropped = endpoints.hasAnyEndpoints
  const text = (isLocal: boolean): string =>
    dropped && isLocal ? `${id} has no local endpoints` : `${id} has no endpoints`
  const verdict = (isLocal: boolean): Verdict => ({ kind: dropped && isLocal ? 'drop' : 'reject' })
  const inside = chains.hasInternal
    ? []
    : [
        rule(
          [comment(text(port.internalPolicyLocal)), ...to(port, port.clusterIP)],
          verdict(port.internalPolicyLocal),
        ),
      ]
  if (!isExternallyAccessible(port) || chains.hasExternal)
    return { filterServices: inside, filterExternal: [] }
  const local = port.externalPolicyLocal
  const addresses = [...port.externalIPs, ...port.loadBalancerIPs]
  const nodePort: readonly Rule[] =
    port.nodePort === 0
      ? []
      : [rule([comment(text(local)), { kind: 'addrtype', side: 'dst' }, ...toNodePort(port)], verdict(local))]
  return {
    filterServices: inside,
    filterExternal: [
      ...addresses.map((ip) => rule([comment(text(local)), ...to(port, ip)], verdict(local))),
      ...nodePort,
    ],
  }
}

function healthCheckRules({ id, port }: ServiceTableEntry): readonly Rule[] {
  if (port.healthCheckNodePort === 0) return []
  const matches: readonly Match[] = [
    comment(`${id} health check node port`),
    { kind: 'protocol', protocol: 'tcp' },
    { kind: 'dport', port: port.healthCheckNodePort },
  ]
  return [rule(matches, { kind: 'accept' })]
}

function firewallRules(entry: ServiceTableEntry, chains: ServiceChains): readonly Rule[] {
  const { id, port } = entry
  if (port.loadBalancerSourceRanges.length === 0 || !reachesExternal(entry)) return []
  const text = `${id} traffic not accepted by ${serviceFirewallChainName(chains.hash)}`
  return port.loadBalancerIPs.map((ip) => rule([comment(text), ...to(port, ip)], { kind: 'drop' }))
}

function serviceChains(entry: ServiceTableEntry, chains: ServiceChains, context: Context): readonly Chain[] {
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

function filterTable(parts: readonly Part[], options: CompileOptions): readonly Chain[] {
  const martians: readonly Rule[] = options.localhostNodePorts
    ? [
        rule(
          [
            comment('block incoming localnet connections'),
            { kind: 'destination', address: '127.0.0.0/8' },
            { kind: 'source', address: '127.0.0.0/8', negated: true },
            { kind: 'ctstate', states: 'RELATED,ESTABLISHED,DNAT', negated: true },
          ],
          { kind: 'drop' },
        ),
      ]
    : []
  return [
    { name: 'KUBE-NODEPORTS', rules: parts.flatMap((part) => part.filterNodePorts) },
    { name: 'KUBE-SERVICES', rules: parts.flatMap((part) => part.filterServices) },
    { name: 'KUBE-EXTERNAL-SERVICES', rules: parts.flatMap((part) => part.filterExternal) },
    { name: 'KUBE-FIREWALL', rules: martians },
    { name: 'KUBE-FORWARD', rules: forwardRules() },
    { name: 'KUBE-PROXY-FIREWALL', rules: parts.flatMap((part) => part.firewall) },
  ]
}

function forwardRules(): readonly Rule[] {
  return [
    rule([{ kind: 'ctstate', states: 'INVALID' }], { kind: 'drop' }),
    rule([comment('kubernetes forwarding rules'), { kind: 'mark', value: MARK }], { kind: 'accept' }),
    rule(
      [comment('kubernetes forwarding conntrack rule'), { kind: 'ctstate', states: 'RELATED,ESTABLISHED' }],
      { kind: 'accept' },
    ),
  ]
}

function natTable(parts: readonly Part[], options: CompileOptions): readonly Chain[] {
  const nodePorts = rule(
    [
      comment('kubernetes service nodeports; NOTE: this must be the last rule in this chain'),
      { kind: 'addrtype', side: 'dst' },
    ],
    jump('KUBE-NODEPORTS'),
  )
  return [
    { name: 'KUBE-NODEPORTS', rules: parts.flatMap((part) => part.natNodePorts) },
    { name: 'KUBE-SERVICES', rules: [...parts.flatMap((part) => part.natServices), nodePorts] },
    { name: 'KUBE-POSTROUTING', rules: postroutingRules(options) },
    { name: 'KUBE-MARK-MASQ', rules: [rule([], { kind: 'or-mark', mark: MASQUERADE_MARK })] },
    ...parts.flatMap((part) => part.chains),
  ]
}

function postroutingRules({ randomFully }: CompileOptions): readonly Rule[] {
  return [
    rule([{ kind: 'mark', value: MARK, negated: true }], { kind: 'return' }),
    rule([], { kind: 'xor-mark', mark: MASQUERADE_MARK }),
    rule([comment('kubernetes service traffic requiring SNAT')], { kind: 'masquerade', randomFully }),
  ]
}
