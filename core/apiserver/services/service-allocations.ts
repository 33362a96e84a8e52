/**
 * Cluster IPs and node ports: which are taken, and by whom. What is stored is read off the store's Services, at the
 * start and from then on with every change, so that it survives restarts and cannot drift.
 */

import type { Service, ServiceSpec } from '../../api/generated/core-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ClusterFacts } from '../../api/rules.ts'
import { SERVICES } from '../../api/scheme.ts'
import { addressBandOffset, portBandOffset } from '../../net/allocator.ts'
import type { Cidr } from '../../net/cidr.ts'
import { cidrContains, cidrSize, parseCidr, printCidr } from '../../net/cidr.ts'
import type { IpFamily } from '../../net/ip.ts'
import { parseIp, printIp } from '../../net/ip.ts'
import type { Random } from '../../../host/host.ts'
import type { Store } from '../../store/store.ts'
import { storageKey, storagePrefix } from '../storage-key.ts'
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
  readonly addresses: readonly AddressPool[]
  readonly ports: PortPool
  readonly #unwatch: () => void

  constructor(store: Store, facts: ClusterFacts, random: Pick<Random, 'next'>) {
    const draw = (): number => random.next()
    this.addresses = facts.serviceCIDRs.map((text) => addressPool(text, draw))
    const { first, last } = facts.nodePortRange
    const size = last - first + 1
    this.ports = { first, last, numbers: new OwnedNumbers({ size, offset: portBandOffset(size), draw }) }
    for (const pool of this.addresses) pool.numbers.store(0, KUBERNETES_SERVICE)
    const { revision, values } = store.range(storagePrefix(SERVICES))
    for (const { key, value } of values) this.#replace(key, undefined, value)
    this.#unwatch = store.watch(storagePrefix(SERVICES), revision, (events) => {
      for (const { kind, key, value, previous } of events) {
        if (kind === 'put') this.#replace(key, previous, value)
        else this.#replace(key, value, undefined)
      }
    })
  }

  /** The families of the Service CIDRs, the preferred one first. */
  get families(): readonly IpFamily[] {
    return this.addresses.map((pool) => pool.cidr.family)
  }

  [Symbol.dispose](): void {
    this.#unwatch()
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
        this.addresses.flatMap(({ numbers, numberOf }) => {
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
