/**
 * Objects a cluster is born with: the system namespaces, and the Service `kubernetes` that leads to the API server
 * (kubernetes/kubernetes pkg/controlplane). Pure: addresses in, objects out.
 */

import type { Endpoints, Namespace, Service } from '../api/generated/core-v1.ts'
import type { ServiceCIDR } from '../api/generated/networking-v1.ts'
import type { PriorityClass } from '../api/generated/scheduling-v1.ts'
import type { EndpointSlice } from '../api/generated/discovery-v1.ts'
import { SYSTEM_PRIORITIES } from '../api/system-priorities.ts'

const SYSTEM_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

export function systemNamespaces(): readonly Namespace[] {
  return SYSTEM_NAMESPACES.map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
    spec: {},
  }))
}

export function systemPriorities(): readonly PriorityClass[] {
  return [...SYSTEM_PRIORITIES].map(([name, { value, description }]) => ({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    value,
    description,
    preemptionPolicy: 'PreemptLowerPriority',
  }))
}

export interface ApiServerAddress {
  /** first address of the Service CIDR */
  readonly clusterIP: string
  readonly serviceCIDRs: readonly string[]
  /** where pods reach the API server */
  readonly address: string
  readonly port: number
}

/** kubernetes/kubernetes pkg/controlplane/controller/defaultservicecidr */
export function defaultServiceCIDR(cidrs: readonly string[]): ServiceCIDR {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes' },
    spec: { cidrs },
  }
}

export interface KubernetesServiceObjects {
  readonly service: Service
  readonly endpoints: Endpoints
  readonly slice: EndpointSlice
}

const NAME = { name: 'kubernetes', namespace: 'default' }

export function kubernetesService({ clusterIP, address, port }: ApiServerAddress): KubernetesServiceObjects {
  const labels = { component: 'apiserver', provider: 'kubernetes' }
  return {
    service: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...NAME, labels },
      spec: { clusterIP, ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }] },
    },
    endpoints: {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { ...NAME, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: [{ addresses: [{ ip: address }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
    },
    slice: {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...NAME, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports: [{ name: 'https', port, protocol: 'TCP' }],
    },
  }
}
