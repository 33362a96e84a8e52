/**
 * What DNS knows of the cluster: Services, EndpointSlices, Namespaces and pod addresses, indexed for questions.
 *
 * Pure: no clock, no I/O. A change costs the one object that changed, whatever the number of Services. What is kept,
 * and of which objects, is CoreDNS's choice (coredns/coredns plugin/kubernetes/controller.go, object/*.go).
 */

import { canonicalIp, familyOf } from '../core/net/ip.ts'
import type { IpFamily } from '../core/net/ip.ts'
import type { Pod, Service } from '../core/api/generated/core-v1.ts'
import type { Endpoint, EndpointSlice } from '../core/api/generated/discovery-v1.ts'
import type { ObjectKey } from '../core/api/object.ts'
import { objectKey } from '../core/api/object.ts'

/** Stands for "no port": an object without ports still has addresses. */
export const NO_PORT = -1

/** Lower case, for comparison. */
export interface PortRecord {
  readonly name: string
  readonly protocol: string
  /** or NO_PORT */
  readonly number: number
}

export interface AddressRecord {
  /** canonical */
  readonly address: string
  readonly family: IpFamily
}

export interface ServiceRecord {
  readonly namespace: string
  readonly name: string
  readonly kind: 'cluster-ip' | 'headless' | 'external-name'
  /** cluster IPs */
  readonly addresses: readonly AddressRecord[]
  readonly ports: readonly PortRecord[]
  /** '' unless external-name */
  readonly externalName: string
}

/** A ready endpoint's address. */
export interface EndpointRecord extends AddressRecord {
  /** its name below the Service */
  readonly label: string
}

export interface SliceRecord {
  readonly namespace: string
  readonly service: string
  readonly ports: readonly PortRecord[]
  readonly endpoints: readonly EndpointRecord[]
}

/** Read side. Names are lower case, addresses canonical. */
export interface Records {
  service(namespace: string, name: string): ServiceRecord | undefined
  slicesOf(namespace: string, service: string): readonly SliceRecord[]
  serviceAt(address: string): ServiceRecord | undefined
  slicesAt(address: string): readonly SliceRecord[]
  hasNamespace(name: string): boolean
  /** a pod that has this address and has not ended */
  hasPod(namespace: string, address: string): boolean
  /** Unix seconds of the last change that can be seen in an answer; 0 before the first */
  readonly serial: number
  /** false: what is missing may only not have arrived yet */
  readonly isSynced: boolean
}

export interface RecordSources {
  readonly namespaces: readonly { readonly metadata: { readonly name: string } }[]
  readonly services: readonly Service[]
  readonly slices: readonly EndpointSlice[]
  readonly pods?: readonly Pod[]
}

/** @param serial Unix seconds */
export function recordTable(sources: RecordSources, serial: number): RecordTable {
  const table = new RecordTable()
  for (const { metadata } of sources.namespaces) table.putNamespace(metadata.name)
  for (const service of sources.services) table.putService(service, serial)
  for (const slice of sources.slices) table.putSlice(slice, serial)
  for (const pod of sources.pods ?? []) table.putPod(pod, serial)
  table.isSynced = true
  return table
}

export class RecordTable implements Records {
  readonly #namespaces = new Set<string>()
  readonly #services = new Map<ObjectKey, ServiceRecord>()
  readonly #serviceByAddress = new Index<ServiceRecord>()
  readonly #slices = new Map<ObjectKey, SliceRecord>()
  readonly #slicesByService = new Index<SliceRecord>()
  readonly #slicesByAddress = new Index<SliceRecord>()
  readonly #pods = new Map<ObjectKey, string>()
  readonly #podAddresses = new Index<ObjectKey>()
  serial = 0
  isSynced = false

  service(namespace: string, name: string): ServiceRecord | undefined {
    return this.#services.get(`${namespace}/${name}`)
  }

  slicesOf(namespace: string, service: string): readonly SliceRecord[] {
    return this.#slicesByService.get(`${namespace}/${service}`)
  }

  serviceAt(address: string): ServiceRecord | undefined {
    return this.#serviceByAddress.get(address)[0]
  }

  slicesAt(address: string): readonly SliceRecord[] {
    return this.#slicesByAddress.get(address)
  }

  hasNamespace(name: string): boolean {
    return this.#namespaces.has(name)
  }

  hasPod(namespace: string, address: string): boolean {
    return this.#podAddresses.get(`${namespace}/${address}`).length > 0
  }

  putNamespace(name: string): void {
    this.#namespaces.add(name)
  }

  deleteNamespace(name: string): void {
    this.#namespaces.delete(name)
  }

  putService(service: Service, now: number): void {
    this.#replaceService(objectKey(service.metadata), serviceRecord(service), now)
  }

  deleteService(service: Service, now: number): void {
    this.#replaceService(objectKey(service.metadata), undefined, now)
  }

  putSlice(slice: EndpointSlice, now: number): void {
    this.#replaceSlice(objectKey(slice.metadata), sliceRecord(slice), now)
  }

  deleteSlice(slice: EndpointSlice, now: number): void {
    this.#replaceSlice(objectKey(slice.metadata), undefined, now)
  }

  putPod(pod: Pod, now: number): void {
    this.#replacePod(objectKey(pod.metadata), podAddress(pod), now)
  }

  deletePod(pod: Pod, now: number): void {
    this.#replacePod(objectKey(pod.metadata), undefined, now)
  }

  #replaceService(key: ObjectKey, next: ServiceRecord | undefined, now: number): void {
    const previous = this.#services.get(key)
    if (sameRecord(previous, next)) return
    for (const { address } of previous?.addresses ?? []) this.#serviceByAddress.delete(address, previous)
    for (const { address } of next?.addresses ?? []) this.#serviceByAddress.add(address, next)
    setOrDelete(this.#services, key, next)
    this.serial = now
  }

  #replaceSlice(key: ObjectKey, next: SliceRecord | undefined, now: number): void {
    const previous = this.#slices.get(key)
    if (sameRecord(previous, next)) return
    if (previous) this.#slicesByService.delete(`${previous.namespace}/${previous.service}`, previous)
    if (next) this.#slicesByService.add(`${next.namespace}/${next.service}`, next)
    for (const address of addressesOf(previous)) this.#slicesByAddress.delete(address, previous)
    for (const address of addressesOf(next)) this.#slicesByAddress.add(address, next)
    setOrDelete(this.#slices, key, next)
    this.serial = now
  }

  #replacePod(key: ObjectKey, next: string | undefined, now: number): void {
    const previous = this.#pods.get(key)
    if (previous === next) return
    if (previous !== undefined) this.#podAddresses.delete(previous, key)
    if (next !== undefined) this.#podAddresses.add(next, key)
    setOrDelete(this.#pods, key, next)
    this.serial = now
  }
}

/** Several values under a key, in order of arrival. */
class Index<T> {
  readonly #values = new Map<string, readonly T[]>()

  get(key: string): readonly T[] {
    return this.#values.get(key) ?? []
  }

  add(key: string, value: T | undefined): void {
    if (value !== undefined) this.#values.set(key, [...this.get(key), value])
  }

  delete(key: string, value: T | undefined): void {
    const left = this.get(key).filter((one) => one !== value)
    if (left.length > 0) this.#values.set(key, left)
    else this.#values.delete(key)
  }
}

function setOrDelete<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}

const addressesOf = (slice: SliceRecord | undefined): ReadonlySet<string> =>
  new Set(slice?.endpoints.map(({ address }) => address))

/** Records are plain data with a fixed order of fields. */
const sameRecord = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

function serviceRecord({ metadata, spec }: Service): ServiceRecord {
  const clusterIPs = spec?.clusterIPs?.length ? spec.clusterIPs : [spec?.clusterIP ?? '']
  const isExternal = spec?.type === 'ExternalName'
  const isHeadless = clusterIPs[0] === 'None'
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    kind: isExternal ? 'external-name' : isHeadless ? 'headless' : 'cluster-ip',
    addresses: isExternal ? [] : clusterIPs.flatMap((text) => addressRecord(text)),
    ports: portRecords(spec?.ports),
    externalName: isExternal ? (spec?.externalName ?? '') : '',
  }
}

/** @returns undefined for a slice of no Service */
function sliceRecord({ metadata, endpoints, ports }: EndpointSlice): SliceRecord | undefined {
  const service = metadata.labels?.['kubernetes.io/service-name']
  if (service === undefined || service === '') return undefined
  return {
    namespace: metadata.namespace ?? '',
    service,
    ports: portRecords(ports),
    endpoints: (endpoints ?? [])
      // serving, terminating and publishNotReadyAddresses are folded into ready by the slice's controller
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap((endpoint) => endpoint.addresses.flatMap((text) => endpointRecord(endpoint, text))),
  }
}

function endpointRecord({ hostname }: Endpoint, text: string): readonly EndpointRecord[] {
  return addressRecord(text).map((record) => ({ ...record, label: hostname || dashed(record.address) }))
}

/** `10-244-2-10`; an IPv6 address that ends in `::` gets a final 0, for a label cannot end in `-`. */
function dashed(address: string): string {
  const label = address.replace(/[.:]/g, '-')
  return label.endsWith('-') ? `${label}0` : label
}

function addressRecord(text: string): readonly AddressRecord[] {
  const address = canonicalIp(text)
  const family = address && familyOf(address)
  return address && family ? [{ address, family }] : []
}

type AnyPort = {
  readonly name?: string | undefined
  readonly protocol?: string | undefined
  readonly port?: number | undefined
}

function portRecords(ports: readonly AnyPort[] | undefined): readonly PortRecord[] {
  if (!ports?.length) return [{ name: '', protocol: '', number: NO_PORT }]
  return ports.map(({ name, protocol, port }) => ({
    name: (name ?? '').toLowerCase(),
    protocol: (protocol ?? '').toLowerCase(),
    number: port ?? NO_PORT,
  }))
}

/** `namespace/address` of a pod that has one and has not ended. */
function podAddress({ metadata, status }: Pod): string | undefined {
  const hasEnded = ['Succeeded', 'Failed', 'Unknown'].includes(status?.phase ?? '')
  const address = status?.podIP && canonicalIp(status.podIP)
  if (!address || hasEnded || metadata.deletionTimestamp) return undefined
  return `${metadata.namespace}/${address}`
}
