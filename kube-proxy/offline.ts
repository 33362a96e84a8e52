/**
 * Rules of manifests, without a cluster: what `portolan rules -f` prints. Pure. What a cluster would allocate is
 * invented in a stable order: ClusterIPs, node ports, pod addresses.
 */

import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../core/api/generated/apps-v1.ts'
import type { Container, Pod, PodSpec, Service } from '../core/api/generated/core-v1.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '../core/api/generated/discovery-v1.ts'
import type { KubernetesObject } from '../core/api/object.ts'
import { matchesSelector, selectorOfMap } from '../core/api/selectors.ts'
import { parseCidr } from '../core/net/cidr.ts'
import { parseIPv4, printIPv4 } from '../core/net/ip.ts'
import type { ServiceTable } from './service-table.ts'
import { serviceTable } from './service-table.ts'

export interface OfflineOptions {
  readonly serviceCIDR: string
  readonly podCIDR: string
  readonly loadBalancerCIDR: string
  readonly nodeName: string
}

const FIRST_NODE_PORT = 30_086
const SERVICE_NAME = 'kubernetes.io/service-name'

/** @param objects with defaults set; kinds without a part in it are passed over */
export function tableOfManifests(
  objects: readonly KubernetesObject[],
  options: OfflineOptions,
): ServiceTable {
  const services = allocated(
    objects.filter((one): one is Service => one.kind === 'Service'),
    options,
  )
  const pods = podsOf(objects, options)
  const given = objects.filter((one): one is EndpointSlice => one.kind === 'EndpointSlice')
  const isGiven = ({ metadata: { name, namespace = 'default' } }: Service): boolean =>
    given.some(
      (slice) =>
        (slice.metadata.namespace ?? 'default') === namespace &&
        slice.metadata.labels?.[SERVICE_NAME] === name,
    )
  const invented = services
    .filter((service) => !isGiven(service))
    .flatMap((service) => sliceOf(service, pods, options))
  return serviceTable({
    services,
    slices: [...given.map(inNamespace), ...invented],
    node: { name: options.nodeName, zone: '' },
  })
}

const inNamespace = (slice: EndpointSlice): EndpointSlice => ({
  ...slice,
  metadata: { ...slice.metadata, namespace: slice.metadata.namespace ?? 'default' },
})

function addressesFrom(cidr: string, skip: number, taken: ReadonlySet<string>): () => string {
  let next = Number(parseCidr(cidr)?.first ?? 0n) + skip
  return () => {
    while (taken.has(printIPv4(next))) next += 1
    return printIPv4(next++)
  }
}

const needsAddress = ({ spec }: Service): boolean =>
  spec.type !== 'ExternalName' && spec.clusterIP !== 'None' && !parseIPv4(spec.clusterIP ?? '')

function allocated(services: readonly Service[], options: OfflineOptions): readonly Service[] {
  const taken = new Set(services.flatMap(({ spec }) => spec.clusterIP ?? []))
  // Above the band for addresses asked for by name, as the API server draws them.
  const nextIP = addressesFrom(options.serviceCIDR, 257, taken)
  const nextBalancer = addressesFrom(options.loadBalancerCIDR, 1, new Set())
  const ports = new Set(
    services.flatMap(({ spec }) => (spec.ports ?? []).flatMap(({ nodePort }) => nodePort ?? [])),
  )
  let nodePort = FIRST_NODE_PORT
  const nextPort = (): number => {
    while (ports.has(nodePort)) nodePort += 1
    return nodePort++
  }
  return services.map((service) => {
    const { spec } = service
    const usesNodePorts =
      spec.type === 'NodePort' ||
      (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)
    return {
      ...service,
      metadata: { ...service.metadata, namespace: service.metadata.namespace ?? 'default' },
      spec: {
        ...spec,
        clusterIP: needsAddress(service) ? nextIP() : spec.clusterIP,
        ports: (spec.ports ?? []).map((port) =>
          usesNodePorts && !port.nodePort ? { ...port, nodePort: nextPort() } : port,
        ),
      },
      ...(spec.type === 'LoadBalancer'
        ? { status: { loadBalancer: { ingress: [{ ip: spec.loadBalancerIP ?? nextBalancer() }] } } }
        : {}),
    }
  })
}

interface PlannedPod {
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly spec: PodSpec
  readonly ip: string
}

type Workload = Deployment | ReplicaSet | StatefulSet | DaemonSet
interface WorkloadSpec {
  readonly replicas?: number
  readonly template?: {
    readonly metadata?: { readonly labels?: Record<string, string> }
    readonly spec?: PodSpec
  }
}
const WORKLOADS: ReadonlySet<string | undefined> = new Set([
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'DaemonSet',
])

function podsOf(objects: readonly KubernetesObject[], options: OfflineOptions): readonly PlannedPod[] {
  const next = addressesFrom(options.podCIDR, 2, new Set())
  return objects.flatMap((object) => {
    const namespace = object.metadata.namespace ?? 'default'
    if (object.kind === 'Pod') {
      const pod = object as Pod
      return [{ namespace, labels: pod.metadata.labels ?? {}, spec: pod.spec, ip: next() }]
    }
    if (!WORKLOADS.has(object.kind)) return []
    // A DaemonSet has no replicas: one pod, as there is one node.
    const { replicas = 1, template } = (object as Workload).spec as WorkloadSpec
    const one = {
      namespace,
      labels: template?.metadata?.labels ?? {},
      spec: template?.spec ?? { containers: [] },
    }
    return Array.from({ length: replicas }, () => ({ ...one, ip: next() }))
  })
}

/** One slice per distinct resolution of the Service's ports. */
function sliceOf(
  service: Service,
  pods: readonly PlannedPod[],
  { nodeName }: OfflineOptions,
): readonly EndpointSlice[] {
  const selector = service.spec.selector ?? {}
  if (Object.keys(selector).length === 0) return []
  const namespace = service.metadata.namespace ?? 'default'
  const members = pods.filter(
    (pod) => pod.namespace === namespace && matchesSelector(selectorOfMap(selector), pod.labels),
  )
  const groups = Map.groupBy(members, (pod) => JSON.stringify(portsOn(pod, service)))
  return [...groups.values()].map((group, index) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${service.metadata.name}-${index}`,
      namespace,
      labels: { [SERVICE_NAME]: service.metadata.name },
    },
    addressType: 'IPv4',
    ports: group[0] ? portsOn(group[0], service) : [],
    endpoints: group.map(({ ip }): Endpoint => ({ addresses: [ip], conditions: { ready: true }, nodeName })),
  }))
}

function portsOn(pod: PlannedPod, service: Service): readonly EndpointPort[] {
  return (service.spec.ports ?? []).flatMap((port) => {
    const target = port.targetPort ?? port.port
    const number =
      typeof target === 'number' ? target : namedPort(pod.spec.containers, target, port.protocol ?? 'TCP')
    return number === undefined
      ? []
      : [{ name: port.name ?? '', port: number, protocol: port.protocol ?? 'TCP' }]
  })
}

function namedPort(containers: readonly Container[], name: string, protocol: string): number | undefined {
  return containers
    .flatMap(({ ports = [] }) => ports)
    .find((port) => port.name === name && (port.protocol ?? 'TCP') === protocol)?.containerPort
}
