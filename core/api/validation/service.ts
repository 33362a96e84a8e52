/**
 * Services as they are created, and their status (kubernetes/kubernetes pkg/apis/core/validation/validation.go,
 * ValidateService). Pure; runs on the defaulted object, faults in upstream's order.
 *
 * What depends on free addresses and ports is the registry's allocation. Since that comes after validation here and
 * before it upstream, healthCheckNodePort is not required.
 */

import { isExternallyAccessible } from '../defaults/service.ts'
import type { Service, ServicePort, ServiceSpec } from '../generated/core-v1.ts'
import type { Faults } from './faults.ts'
import {
  choice,
  duplicate,
  forbiddenField,
  invalidTexts,
  invalidValue,
  notSupported,
  optionalChoice,
  optionalText,
  pointedChoice,
  portFaults,
  portOrNameFaults,
  repeated,
  required,
  requiredText,
  when,
} from './faults.ts'
import { cidrFaults, ipFaults, specialIpFaults } from './ip-faults.ts'
import { validateLabels } from './label-selector.ts'
import { dnsLabelFaults, dnsSubdomainFaults, qualifiedNameFaults } from './names.ts'
import { isHeadless, validateBeforeAllocation, validateServiceChange } from './service-addresses.ts'

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const POLICIES = ['Cluster', 'Local']
const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode']
const ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'"

/** Faults of a changed Service, metadata aside. */
export function validateServiceUpdate(service: Service, old: Service): Faults {
  const faults = validateBeforeAllocation(service.spec, old.spec)
  return faults.length > 0 ? faults : [...validateServiceChange(service, old), ...validateService(service)]
}

/** Faults of a new Service, metadata aside. */
export function validateNewService(service: Service): Faults {
  const faults = validateBeforeAllocation(service.spec)
  return faults.length > 0 ? faults : validateService(service)
}

/** Faults of a Service, metadata aside. */
function validateService(service: Service): Faults {
  const { spec } = service
  const ports = spec.ports ?? []
  const needsPorts = !isHeadless(spec) && spec.type !== 'ExternalName'
  return [
    ...validateTopologyAnnotations(service),
    ...when(needsPorts && ports.length === 0, () => required('spec.ports')),
    ...validateType(spec),
    ...validatePorts(ports),
    ...validateLabels(spec.selector, 'spec.selector'),
    ...validateAffinity(spec),
    ...(spec.externalIPs ?? []).flatMap((ip, index) => validateExternalIP(ip, index)),
    ...choice('spec.type', spec.type, TYPES),
    ...validateNodePorts(spec),
    ...validateUniquePorts(ports),
    ...validateSourceRanges(service),
    ...validateLoadBalancer(spec),
    ...validateExternalPolicy(spec),
    ...validateInternalPolicy(spec),
    ...validateDistribution(spec),
  ]
}

function validateTopologyAnnotations({ metadata }: Service): Faults {
  const [mode, hints] = ['service.kubernetes.io/topology-mode', 'service.kubernetes.io/topology-aware-hints']
  const modeValue = metadata.annotations?.[mode]
  const hintsValue = metadata.annotations?.[hints]
  const differ = modeValue !== undefined && hintsValue !== undefined && modeValue !== hintsValue
  return when(differ, () =>
    invalidValue(
      `metadata.annotations[${mode}]`,
      modeValue,
      `must match annotations[${hints}] when both are specified`,
    ),
  )
}

function validateType(spec: ServiceSpec): Faults {
  const { type } = spec
  if (type === 'LoadBalancer' || type === 'NodePort') {
    const detail = `may not be set to 'None' for ${type} services`
    return when(isHeadless(spec), () => invalidValue('spec.clusterIPs[0]', 'None', detail))
  }
  if (type !== 'ExternalName') return []
  const given = (['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const).filter((key) => spec[key]?.length)
  // The name may end in a dot: it is fully qualified then.
  const name = (spec.externalName ?? '').replace(/\.$/, '')
  return [
    ...given.map((key) => forbiddenField(`spec.${key}`, 'may not be set for ExternalName services')),
    ...requiredText('spec.externalName', name, dnsSubdomainFaults),
  ]
}

function validatePorts(ports: readonly ServicePort[]): Faults {
  const sameName = new Set(repeated(ports, (port) => port.name || undefined))
  return ports.flatMap((port, index) => {
    const at = `spec.ports[${index}]`
    return [
      ...when(ports.length > 1 && !port.name, () => required(`${at}.name`)),
      ...optionalText(`${at}.name`, port.name, dnsLabelFaults),
      ...when(sameName.has(index), () => duplicate(`${at}.name`, port.name)),
      ...portFaults(`${at}.port`, port.port ?? 0),
      ...choice(`${at}.protocol`, port.protocol, PROTOCOLS),
      ...portOrNameFaults(`${at}.targetPort`, port.targetPort),
      ...(port.appProtocol === undefined
        ? []
        : invalidTexts(`${at}.appProtocol`, port.appProtocol, qualifiedNameFaults)),
    ]
  })
}

/** 24 hours: core.MaxClientIPServiceAffinitySeconds. */
const AFFINITY_MAX_SECONDS = 86_400

function validateAffinity(spec: ServiceSpec): Faults {
  const at = 'spec.sessionAffinityConfig'
  const config = spec.sessionAffinityConfig
  const seconds = config?.clientIP?.timeoutSeconds
  const isTooLong = seconds !== undefined && (seconds <= 0 || seconds > AFFINITY_MAX_SECONDS)
  return [
    ...choice('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']),
    ...when(spec.sessionAffinity === 'ClientIP' && isTooLong, () =>
      invalidValue(
        `${at}.clientIP.timeoutSeconds`,
        seconds,
        `must be greater than 0 and less than ${AFFINITY_MAX_SECONDS}`,
      ),
    ),
    ...when(spec.sessionAffinity === 'None' && config, () =>
      forbiddenField(at, 'must not be set when session affinity is None'),
    ),
  ]
}

function validateExternalIP(ip: string, index: number): Faults {
  const field = `spec.externalIPs[${index}]`
  const faults = ipFaults(field, ip)
  return faults.length > 0 ? faults : specialIpFaults(field, ip)
}

function validateNodePorts({ type, ports = [] }: ServiceSpec): Faults {
  if (type !== 'ClusterIP') return []
  return ports.flatMap(({ nodePort }, index) =>
    when(nodePort, () =>
      forbiddenField(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'"),
    ),
  )
}

function validateUniquePorts(ports: readonly ServicePort[]): Faults {
  const nodePorts = repeated(ports, ({ protocol, nodePort }) =>
    nodePort ? `${protocol} ${nodePort}` : undefined,
  )
  const pairs = repeated(ports, ({ protocol, port }) => `${protocol} ${port}`)
  return [
    ...nodePorts.map((index) => duplicate(`spec.ports[${index}].nodePort`, ports[index]?.nodePort)),
    // Upstream prints its internal type, with nothing but these two set.
    ...pairs.map((index) => {
      const { protocol, port } = ports[index] ?? {}
      const shown = {
        Name: '',
        Protocol: protocol,
        AppProtocol: null,
        Port: port,
        TargetPort: 0,
        NodePort: 0,
      }
      return duplicate(`spec.ports[${index}]`, shown)
    }),
  ]
}

const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges'

/** The field, or without it the annotation. Upstream's path really begins with a capital letter. */
function validateSourceRanges({ spec, metadata }: Service): Faults {
  const ranges = spec.loadBalancerSourceRanges ?? []
  const annotation = metadata.annotations?.[SOURCE_RANGES]
  const field = ranges.length > 0 ? 'spec.LoadBalancerSourceRanges' : `metadata.annotations[${SOURCE_RANGES}]`
  if (ranges.length === 0 && annotation === undefined) return []
  const wrongType = when(spec.type !== 'LoadBalancer', () => forbiddenField(field, ONLY_LOAD_BALANCER))
  if (ranges.length > 0)
    return [...wrongType, ...ranges.flatMap((text, index) => cidrFaults(`${field}[${index}]`, text.trim()))]
  const texts = annotation?.trim() ? annotation.split(',') : []
  return [...wrongType, ...texts.flatMap((text) => cidrFaults(field, text.trim()))]
}

function validateLoadBalancer(spec: ServiceSpec): Faults {
  const { allocateLoadBalancerNodePorts: allocates, loadBalancerClass: ofClass } = spec
  const given = (field: string, value: unknown): Faults =>
    when(value !== undefined, () => forbiddenField(field, ONLY_LOAD_BALANCER))
  if (spec.type !== 'LoadBalancer')
    return [
      ...given('spec.allocateLoadBalancerNodePorts', allocates),
      ...given('spec.loadBalancerClass', ofClass),
    ]
  return [
    ...when(allocates === undefined, () => required('allocateLoadBalancerNodePorts')),
    ...(ofClass === undefined ? [] : invalidTexts('spec.loadBalancerClass', ofClass, qualifiedNameFaults)),
  ]
}

function validateExternalPolicy(spec: ServiceSpec): Faults {
  const { externalTrafficPolicy: policy, healthCheckNodePort: port } = spec
  const hasHealthCheck = spec.type === 'LoadBalancer' && policy === 'Local'
  return [
    ...(isExternallyAccessible(spec)
      ? choice('spec.externalTrafficPolicy', policy, POLICIES)
      : when(policy, () =>
          invalidValue(
            'spec.externalTrafficPolicy',
            policy,
            'may only be set for externally-accessible services',
          ),
        )),
    ...when(port && !hasHealthCheck, () =>
      invalidValue(
        'spec.healthCheckNodePort',
        port,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ),
    ),
    ...(port && hasHealthCheck ? portFaults('spec.healthCheckNodePort', port) : []),
  ]
}

function validateInternalPolicy({ type = '', internalTrafficPolicy: policy }: ServiceSpec): Faults {
  const isRequired = ['ClusterIP', 'NodePort', 'LoadBalancer'].includes(type)
  const check = isRequired ? pointedChoice : optionalChoice
  return check('spec.internalTrafficPolicy', policy, POLICIES)
}

function validateDistribution({ trafficDistribution: value }: ServiceSpec): Faults {
  return when(value !== undefined && !DISTRIBUTIONS.includes(value), () =>
    notSupported('spec.trafficDistribution', value, DISTRIBUTIONS),
  )
}

/** Faults of status.loadBalancer (ValidateLoadBalancerStatus). */
export function validateServiceStatus({ spec, status }: Service): Faults {
  const ingress = status?.loadBalancer?.ingress ?? []
  const at = 'status.loadBalancer.ingress'
  if (spec.type !== 'LoadBalancer')
    return when(ingress.length > 0, () =>
      forbiddenField(at, "may only be used when `spec.type` is 'LoadBalancer'"),
    )
  return ingress.flatMap(({ ip, hostname, ipMode }, index) => [
    ...(ip ? ipFaults(`${at}[${index}].ip`, ip) : []),
    ...when(ip && ipMode === undefined, () =>
      required(`${at}[${index}].ipMode`, 'must be specified when `ip` is set'),
    ),
    ...when(!ip && ipMode, () =>
      forbiddenField(`${at}[${index}].ipMode`, 'may not be specified when `ip` is not set'),
    ),
    ...(ip ? optionalChoice(`${at}[${index}].ipMode`, ipMode, ['Proxy', 'VIP']) : []),
    ...optionalText(`${at}[${index}].hostname`, hostname, dnsSubdomainFaults),
    ...when(hostname && ipFaults('', hostname).length === 0, () =>
      invalidValue(`${at}[${index}].hostname`, hostname, 'must be a DNS name, not an IP address'),
    ),
  ])
}
