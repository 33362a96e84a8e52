/** Rows of the groups networking.k8s.io and discovery.k8s.io. */

import type { EndpointSlice } from '../generated/discovery-v1.ts'
import type {
  IPAddress,
  Ingress,
  IngressClass,
  NetworkPolicy,
  ServiceCIDR,
} from '../generated/networking-v1.ts'
import type { ResourceInfo } from '../resource.ts'
import { define, status } from './define.ts'

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
export const SERVICE_CIDRS = define<ServiceCIDR>({
  group: 'networking.k8s.io',
  resource: 'servicecidrs',
  singular: 'servicecidr',
  kind: 'ServiceCIDR',
  clusterScoped: true,
  subresources: [status('ServiceCIDR')],
})
export const IP_ADDRESSES = define<IPAddress>({
  group: 'networking.k8s.io',
  resource: 'ipaddresses',
  singular: 'ipaddress',
  kind: 'IPAddress',
  clusterScoped: true,
  shortNames: ['ip'],
})

/** In the order of discovery documents. */
export const NETWORKING_RESOURCES: readonly ResourceInfo[] = [
  ENDPOINT_SLICES,
  INGRESSES,
  INGRESS_CLASSES,
  NETWORK_POLICIES,
  SERVICE_CIDRS,
  IP_ADDRESSES,
]
