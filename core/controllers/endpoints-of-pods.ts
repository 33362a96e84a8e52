/**
 * From a Service's pods to endpoints: who is in, ready or not, on which ports. Pure
 * (kubernetes/endpointslice utils.go: podToEndpoint, getEndpointPorts).
 */

import type { Node, Pod, Service } from '../api/generated/core-v1.ts'
import type { Endpoint, EndpointPort } from '../api/generated/discovery-v1.ts'
import { familyOf } from '../net/ip.ts'
import { isOver, isReady } from './pod-state.ts'

export interface PodEndpoint {
  readonly endpoint: Endpoint
  readonly ports: readonly EndpointPort[]
}

/** @returns the pod's endpoint in that address family; undefined when it has none */
export function podEndpoint(
  pod: Pod,
  service: Service,
  family: string,
  nodeOf: (name: string) => Node | undefined,
): PodEndpoint | undefined {
  if (isOver(pod)) return undefined
  const all = pod.status?.podIPs?.map((entry) => entry.ip) ?? [pod.status?.podIP ?? '']
  const addresses = all.filter((ip) => familyOf(ip) === family)
  if (addresses.length === 0) return undefined
  const serving = isReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  const zone = nodeOf(pod.spec.nodeName ?? '')?.metadata.labels?.['topology.kubernetes.io/zone']
  const hasName = pod.spec.hostname && pod.spec.subdomain === service.metadata.name
  return {
    endpoint: {
      addresses,
      conditions: {
        ready: service.spec.publishNotReadyAddresses || (serving && !terminating),
        serving,
        terminating,
      },
      ...(hasName ? { hostname: pod.spec.hostname } : {}),
      targetRef: {
        kind: 'Pod',
        namespace: pod.metadata.namespace,
        name: pod.metadata.name,
        uid: pod.metadata.uid,
      },
      nodeName: pod.spec.nodeName,
      ...(zone ? { zone } : {}),
    },
    ports: endpointPorts(pod, service),
  }
}

/** The Service's ports with their numbers on this pod; names the pod does not have are left out. */
function endpointPorts(pod: Pod, service: Service): readonly EndpointPort[] {
  return (service.spec.ports ?? []).flatMap((port) => {
    const protocol = port.protocol ?? 'TCP'
    const number = targetNumber(pod, port.targetPort ?? port.port, protocol)
    if (number === undefined) return []
    const appProtocol = port.appProtocol ? { appProtocol: port.appProtocol } : {}
    return [{ name: port.name ?? '', port: number, protocol, ...appProtocol }]
  })
}

function targetNumber(pod: Pod, target: number | string, protocol: string): number | undefined {
  if (typeof target === 'number') return target
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always')
  return [...pod.spec.containers, ...sidecars]
    .flatMap((container) => container.ports ?? [])
    .find((port) => port.name === target && (port.protocol ?? 'TCP') === protocol)?.containerPort
}
