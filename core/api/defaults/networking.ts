/**
 * Defaults of the networking kinds (kubernetes/kubernetes pkg/apis/{core,discovery,networking}/v1/defaults.go). Pure and
 * idempotent. Addresses and node ports are not defaults: the registry allocates them.
 */

import type { Endpoints, Service, ServicePort, ServiceSpec } from '../generated/core-v1.ts'
import type { EndpointSlice } from '../generated/discovery-v1.ts'
import type { IngressClass, NetworkPolicy, NetworkPolicyPort } from '../generated/networking-v1.ts'

const AFFINITY_TIMEOUT_SECONDS = 10_800

export function defaultService(service: Service): Service {
  const { spec } = service
  const type = spec.type || 'ClusterIP'
  const sessionAffinity = spec.sessionAffinity || 'None'
  return {
    ...service,
    spec: {
      ...spec,
      type,
      sessionAffinity,
      ports: spec.ports?.map(defaultServicePort),
      ...(sessionAffinity === 'ClientIP' ? { sessionAffinityConfig: affinityConfig(spec) } : {}),
      ...(type === 'ExternalName' ? {} : { internalTrafficPolicy: spec.internalTrafficPolicy ?? 'Cluster' }),
      ...(isExternallyAccessible({ ...spec, type })
        ? { externalTrafficPolicy: spec.externalTrafficPolicy ?? 'Cluster' }
        : {}),
      ...(type === 'LoadBalancer'
        ? { allocateLoadBalancerNodePorts: spec.allocateLoadBalancerNodePorts ?? true }
        : {}),
    },
    ...(service.status ? { status: defaultIpModes(service.status) } : {}),
  }
}

/** Whether clients outside the cluster may reach it: NodePort, LoadBalancer, or ClusterIP with externalIPs. */
export function isExternallyAccessible(spec: ServiceSpec): boolean {
  const { type, externalIPs = [] } = spec
  return type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && externalIPs.length > 0)
}

function affinityConfig(spec: ServiceSpec): ServiceSpec['sessionAffinityConfig'] {
  const timeoutSeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_TIMEOUT_SECONDS
  return { clientIP: { timeoutSeconds } }
}

function defaultServicePort(port: ServicePort): ServicePort {
  const unset = port.targetPort === undefined || port.targetPort === 0 || port.targetPort === ''
  return { ...port, protocol: port.protocol || 'TCP', targetPort: unset ? port.port : port.targetPort }
}

function defaultIpModes(status: NonNullable<Service['status']>): NonNullable<Service['status']> {
  const ingress = status.loadBalancer?.ingress
  if (!ingress) return status
  return {
    ...status,
    loadBalancer: { ingress: ingress.map((one) => (one.ip ? { ...one, ipMode: one.ipMode ?? 'VIP' } : one)) },
  }
}

export function defaultEndpoints(endpoints: Endpoints): Endpoints {
  if (!endpoints.subsets) return endpoints
  return {
    ...endpoints,
    subsets: endpoints.subsets.map((subset) => ({
      ...subset,
      ports: subset.ports?.map((port) => ({ ...port, protocol: port.protocol || 'TCP' })),
    })),
  }
}

export function defaultEndpointSlice(slice: EndpointSlice): EndpointSlice {
  return {
    ...slice,
    endpoints: slice.endpoints ?? [],
    ports: slice.ports?.map((port) => ({ ...port, name: port.name ?? '', protocol: port.protocol ?? 'TCP' })),
  }
}

export function defaultNetworkPolicy(policy: NetworkPolicy): NetworkPolicy {
  const { spec } = policy
  const withProtocol = (port: NetworkPolicyPort): NetworkPolicyPort => ({
    ...port,
    protocol: port.protocol ?? 'TCP',
  })
  const egress = (spec.egress ?? []).length > 0 ? ['Egress'] : []
  return {
    ...policy,
    spec: {
      ...spec,
      podSelector: spec.podSelector ?? {},
      ...(spec.ingress
        ? { ingress: spec.ingress.map((rule) => ({ ...rule, ports: rule.ports?.map(withProtocol) })) }
        : {}),
      ...(spec.egress
        ? { egress: spec.egress.map((rule) => ({ ...rule, ports: rule.ports?.map(withProtocol) })) }
        : {}),
      policyTypes:
        spec.policyTypes && spec.policyTypes.length > 0 ? spec.policyTypes : ['Ingress', ...egress],
    },
  }
}

export function defaultIngressClass(one: IngressClass): IngressClass {
  const { parameters } = one.spec
  if (!parameters) return one
  return {
    ...one,
    spec: { ...one.spec, parameters: { ...parameters, scope: parameters.scope ?? 'Cluster' } },
  }
}
