/**
 * CEL with the functions Kubernetes adds: lists, regular expressions, URLs, IPs and CIDRs, quantities, sets. Pure.
 * kubernetes/apiserver pkg/cel/library. The language itself is a library's (docs/decisions).
 */

import { Environment } from '@marcbachmann/cel-js'
import type { Cidr } from '../../net/cidr.ts'
import { cidrContains, isWithin, parseCidr, printCidr } from '../../net/cidr.ts'
import type { IpAddress } from '../../net/ip.ts'
import { parseIp, printIp } from '../../net/ip.ts'
import { isSameValue } from '../equality.ts'
import { compiledPattern } from '../json-schema/re2.ts'
import { compareQuantities } from '../quantity.ts'
import { PARSING } from './check/parse.ts'
import { registerDialect } from './dialect.ts'
import { FORMAT_FUNCTIONS, FormatLibrary, FormatValue } from './formats.ts'
import type { Functions } from './functions.ts'
import { registerMacros } from './macros.ts'
import { QUANTITIES, QuantityValue } from './quantities.ts'
import { SEMVERS, SemverValue, isSameVersion } from './semver.ts'
import { STRINGS, StringsLibrary } from './strings.ts'

class IpValue {
  readonly ip: IpAddress
  constructor(ip: IpAddress) {
    this.ip = ip
  }
}

class CidrValue {
  readonly cidr: Cidr
  constructor(cidr: Cidr) {
    this.cidr = cidr
  }
}

class UrlValue {
  readonly url: URL
  constructor(url: URL) {
    this.url = url
  }
}

/** `ip.isCanonical(text)`, beside `ip(text)`. */
class AddressLibrary {}

/** `sets.contains(a, b)`: a name whose functions look like a namespace's. */
class SetsLibrary {}

/** @returns an environment that knows `self` and `oldSelf` */
export function ruleEnvironment(): Environment {
  return environmentOf(['self', 'oldSelf'])
}

/** @returns as ruleEnvironment, of rules whose `oldSelf` is optional: the library must know that beforehand */
export function optionalRuleEnvironment(): Environment {
  return environmentOf(['self']).registerVariable('oldSelf', 'optional<dyn>')
}

/** @returns an environment that knows these variables, of which nothing is known */
export function environmentOf(variables: readonly string[]): Environment {
  const environment = new Environment({ ...PARSING, homogeneousAggregateLiterals: false })
    .registerType('net.IP', { ctor: IpValue, fields: {} })
    .registerType('net.CIDR', { ctor: CidrValue, fields: {} })
    .registerType('kubernetes.URL', { ctor: UrlValue, fields: {} })
    .registerType('kubernetes.Quantity', { ctor: QuantityValue, fields: {} })
    .registerType('kubernetes.Semver', { ctor: SemverValue, fields: {} })
    .registerType('kubernetes.NamedFormat', { ctor: FormatValue, fields: {} })
    .registerType('KubernetesSets', { ctor: SetsLibrary, fields: {} })
    .registerConstant('sets', 'KubernetesSets', new SetsLibrary())
    .registerType('kubernetes.Addresses', { ctor: AddressLibrary, fields: {} })
    .registerConstant('ip', 'kubernetes.Addresses', new AddressLibrary())
    .registerType('kubernetes.Strings', { ctor: StringsLibrary, fields: {} })
    .registerConstant('strings', 'kubernetes.Strings', new StringsLibrary())
    .registerType('kubernetes.Formats', { ctor: FormatLibrary, fields: {} })
    .registerConstant('format', 'kubernetes.Formats', new FormatLibrary())
  registerDialect(environment)
  registerMacros(environment)
  for (const [type, isEqual] of Object.entries(EQUALITIES))
    environment.registerOperator(`${type} == ${type}`, isEqual as (a: unknown, b: unknown) => boolean)
  for (const name of variables) environment.registerVariable(name, 'dyn')
  for (const functions of LIBRARIES) {
    for (const [signature, run] of Object.entries(functions)) environment.registerFunction(signature, run)
  }
  return environment
}

type Ordered = bigint | number | string

const isAscending = (list: readonly Ordered[]): boolean =>
  list.every((item, index) => index === 0 || (list[index - 1] as Ordered) <= item)

function extreme(
  name: string,
  list: readonly Ordered[],
  isBetter: (a: Ordered, b: Ordered) => boolean,
): Ordered {
  const [first, ...rest] = list
  if (first === undefined) throw new Error(`${name} called on empty list`)
  return rest.reduce((best, item) => (isBetter(item, best) ? item : best), first)
}

/** CEL adds ints and ints, doubles and doubles. */
const plus = (a: bigint | number, b: bigint | number): bigint | number =>
  typeof a === 'bigint' && typeof b === 'bigint' ? a + b : Number(a) + Number(b)

const LISTS: Functions = {
  'list.isSorted(): bool': (list: readonly Ordered[]) => isAscending(list),
  'list.sum(): dyn': (list: readonly (bigint | number)[]) => list.reduce(plus, 0n),
  'list.min(): dyn': (list: readonly Ordered[]) => extreme('min', list, (a, b) => a < b),
  'list.max(): dyn': (list: readonly Ordered[]) => extreme('max', list, (a, b) => a > b),
  'list.indexOf(dyn): int': (list: readonly unknown[], wanted: unknown) =>
    BigInt(list.findIndex((item) => isSameValue(item, wanted))),
  'list.lastIndexOf(dyn): int': (list: readonly unknown[], wanted: unknown) =>
    BigInt(list.findLastIndex((item) => isSameValue(item, wanted))),
}

function pattern(text: string): RegExp {
  const compiled = compiledPattern(text)
  if (compiled === undefined) throw new Error(`not a regular expression: ${text}`)
  return compiled
}

const REGEX: Functions = {
  'string.find(string): string': (text: string, wanted: string) => pattern(wanted).exec(text)?.[0] ?? '',
  'string.findAll(string): list<string>': (text: string, wanted: string) => allMatches(text, wanted),
  'string.findAll(string, int): list<string>': (text: string, wanted: string, limit: bigint) => {
    const found = allMatches(text, wanted)
    return limit < 0n ? found : found.slice(0, Number(limit))
  },
}

function allMatches(text: string, wanted: string): readonly string[] {
  const { source, flags } = pattern(wanted)
  return [...text.matchAll(new RegExp(source, `${flags}g`))].map(([match]) => match)
}

const isUrl = (text: string): boolean =>
  URL.canParse(text) || (text.startsWith('/') && URL.canParse(text, 'http://x'))

function parsedUrl(text: string): UrlValue {
  if (!isUrl(text)) {
    const why = text === '' ? 'empty url' : 'invalid URI for request'
    throw new Error(`URL parse error during conversion from string: parse ${JSON.stringify(text)}: ${why}`)
  }
  return new UrlValue(new URL(text, 'relative:///'))
}

const URLS: Functions = {
  'isURL(string): bool': (text: string) => isUrl(text),
  'url(string): kubernetes.URL': (text: string) => parsedUrl(text),
  'kubernetes.URL.getScheme(): string': ({ url }: UrlValue) => url.protocol.replace(/:$|^relative:$/g, ''),
  'kubernetes.URL.getHost(): string': ({ url }: UrlValue) => url.host,
  'kubernetes.URL.getHostname(): string': ({ url }: UrlValue) => url.hostname.replace(/^\[|\]$/g, ''),
  'kubernetes.URL.getPort(): string': ({ url }: UrlValue) => url.port,
  'kubernetes.URL.getEscapedPath(): string': ({ url }: UrlValue) => url.pathname,
  'kubernetes.URL.getQuery(): map<string, list<string>>': ({ url }: UrlValue) =>
    Object.fromEntries([...url.searchParams.keys()].map((key) => [key, url.searchParams.getAll(key)])),
}

function address(text: string): IpAddress {
  const parsed = parseIp(text)
  if (parsed === undefined)
    throw new Error(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string: ` +
        `ParseAddr(${JSON.stringify(text)}): unable to parse IP`,
    )
  return parsed
}

function range(text: string): Cidr {
  const parsed = parseCidr(text)
  if (parsed === undefined)
    throw new Error(`network address parse error during conversion from string: ${text}`)
  return parsed
}

const within = (text: string, { ip }: IpValue): boolean => cidrContains(range(text), ip)

const ADDRESSES: Functions = {
  'isIP(string): bool': (text: string) => parseIp(text) !== undefined,
  'kubernetes.Addresses.isCanonical(string): bool': (_ip: unknown, text: string) =>
    printIp(address(text)) === text,
  'ip(string): net.IP': (text: string) => new IpValue(address(text)),
  'net.IP.family(): int': ({ ip }: IpValue) => (ip.family === 'IPv4' ? 4n : 6n),
  'net.IP.isUnspecified(): bool': ({ ip }: IpValue) => ip.value === 0n,
  'net.IP.isLoopback(): bool': (ip: IpValue) => within(of(ip, '127.0.0.0/8', '::1/128'), ip),
  'net.IP.isLinkLocalUnicast(): bool': (ip: IpValue) => within(of(ip, '169.254.0.0/16', 'fe80::/10'), ip),
  'net.IP.isLinkLocalMulticast(): bool': (ip: IpValue) => within(of(ip, '224.0.0.0/24', 'ff02::/16'), ip),
  'net.IP.isGlobalUnicast(): bool': (ip: IpValue) =>
    ip.ip.value !== 0n &&
    ![
      of(ip, '127.0.0.0/8', '::1/128'),
      of(ip, '169.254.0.0/16', 'fe80::/10'),
      of(ip, '224.0.0.0/4', 'ff00::/8'),
      of(ip, '255.255.255.255/32', 'ff00::/8'),
    ].some((text) => within(text, ip)),
  'string(net.IP): string': ({ ip }: IpValue) => printIp(ip),
  'isCIDR(string): bool': (text: string) => parseCidr(text) !== undefined,
  'cidr(string): net.CIDR': (text: string) => new CidrValue(range(text)),
  'net.CIDR.containsIP(string): bool': ({ cidr }: CidrValue, ip: string) => cidrContains(cidr, address(ip)),
  'net.CIDR.containsIP(net.IP): bool': ({ cidr }: CidrValue, { ip }: IpValue) => cidrContains(cidr, ip),
  'net.CIDR.containsCIDR(string): bool': ({ cidr }: CidrValue, inner: string) => isWithin(range(inner), cidr),
  'net.CIDR.containsCIDR(net.CIDR): bool': ({ cidr }: CidrValue, inner: CidrValue) =>
    isWithin(inner.cidr, cidr),
  'net.CIDR.prefixLength(): int': ({ cidr }: CidrValue) => BigInt(cidr.prefixLength),
  'net.CIDR.ip(): net.IP': ({ cidr }: CidrValue) => new IpValue({ family: cidr.family, value: cidr.first }),
  'net.CIDR.masked(): net.CIDR': (cidr: CidrValue) => cidr,
  'string(net.CIDR): string': ({ cidr }: CidrValue) => printCidr(cidr),
}

const of = ({ ip }: IpValue, v4: string, v6: string): string => (ip.family === 'IPv4' ? v4 : v6)

/** A duration may be asked to be one. */
const DURATIONS: Functions = {
  'duration(google.protobuf.Duration): google.protobuf.Duration': (value: object) => value,
}

const holds = (list: readonly unknown[], wanted: unknown): boolean =>
  list.some((item) => isSameValue(item, wanted))

const SETS: Functions = {
  'KubernetesSets.contains(list, list): bool': (
    _sets: unknown,
    a: readonly unknown[],
    b: readonly unknown[],
  ) => b.every((item) => holds(a, item)),
  'KubernetesSets.equivalent(list, list): bool': (
    _sets: unknown,
    a: readonly unknown[],
    b: readonly unknown[],
  ) => b.every((item) => holds(a, item)) && a.every((item) => holds(b, item)),
  'KubernetesSets.intersects(list, list): bool': (
    _sets: unknown,
    a: readonly unknown[],
    b: readonly unknown[],
  ) => b.some((item) => holds(a, item)),
}

/** When two opaque values are the same. */
const EQUALITIES: Readonly<Record<string, (a: never, b: never) => boolean>> = {
  'net.IP': (a: IpValue, b: IpValue) => printIp(a.ip) === printIp(b.ip),
  'net.CIDR': (a: CidrValue, b: CidrValue) => printCidr(a.cidr) === printCidr(b.cidr),
  'kubernetes.URL': (a: UrlValue, b: UrlValue) => a.url.href === b.url.href,
  'kubernetes.Quantity': (a: QuantityValue, b: QuantityValue) => compareQuantities(a.text, b.text) === 0,
  'kubernetes.Semver': isSameVersion,
}

/** All functions there are beyond the language's own. */
const LIBRARIES: readonly Functions[] = [
  LISTS,
  STRINGS,
  REGEX,
  URLS,
  ADDRESSES,
  QUANTITIES,
  DURATIONS,
  SEMVERS,
  FORMAT_FUNCTIONS,
  SETS,
]
