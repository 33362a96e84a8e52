/**
 * One port of one Service as proxying sees it, and the endpoints behind it. Types and names. Pure
 * (kubernetes/kubernetes pkg/proxy/serviceport.go, endpoint.go).
 */

export const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const
export type Protocol = (typeof PROTOCOLS)[number]

export interface Endpoint {
  readonly ip: string
  readonly port: number
  readonly nodeName: string
  readonly zone: string
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
  readonly nodeHints: ReadonlySet<string>
  readonly zoneHints: ReadonlySet<string>
}

export interface ServicePort {
  readonly namespace: string
  readonly name: string
  /** '' when the port has no name */
  readonly portName: string
  readonly protocol: Protocol
  readonly clusterIP: string
  readonly port: number
  /** 0: none */
  readonly nodePort: number
  readonly externalIPs: readonly string[]
  readonly loadBalancerIPs: readonly string[]
  /** empty: anyone */
  readonly loadBalancerSourceRanges: readonly string[]
  /** 0: no affinity */
  readonly affinitySeconds: number
  readonly internalPolicyLocal: boolean
  readonly externalPolicyLocal: boolean
  /** 0: none */
  readonly healthCheckNodePort: number
}

/** The node whose traffic is being proxied. */
export interface NodeIdentity {
  readonly name: string
  /** '' when topology.kubernetes.io/zone is not set */
  readonly zone: string
}

/** `ns/name:port`, or `ns/name` when the port has no name. */
export function servicePortName({
  namespace,
  name,
  portName,
}: Pick<ServicePort, 'namespace' | 'name' | 'portName'>): string {
  return `${namespace}/${name}${portName === '' ? '' : `:${portName}`}`
}

/** `10.244.0.3:8080` */
export function endpointKey({ ip, port }: Pick<Endpoint, 'ip' | 'port'>): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}

/** Whether traffic from outside the cluster may come to it: node port, external or load-balancer address. */
export function isExternallyAccessible(port: ServicePort): boolean {
  return port.nodePort !== 0 || port.externalIPs.length > 0 || port.loadBalancerIPs.length > 0
}

/**
 * Whether any of its traffic may go to endpoints of all nodes. With policy Local for outside traffic too: pods and the
 * node itself reach external addresses as if they were cluster ones.
 */
export function usesClusterPolicy(port: ServicePort): boolean {
  return !port.internalPolicyLocal || isExternallyAccessible(port)
}

/** Whether any of its traffic must stay on this node. */
export function usesLocalPolicy(port: ServicePort): boolean {
  return port.internalPolicyLocal || (isExternallyAccessible(port) && port.externalPolicyLocal)
}
