/**
 * Services (kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidateService and ValidateServiceUpdate). Pure.
 * Runs on the defaulted object; what depends on free addresses and ports is the registry's allocation.
 */

import { parseCidr } from '../../net/cidr.ts'
import { parseIp } from '../../net/ip.ts'
import { isExternallyAccessible } from '../defaults/networking.ts'
import type { Service, ServicePort, ServiceSpec } from '../generated/core-v1.ts'
import type { FieldError } from '../field-error.ts'
import type { Faults } from './faults.ts'
import {
  choice,
  duplicate,
  forbiddenField,
  invalidTexts,
  invalidValue,
  repeated,
  required,
} from './faults.ts'
import { ipFaults } from './ip-faults.ts'
import {
  dnsLabelFaults,
  dnsSubdomainFaults,
  isPortNumber,
  PORT_RANGE,
  portNameFaults,
  qualifiedNameFaults,
} from './names.ts'

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const DISTRIBUTIONS = ['PreferClose', 'PreferSameNode', 'PreferSameZone']

const isHeadless = (spec: ServiceSpec): boolean =>
  (spec.clusterIPs ?? [])[0] === 'None' || spec.clusterIP === 'None'

export function validateService({ spec }: Service): Faults {
  const ports = spec.ports ?? []
  const needsPorts = !isHeadless(spec) && spec.type !== 'ExternalName'
  return [
    ...(needsPorts && ports.length === 0 ? [required('spec.ports')] : []),
    ...choice('spec.type', spec.type, TYPES),
    ...validateType(spec),
    ...validateAffinity(spec),
    ...ports.flatMap((port, index) =>
      validatePort(port, `spec.ports[${index}]`, { spec, isOnly: ports.length <= 1 }),
    ),
    ...validateUnique(spec),
    ...(spec.externalIPs ?? []).flatMap((ip, index) => ipFaults(ip, `spec.externalIPs[${index}]`)),
    ...validateLoadBalancer(spec),
    ...validatePolicies(spec),
    ...validateClusterIPs(spec),
  ]
}

function validateType(spec: ServiceSpec): Faults {
  const { type } = spec
  if (type === 'LoadBalancer' || type === 'NodePort') {
    const detail = `may not be set to 'None' for ${type} services`
    return isHeadless(spec) ? [invalidValue('spec.clusterIPs[0]', 'None', detail)] : []
  }
  if (type !== 'ExternalName') return []
  const forbidden = (['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const).filter(
    (key) => (spec[key]?.length ?? 0) > 0,
  )
  const name = spec.externalName ?? ''
  return [
    ...forbidden.map((key) => forbiddenField(`spec.${key}`, 'may not be set for ExternalName services')),
    ...(name === ''
      ? [required('spec.externalName')]
      : invalidTexts('spec.externalName', name.replace(/\.$/, ''), dnsSubdomainFaults)),
  ]
}

const AFFINITY_MAX_SECONDS = 86_400

function validateAffinity(spec: ServiceSpec): Faults {
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds
  const at = 'spec.sessionAffinityConfig'
  return [
    ...choice('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']),
    ...(spec.sessionAffinity === 'None' && spec.sessionAffinityConfig
      ? [forbiddenField(at, 'must not be set when session affinity is None')]
      : []),
    ...(spec.sessionAffinity === 'ClientIP' &&
    seconds !== undefined &&
    (seconds <= 0 || seconds > AFFINITY_MAX_SECONDS)
      ? [
          invalidValue(
            `${at}.clientIP.timeoutSeconds`,
            seconds,
            `must be greater than 0 and less than ${AFFINITY_MAX_SECONDS}`,
          ),
        ]
      : []),
  ]
}

function validatePort(
  port: ServicePort,
  at: string,
  { spec, isOnly }: { spec: ServiceSpec; isOnly: boolean },
): Faults {
  const { name = '', nodePort = 0, targetPort, appProtocol } = port
  return [
    ...(name === ''
      ? isOnly
        ? []
        : [required(`${at}.name`)]
      : invalidTexts(`${at}.name`, name, dnsLabelFaults)),
    ...(isPortNumber(port.port) ? [] : [invalidValue(`${at}.port`, port.port, PORT_RANGE)]),
    ...choice(`${at}.protocol`, port.protocol, PROTOCOLS),
    ...(isHeadless(spec) && targetPort !== port.port && typeof targetPort === 'number' && targetPort === 0
      ? []
      : targetPortFaults(targetPort, `${at}.targetPort`)),
    ...(appProtocol ? invalidTexts(`${at}.appProtocol`, appProtocol, qualifiedNameFaults) : []),
    ...(spec.type === 'ClusterIP' && nodePort !== 0
      ? [forbiddenField(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'")]
      : []),
  ]
}

function targetPortFaults(targetPort: number | string | undefined, at: string): Faults {
  if (typeof targetPort === 'string') return invalidTexts(at, targetPort, portNameFaults)
  if (targetPort === undefined || isPortNumber(targetPort)) return []
  return [invalidValue(at, targetPort, PORT_RANGE)]
}

function validateUnique(spec: ServiceSpec): Faults {
  const ports = spec.ports ?? []
  const names = repeated(ports, (port) => port.name || undefined)
  const nodePorts = repeated(ports, (port) =>
    port.nodePort ? `${port.protocol} ${port.nodePort}` : undefined,
  )
  const pairs = repeated(ports, (port) => `${port.protocol} ${port.port}`)
  const printed = (index: number): unknown => ({
    protocol: ports[index]?.protocol,
    port: ports[index]?.port,
    targetPort: 0,
  })
  return [
    ...names.map((index) => duplicate(`spec.ports[${index}].name`, ports[index]?.name)),
    ...nodePorts.map((index) => duplicate(`spec.ports[${index}].nodePort`, ports[index]?.nodePort)),
    ...pairs.map((index) => duplicate(`spec.ports[${index}]`, printed(index))),
  ]
}

function validateLoadBalancer(spec: ServiceSpec): Faults {
  const isLoadBalancer = spec.type === 'LoadBalancer'
  const only = "may only be used when `type` is 'LoadBalancer'"
  const ranges = spec.loadBalancerSourceRanges ?? []
  // Upstream's path really begins with a capital letter.
  const path = 'spec.LoadBalancerSourceRanges'
  const badRange = (text: string): boolean => parseCidr(text.trim()) === undefined
  const detail = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'
  return [
    ...(ranges.length > 0 && !isLoadBalancer ? [forbiddenField(path, only)] : []),
    ...(isLoadBalancer
      ? ranges.flatMap((text, index) =>
          badRange(text) ? [invalidValue(`${path}[${index}]`, text, detail)] : [],
        )
      : []),
    ...(spec.allocateLoadBalancerNodePorts !== undefined && !isLoadBalancer
      ? [forbiddenField('spec.allocateLoadBalancerNodePorts', only)]
      : []),
    ...(isLoadBalancer && spec.allocateLoadBalancerNodePorts === undefined
      ? [required('spec.allocateLoadBalancerNodePorts')]
      : []),
    ...(spec.loadBalancerClass && !isLoadBalancer ? [forbiddenField('spec.loadBalancerClass', only)] : []),
    ...(spec.loadBalancerClass && isLoadBalancer
      ? invalidTexts('spec.loadBalancerClass', spec.loadBalancerClass, qualifiedNameFaults)
      : []),
  ]
}

function validatePolicies(spec: ServiceSpec): Faults {
  const policies = ['Cluster', 'Local']
  const external = spec.externalTrafficPolicy
  const needsHealthCheck = spec.type === 'LoadBalancer' && external === 'Local'
  const healthDetail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
  return [
    ...(external && !isExternallyAccessible(spec)
      ? [
          invalidValue(
            'spec.externalTrafficPolicy',
            external,
            'may only be set for externally-accessible services',
          ),
        ]
      : choice('spec.externalTrafficPolicy', external, policies, isExternallyAccessible(spec))),
    ...(spec.healthCheckNodePort && !needsHealthCheck
      ? [invalidValue('spec.healthCheckNodePort', spec.healthCheckNodePort, healthDetail)]
      : []),
    ...(spec.type === 'ExternalName'
      ? []
      : choice('spec.internalTrafficPolicy', spec.internalTrafficPolicy, policies)),
    ...choice('spec.trafficDistribution', spec.trafficDistribution, DISTRIBUTIONS, false),
  ]
}

function validateClusterIPs(spec: ServiceSpec): Faults {
  if (spec.type === 'ExternalName') return []
  const { clusterIP = '', clusterIPs = [], ipFamilies = [] } = spec
  const faults: FieldError[] = []
  if (clusterIP === '' && clusterIPs.length > 0) {
    faults.push(
      invalidValue('spec.clusterIPs', clusterIPs, 'must be empty when `clusterIP` is not specified'),
    )
  }
  if (clusterIP !== '' && clusterIPs.length > 0 && clusterIPs[0] !== clusterIP) {
    faults.push(invalidValue('spec.clusterIPs', clusterIPs, 'first value must match `clusterIP`'))
  }
  const all = clusterIPs.length > 0 ? clusterIPs : clusterIP ? [clusterIP] : []
  if (all.includes('None') && all.length > 1) {
    faults.push(invalidValue('spec.clusterIPs', all, "'None' must be the first and only value"))
  }
  if (all.length > 2) faults.push(invalidValue('spec.clusterIPs', all, 'may only hold up to 2 values'))
  const bad = all.findIndex((ip) => ip !== 'None' && parseIp(ip) === undefined)
  if (bad >= 0) {
    faults.push(
      invalidValue(
        `spec.clusterIPs[${bad}]`,
        all[bad],
        'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ),
    )
  }
  for (const index of repeated(ipFamilies, (family) => family))
    faults.push(duplicate(`spec.ipFamilies[${index}]`, ipFamilies[index]))
  ipFamilies.forEach((family, index) =>
    faults.push(...choice(`spec.ipFamilies[${index}]`, family, ['IPv4', 'IPv6'])),
  )
  faults.push(
    ...choice(
      'spec.ipFamilyPolicy',
      spec.ipFamilyPolicy,
      ['PreferDualStack', 'RequireDualStack', 'SingleStack'],
      false,
    ),
  )
  return faults
}

export function validateServiceUpdate(service: Service, old: Service): Faults {
  return [
    ...validateService(service),
    ...validateFixedAddress(service.spec, old.spec),
    ...validateFixedBalancer(service.spec, old.spec),
  ]
}

/** The first ClusterIP may not change once set, unless either side is an ExternalName. */
function validateFixedAddress(spec: ServiceSpec, old: ServiceSpec): Faults {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName' || !old.clusterIP) return []
  if (!spec.clusterIP)
    return [invalidValue('spec.clusterIPs[0]', spec.clusterIPs ?? null, 'primary clusterIP can not be unset')]
  if (spec.clusterIP === old.clusterIP) return []
  return [invalidValue('spec.clusterIPs[0]', spec.clusterIPs ?? [spec.clusterIP], 'may not change once set')]
}

function validateFixedBalancer(spec: ServiceSpec, old: ServiceSpec): Faults {
  const stays = spec.type === 'LoadBalancer' && old.type === 'LoadBalancer'
  const classChanged = stays && spec.loadBalancerClass !== old.loadBalancerClass
  const wasLocal = old.type === 'LoadBalancer' && old.externalTrafficPolicy === 'Local'
  const healthChanged =
    stays &&
    wasLocal &&
    spec.externalTrafficPolicy === 'Local' &&
    old.healthCheckNodePort &&
    spec.healthCheckNodePort !== old.healthCheckNodePort
  return [
    ...(classChanged
      ? [invalidValue('spec.loadBalancerClass', spec.loadBalancerClass ?? null, 'may not change once set')]
      : []),
    ...(healthChanged ? [forbiddenField('spec.healthCheckNodePort', 'field is immutable')] : []),
  ]
}

/**
 * Type transitions (pkg/registry/core/service/strategy.go): what the new type does not use and the client did not
 * touch is dropped, what it left out but still uses is kept.
 */
export function prepareServiceUpdate(service: Service, old: Service): Service {
  const spec = { ...service.spec }
  const previous = old.spec
  const same = (key: keyof ServiceSpec): boolean =>
    JSON.stringify(spec[key]) === JSON.stringify(previous[key])
  const drop = (...keys: readonly (keyof ServiceSpec)[]): void => {
    for (const key of keys) if (same(key)) delete spec[key]
  }
  const { type } = spec
  if (
    type !== 'ExternalName' &&
    previous.type !== 'ExternalName' &&
    !spec.clusterIP &&
    !spec.clusterIPs?.length
  ) {
    Object.assign(spec, { clusterIP: previous.clusterIP, clusterIPs: previous.clusterIPs })
  }
  if (type === 'ExternalName')
    drop('clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy')
  else if (previous.type === 'ExternalName') drop('externalName')
  else keepFamilies(spec, previous)
  if (type !== 'LoadBalancer')
    drop('allocateLoadBalancerNodePorts', 'loadBalancerClass', 'loadBalancerSourceRanges')
  if (!isExternallyAccessible(spec)) drop('externalTrafficPolicy')
  if (type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local') drop('healthCheckNodePort')
  const usesNodePorts = type === 'NodePort' || type === 'LoadBalancer'
  return {
    ...service,
    spec: { ...spec, ports: (spec.ports ?? []).map((port) => keptNodePort(port, previous, usesNodePorts)) },
  }
}

type Draft = { -readonly [Key in keyof ServiceSpec]: ServiceSpec[Key] }

function keepFamilies(spec: Draft, previous: ServiceSpec): void {
  spec.ipFamilies ??= previous.ipFamilies
  spec.ipFamilyPolicy ??= previous.ipFamilyPolicy
}

/** A port that the client sent without nodePort keeps the one it has; one of a type without them loses its old one. */
function keptNodePort(port: ServicePort, previous: ServiceSpec, usesNodePorts: boolean): ServicePort {
  const before = (previous.ports ?? []).find(
    (one) => one.port === port.port && one.protocol === port.protocol,
  )
  const { nodePort, ...rest } = port
  if (usesNodePorts) return nodePort || !before?.nodePort ? port : { ...rest, nodePort: before.nodePort }
  const isOldOne = (previous.ports ?? []).some((one) => one.nodePort === nodePort)
  return isOldOne ? rest : port
}
