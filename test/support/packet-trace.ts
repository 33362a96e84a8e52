/**
 * Where kube-proxy's rules send the first packet of a connection: walks an IptablesProgram as the kernel would, with both
 * ways taken where chance decides. Pure. A rule it does not know does not compile.
 */

import { cidrContains, parseCidr } from '../../core/net/cidr.ts'
import { parseIp } from '../../core/net/ip.ts'
import { JUMPS } from '../../kube-proxy/iptables/kernel-state.ts'
import type { Chain, IptablesProgram, Match, Rule } from '../../kube-proxy/iptables/program.ts'

export interface Packet {
  readonly protocol: 'tcp' | 'udp'
  readonly source: string
  readonly destination: string
  readonly port: number
}

export interface TraceNode {
  /** the node's own, besides 127/8 */
  readonly addresses: readonly string[]
}

/** `to`: an endpoint as `ip:port`, or the original destination where no rule took it. */
export type Fate =
  | {
      readonly kind: 'sent'
      readonly to: string
      readonly translated: boolean
      readonly masqueraded: boolean
    }
  | { readonly kind: 'drop' | 'reject' }

interface State extends Packet {
  readonly marked: boolean
  readonly translated: boolean
}

interface Walked {
  /** fell off the chain's end, or returned */
  readonly through: readonly State[]
  readonly ended: readonly { readonly kind: 'accept' | 'drop' | 'reject'; readonly state: State }[]
}

type Chains = ReadonlyMap<string, Chain>
const MARK = '0x4000'

/** @returns every fate the packet can have, each once, in a stable order */
export function fatesOf(packet: Packet, program: IptablesProgram, node: TraceNode): readonly Fate[] {
  const chainsOf = (chains: readonly Chain[]): Chains => new Map(chains.map((chain) => [chain.name, chain]))
  const ofNode = isLocal(packet.source, node)
  const start = { ...packet, marked: false, translated: false }
  const nat = enter(start, ofNode ? 'OUTPUT' : 'PREROUTING', {
    table: 'nat',
    chains: chainsOf(program.nat),
    node,
  })
  const filter = { table: 'filter', chains: chainsOf(program.filter), node } as const
  const fates = [...nat.through, ...nat.ended.map(({ state }) => state)].flatMap((state): Fate[] => {
    const hooks = filterHooks(state, node)
    const { through, ended } = hooks.reduce(
      (before, hook) => joined(before, (one) => enter(one, hook, filter)),
      {
        through: [state],
        ended: [],
      } as Walked,
    )
    return [...through.map((one) => ({ kind: 'accept' as const, state: one })), ...ended].map(fateOf)
  })
  return [...new Map(fates.map((fate) => [JSON.stringify(fate), fate]))]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, fate]) => fate)
}

/** What the node sends to itself leaves by OUTPUT and comes in by INPUT. */
function filterHooks({ source, destination }: State, node: TraceNode): readonly string[] {
  const toNode = isLocal(destination, node)
  if (isLocal(source, node)) return toNode ? ['OUTPUT', 'INPUT'] : ['OUTPUT']
  return toNode ? ['INPUT'] : ['FORWARD']
}

function fateOf({ kind, state }: Walked['ended'][number]): Fate {
  if (kind !== 'accept') return { kind }
  const { destination, port, translated, marked } = state
  return { kind: 'sent', to: `${destination}:${port}`, translated, masqueraded: marked }
}

interface Place {
  readonly table: 'nat' | 'filter'
  readonly chains: Chains
  readonly node: TraceNode
}

/** The jumps from a built-in chain, which all match a new connection. */
function enter(start: State, hook: string, place: Place): Walked {
  const jumps = JUMPS[place.table].filter(({ chain }) => chain === hook)
  return jumps.reduce<Walked>(
    (before, { rule }) => {
      const target = /-j (\S+)$/.exec(rule)?.[1] ?? ''
      return joined(before, (state) => walk(target, state, place))
    },
    { through: [start], ended: [] },
  )
}

function joined(before: Walked, next: (state: State) => Walked): Walked {
  const all = before.through.map(next)
  return {
    through: all.flatMap(({ through }) => through),
    ended: [...before.ended, ...all.flatMap(({ ended }) => ended)],
  }
}

function walk(name: string, start: State, place: Place): Walked {
  const chain = place.chains.get(name)
  if (chain === undefined) throw new Error(`jump to ${name}, which is not in the ${place.table} table`)
  let going: readonly State[] = [start]
  const returned: State[] = []
  const ended: Walked['ended'][number][] = []
  for (const rule of chain.rules) {
    const next: State[] = []
    for (const state of going) {
      const answer = matches(rule, state, place.node)
      if (answer !== 'yes') next.push(state)
      if (answer === 'no') continue
      const done = act(rule, state, place)
      next.push(...done.through)
      ended.push(...done.ended)
      if (rule.verdict.kind === 'return') returned.push(state)
    }
    going = next
  }
  return { through: [...going, ...returned], ended }
}

function act({ verdict }: Rule, state: State, place: Place): Walked {
  const end = (kind: 'accept' | 'drop' | 'reject', last: State): Walked => ({
    through: [],
    ended: [{ kind, state: last }],
  })
  switch (verdict.kind) {
    case 'jump':
      return walk(verdict.chain, state, place)
    case 'accept':
    case 'drop':
    case 'reject':
      return end(verdict.kind, state)
    case 'dnat': {
      const [destination = '', port = ''] = verdict.to.split(':')
      return end('accept', { ...state, destination, port: Number(port), translated: true })
    }
    case 'or-mark':
      return { through: [{ ...state, marked: state.marked || verdict.mark === MARK }], ended: [] }
    case 'xor-mark':
      return { through: [{ ...state, marked: state.marked !== (verdict.mark === MARK) }], ended: [] }
    case 'masquerade':
      return end('accept', state)
    case 'none':
      return { through: [state], ended: [] }
    case 'return':
      return { through: [], ended: [] }
  }
}

type Answer = 'yes' | 'no' | 'maybe'

function matches(rule: Rule, state: State, node: TraceNode): Answer {
  const answers = rule.matches.map((match) => matchOne(match, state, node))
  if (answers.includes('no')) return 'no'
  return answers.includes('maybe') ? 'maybe' : 'yes'
}

function matchOne(match: Match, state: State, node: TraceNode): Answer {
  const answer = (holds: boolean): Answer =>
    holds !== ('negated' in match && match.negated === true) ? 'yes' : 'no'
  switch (match.kind) {
    case 'comment':
    case 'recent-set':
      return 'yes'
    case 'protocol':
      return answer(match.protocol === state.protocol)
    case 'destination':
      return answer(isIn(match.address, state.destination))
    case 'source':
      return answer(isIn(match.address, state.source))
    case 'dport':
      return answer(match.port === state.port)
    case 'mark':
      return answer(state.marked)
    case 'addrtype':
      return answer(isLocal(match.side === 'src' ? state.source : state.destination, node))
    case 'ctstate':
      return answer(statesOf(state).some((one) => match.states.split(',').includes(one)))
    case 'statistic':
      return 'maybe'
    // The client is a new one.
    case 'recent-check':
      return 'no'
  }
}

const statesOf = ({ translated }: State): readonly string[] => (translated ? ['NEW', 'DNAT'] : ['NEW'])

const isLocal = (address: string, node: TraceNode): boolean =>
  node.addresses.includes(address) || isIn('127.0.0.0/8', address)

function isIn(range: string, address: string): boolean {
  const cidr = parseCidr(range.includes('/') ? range : `${range}/32`)
  const ip = parseIp(address)
  return cidr !== undefined && ip !== undefined && cidrContains(cidr, ip)
}
