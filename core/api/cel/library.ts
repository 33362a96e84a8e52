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
import { canonicalQuantity, compareQuantities } from '../quantity.ts'
import { registerDialect } from './dialect.ts'

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

class QuantityValue {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** `sets.contains(a, b)`: a name whose functions look like a namespace's. */
class SetsLibrary {}

/** Bounds on what a rule may be made of; upstream bounds its estimated cost instead. */
const LIMITS = { maxAstNodes: 10_000, maxDepth: 100, maxListElements: 1_000, maxMapEntries: 1_000 }

/** @returns an environment that knows `self` and `oldSelf` */
export function ruleEnvironment(): Environment {
  return environmentOf(['self', 'oldSelf'])
}

/** @returns an environment that knows `object`, `oldObject` and `request` */
export function conditionEnvironment(): Environment {
  return environmentOf(['object', 'oldObject', 'request'])
}

function environmentOf(variables: readonly string[]): Environment {
  const environment = new Environment({
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: LIMITS,
  })
    .registerType('KubernetesIP', { ctor: IpValue, fields: {} })
    .registerType('KubernetesCIDR', { ctor: CidrValue, fields: {} })
    .registerType('KubernetesURL', { ctor: UrlValue, fields: {} })
    .registerType('KubernetesQuantity', { ctor: QuantityValue, fields: {} })
    .registerType('KubernetesSets', { ctor: SetsLibrary, fields: {} })
    .registerConstant('sets', 'KubernetesSets', new SetsLibrary())
  registerDialect(environment)
  for (const name of variables) environment.registerVariable(name, 'dyn')
  for (const functions of [LISTS, REGEX, URLS, ADDRESSES, QUANTITIES, SETS]) {
    for (const [signature, run] of Object.entries(functions)) environment.registerFunction(signature, run)
  }
  return environment
}

type Functions = Readonly<Record<string, (...args: never[]) => unknown>>
type Ordered = bigint | number | string

const isAscending = (list: readonly Ordered[]): boolean =>
  list.every((item, index) => index === 0 || (list[index - 1] as Ordered) <= item)

function extreme(list: readonly Ordered[], isBetter: (a: Ordered, b: Ordered) => boolean): Ordered {
  const [first, ...rest] = list
  if (first === undefined) throw new Error('min or max of an empty list')
  return rest.reduce((best, item) => (isBetter(item, best) ? item : best), first)
}

/** CEL adds ints and ints, doubles and doubles. */
const plus = (a: bigint | number, b: bigint | number): bigint | number =>
  typeof a === 'bigint' && typeof b === 'bigint' ? a + b : Number(a) + Number(b)

const LISTS: Functions = {
  'list.isSorted(): bool': (list: readonly Ordered[]) => isAscending(list),
  'list.sum(): dyn': (list: readonly (bigint | number)[]) => list.reduce(plus, 0n),
  'list.min(): dyn': (list: readonly Ordered[]) => extreme(list, (a, b) => a < b),
  'list.max(): dyn': (list: readonly Ordered[]) => extreme(list, (a, b) => a > b),
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
  if (!isUrl(text)) throw new Error(`URL parse error during conversion from string: ${text}`)
  return new UrlValue(new URL(text, 'relative:///'))
}

const URLS: Functions = {
  'isURL(string): bool': (text: string) => isUrl(text),
  'url(string): KubernetesURL': (text: string) => parsedUrl(text),
  'KubernetesURL.getScheme(): string': ({ url }: UrlValue) => url.protocol.replace(/:$|^relative:$/g, ''),
  'KubernetesURL.getHost(): string': ({ url }: UrlValue) => url.host,
  'KubernetesURL.getHostname(): string': ({ url }: UrlValue) => url.hostname.replace(/^\[|\]$/g, ''),
  'KubernetesURL.getPort(): string': ({ url }: UrlValue) => url.port,
  'KubernetesURL.getEscapedPath(): string': ({ url }: UrlValue) => url.pathname,
}

function address(text: string): IpAddress {
  const parsed = parseIp(text)
  if (parsed === undefined)
    throw new Error(`IP Address ${JSON.stringify(text)} parse error during conversion from string`)
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
  'ip(string): KubernetesIP': (text: string) => new IpValue(address(text)),
  'KubernetesIP.family(): int': ({ ip }: IpValue) => (ip.family === 'IPv4' ? 4n : 6n),
  'KubernetesIP.isUnspecified(): bool': ({ ip }: IpValue) => ip.value === 0n,
  'KubernetesIP.isLoopback(): bool': (ip: IpValue) => within(of(ip, '127.0.0.0/8', '::1/128'), ip),
  'KubernetesIP.isLinkLocalUnicast(): bool': (ip: IpValue) =>
    within(of(ip, '169.254.0.0/16', 'fe80::/10'), ip),
  'KubernetesIP.isLinkLocalMulticast(): bool': (ip: IpValue) =>
    within(of(ip, '224.0.0.0/24', 'ff02::/16'), ip),
  'KubernetesIP.isGlobalUnicast(): bool': (ip: IpValue) =>
    ip.ip.value !== 0n &&
    ![
      of(ip, '127.0.0.0/8', '::1/128'),
      of(ip, '169.254.0.0/16', 'fe80::/10'),
      of(ip, '224.0.0.0/4', 'ff00::/8'),
      of(ip, '255.255.255.255/32', 'ff00::/8'),
    ].some((text) => within(text, ip)),
  'string(KubernetesIP): string': ({ ip }: IpValue) => printIp(ip),
  'isCIDR(string): bool': (text: string) => parseCidr(text) !== undefined,
  'cidr(string): KubernetesCIDR': (text: string) => new CidrValue(range(text)),
  'KubernetesCIDR.containsIP(string): bool': ({ cidr }: CidrValue, ip: string) =>
    cidrContains(cidr, address(ip)),
  'KubernetesCIDR.containsIP(KubernetesIP): bool': ({ cidr }: CidrValue, { ip }: IpValue) =>
    cidrContains(cidr, ip),
  'KubernetesCIDR.containsCIDR(string): bool': ({ cidr }: CidrValue, inner: string) =>
    isWithin(range(inner), cidr),
  'KubernetesCIDR.containsCIDR(KubernetesCIDR): bool': ({ cidr }: CidrValue, inner: CidrValue) =>
    isWithin(inner.cidr, cidr),
  'KubernetesCIDR.prefixLength(): int': ({ cidr }: CidrValue) => BigInt(cidr.prefixLength),
  'KubernetesCIDR.ip(): KubernetesIP': ({ cidr }: CidrValue) =>
    new IpValue({ family: cidr.family, value: cidr.first }),
  'KubernetesCIDR.masked(): KubernetesCIDR': (cidr: CidrValue) => cidr,
  'string(KubernetesCIDR): string': ({ cidr }: CidrValue) => printCidr(cidr),
}

const of = ({ ip }: IpValue, v4: string, v6: string): string => (ip.family === 'IPv4' ? v4 : v6)

const isQuantity = (text: string): boolean => canonicalQuantity(text) !== undefined

function quantity(text: string): QuantityValue {
  if (!isQuantity(text)) throw new Error(`not a quantity: ${text}`)
  return new QuantityValue(text)
}

const compared = (a: QuantityValue, b: QuantityValue): number => compareQuantities(a.text, b.text)

const QUANTITIES: Functions = {
  'isQuantity(string): bool': isQuantity,
  'quantity(string): KubernetesQuantity': quantity,
  'KubernetesQuantity.compareTo(KubernetesQuantity): int': (a: QuantityValue, b: QuantityValue) =>
    BigInt(compared(a, b)),
  'KubernetesQuantity.isGreaterThan(KubernetesQuantity): bool': (a: QuantityValue, b: QuantityValue) =>
    compared(a, b) > 0,
  'KubernetesQuantity.isLessThan(KubernetesQuantity): bool': (a: QuantityValue, b: QuantityValue) =>
    compared(a, b) < 0,
  'KubernetesQuantity.sign(): int': (a: QuantityValue) => BigInt(compared(a, new QuantityValue('0'))),
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
