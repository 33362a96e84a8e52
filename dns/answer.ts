/**
 * What the cluster answers to a question: rcode and records for every name and type. Pure.
 *
 * Decides as coredns/coredns plugin/kubernetes does (handler.go, plugin/backend_lookup.go), quirks included. The rule
 * that matters most: whether a name exists decides between NODATA and NXDOMAIN, whatever the type asked for; resolvers
 * stop at the first and go on with their search list at the second.
 */

import { cnameChain } from './external-name.ts'
import type { AddressItem, Item, Lookup, LookupContext, PodMode } from './lookup.ts'
import { isReverseZone, lookup } from './lookup.ts'
import type { Question, ResourceRecord, Sections } from './message.ts'
import { CLASS_IN, NO_RECORDS, RCODE, TYPE } from './message.ts'
import { nameServers } from './name-servers.ts'
import type { NameServer } from './name-servers.ts'
import type { Name } from './names.ts'
import { isAtOrBelow, lowerName, sameName } from './names.ts'
import type { Records } from './records.ts'
import { NO_PORT } from './records.ts'
import { addressOfReverseName, namesAt } from './reverse.ts'

/** A Corefile's `kubernetes` block. */
export interface ZoneConfig {
  /** the cluster domain first, then reverse zones; lower case */
  readonly zones: readonly Name[]
  readonly podMode: PodMode
  /** seconds, 0 to 3600 */
  readonly ttl: number
  /** zones whose missing names are asked upstream */
  readonly fallthrough: readonly Name[]
}

export interface ZoneContext {
  readonly records: Records
  readonly config: ZoneConfig
  /** canonical addresses the server is asked at, loopback excepted */
  readonly ownAddresses: readonly string[]
}

export type Answer =
  | ({ readonly kind: 'answered'; readonly rcode: number } & Sections)
  /** these CNAMEs, then whatever resolving `target` gives */
  | { readonly kind: 'chase'; readonly aliases: readonly ResourceRecord[]; readonly target: Name }
  /** not for us to say: ask upstream */
  | { readonly kind: 'forward' }
  | { readonly kind: 'refused' }

export const REVERSE_ZONES: readonly Name[] = [
  ['in-addr', 'arpa'],
  ['ip6', 'arpa'],
]

/** kubeadm's Corefile, but for the TTL: what changes here is to be seen at once. */
export function zoneConfig(clusterDomain: Name, options: Partial<ZoneConfig> = {}): ZoneConfig {
  return {
    zones: [lowerName(clusterDomain), ...REVERSE_ZONES],
    podMode: 'insecure',
    ttl: 5,
    fallthrough: REVERSE_ZONES,
    ...options,
  }
}

const SCHEMA_VERSION = '1.1.0'
const SCHEMA_VERSION_TTL = 28_800
const MAX_SOA_TTL = 300

/** A question on its way to an answer. */
interface Asked extends ZoneContext {
  readonly question: Question
  /** the part of the question's name that is the zone, letter case as asked */
  readonly zone: Name
  /** the labels left of it */
  readonly labels: Name
}

/** Answers a question of class IN. */
export function answer(question: Question, context: ZoneContext): Answer {
  const zone = zoneOf(question.name, context.config.zones)
  if (zone === undefined) return { kind: 'forward' }
  if (question.type === TYPE.AXFR || question.type === TYPE.IXFR) return { kind: 'refused' }
  const labels = question.name.slice(0, question.name.length - zone.length)
  return answerInZone({ ...context, question, zone, labels })
}

/** The longest zone that holds the name, spelled as in the name. */
function zoneOf(name: Name, zones: readonly Name[]): Name | undefined {
  const lengths = zones.filter((zone) => isAtOrBelow(name, zone)).map((zone) => zone.length)
  return lengths.length === 0 ? undefined : name.slice(name.length - Math.max(...lengths))
}

function answerInZone(asked: Asked): Answer {
  const { question, labels } = asked
  switch (question.type) {
    case TYPE.SOA:
      return labels.length === 0 ? answered({ answers: [soa(asked)] }) : noData(asked)
    case TYPE.NS:
      return isPlainApex(asked) ? answerNameServers(asked) : answerExistence(asked)
    case TYPE.TXT:
      return answerText(asked)
    case TYPE.PTR:
      return answerPointer(asked)
    case TYPE.A:
    case TYPE.AAAA:
      return answerAddresses(asked)
    case TYPE.SRV:
      return answerServices(asked)
    case TYPE.CNAME:
      return answerAlias(asked)
    default:
      return answerExistence(asked)
  }
}

function answered(sections: Partial<Sections>): Answer {
  return { kind: 'answered', rcode: RCODE.NOERROR, ...NO_RECORDS, ...sections }
}

function noData(asked: Asked): Answer {
  return answered({ authority: [soa(asked)] })
}

/** The answer with these records, or NODATA without. */
function answeredOrNoData(asked: Asked, sections: Partial<Sections>): Answer {
  return sections.answers?.length ? answered(sections) : noData(asked)
}

function missing(asked: Asked): Answer {
  const { config, question, records } = asked
  if (config.fallthrough.some((zone) => isAtOrBelow(question.name, zone))) return { kind: 'forward' }
  const rcode = records.isSynced ? RCODE.NXDOMAIN : RCODE.SERVFAIL
  return { kind: 'answered', rcode, ...NO_RECORDS, authority: [soa(asked)] }
}

function soa({ zone, config, records }: Asked): ResourceRecord {
  return {
    name: zone,
    type: TYPE.SOA,
    class: CLASS_IN,
    ttl: Math.min(config.ttl, MAX_SOA_TTL),
    data: {
      kind: 'soa',
      primary: ['ns', 'dns', ...zone],
      mailbox: ['hostmaster', ...zone],
      serial: records.isSynced ? records.serial : 0,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: config.ttl,
    },
  }
}

/** What the question's name stands for, whatever the type. */
function itemsOf(asked: Asked): Lookup {
  if (isNameServerName(asked)) return nameServersOf(asked).map(nameServerItem)
  return lookup(asked.labels, lookupContext(asked))
}

const lookupContext = ({ records, config, zone }: Asked): LookupContext => ({
  records,
  podMode: config.podMode,
  zone,
})

const nameServersOf = ({ ownAddresses, records, zone }: Asked): readonly NameServer[] =>
  nameServers(ownAddresses, records, zone)

const nameServerItem = ({ address, family, name: owner }: NameServer): Item => ({
  kind: 'address',
  address,
  family,
  port: NO_PORT,
  owner,
})

/** `ns.dns.ZONE`, the zone in lower case only. */
const isNameServerName = (asked: Asked): boolean =>
  isLowerCase(asked.zone) && sameName(asked.labels, ['ns', 'dns'])

const isPlainApex = ({ labels, zone }: Asked): boolean => labels.length === 0 && isLowerCase(zone)

const isLowerCase = (name: Name): boolean => !name.some((label) => /[A-Z]/.test(label))

function answerExistence(asked: Asked): Answer {
  return itemsOf(asked) === undefined ? missing(asked) : noData(asked)
}

function answerNameServers(asked: Asked): Answer {
  const servers = nameServersOf(asked)
  const names = new Map(servers.map(({ name }) => [name.join('.'), name]))
  return answeredOrNoData(asked, {
    answers: [...names.values()].map((target) =>
      recordOf(asked, asked.zone, TYPE.NS, { kind: 'name', target }),
    ),
    additional: servers.map((server) => addressRecord(asked, server.name, server)),
  })
}

function answerText(asked: Asked): Answer {
  if (sameName(asked.labels, ['dns-version'])) {
    const record = recordOf(asked, asked.question.name, TYPE.TXT, { kind: 'text', strings: [SCHEMA_VERSION] })
    return answered({ answers: [{ ...record, ttl: SCHEMA_VERSION_TTL }] })
  }
  return itemsOf(asked)?.length ? noData(asked) : missing(asked)
}

function answerPointer(asked: Asked): Answer {
  const { question, records, config, zone } = asked
  const address = isReverseZone(zone) ? addressOfReverseName(question.name) : undefined
  if (address === undefined) return answerExistence(asked)
  const primary = config.zones.find((one) => !isReverseZone(one)) ?? []
  const names = namesAt(address, records, primary)
  if (names.length === 0) return missing(asked)
  const answers = names.map((target) => recordOf(asked, question.name, TYPE.PTR, { kind: 'name', target }))
  return answered({ answers })
}

function answerAddresses(asked: Asked): Answer {
  const { question } = asked
  const items = itemsOf(asked)
  if (items === undefined) return missing(asked)
  const alias = items.find((item) => item.kind === 'alias')
  if (alias === undefined) {
    return answeredOrNoData(asked, { answers: addressRecords(asked, question.name, items) })
  }
  const chain = cnameChain(question.name, alias.target, (name) =>
    isAtOrBelow(name, asked.zone)
      ? itemsOf({ ...asked, labels: name.slice(0, name.length - asked.zone.length) })
      : 'outside',
  )
  const aliases = chain.links.map(({ from, to }) =>
    recordOf(asked, from, TYPE.CNAME, { kind: 'name', target: to }),
  )
  if (chain.kind === 'dead') return noData(asked)
  if (chain.kind === 'outside') return { kind: 'chase', aliases, target: chain.end }
  const found = addressRecords(asked, chain.end, chain.items)
  // An alias in the zone whose target lacks the type is not shown at all.
  return answeredOrNoData(asked, { answers: found.length > 0 ? [...aliases, ...found] : [] })
}

/** A or AAAA records, by the question's type, one per address. */
function addressRecords(asked: Asked, owner: Name, items: readonly Item[]): readonly ResourceRecord[] {
  const family = asked.question.type === TYPE.A ? 'IPv4' : 'IPv6'
  const addresses = new Set(
    items.flatMap((item) => (item.kind === 'address' && item.family === family ? [item.address] : [])),
  )
  return [...addresses].map((address) => addressRecord(asked, owner, { address, family }))
}

function answerServices(asked: Asked): Answer {
  const items = itemsOf(asked)
  if (items === undefined) return missing(asked)
  const addresses = items.filter((item): item is AddressItem => item.kind === 'address')
  const weight = Math.max(1, Math.floor(100 / Math.max(1, addresses.length)))
  const targets = new Map<string, ResourceRecord>()
  const additional = new Map<string, ResourceRecord>()
  for (const item of addresses.filter(({ port }) => port !== NO_PORT)) {
    const owner = item.owner.join('.')
    const data = { kind: 'service', priority: 0, weight, port: item.port, target: item.owner } as const
    targets.set(`${owner} ${item.port}`, recordOf(asked, asked.question.name, TYPE.SRV, data))
    additional.set(`${owner} ${item.address}`, addressRecord(asked, item.owner, item))
  }
  return answeredOrNoData(asked, { answers: [...targets.values()], additional: [...additional.values()] })
}

function answerAlias(asked: Asked): Answer {
  const items = itemsOf(asked)
  if (items === undefined) return missing(asked)
  const [first] = items
  if (first?.kind !== 'alias') return noData(asked)
  const data = { kind: 'name', target: first.target } as const
  return answered({ answers: [recordOf(asked, asked.question.name, TYPE.CNAME, data)] })
}

function addressRecord(
  asked: Asked,
  name: Name,
  { address, family }: Pick<AddressItem, 'address' | 'family'>,
): ResourceRecord {
  return recordOf(asked, name, family === 'IPv4' ? TYPE.A : TYPE.AAAA, { kind: 'address', address })
}

function recordOf({ config }: Asked, name: Name, type: number, data: ResourceRecord['data']): ResourceRecord {
  return { name, type, class: CLASS_IN, ttl: config.ttl, data }
}
