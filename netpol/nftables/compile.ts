/**
 * PolicyTable to nftables program: the `compile` step. Pure; always the whole.
 *
 * Only pods of this node get chains (each node judges the side it owns); peer sets hold all pods of the cluster.
 */

import { printedRange } from '../address-range.ts'
import type { Direction, PolicyRule, PolicyTable, PortMatch, Profile } from '../policy-table.ts'
import { namedPorts } from '../policy-table.ts'
import type { AllowRule, NetpolProgram, NftSet, ProfileChain, VerdictEntry } from './program.ts'

export interface CompileOptions {
  readonly proxiedCIDRs: readonly string[]
}

/** @returns the program, or undefined when no pod of this node is isolated: then no table is needed at all */
export function compileNftables(table: PolicyTable, options: CompileOptions): NetpolProgram | undefined {
  const sets = new SetNames(table)
  const ingress = directionProgram('ingress', table, sets)
  const egress = directionProgram('egress', table, sets)
  if (ingress.entries.length === 0 && egress.entries.length === 0) return undefined
  return {
    sets: sets.all(),
    chains: [...ingress.chains, ...egress.chains],
    ingress: ingress.entries,
    egress: egress.entries,
    proxiedCIDRs: options.proxiedCIDRs,
  }
}

/** Makes each set once: rules with the same peers share it. */
class SetNames {
  readonly #byContent = new Map<string, NftSet>()
  readonly #table: PolicyTable

  constructor(table: PolicyTable) {
    this.#table = table
  }

  all(): readonly NftSet[] {
    return [...this.#byContent.values()]
  }

  pods(addresses: ReadonlySet<string>): string {
    return this.#named('pods', { type: 'ipv4_addr', interval: false, elements: [...addresses].toSorted() })
  }

  ranges(rule: NonNullable<PolicyRule['peers']>): string {
    return this.#named('block', {
      type: 'ipv4_addr',
      interval: true,
      elements: rule.ranges.map(printedRange),
    })
  }

  named(match: PortMatch & { kind: 'named' }): string {
    const elements = [...this.#table.owners.values()].flatMap(({ ip, pod }) =>
      namedPorts(pod, match.name, match.protocol).map(
        (port) => `${ip} . ${match.protocol.toLowerCase()} . ${port}`,
      ),
    )
    const unique = [...new Set(elements)].toSorted()
    return this.#named('port', {
      type: 'ipv4_addr . inet_proto . inet_service',
      interval: false,
      elements: unique,
    })
  }

  #named(prefix: string, set: Omit<NftSet, 'name'>): string {
    const content = `${prefix} ${set.elements.join(' ')}`
    const known = this.#byContent.get(content)
    if (known) return known.name
    const name = `${prefix}-${this.#byContent.size}`
    this.#byContent.set(content, { name, ...set })
    return name
  }
}

function directionProgram(
  direction: Direction,
  table: PolicyTable,
  sets: SetNames,
): { readonly chains: readonly ProfileChain[]; readonly entries: readonly VerdictEntry[] } {
  const names = new Map<Profile, string>()
  const chains: ProfileChain[] = []
  const entries: VerdictEntry[] = []
  for (const [address, profile] of table.profiles[direction]) {
    if (table.owners.get(address)?.nodeName !== table.nodeName) continue
    const name = names.get(profile) ?? `${direction}-${names.size}`
    if (!names.has(profile)) {
      names.set(profile, name)
      chains.push({ name, direction, rules: profile.rules.flatMap((rule) => allowRules(rule, sets)) })
    }
    entries.push({ address, chain: name })
  }
  return { chains, entries }
}

/** (peer sources) x (port matches): one line each. A rule whose peers are nobody makes none. */
function allowRules(rule: PolicyRule, sets: SetNames): readonly AllowRule[] {
  const ports = rule.ports === undefined ? [undefined] : rule.ports.map((match) => portOf(match, sets))
  return peerSets(rule, sets).flatMap((peerSet) =>
    ports.map((port) => ({ peerSet, port, comment: rule.ref })),
  )
}

function peerSets(rule: PolicyRule, sets: SetNames): readonly (string | undefined)[] {
  if (rule.peers === undefined) return [undefined]
  const pods = rule.peers.pods.size > 0 ? [sets.pods(rule.peers.pods)] : []
  const ranges = rule.peers.ranges.length > 0 ? [sets.ranges(rule.peers)] : []
  return [...pods, ...ranges]
}

function portOf(match: PortMatch, sets: SetNames): AllowRule['port'] {
  if (match.kind === 'named') return { kind: 'named', set: sets.named(match) }
  const protocol = ({ TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const)[match.protocol]
  return { kind: 'range', protocol, first: match.first, last: match.last }
}
