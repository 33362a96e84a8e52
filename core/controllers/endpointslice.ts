/**
 * EndpointSlices of Services with a selector (kubernetes/endpointslice reconciler.go). Pure.
 *
 * Existing slices keep the endpoints they have; new ones go where they fit, fullest slice first, at most 100 to a
 * slice. A Service without pods has one empty slice. Hints follow spec.trafficDistribution; the topology-mode
 * annotation is not read.
 */

import type { Node, Pod, Service } from '../api/generated/core-v1.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '../api/generated/discovery-v1.ts'
import type { KubernetesObject, ObjectKey } from '../api/object.ts'
import { objectKey, parseObjectKey } from '../api/object.ts'
import { ENDPOINT_SLICES, NODES, PODS, SERVICES } from '../api/scheme.ts'
import { matchesSelector, selectorOfMap } from '../api/selectors.ts'
import type { Cache, Controller, Plan, PlannedWrite } from './controller.ts'
import { podEndpoint } from './endpoints-of-pods.ts'
import { controllerReference, isControlledBy } from './ownership.ts'
import { isSameValue } from '../api/equality.ts'

export interface EndpointSliceSnapshot {
  readonly service: Service
  readonly pods: readonly Pod[]
  readonly slices: readonly EndpointSlice[]
  readonly nodes: readonly Node[]
}

export const SERVICE_NAME = 'kubernetes.io/service-name'
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
const CONTROLLER = 'endpointslice-controller.k8s.io'
const HEADLESS = 'service.kubernetes.io/headless'
const MAX_ENDPOINTS = 100

export const endpointSliceController: Controller<EndpointSliceSnapshot> = {
  name: 'endpoint-slice-controller',
  watches: [SERVICES, PODS, ENDPOINT_SLICES, NODES],
  keysFor,
  snapshot(key, cache) {
    const service = cache.of(SERVICES).get(key)
    if (service === undefined || !hasSelector(service)) return undefined
    const namespace = parseObjectKey(key).namespace ?? ''
    const selector = selectorOfMap(service.spec.selector ?? {})
    return {
      service,
      pods: cache
        .of(PODS)
        .listIn(namespace)
        .filter((pod) => matchesSelector(selector, pod.metadata.labels)),
      slices: cache
        .of(ENDPOINT_SLICES)
        .listIn(namespace)
        .filter((slice) => isOurs(slice, service)),
      nodes: cache.of(NODES).list(),
    }
  },
  plan,
}

export const hasSelector = ({ spec }: Service): boolean =>
  spec.type !== 'ExternalName' && Object.keys(spec.selector ?? {}).length > 0

const isOurs = (slice: EndpointSlice, service: Service): boolean =>
  slice.metadata.labels?.[MANAGED_BY] === CONTROLLER &&
  slice.metadata.labels[SERVICE_NAME] === service.metadata.name

/** The keys of Services a change may concern; shared with the Endpoints controller. */
export function servicesOf(object: KubernetesObject, cache: Cache): readonly ObjectKey[] {
  const namespace = object.metadata.namespace ?? ''
  if (object.kind !== 'Pod') return [objectKey(object.metadata)]
  return cache
    .of(SERVICES)
    .listIn(namespace)
    .filter(
      (service) =>
        hasSelector(service) &&
        matchesSelector(selectorOfMap(service.spec.selector ?? {}), object.metadata.labels),
    )
    .map((service) => objectKey(service.metadata))
}

function keysFor(object: KubernetesObject, cache: Cache): readonly ObjectKey[] {
  if (object.kind === 'Service' || object.kind === 'Pod') return servicesOf(object, cache)
  // A node's zone is in the endpoints of its pods.
  if (object.kind === 'Node')
    return cache
      .of(SERVICES)
      .list()
      .filter(hasSelector)
      .map((service) => objectKey(service.metadata))
  const name = object.metadata.labels?.[SERVICE_NAME]
  return name ? [`${object.metadata.namespace}/${name}`] : []
}

interface Group {
  readonly family: string
  readonly ports: readonly EndpointPort[]
  readonly endpoints: readonly Endpoint[]
}

function plan({ service, pods, slices, nodes }: EndpointSliceSnapshot): Plan {
  if (service.metadata.deletionTimestamp !== undefined) return { writes: [] }
  const nodeByName = new Map(nodes.map((node) => [node.metadata.name, node]))
  const families = service.spec.ipFamilies ?? ['IPv4']
  const groups = families.flatMap((family) => groupsOf(service, family, pods, (name) => nodeByName.get(name)))
  const owned = slices.filter(
    (slice) => isControlledBy(slice, service) && slice.metadata.deletionTimestamp === undefined,
  )
  const foreign = slices.filter((slice) => !isControlledBy(slice, service))
  const matched = groups.map((group) => ({
    group,
    existing: owned.filter((slice) => isOfGroup(slice, group)),
  }))
  const used = new Set(matched.flatMap(({ existing }) => existing))
  const unused = owned.filter((slice) => !used.has(slice))
  const contents = matched.flatMap(({ group, existing }) => packed(group, existing))
  return { writes: [...writesFor(service, contents, [...unused]), ...foreign.map(removal)] }
}

/** Pods grouped by the ports they resolve; a Service without endpoints has one group without ports. */
function groupsOf(
  service: Service,
  family: string,
  pods: readonly Pod[],
  nodeOf: (name: string) => Node | undefined,
): readonly Group[] {
  const found = pods.flatMap((pod) => podEndpoint(pod, service, family, nodeOf) ?? [])
  const byPorts = Map.groupBy(found, ({ ports }) => JSON.stringify(ports))
  const groups = [...byPorts.values()].map((members) => ({
    family,
    ports: members[0]?.ports ?? [],
    endpoints: members.map(({ endpoint }) => withHints(endpoint, service)),
  }))
  return groups.length > 0 ? groups : [{ family, ports: [], endpoints: [] }]
}

function withHints(endpoint: Endpoint, service: Service): Endpoint {
  const wanted = service.spec.trafficDistribution
  if (!wanted || !endpoint.conditions?.ready) return endpoint
  const zone = endpoint.zone ? { forZones: [{ name: endpoint.zone }] } : {}
  const node =
    wanted === 'PreferSameNode' && endpoint.nodeName ? { forNodes: [{ name: endpoint.nodeName }] } : {}
  return Object.keys({ ...zone, ...node }).length > 0
    ? { ...endpoint, hints: { ...zone, ...node } }
    : endpoint
}

const isOfGroup = (slice: EndpointSlice, group: Group): boolean =>
  slice.addressType === group.family && portsKey(slice.ports ?? []) === portsKey(group.ports)

/** The order of ports tells no groups apart. */
function portsKey(ports: readonly EndpointPort[]): string {
  return ports
    .map(({ name, port, protocol, appProtocol }) => [name ?? '', port, protocol, appProtocol ?? ''].join(' '))
    .toSorted()
    .join(',')
}

interface Content {
  readonly slice: EndpointSlice | undefined
  readonly family: string
  readonly ports: readonly EndpointPort[]
  readonly endpoints: readonly Endpoint[]
}

const identity = (endpoint: Endpoint): string =>
  [endpoint.addresses.toSorted().join(), endpoint.hostname ?? '', endpoint.targetRef?.uid ?? ''].join(' ')

/** Which endpoints each slice of a group should hold. */
function packed(group: Group, existing: readonly EndpointSlice[]): readonly Content[] {
  const wanted = new Map(group.endpoints.map((endpoint) => [identity(endpoint), endpoint]))
  const kept = existing.map((slice) => {
    const endpoints = (slice.endpoints ?? []).flatMap((endpoint) => {
      const key = identity(endpoint)
      const current = wanted.get(key)
      wanted.delete(key)
      return current ?? []
    })
    return { slice, endpoints }
  })
  let rest = [...wanted.values()]
  const fill = kept
    .toSorted((a, b) => b.endpoints.length - a.endpoints.length)
    .map(({ slice, endpoints }) => {
      const room = Math.max(0, MAX_ENDPOINTS - endpoints.length)
      const added = rest.slice(0, room)
      rest = rest.slice(room)
      return { slice, endpoints: [...endpoints, ...added] }
    })
  const fresh: { slice: undefined; endpoints: Endpoint[] }[] = []
  for (let start = 0; start < rest.length; start += MAX_ENDPOINTS) {
    fresh.push({ slice: undefined, endpoints: rest.slice(start, start + MAX_ENDPOINTS) })
  }
  const all = [...fill, ...fresh]
  const useful = all.filter(({ endpoints }) => endpoints.length > 0)
  // The last slice of a Service stays, empty, as the placeholder.
  const chosen =
    useful.length > 0 || group.endpoints.length > 0 ? all : [all[0] ?? { slice: undefined, endpoints: [] }]
  return chosen.map(({ slice, endpoints }) => ({
    slice,
    endpoints,
    family: group.family,
    ports: group.ports,
  }))
}

function writesFor(
  service: Service,
  contents: readonly Content[],
  unused: EndpointSlice[],
): readonly PlannedWrite[] {
  const writes: PlannedWrite[] = []
  for (const content of contents) {
    const isPlaceholder = content.endpoints.length === 0 && contents.length > 1
    if (content.slice && isPlaceholder) writes.push(removal(content.slice))
    else if (content.slice) writes.push(...updates(service, content.slice, content))
    else if (!isPlaceholder) {
      // A slice that would go is re-used under its name.
      const recycled = unused.findIndex((slice) => slice.addressType === content.family)
      const [slice] = recycled >= 0 ? unused.splice(recycled, 1) : []
      if (slice) writes.push(...updates(service, slice, content))
      else
        writes.push({
          write: { kind: 'create', resource: ENDPOINT_SLICES, object: newSlice(service, content) },
        })
    }
  }
  return [...writes, ...unused.map(removal)]
}

const removal = (object: EndpointSlice): PlannedWrite => ({
  write: { kind: 'delete', resource: ENDPOINT_SLICES, object },
})

function labelsOf(service: Service): Readonly<Record<string, string>> {
  const isHeadless = service.spec.clusterIP === 'None'
  const { [HEADLESS]: _headless, ...own } = service.metadata.labels ?? {}
  return {
    ...own,
    ...(isHeadless ? { [HEADLESS]: '' } : {}),
    [SERVICE_NAME]: service.metadata.name,
    [MANAGED_BY]: CONTROLLER,
  }
}

function newSlice(service: Service, { family, ports, endpoints }: Content) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${service.metadata.name}-`,
      namespace: service.metadata.namespace,
      labels: labelsOf(service),
      ownerReferences: [controllerReference(service)],
    },
    addressType: family,
    endpoints,
    ports,
  }
}

function updates(
  service: Service,
  slice: EndpointSlice,
  { endpoints, ports }: Content,
): readonly PlannedWrite[] {
  const labels = labelsOf(service)
  const isSame =
    isSameValue(slice.endpoints ?? [], endpoints) &&
    portsKey(slice.ports ?? []) === portsKey(ports) &&
    isSameValue(slice.metadata.labels ?? {}, labels)
  if (isSame) return []
  const object: EndpointSlice = { ...slice, metadata: { ...slice.metadata, labels }, endpoints, ports }
  return [{ write: { kind: 'update', resource: ENDPOINT_SLICES, object } }]
}
