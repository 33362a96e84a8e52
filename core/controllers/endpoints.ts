/**
 * The old Endpoints object of Services with a selector (kubernetes/kubernetes pkg/controller/endpoint). Pure. First
 * address family only; terminating pods are left out.
 */

import type { Endpoints, EndpointAddress, EndpointSubset, Pod, Service } from '../api/generated/core-v1.ts'
import { objectKey, parseObjectKey } from '../api/object.ts'
import { ENDPOINTS, PODS, SERVICES } from '../api/scheme.ts'
import { matchesSelector, selectorOfMap } from '../api/selectors.ts'
import type { Controller, Plan } from './controller.ts'
import { NOTHING } from './controller.ts'
import { podEndpoint } from './endpoints-of-pods.ts'
import { hasSelector, servicesOf } from './endpointslice.ts'
import { isSameValue } from '../api/equality.ts'

export interface EndpointsSnapshot {
  readonly service: Service | undefined
  readonly pods: readonly Pod[]
  readonly existing: Endpoints | undefined
}

const HEADLESS = 'service.kubernetes.io/headless'
const MANAGED_BY = 'endpoints.kubernetes.io/managed-by'

export const endpointsController: Controller<EndpointsSnapshot> = {
  name: 'endpoint-controller',
  watches: [SERVICES, PODS, ENDPOINTS],
  keysFor: (object, cache) =>
    object.kind === 'Endpoints' ? [objectKey(object.metadata)] : servicesOf(object, cache),
  snapshot(key, cache) {
    const service = cache.of(SERVICES).get(key)
    const existing = cache.of(ENDPOINTS).get(key)
    if (service && !hasSelector(service)) return undefined
    const selector = selectorOfMap(service?.spec.selector ?? {})
    const pods = service ? cache.of(PODS).listIn(parseObjectKey(key).namespace ?? '') : []
    return { service, existing, pods: pods.filter((pod) => matchesSelector(selector, pod.metadata.labels)) }
  },
  plan,
}

function plan({ service, pods, existing }: EndpointsSnapshot): Plan {
  if (service === undefined) {
    const isOurs = existing?.metadata.labels?.[MANAGED_BY] === 'endpoint-controller'
    return existing && isOurs
      ? { writes: [{ write: { kind: 'delete', resource: ENDPOINTS, object: existing } }] }
      : NOTHING
  }
  if (service.metadata.deletionTimestamp !== undefined) return NOTHING
  const labels = {
    ...service.metadata.labels,
    [MANAGED_BY]: 'endpoint-controller',
    ...(service.spec.clusterIP === 'None' ? { [HEADLESS]: '' } : {}),
  }
  const subsets = subsetsOf(service, pods)
  const base = { apiVersion: 'v1', kind: 'Endpoints', ...(subsets.length > 0 ? { subsets } : {}) } as const
  if (existing === undefined) {
    const metadata = { name: service.metadata.name, namespace: service.metadata.namespace, labels }
    return { writes: [{ write: { kind: 'create', resource: ENDPOINTS, object: { ...base, metadata } } }] }
  }
  const isSame =
    isSameValue(existing.subsets ?? [], subsets) && isSameValue(existing.metadata.labels ?? {}, labels)
  if (isSame) return NOTHING
  const object: Endpoints = { ...base, metadata: { ...existing.metadata, labels } }
  return { writes: [{ write: { kind: 'update', resource: ENDPOINTS, object } }] }
}

/** One subset per distinct list of ports, addresses in order. */
function subsetsOf(service: Service, pods: readonly Pod[]): readonly EndpointSubset[] {
  const family = service.spec.ipFamilies?.[0] ?? 'IPv4'
  const found = pods
    .filter((pod) => service.spec.publishNotReadyAddresses || pod.metadata.deletionTimestamp === undefined)
    .flatMap((pod) => podEndpoint(pod, service, family, () => undefined) ?? [])
  const byPorts = Map.groupBy(found, ({ ports }) => JSON.stringify(ports))
  return [...byPorts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, members]) => {
      const addressed = members.map(({ endpoint }) => ({
        ready: endpoint.conditions?.ready,
        address: addressOf(endpoint),
      }))
      const pick = (ready: boolean): EndpointAddress[] =>
        addressed
          .filter((one) => one.ready === ready)
          .map(({ address }) => address)
          .toSorted((a, b) => (a.ip < b.ip ? -1 : 1))
      const [addresses, notReadyAddresses] = [pick(true), pick(false)]
      const ports = (members[0]?.ports ?? []).map(({ name, port, protocol, appProtocol }) => ({
        ...(name ? { name } : {}),
        port: port ?? 0,
        protocol,
        ...(appProtocol ? { appProtocol } : {}),
      }))
      return {
        ...(addresses.length > 0 ? { addresses } : {}),
        ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
        ports,
      }
    })
}

type PodsEndpoint = NonNullable<ReturnType<typeof podEndpoint>>['endpoint']

function addressOf({ addresses, hostname, nodeName, targetRef }: PodsEndpoint): EndpointAddress {
  return { ip: addresses[0] ?? '', ...(hostname ? { hostname } : {}), nodeName, targetRef }
}
