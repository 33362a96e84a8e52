/**
 * Where an Ingress backend's traffic goes: the ready endpoints of its Service port, from EndpointSlices. Pure.
 *
 * Endpoints are dialled directly, not through the ClusterIP. Those that serve while they terminate are used only
 * when no ready one exists. A backend that cannot be resolved answers 503 and says why.
 */

import type { Service } from '../core/api/generated/core-v1.ts'
import type { EndpointSlice } from '../core/api/generated/discovery-v1.ts'
import type { IngressBackend } from '../core/api/generated/networking-v1.ts'
import { objectKey } from '../core/api/object.ts'

export interface BackendAddress {
  readonly address: string
  readonly port: number
}

export type RouteBackend =
  | {
      readonly kind: 'endpoints'
      /** `namespace/name:port`, for logs */
      readonly service: string
      readonly endpoints: readonly BackendAddress[]
    }
  | { readonly kind: 'unavailable'; readonly service: string; readonly reason: string }

export interface BackendIndex {
  readonly services: ReadonlyMap<string, Service>
  /** by `namespace/service` */
  readonly slices: ReadonlyMap<string, readonly EndpointSlice[]>
}

export function backendIndex(services: readonly Service[], slices: readonly EndpointSlice[]): BackendIndex {
  const serviceOf = (slice: EndpointSlice): string =>
    `${slice.metadata.namespace}/${slice.metadata.labels?.['kubernetes.io/service-name'] ?? ''}`
  return {
    services: new Map(services.map((service) => [objectKey(service.metadata), service])),
    slices: Map.groupBy(slices, serviceOf),
  }
}

export function resolveBackend(
  backend: IngressBackend,
  namespace: string,
  index: BackendIndex,
): RouteBackend {
  const { service: wanted, resource } = backend
  if (!wanted)
    return {
      kind: 'unavailable',
      service: resource?.kind ?? '',
      reason: 'resource backends are not supported',
    }
  const key = `${namespace}/${wanted.name}`
  const label = `${key}:${wanted.port?.name ?? wanted.port?.number ?? ''}`
  const service = index.services.get(key)
  if (!service) return { kind: 'unavailable', service: label, reason: 'the Service does not exist' }
  const port = (service.spec.ports ?? []).find((one) =>
    wanted.port?.name ? one.name === wanted.port.name : one.port === wanted.port?.number,
  )
  if (!port) return { kind: 'unavailable', service: label, reason: 'the Service has no such port' }
  const endpoints = endpointsOf(index.slices.get(key) ?? [], port.name ?? '')
  if (endpoints.length === 0) return { kind: 'unavailable', service: label, reason: 'no endpoint is ready' }
  return { kind: 'endpoints', service: label, endpoints }
}

function endpointsOf(slices: readonly EndpointSlice[], portName: string): readonly BackendAddress[] {
  const all = slices
    .filter((slice) => slice.addressType === 'IPv4')
    .flatMap((slice) => {
      const port = (slice.ports ?? []).find((one) => (one.name ?? '') === portName)?.port
      return port ? (slice.endpoints ?? []).map((endpoint) => ({ endpoint, port })) : []
    })
  const ready = all.filter(({ endpoint }) => endpoint.conditions?.ready !== false)
  const usable =
    ready.length > 0
      ? ready
      : all.filter(({ endpoint }) => endpoint.conditions?.serving && endpoint.conditions.terminating)
  const addresses = usable.flatMap(({ endpoint, port }) =>
    endpoint.addresses.slice(0, 1).map((address) => ({ address, port })),
  )
  // The same endpoint may stand in two slices while they are rewritten.
  return [...new Map(addresses.map((one) => [`${one.address}:${one.port}`, one])).values()]
}
