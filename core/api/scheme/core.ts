/** Rows of the core group. */

import type {
  Binding,
  ComponentStatus,
  ConfigMap,
  Endpoints,
  Event,
  LimitRange,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodTemplate,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
} from '../generated/core-v1.ts'
import type { ResourceInfo } from '../resource.ts'
import { VERBS } from '../resource.ts'
import { PROXY_VERBS, connect, define, scale, status } from './define.ts'

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
  subresources: [connect('proxy', 'NodeProxyOptions', PROXY_VERBS), status('Node')],
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
    connect('ephemeralcontainers', 'Pod', ['get', 'patch', 'update']),
    { name: 'eviction', group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] },
    connect('exec', 'PodExecOptions', ['create', 'get']),
    connect('log', 'Pod', ['get']),
    connect('portforward', 'PodPortForwardOptions', ['create', 'get']),
    connect('proxy', 'PodProxyOptions', PROXY_VERBS),
    connect('resize', 'Pod', ['get', 'patch', 'update']),
    status('Pod'),
  ],
})
/** The old way to say what pods/binding says: bindings are carried out, not kept. */
export const BINDINGS = define<Binding>({
  resource: 'bindings',
  singular: 'binding',
  kind: 'Binding',
  verbs: ['create'],
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
  subresources: [
    {
      name: 'token',
      group: 'authentication.k8s.io',
      version: 'v1',
      kind: 'TokenRequest',
      verbs: ['create'],
    },
  ],
})
export const EVENTS = define<Event>({
  resource: 'events',
  singular: 'event',
  kind: 'Event',
  shortNames: ['ev'],
})
export const PERSISTENT_VOLUMES = define<PersistentVolume>({
  resource: 'persistentvolumes',
  singular: 'persistentvolume',
  kind: 'PersistentVolume',
  clusterScoped: true,
  shortNames: ['pv'],
  subresources: [status('PersistentVolume')],
})
export const PERSISTENT_VOLUME_CLAIMS = define<PersistentVolumeClaim>({
  resource: 'persistentvolumeclaims',
  singular: 'persistentvolumeclaim',
  kind: 'PersistentVolumeClaim',
  shortNames: ['pvc'],
  subresources: [status('PersistentVolumeClaim')],
})
export const POD_TEMPLATES = define<PodTemplate>({
  resource: 'podtemplates',
  singular: 'podtemplate',
  kind: 'PodTemplate',
})
export const REPLICATION_CONTROLLERS = define<ReplicationController>({
  resource: 'replicationcontrollers',
  singular: 'replicationcontroller',
  kind: 'ReplicationController',
  shortNames: ['rc'],
  categories: ['all'],
  subresources: [scale, status('ReplicationController')],
})
export const LIMIT_RANGES = define<LimitRange>({
  resource: 'limitranges',
  singular: 'limitrange',
  kind: 'LimitRange',
  shortNames: ['limits'],
})
export const RESOURCE_QUOTAS = define<ResourceQuota>({
  resource: 'resourcequotas',
  singular: 'resourcequota',
  kind: 'ResourceQuota',
  shortNames: ['quota'],
  subresources: [status('ResourceQuota')],
})

/** Made when asked for, and never stored. */
export const COMPONENT_STATUSES = define<ComponentStatus>({
  resource: 'componentstatuses',
  singular: 'componentstatus',
  kind: 'ComponentStatus',
  clusterScoped: true,
  shortNames: ['cs'],
  verbs: ['get', 'list'],
})

/** In the order of discovery documents. */
export const CORE_RESOURCES: readonly ResourceInfo[] = [
  NAMESPACES,
  NODES,
  PODS,
  SERVICES,
  ENDPOINTS,
  CONFIG_MAPS,
  SECRETS,
  SERVICE_ACCOUNTS,
  EVENTS,
  PERSISTENT_VOLUMES,
  PERSISTENT_VOLUME_CLAIMS,
  POD_TEMPLATES,
  REPLICATION_CONTROLLERS,
  LIMIT_RANGES,
  RESOURCE_QUOTAS,
  BINDINGS,
  COMPONENT_STATUSES,
]
