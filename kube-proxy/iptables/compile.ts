/**
 * ServiceTable to kube-proxy's iptables rules: the `compile` step (kubernetes/kubernetes pkg/proxy/iptables/proxier.go,
 * syncProxyRules). Pure; always the whole; chains and rules in kube-proxy's order.
 */

import { isExternallyAccessible } from '../service-port.ts'
import type { ServiceTable, ServiceTableEntry } from '../service-table.ts'
import { serviceExternalChainName, serviceFirewallChainName } from './names.ts'
import type { Chain, IptablesProgram, Match, Rule, Verdict } from './program.ts'
import { comment, jump, rule, to, toNodePort } from './rule-parts.ts'
import type { CompileOptions, Context, ServiceChains } from './service-chains.ts'
import { chainsOf, reachesExternal, serviceChains } from './service-chains.ts'

const MASQUERADE_MARK = '0x4000'
const MARK = `${MASQUERADE_MARK}/${MASQUERADE_MARK}`
/** With more endpoints than this their comments are left out. */
const LARGE_CLUSTER_ENDPOINTS = 1_000

export function compileIptables(table: ServiceTable, options: CompileOptions): IptablesProgram {
  const endpoints = table.entries.reduce((sum, { endpoints: { reachable } }) => sum + reachable.length, 0)
  const context = { ...options, endpointComments: endpoints <= LARGE_CLUSTER_ENDPOINTS }
  const parts = table.entries.map((entry) => compileEntry(entry, context))
  return { filter: filterTable(parts, options), nat: natTable(parts, options) }
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
