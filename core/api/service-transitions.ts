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
/** Whether ports without a node port are given one. */
export const wantsNodePorts = (spec: ServiceSpec): boolean =>
  usesNodePorts(spec) && (spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false)
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
    if (!spec.clusterIP) assign(spec, 'clusterIP', old.clusterIP)
    if (!spec.clusterIPs?.length) assign(spec, 'clusterIPs', old.clusterIPs)
    assign(spec, 'ipFamilies', spec.ipFamilies ?? old.ipFamilies)
    assign(spec, 'ipFamilyPolicy', spec.ipFamilyPolicy ?? old.ipFamilyPolicy)
  }
  if (wantsNodePorts(spec) && wantsNodePorts(old) && spec.ports)
    spec.ports = keptNodePorts(spec.ports, old.ports ?? [])
  if (usesHealthCheck(spec) && usesHealthCheck(old) && !spec.healthCheckNodePort)
    assign(spec, 'healthCheckNodePort', old.healthCheckNodePort)
}

/** Sets what is there and leaves absent what is not. */
function assign<K extends Key>(spec: Draft, key: K, value: ServiceSpec[K]): void {
  if (value !== undefined) spec[key] = value
}

const numbersOf = (ports: readonly ServicePort[]): ReadonlySet<number | undefined> =>
  new Set(ports.flatMap(({ nodePort }) => (nodePort ? [nodePort] : [])))

/** A port sent without nodePort gets that of the port of its name, unless a port asks for that one now. */
function keptNodePorts(ports: readonly ServicePort[], old: readonly ServicePort[]): ServicePort[] {
  const before = new Map(old.map(({ name = '', nodePort }) => [name, nodePort]))
  const asked = numbersOf(ports)
  return ports.map((port) => {
    const nodePort = before.get(port.name ?? '')
    return port.nodePort || !nodePort || asked.has(nodePort) ? port : { ...port, nodePort }
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
  if (usesNodePorts(old) && !usesNodePorts(spec) && spec.ports)
    spec.ports = withoutOldNodePorts(spec.ports, old.ports ?? [])
}

/** Node ports go when the old Service had them; where the client asks for another, they stay, to be refused. */
function withoutOldNodePorts(
  ports: readonly ServicePort[],
  old: readonly ServicePort[],
): readonly ServicePort[] {
  if (!numbersOf(ports).isSubsetOf(numbersOf(old))) return ports
  return ports.map((port) => {
    const { nodePort: _, ...rest } = port
    return rest
  })
}
