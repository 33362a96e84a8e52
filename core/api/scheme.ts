/**
 * The resources this API server serves, one row each. A further kind is a row here, its types (generated), its
 * rules (./rules) and, where it needs one, a controller.
 *
 * Names, short names, categories and sub-resources are kube-apiserver's (`kubectl api-resources`).
 */

import type { Deployment, ReplicaSet } from './generated/apps-v1.ts'
import type { Lease } from './generated/coordination-v1.ts'
import type {
  ConfigMap,
  Endpoints,
  Event,
  Namespace,
  Node,
  Pod,
  Secret,
  Service,
  ServiceAccount,
} from './generated/core-v1.ts'
import type { EndpointSlice } from './generated/discovery-v1.ts'
import type { Ingress, IngressClass, NetworkPolicy } from './generated/networking-v1.ts'
import type { KubernetesObject } from './object.ts'
import type { Resource, ResourceInfo, Subresource, Verb } from './resource.ts'
import { VERBS } from './resource.ts'

interface Row {
  readonly group?: string
  readonly resource: string
  readonly singular: string
  readonly kind: string
  readonly clusterScoped?: boolean
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly verbs?: readonly Verb[]
  readonly subresources?: readonly Subresource[]
}

function define<T extends KubernetesObject>(row: Row): Resource<T> {
  return Object.freeze({
    group: row.group ?? '',
    version: 'v1',
    resource: row.resource,
    singular: row.singular,
    kind: row.kind,
    namespaced: !row.clusterScoped,
    shortNames: row.shortNames ?? [],
    categories: row.categories ?? [],
    verbs: row.verbs ?? VERBS,
    subresources: row.subresources ?? [],
  })
}

const status = (kind: string): Subresource => ({ name: 'status', kind, verbs: ['get', 'patch', 'update'] })
const scale: Subresource = {
  name: 'scale',
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  verbs: ['get', 'patch', 'update'],
}
const connect = (name: string, kind: string, verbs: readonly string[]): Subresource => ({ name, kind, verbs })
const PROXY_VERBS = ['create', 'delete', 'get', 'patch', 'update']

export const NAMESPACES = define<Namespace>({
  resource: 'namespaces',
  singular: 'namespace',
  kind: 'Namespace',
  clusterScoped: true,
  shortNames: ['ns'],
  verbs: VERBS.filter((verb) => verb !== 'deletecollection'),
  subresources: [connect('finalize', 'Namespace', ['update']), status('Namespace')],
})
export const NODES = define<Node>({
  resource: 'nodes',
  singular: 'node',
  kind: 'Node',
  clusterScoped: true,
  shortNames: ['no'],
  subresources: [status('Node')],
})
export const PODS = define<Pod>({
  resource: 'pods',
  singular: 'pod',
  kind: 'Pod',
  shortNames: ['po'],
  categories: ['all'],
  subresources: [
    connect('attach', 'PodAttachOptions', ['create', 'get']),
    connect('binding', 'Binding', ['create']),
    { name: 'eviction', group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] },
    connect('exec', 'PodExecOptions', ['create', 'get']),
    connect('log', 'Pod', ['get']),
    connect('portforward', 'PodPortForwardOptions', ['create', 'get']),
    connect('proxy', 'PodProxyOptions', PROXY_VERBS),
    status('Pod'),
  ],
})
export const SERVICES = define<Service>({
  resource: 'services',
  singular: 'service',
  kind: 'Service',
  shortNames: ['svc'],
  categories: ['all'],
  subresources: [connect('proxy', 'ServiceProxyOptions', PROXY_VERBS), status('Service')],
})
export const ENDPOINTS = define<Endpoints>({
  resource: 'endpoints',
  singular: 'endpoints',
  kind: 'Endpoints',
  shortNames: ['ep'],
})
export const CONFIG_MAPS = define<ConfigMap>({
  resource: 'configmaps',
  singular: 'configmap',
  kind: 'ConfigMap',
  shortNames: ['cm'],
})
export const SECRETS = define<Secret>({ resource: 'secrets', singular: 'secret', kind: 'Secret' })
export const SERVICE_ACCOUNTS = define<ServiceAccount>({
  resource: 'serviceaccounts',
  singular: 'serviceaccount',
  kind: 'ServiceAccount',
  shortNames: ['sa'],
})
export const EVENTS = define<Event>({
  resource: 'events',
  singular: 'event',
  kind: 'Event',
  shortNames: ['ev'],
})
export const LEASES = define<Lease>({
  group: 'coordination.k8s.io',
  resource: 'leases',
  singular: 'lease',
  kind: 'Lease',
})
export const DEPLOYMENTS = define<Deployment>({
  group: 'apps',
  resource: 'deployments',
  singular: 'deployment',
  kind: 'Deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  subresources: [scale, status('Deployment')],
})
export const REPLICA_SETS = define<ReplicaSet>({
  group: 'apps',
  resource: 'replicasets',
  singular: 'replicaset',
  kind: 'ReplicaSet',
  shortNames: ['rs'],
  categories: ['all'],
  subresources: [scale, status('ReplicaSet')],
})
export const ENDPOINT_SLICES = define<EndpointSlice>({
  group: 'discovery.k8s.io',
  resource: 'endpointslices',
  singular: 'endpointslice',
  kind: 'EndpointSlice',
})
export const INGRESSES = define<Ingress>({
  group: 'networking.k8s.io',
  resource: 'ingresses',
  singular: 'ingress',
  kind: 'Ingress',
  shortNames: ['ing'],
  subresources: [status('Ingress')],
})
export const INGRESS_CLASSES = define<IngressClass>({
  group: 'networking.k8s.io',
  resource: 'ingressclasses',
  singular: 'ingressclass',
  kind: 'IngressClass',
  clusterScoped: true,
})
export const NETWORK_POLICIES = define<NetworkPolicy>({
  group: 'networking.k8s.io',
  resource: 'networkpolicies',
  singular: 'networkpolicy',
  kind: 'NetworkPolicy',
  shortNames: ['netpol'],
})

/** Every resource served, in the order of discovery documents. */
export const SCHEME: readonly ResourceInfo[] = [
  NAMESPACES,
  NODES,
  PODS,
  SERVICES,
  ENDPOINTS,
  CONFIG_MAPS,
  SECRETS,
  SERVICE_ACCOUNTS,
  EVENTS,
  LEASES,
  DEPLOYMENTS,
  REPLICA_SETS,
  ENDPOINT_SLICES,
  INGRESSES,
  INGRESS_CLASSES,
  NETWORK_POLICIES,
]

/** @returns the row for `apps/v1`, `Deployment`; undefined when it is not served */
export function resourceForKind(apiVersion: string, kind: string): ResourceInfo | undefined {
  return SCHEME.find(
    (row) => row.kind === kind && (row.group ? `${row.group}/` : '') + row.version === apiVersion,
  )
}

/** @returns the row for a group ('' is core), version and plural name; undefined when it is not served */
export function resourceForPath(group: string, version: string, resource: string): ResourceInfo | undefined {
  return SCHEME.find((row) => row.group === group && row.version === version && row.resource === resource)
}
