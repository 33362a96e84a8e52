/**
 * What an update of a Service keeps and drops when the client did not say (kubernetes/kubernetes
 * pkg/registry/core/service/strategy.go and storage/storage.go: patchAllocatedValues, dropTypeDependentFields). Pure.
 *
 * This is why `kubectl patch service web -p '{"spec":{"type":"ClusterIP"}}'` works although the patched object still
 * has node ports: what the new type does not use goes, if the client left it as it was.
 */

import { isExternallyAccessible } from './defaults/service.ts'
import { isSameValue } from './equality.ts'
import type { Service, ServicePort, ServiceSpec } from './generated/core-v1.ts'

type Draft = { -readonly [Key in keyof ServiceSpec]: ServiceSpec[Key] }
type Key = keyof ServiceSpec

const usesNodePorts = ({ type }: ServiceSpec): boolean => type === 'NodePort' || type === 'LoadBalancer'
const usesHealthCheck = (spec: ServiceSpec): boolean =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'

/** The Service as it is to be validated: allocated fields kept, those without use dropped. */
export function prepareServiceUpdate(service: Service, old: Service): Service {
  const spec: Draft = { ...service.spec }
  keepAllocated(spec, old.spec)
  releaseSecondFamily(spec, old.spec)
  dropUnused(spec, old.spec)
  return { ...service, spec }
}

function keepAllocated(spec: Draft, old: ServiceSpec): void {
  if (spec.type !== 'ExternalName' && old.type !== 'ExternalName') {
    if (!spec.clusterIP && !spec.clusterIPs?.length) {
      assign(spec, 'clusterIP', old.clusterIP)
      assign(spec, 'clusterIPs', old.clusterIPs)
    }
    assign(spec, 'ipFamilies', spec.ipFamilies ?? old.ipFamilies)
    assign(spec, 'ipFamilyPolicy', spec.ipFamilyPolicy ?? old.ipFamilyPolicy)
  }
  if (usesNodePorts(spec) && usesNodePorts(old)) spec.ports = keptNodePorts(spec.ports, old.ports)
  if (usesHealthCheck(spec) && usesHealthCheck(old) && !spec.healthCheckNodePort)
    assign(spec, 'healthCheckNodePort', old.healthCheckNodePort)
}

/** Sets what is there and leaves absent what is not. */
function assign<K extends Key>(spec: Draft, key: K, value: ServiceSpec[K]): void {
  if (value !== undefined) spec[key] = value
}

const portKey = ({ protocol, port }: ServicePort): string => `${protocol} ${port}`
const nodePortKey = ({ protocol, nodePort }: ServicePort): string => `${protocol} ${nodePort}`

/** A port sent without nodePort keeps the one it had, unless another port asks for that one now. */
function keptNodePorts(ports: readonly ServicePort[] = [], old: readonly ServicePort[] = []): ServicePort[] {
  const before = new Map(old.map((port) => [portKey(port), port]))
  const asked = new Set(ports.filter(({ nodePort }) => nodePort).map(nodePortKey))
  return ports.map((port) => {
    const previous = before.get(portKey(port))
    if (port.nodePort || !previous?.nodePort || asked.has(nodePortKey(previous))) return port
    return { ...port, nodePort: previous.nodePort }
  })
}

/** Policy SingleStack after a dual-stack one: the second address and family go, if the client left them as they were. */
function releaseSecondFamily(spec: Draft, old: ServiceSpec): void {
  const wasDual = old.ipFamilyPolicy === 'PreferDualStack' || old.ipFamilyPolicy === 'RequireDualStack'
  if (!wasDual || spec.ipFamilyPolicy !== 'SingleStack') return
  for (const key of ['clusterIPs', 'ipFamilies'] as const)
    if (isSameValue(spec[key], old[key])) assign(spec, key, spec[key]?.slice(0, 1))
}

function dropUnused(spec: Draft, old: ServiceSpec): void {
  const drop = (...keys: readonly Key[]): void => {
    for (const key of keys) if (isSameValue(spec[key], old[key])) delete spec[key]
  }
  if (spec.type === 'ExternalName' && old.type !== 'ExternalName')
    drop('clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy')
  if (spec.type !== 'LoadBalancer') drop('allocateLoadBalancerNodePorts', 'loadBalancerClass')
  if (!isExternallyAccessible(spec)) drop('externalTrafficPolicy')
  if (!usesHealthCheck(spec)) drop('healthCheckNodePort')
  if (usesNodePorts(old) && !usesNodePorts(spec)) spec.ports = withoutOldNodePorts(spec.ports, old.ports)
}

/** Node ports the old Service had go; one the client asks for now stays, to be refused. */
function withoutOldNodePorts(
  ports: readonly ServicePort[] = [],
  old: readonly ServicePort[] = [],
): ServicePort[] {
  const known = new Set(old.map(({ nodePort }) => nodePort))
  return ports.map((port) => {
    const { nodePort, ...rest } = port
    return known.has(nodePort) ? rest : port
  })
}
