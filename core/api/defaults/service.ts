/**
 * Defaults of Services (kubernetes/kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_Service). Pure and idempotent.
 * Addresses, families and node ports are not defaults: the registry allocates them.
 */

import type { Service, ServicePort, ServiceSpec } from '../generated/core-v1.ts'

const AFFINITY_TIMEOUT_SECONDS = 10_800

export function defaultService(service: Service): Service {
  const { spec = {} } = service as Partial<Service>
  const type = spec.type || 'ClusterIP'
  return {
    ...service,
    spec: {
      ...withAffinity(spec),
      ...withPolicies({ ...spec, type }),
      type,
      ...(spec.ports ? { ports: spec.ports.map(defaultServicePort) } : {}),
    },
    ...(service.status ? { status: defaultIpModes(service.status) } : {}),
  }
}

/** Affinity to nobody has no configuration. */
function withAffinity(spec: ServiceSpec): ServiceSpec {
  const sessionAffinity = spec.sessionAffinity || 'None'
  const { sessionAffinityConfig, ...rest } = spec
  if (sessionAffinity === 'None') return { ...rest, sessionAffinity }
  if (sessionAffinity !== 'ClientIP') return { ...spec, sessionAffinity }
  const timeoutSeconds = sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_TIMEOUT_SECONDS
  return { ...rest, sessionAffinity, sessionAffinityConfig: { clientIP: { timeoutSeconds } } }
}

function withPolicies(spec: ServiceSpec): ServiceSpec {
  const { type, internalTrafficPolicy, externalTrafficPolicy, allocateLoadBalancerNodePorts } = spec
  const isInternal = type === 'ClusterIP' || type === 'NodePort' || type === 'LoadBalancer'
  return {
    ...(isInternal ? { internalTrafficPolicy: internalTrafficPolicy ?? 'Cluster' } : {}),
    ...(isExternallyAccessible(spec) ? { externalTrafficPolicy: externalTrafficPolicy || 'Cluster' } : {}),
    ...(type === 'LoadBalancer'
      ? { allocateLoadBalancerNodePorts: allocateLoadBalancerNodePorts ?? true }
      : {}),
  }
}

/** Whether clients outside the cluster may reach it: NodePort, LoadBalancer, or ClusterIP with externalIPs. */
export function isExternallyAccessible(spec: ServiceSpec): boolean {
  const { type, externalIPs = [] } = spec
  return type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && externalIPs.length > 0)
}

function defaultServicePort(port: ServicePort): ServicePort {
  return { ...port, protocol: port.protocol || 'TCP', targetPort: port.targetPort || port.port }
}

function defaultIpModes(status: NonNullable<Service['status']>): NonNullable<Service['status']> {
  const ingress = status.loadBalancer?.ingress
  if (!ingress) return status
  const withMode = ingress.map((one) => (one.ip ? { ...one, ipMode: one.ipMode ?? 'VIP' } : one))
  return { ...status, loadBalancer: { ingress: withMode } }
}
