/**
 * Cluster IPs and node ports: which are taken, and by whom. What is stored is read off the store's Services, at the
 * start and from then on with every change, so that it survives restarts and cannot drift.
 */

import type { Service, ServiceSpec } from '../../api/generated/core-v1.ts'
import type { IPAddress, ServiceCIDR } from '../../api/generated/networking-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ClusterFacts } from '../../api/rules.ts'
import { IP_ADDRESSES, SERVICE_CIDRS, SERVICES } from '../../api/scheme.ts'
import { addressBandOffset, portBandOffset } from '../../net/allocator.ts'
import type { Cidr } from '../../net/cidr.ts'
import { cidrContains, cidrSize, parseCidr, printCidr } from '../../net/cidr.ts'
import type { IpFamily } from '../../net/ip.ts'
import { parseIp, printIp } from '../../net/ip.ts'
import type { Random } from '../../../host/host.ts'
import type { Store } from '../../store/store.ts'
import { storageKey, storagePrefix } from '../registry/storage-key.ts'
import { OwnedNumbers } from './owned-numbers.ts'
import { HEADLESS } from './service-fields.ts'

/** The largest part of an IPv6 range that is used, as upstream. */
const MAX_ADDRESSES = 1 << 20

/** The API server's own Service: the first address is kept for it. */
const KUBERNETES_SERVICE = storageKey(SERVICES, { namespace: 'default', name: 'kubernetes' })

/** The addresses of one Service CIDR; its numbers count from the first usable one. */
export interface AddressPool {
  readonly cidr: Cidr
  readonly text: string
  readonly numbers: OwnedNumbers
  /** @returns the address's number, or undefined when it is not a usable address of this range */
  readonly numberOf: (address: string) => number | undefined
  readonly addressOf: (number: number) => string
}

export interface PortPool {
  readonly first: number
  readonly last: number
  readonly numbers: OwnedNumbers
}

export class ServiceAllocations implements Disposable {
  readonly ports: PortPool
  /** those of the server's own ranges, then those of ServiceCIDRs, by their text */
  readonly #pools = new Map<string, AddressPool>()
  readonly #own: readonly string[]
  /** ranges of ServiceCIDRs that are not being deleted */
  #open: ReadonlySet<string> = new Set()
  readonly #draw: () => number
  readonly #unwatch: readonly (() => void)[]

  constructor(store: Store, facts: ClusterFacts, random: Pick<Random, 'next'>) {
    const draw = (): number => random.next()
    this.#draw = draw
    this.#own = facts.serviceCIDRs
    for (const text of facts.serviceCIDRs) this.#pools.set(text, addressPool(text, draw))
    const { first, last } = facts.nodePortRange
    const size = last - first + 1
    this.ports = { first, last, numbers: new OwnedNumbers({ size, offset: portBandOffset(size), draw }) }
    for (const pool of this.#pools.values()) pool.numbers.store(0, KUBERNETES_SERVICE)
    this.#readCIDRs(store)
    const { revision, values } = store.range(storagePrefix(SERVICES))
    for (const { key, value } of values) this.#replace(key, undefined, value)
    const services = store.watch(storagePrefix(SERVICES), revision, (events) => {
      for (const { kind, key, value, previous } of events) {
        if (kind === 'put') this.#replace(key, previous, value)
        else this.#replace(key, value, undefined)
      }
    })
    for (const { key, value } of store.range(storagePrefix(IP_ADDRESSES)).values)
      this.#reserve(key, value, true)
    const reserved = store.watch(storagePrefix(IP_ADDRESSES), revision, (events) => {
      for (const { kind, key, value } of events) this.#reserve(key, value, kind === 'put')
    })
    const ranges = store.watch(storagePrefix(SERVICE_CIDRS), revision, () => this.#readCIDRs(store))
    this.#unwatch = [services, reserved, ranges]
  }

  /** Where addresses may be taken from now: the server's own ranges first. */
  get addresses(): readonly AddressPool[] {
    return [...this.#pools].flatMap(([text, pool]) =>
      this.#own.includes(text) || this.#open.has(text) ? [pool] : [],
    )
  }

  /** A range that is new has whatever addresses Services have in it; one that is gone gives nothing any more. */
  #readCIDRs(store: Store): void {
    const cidrs = store.range(storagePrefix(SERVICE_CIDRS)).values.map(({ value }) => value as ServiceCIDR)
    const open = cidrs.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    this.#open = new Set(open.flatMap(({ spec }) => spec.cidrs ?? []))
    const fresh = [...this.#open].filter((text) => !this.#pools.has(text) && parseCidr(text) !== undefined)
    for (const text of fresh) this.#pools.set(text, addressPool(text, this.#draw))
    if (fresh.length === 0) return
    for (const { key, value } of store.range(storagePrefix(SERVICES)).values)
      this.#replace(key, undefined, value)
    for (const { key, value } of store.range(storagePrefix(IP_ADDRESSES)).values)
      this.#reserve(key, value, true)
  }

  /** Addresses users keep for something else; those of Services are known from these. */
  #reserve(key: string, object: KubernetesObject, isThere: boolean): void {
    if ((object as IPAddress).spec?.parentRef?.resource === SERVICES.resource) return
    for (const { numbers, numberOf } of this.#pools.values()) {
      const number = numberOf(object.metadata.name)
      if (number === undefined) continue
      if (isThere) numbers.store(number, key)
      else numbers.unstore(number, key)
    }
  }

  /** The families of the Service CIDRs, the preferred one first. */
  get families(): readonly IpFamily[] {
    return [...new Set(this.addresses.map((pool) => pool.cidr.family))]
  }

  [Symbol.dispose](): void {
    for (const end of this.#unwatch) end()
  }

  #replace(key: string, before: KubernetesObject | undefined, after: KubernetesObject | undefined): void {
    const old = before === undefined ? [] : this.#numbersOf((before as Service).spec)
    const fresh = after === undefined ? [] : this.#numbersOf((after as Service).spec)
    for (const { numbers, number } of fresh) numbers.store(number, key)
    for (const one of old) {
      const isKept = fresh.some(({ numbers, number }) => numbers === one.numbers && number === one.number)
      if (!isKept) one.numbers.unstore(one.number, key)
    }
  }

  #numbersOf(spec: ServiceSpec): readonly { readonly numbers: OwnedNumbers; readonly number: number }[] {
    const addresses = (spec.clusterIPs ?? []).filter((address) => address !== HEADLESS)
    const ports = [...(spec.ports ?? []).map(({ nodePort }) => nodePort), spec.healthCheckNodePort]
    return [
      ...addresses.flatMap((address) =>
        [...this.#pools.values()].flatMap(({ numbers, numberOf }) => {
          const number = numberOf(address)
          return number === undefined ? [] : [{ numbers, number }]
        }),
      ),
      ...ports.flatMap((port) =>
        port && this.hasPort(port) ? [{ numbers: this.ports.numbers, number: port - this.ports.first }] : [],
      ),
    ]
  }

  /** Whether the port is in the node port range. */
  hasPort(port: number): boolean {
    return port >= this.ports.first && port <= this.ports.last
  }
}

function addressPool(text: string, draw: () => number): AddressPool {
  const cidr = parseCidr(text)
  if (cidr === undefined) throw new Error(`not a Service CIDR: ${text}`)
  // Not the network's own address, and in IPv4 not the broadcast address.
  const unusable = cidr.family === 'IPv4' ? 2n : 1n
  const size = Math.min(Number(cidrSize(cidr) - unusable), MAX_ADDRESSES)
  const base = cidr.first + 1n
  return {
    cidr,
    text: printCidr(cidr),
    numbers: new OwnedNumbers({ size, offset: addressBandOffset(size), draw }),
    numberOf: (address) => {
      const parsed = parseIp(address)
      if (parsed === undefined || !cidrContains(cidr, parsed)) return undefined
      const number = Number(parsed.value - base)
      return number >= 0 && number < size ? number : undefined
    },
    addressOf: (number) => printIp({ family: cidr.family, value: base + BigInt(number) }),
  }
}
