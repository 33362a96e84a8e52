/**
 * Defaults of Endpoints, EndpointSlice, NetworkPolicy and IngressClass (kubernetes/kubernetes
 * pkg/apis/{core,discovery,networking}/v1/defaults.go). Pure and idempotent. Ingresses have none.
 */

import type { Endpoints, EndpointSubset } from '../generated/core-v1.ts'
import type { Endpoint, EndpointSlice } from '../generated/discovery-v1.ts'
import type {
  IngressClass,
  NetworkPolicy,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../generated/networking-v1.ts'

export function defaultEndpoints(endpoints: Endpoints): Endpoints {
  if (!endpoints.subsets) return endpoints
  const withProtocols = (subset: EndpointSubset): EndpointSubset => {
    if (!subset.ports) return subset
    return { ...subset, ports: subset.ports.map((port) => ({ ...port, protocol: port.protocol || 'TCP' })) }
  }
  return { ...endpoints, subsets: endpoints.subsets.map(withProtocols) }
}

/** Also clears deprecatedTopology, as upstream's registry does of v1 requests. */
export function defaultEndpointSlice(slice: EndpointSlice): EndpointSlice {
  const withoutTopology = ({ deprecatedTopology: _deprecated, ...rest }: Endpoint): Endpoint => rest
  const ports = slice.ports?.map((port) => ({
    ...port,
    name: port.name ?? '',
    protocol: port.protocol ?? 'TCP',
  }))
  return {
    ...slice,
    endpoints: (slice.endpoints ?? []).map(withoutTopology),
    ...(ports ? { ports } : {}),
  }
}

/** Policies of egress rules only are of type Ingress too, unless they say otherwise. */
export function defaultNetworkPolicy(policy: NetworkPolicy): NetworkPolicy {
  const { spec = {} } = policy as { readonly spec?: NetworkPolicySpec }
  const { ingress, egress, policyTypes = [] } = spec
  const implied = (egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
  return {
    ...policy,
    spec: {
      ...spec,
      podSelector: spec.podSelector ?? {},
      ...(ingress ? { ingress: ingress.map(withProtocols) } : {}),
      ...(egress ? { egress: egress.map(withProtocols) } : {}),
      policyTypes: policyTypes.length > 0 ? policyTypes : implied,
    },
  }
}

function withProtocols<T extends { readonly ports?: readonly NetworkPolicyPort[] | undefined }>(rule: T): T {
  if (!rule.ports) return rule
  return { ...rule, ports: rule.ports.map((port) => ({ ...port, protocol: port.protocol ?? 'TCP' })) }
}

export function defaultIngressClass(one: IngressClass): IngressClass {
  const parameters = one.spec?.parameters
  if (!parameters) return one
  return {
    ...one,
    spec: { ...one.spec, parameters: { ...parameters, scope: parameters.scope ?? 'Cluster' } },
  }
}
