/**
 * NetpolProgram to the text `nft -f -` reads. One batch replaces the whole table, so no packet ever meets half a
 * policy. Pure.
 *
 * Verdicts are kept in the conntrack mark: bit 31 DENY, bits 16-30 a generation. A new generation makes every live
 * connection be judged again at its next packet in the original direction, so that a connection the new policies
 * deny is cut and all others go on.
 */

import type { AllowRule, NetpolProgram, NftSet, ProfileChain, VerdictEntry } from './program.ts'

export const TABLE_FAMILY = 'inet'
export const TABLE_NAME = 'portolan-netpol'

const GENERATIONS = 0x7fff

/** The lines that make the table exist and then go: what comes before a new one, or alone removes it. */
export function printRemoval(): string {
  return `table ${TABLE_FAMILY} ${TABLE_NAME}\ndelete table ${TABLE_FAMILY} ${TABLE_NAME}\n`
}

/** @param generation counts changes; only its value modulo 32767 is used */
export function printNftables(program: NetpolProgram, generation: number): string {
  const body = [
    ...program.sets.flatMap(setLines),
    ...denyChain(generation),
    ...program.chains.flatMap(profileLines),
    ...mapLines('egress-of', program.egress),
    ...mapLines('ingress-of', program.ingress),
    ...forwardChain(generation),
    ...inputChain(program, generation),
  ]
  return `${printRemoval()}table ${TABLE_FAMILY} ${TABLE_NAME} {\n${body.map((line) => `  ${line}`).join('\n')}\n}\n`
}

const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`
const allowMark = (generation: number): number => ((generation % GENERATIONS) + 1) * 0x10000
const denyMark = (generation: number): number => 0x80000000 + allowMark(generation)

function setLines(set: NftSet): readonly string[] {
  const flags = set.interval ? [`  flags interval`] : []
  const elements = set.elements.length > 0 ? [`  elements = { ${set.elements.join(', ')} }`] : []
  return [`set ${set.name} {`, `  type ${set.type}`, ...flags, ...elements, '}']
}

function denyChain(generation: number): readonly string[] {
  return [
    'chain deny {',
    `  ct mark set ct mark and 0x0000ffff or ${hex(denyMark(generation))}`,
    '  counter',
    '  meta l4proto tcp reject with tcp reset',
    '  reject with icmpx admin-prohibited',
    '}',
  ]
}

function profileLines(chain: ProfileChain): readonly string[] {
  return [
    `chain ${chain.name} {`,
    ...chain.rules.map((rule) => `  ${allowLine(rule, chain.direction)}`),
    '  goto deny',
    '}',
  ]
}

/** `ip saddr @pods-0 tcp dport 8080 counter return comment "shop/allow#0"` */
function allowLine(rule: AllowRule, direction: 'ingress' | 'egress'): string {
  const side = direction === 'ingress' ? 'saddr' : 'daddr'
  const peer = rule.peerSet === undefined ? [] : [`ip ${side} @${rule.peerSet}`]
  // nft limits a comment to 128 bytes.
  const comment = `comment "${rule.comment.slice(-120)}"`
  return [...peer, ...portWords(rule.port), 'counter return', comment].join(' ')
}

function portWords(port: AllowRule['port']): readonly string[] {
  if (port === undefined) return []
  if (port.kind === 'named') return [`ip daddr . meta l4proto . th dport @${port.set}`]
  if (port.first === 0 && port.last === 65535) return [`meta l4proto ${port.protocol}`]
  const range = port.first === port.last ? `${port.first}` : `${port.first}-${port.last}`
  return [`${port.protocol} dport ${range}`]
}

function mapLines(name: string, entries: readonly VerdictEntry[]): readonly string[] {
  const elements = entries.map(({ address, chain }) => `${address} : jump ${chain}`)
  const lines = elements.length > 0 ? [`  elements = { ${elements.join(', ')} }`] : []
  return [`map ${name} {`, '  type ipv4_addr : verdict', ...lines, '}']
}

/** What both hooks begin with: known verdicts, replies, packets of no connection. */
function openingRules(generation: number): readonly string[] {
  return [
    `ct mark and 0xffff0000 == ${hex(allowMark(generation))} accept`,
    `ct mark and 0xffff0000 == ${hex(denyMark(generation))} goto deny`,
    'ct direction reply accept',
    'ct state invalid drop',
  ]
}

const judged = (generation: number): string =>
  `ct mark set ct mark and 0x0000ffff or ${hex(allowMark(generation))}`

/** Packets between pods, and between pods and the outside: after DNAT, before SNAT. */
function forwardChain(generation: number): readonly string[] {
  const rules = [
    ...openingRules(generation),
    'ip saddr vmap @egress-of',
    'ip daddr vmap @ingress-of',
    judged(generation),
  ]
  return [
    'chain forward {',
    '  type filter hook forward priority filter; policy accept;',
    ...rules.map((rule) => `  ${rule}`),
    '}',
  ]
}

/** Packets from pods to the node itself: egress counts there too. From the node to its pods nothing is hooked. */
function inputChain(program: NetpolProgram, generation: number): readonly string[] {
  const proxied = program.proxiedCIDRs.map((cidr) => `ip daddr ${cidr} accept`)
  const rules = [
    'iifname "lo" accept',
    ...openingRules(generation),
    ...proxied,
    'ip saddr vmap @egress-of',
    judged(generation),
  ]
  return [
    'chain input {',
    '  type filter hook input priority filter; policy accept;',
    ...rules.map((rule) => `  ${rule}`),
    '}',
  ]
}
