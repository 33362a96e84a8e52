/**
 * From Services and EndpointSlices to one table: every service port with the endpoints this node may use. The `select`
 * step; pure. Sorted by servicePortName, endpoints by address, so that programs come out in one order.
 *
 * Left out, as kube-proxy does: headless Services, ExternalName, those labelled for another proxy.
 */

import type { Service, ServicePort as ApiServicePort } from '../core/api/generated/core-v1.ts'
import type { EndpointSlice } from '../core/api/generated/discovery-v1.ts'
import { parseCidr } from '../core/net/cidr.ts'
import { parseIPv4 } from '../core/net/ip.ts'
import type { EndpointSelection } from './categorize-endpoints.ts'
import { categorizeEndpoints } from './categorize-endpoints.ts'
import type { Endpoint, NodeIdentity, ServicePort } from './service-port.ts'
import { endpointKey, PROTOCOLS, servicePortName } from './service-port.ts'

const OTHER_PROXY = 'service.kubernetes.io/service-proxy-name'
const HEADLESS = 'service.kubernetes.io/headless'
const SERVICE_NAME = 'kubernetes.io/service-name'

export interface ServiceTableEntry {
  /** `ns/name:port` */
  readonly id: string
  readonly port: ServicePort
  readonly endpoints: EndpointSelection
}

export interface ServiceTable {
  readonly entries: readonly ServiceTableEntry[]
}

export interface ServiceSnapshot {
  readonly services: readonly Service[]
  readonly slices: readonly EndpointSlice[]
  readonly node: NodeIdentity
}

export function serviceTable({ services, slices, node }: ServiceSnapshot): ServiceTable {
  const byService = Map.groupBy(
    slices.filter((slice) => slice.addressType === 'IPv4' && !hasLabel(slice, HEADLESS)),
    (slice) => `${slice.metadata.namespace}/${slice.metadata.labels?.[SERVICE_NAME] ?? ''}`,
  )
  const entries = services
    .filter(isProxied)
    .flatMap((service) =>
      (service.spec.ports ?? []).flatMap((port): ServiceTableEntry[] => {
        const own = servicePortOf(service, port)
        if (own === undefined) return []
        const found = endpointsOf(byService.get(`${own.namespace}/${own.name}`) ?? [], own)
        return [{ id: servicePortName(own), port: own, endpoints: categorizeEndpoints(found, own, node) }]
      }),
    )
    .toSorted((a, b) => (`${a.id} ${a.port.protocol}` < `${b.id} ${b.port.protocol}` ? -1 : 1))
  return { entries }
}

const hasLabel = (object: Service | EndpointSlice, name: string): boolean =>
  object.metadata.labels?.[name] !== undefined

function isProxied(service: Service): boolean {
  const { clusterIP, type } = service.spec
  if (type === 'ExternalName' || !clusterIP || clusterIP === 'None') return false
  return !hasLabel(service, OTHER_PROXY) && parseIPv4(clusterIP) !== undefined
}

function servicePortOf({ metadata, spec, status }: Service, port: ApiServicePort): ServicePort | undefined {
  const protocol = PROTOCOLS.find((known) => known === (port.protocol ?? 'TCP'))
  if (protocol === undefined) return undefined
  const isV4 = (ip: string | undefined): ip is string => ip !== undefined && parseIPv4(ip) !== undefined
  const balanced = spec.type === 'LoadBalancer' ? (status?.loadBalancer?.ingress ?? []) : []
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    portName: port.name ?? '',
    protocol,
    clusterIP: spec.clusterIP ?? '',
    port: port.port,
    nodePort: port.nodePort ?? 0,
    externalIPs: (spec.externalIPs ?? []).filter(isV4),
    loadBalancerIPs: balanced
      .filter((one) => (one.ipMode ?? 'VIP') === 'VIP')
      .flatMap(({ ip }) => (isV4(ip) ? [ip] : [])),
    // One that iptables could not read would take all other Services' rules with it.
    loadBalancerSourceRanges: (spec.loadBalancerSourceRanges ?? [])
      .map((range) => range.trim())
      .filter((range) => parseCidr(range)?.family === 'IPv4'),
    affinitySeconds:
      spec.sessionAffinity === 'ClientIP'
        ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800)
        : 0,
    internalPolicyLocal: spec.internalTrafficPolicy === 'Local',
    externalPolicyLocal: spec.externalTrafficPolicy === 'Local',
    healthCheckNodePort: spec.type === 'LoadBalancer' ? (spec.healthCheckNodePort ?? 0) : 0,
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1)

/** Merged over all slices; the same address may stand in two while they are rewritten: ready wins. */
function endpointsOf(
  slices: readonly EndpointSlice[],
  { portName, protocol }: ServicePort,
): readonly Endpoint[] {
  const found = new Map<string, Endpoint>()
  for (const slice of slices) {
    const port = (slice.ports ?? []).find(
      (one) => (one.name ?? '') === portName && (one.protocol ?? 'TCP') === protocol,
    )?.port
    if (!port) continue
    for (const endpoint of slice.endpoints ?? []) {
      const one = endpointOf(endpoint, port)
      if (one === undefined) continue
      const key = endpointKey(one)
      if (!found.get(key)?.ready) found.set(key, one)
    }
  }
  return [...found].toSorted(([a], [b]) => byText(a, b)).map(([, endpoint]) => endpoint)
}

function endpointOf(
  endpoint: NonNullable<EndpointSlice['endpoints']>[number],
  port: number,
): Endpoint | undefined {
  const [ip] = endpoint.addresses
  if (ip === undefined || parseIPv4(ip) === undefined) return undefined
  const { ready, serving, terminating } = endpoint.conditions ?? {}
  return {
    ip,
    port,
    nodeName: endpoint.nodeName ?? '',
    zone: endpoint.zone ?? '',
    // Unset means ready; unset serving means as ready.
    ready: ready ?? true,
    serving: serving ?? ready ?? true,
    terminating: terminating ?? false,
    nodeHints: new Set((endpoint.hints?.forNodes ?? []).map(({ name }) => name)),
    zoneHints: new Set((endpoint.hints?.forZones ?? []).map(({ name }) => name)),
  }
}
