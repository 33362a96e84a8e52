/**
 * Ingress, IngressClass, NetworkPolicy, EndpointSlice and Endpoints (kubernetes/kubernetes pkg/apis/networking/validation,
 * pkg/apis/discovery/validation, pkg/apis/core/validation). Pure.
 *
 * Difference: endpoint addresses may be loopback ones, because pods have such addresses in the loopback network.
 */

import { isStrictSubset, parseCidr } from '../../net/cidr.ts'
import { familyOf, parseIp } from '../../net/ip.ts'
import type { Endpoints } from '../generated/core-v1.ts'
import type { EndpointSlice } from '../generated/discovery-v1.ts'
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressClass,
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from '../generated/networking-v1.ts'
import type { Faults } from './faults.ts'
import {
  choice,
  duplicate,
  forbiddenField,
  immutable,
  invalidTexts,
  invalidValue,
  repeated,
  required,
} from './faults.ts'
import { ipFaults } from './ip-faults.ts'
import { validateLabelSelector } from './metadata.ts'
import {
  dns1035LabelFaults,
  dnsLabelFaults,
  dnsSubdomainFaults,
  isPortNumber,
  PORT_RANGE,
  portNameFaults,
  wildcardSubdomainFaults,
} from './names.ts'

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix']
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

export function validateIngress({ spec, metadata }: Ingress): Faults {
  const rules = spec.rules ?? []
  const annotation = metadata.annotations?.['kubernetes.io/ingress.class']
  const both = spec.ingressClassName && annotation && annotation !== spec.ingressClassName
  return [
    ...(both
      ? [
          invalidValue(
            'annotations.kubernetes.io/ingress.class',
            annotation,
            'must match `ingressClassName` when both are specified',
          ),
        ]
      : []),
    ...(rules.length === 0 && !spec.defaultBackend
      ? [invalidValue('spec', spec, 'either `defaultBackend` or `rules` must be specified')]
      : []),
    ...rules.flatMap((rule, index) => [
      ...(rule.host ? validateHost(rule.host, `spec.rules[${index}].host`) : []),
      ...(rule.http ? validatePaths(rule.http.paths ?? [], `spec.rules[${index}].http.paths`) : []),
    ]),
    ...(spec.defaultBackend ? validateBackend(spec.defaultBackend, 'spec.defaultBackend') : []),
    ...(spec.tls ?? []).flatMap((tls, index) => [
      ...(tls.hosts ?? []).flatMap((host, position) =>
        validateHost(host, `spec.tls[${index}].hosts[${position}]`),
      ),
      ...(tls.secretName
        ? invalidTexts(`spec.tls[${index}].secretName`, tls.secretName, dnsSubdomainFaults)
        : []),
    ]),
    ...(spec.ingressClassName
      ? invalidTexts('spec.ingressClassName', spec.ingressClassName, dnsSubdomainFaults)
      : []),
  ]
}

function validateHost(host: string, field: string): Faults {
  if (parseIp(host)) return [invalidValue(field, host, 'must be a DNS name, not an IP address')]
  return invalidTexts(field, host, host.includes('*') ? wildcardSubdomainFaults : dnsSubdomainFaults)
}

function validatePaths(paths: readonly HTTPIngressPath[], field: string): Faults {
  if (paths.length === 0) return [required(field)]
  return paths.flatMap((path, index) => [
    ...validatePath(path, `${field}[${index}]`),
    ...validateBackend(path.backend, `${field}[${index}].backend`),
  ])
}

const SEQUENCES = ['//', '/./', '/../', '%2f', '%2F']
const SUFFIXES = ['/..', '/.']

function validatePath({ path = '', pathType }: HTTPIngressPath, field: string): Faults {
  if (!pathType) return [required(`${field}.pathType`, 'pathType must be specified')]
  if (!PATH_TYPES.includes(pathType)) return choice(`${field}.pathType`, pathType, PATH_TYPES)
  const at = `${field}.path`
  if (pathType === 'ImplementationSpecific' && path === '') return []
  if (!path.startsWith('/')) return [invalidValue(at, path, 'must be an absolute path')]
  if (pathType === 'ImplementationSpecific') return []
  return [
    ...SEQUENCES.filter((text) => path.includes(text)).map((text) =>
      invalidValue(at, path, `must not contain '${text}'`),
    ),
    ...SUFFIXES.filter((text) => path.endsWith(text)).map((text) =>
      invalidValue(at, path, `cannot end with '${text}'`),
    ),
  ]
}

function validateBackend(backend: IngressBackend | undefined, field: string): Faults {
  const { service, resource } = backend ?? {}
  if (service && resource) return [invalidValue(field, '', 'cannot set both resource and service backends')]
  if (resource) return []
  if (!service) return [invalidValue(field, '', 'resource or service backend is required')]
  const { name: portName, number: portNumber } = service.port ?? {}
  const at = `${field}.service.port`
  return [
    ...(service.name
      ? invalidTexts(`${field}.service.name`, service.name, dns1035LabelFaults)
      : [required(`${field}.service.name`)]),
    ...(portName && portNumber ? [invalidValue(field, '', 'cannot set both port name & port number')] : []),
    ...(!portName && !portNumber ? [required(field, 'port name or number is required')] : []),
    ...(portName ? invalidTexts(`${at}.name`, portName, portNameFaults) : []),
    ...(portNumber && !isPortNumber(portNumber)
      ? [invalidValue(`${at}.number`, portNumber, PORT_RANGE)]
      : []),
  ]
}

const CONTROLLER_MAX = 250

export function validateIngressClass({ spec }: IngressClass): Faults {
  const { controller = '', parameters } = spec
  const at = 'spec.parameters'
  return [
    ...(controller === '' ? [required('spec.controller')] : []),
    ...(controller.length > CONTROLLER_MAX
      ? [
          {
            type: 'tooLong',
            field: 'spec.controller',
            detail: `may not be more than ${CONTROLLER_MAX} bytes`,
          } as const,
        ]
      : []),
    ...(controller !== '' && !/^[^/]+\/[^/].*$/.test(controller)
      ? [
          invalidValue(
            'spec.controller',
            controller,
            'must be a domain-prefixed path (such as "acme.io/foo")',
          ),
        ]
      : []),
    ...(parameters && !parameters.kind ? [required(`${at}.kind`, 'kind is required')] : []),
    ...(parameters && !parameters.name ? [required(`${at}.name`, 'name is required')] : []),
    ...(parameters ? choice(`${at}.scope`, parameters.scope, ['Cluster', 'Namespace']) : []),
    ...(parameters?.scope === 'Namespace' && !parameters.namespace
      ? [required(`${at}.namespace`, "`parameters.scope` is set to 'Namespace'")]
      : []),
    ...(parameters?.scope === 'Cluster' && parameters.namespace
      ? [forbiddenField(`${at}.namespace`, "`parameters.scope` is set to 'Cluster'")]
      : []),
  ]
}

export function validateIngressClassUpdate(value: IngressClass, old: IngressClass): Faults {
  return [
    ...validateIngressClass(value),
    ...immutable('spec.controller', value.spec.controller, old.spec.controller),
  ]
}

export function validateNetworkPolicy({ spec }: NetworkPolicy): Faults {
  const types = spec.policyTypes ?? []
  return [
    ...validateLabelSelector(spec.podSelector, 'spec.podSelector'),
    ...(spec.ingress ?? []).flatMap((rule, index) => [
      ...validatePolicyPorts(rule.ports ?? [], `spec.ingress[${index}].ports`),
      ...validatePeers(rule.from ?? [], `spec.ingress[${index}].from`),
    ]),
    ...(spec.egress ?? []).flatMap((rule, index) => [
      ...validatePolicyPorts(rule.ports ?? [], `spec.egress[${index}].ports`),
      ...validatePeers(rule.to ?? [], `spec.egress[${index}].to`),
    ]),
    ...(types.length > 2
      ? [invalidValue('spec.policyTypes', types, 'may not specify more than two policyTypes')]
      : []),
    ...types.flatMap((type, index) => choice(`spec.policyTypes[${index}]`, type, ['Egress', 'Ingress'])),
  ]
}

function validatePolicyPorts(ports: readonly NetworkPolicyPort[], field: string): Faults {
  return ports.flatMap(({ port, endPort, protocol }, index) => {
    const at = `${field}[${index}]`
    const isNumber = typeof port === 'number'
    return [
      ...choice(`${at}.protocol`, protocol, PROTOCOLS, false),
      ...(isNumber && !isPortNumber(port) ? [invalidValue(`${at}.port`, port, PORT_RANGE)] : []),
      ...(typeof port === 'string' ? invalidTexts(`${at}.port`, port, portNameFaults) : []),
      ...(endPort !== undefined ? endPortFaults(port, endPort, `${at}.endPort`) : []),
    ]
  })
}

function endPortFaults(port: number | string | undefined, endPort: number, field: string): Faults {
  if (port === undefined)
    return [invalidValue(field, endPort, 'may not be specified when `port` is not specified')]
  if (typeof port === 'string')
    return [invalidValue(field, endPort, 'may not be specified when `port` is non-numeric')]
  return [
    ...(endPort < port ? [invalidValue(field, endPort, 'must be greater than or equal to `port`')] : []),
    ...(isPortNumber(endPort) ? [] : [invalidValue(field, endPort, PORT_RANGE)]),
  ]
}

function validatePeers(peers: readonly NetworkPolicyPeer[], field: string): Faults {
  return peers.flatMap((peer, index): Faults => {
    const at = `${field}[${index}]`
    const { podSelector, namespaceSelector, ipBlock } = peer
    if (!podSelector && !namespaceSelector && !ipBlock) return [required(at, 'must specify a peer')]
    if (ipBlock && (podSelector || namespaceSelector)) {
      return [forbiddenField(at, 'may not specify both ipBlock and another peer')]
    }
    return [
      ...validateLabelSelector(podSelector, `${at}.podSelector`),
      ...validateLabelSelector(namespaceSelector, `${at}.namespaceSelector`),
      ...(ipBlock ? validateBlock(ipBlock, `${at}.ipBlock`) : []),
    ]
  })
}

const CIDR_DETAIL = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

function validateBlock({ cidr = '', except = [] }: IPBlock, field: string): Faults {
  const whole = parseCidr(cidr)
  if (cidr === '') return [required(`${field}.cidr`)]
  if (whole === undefined) return [invalidValue(`${field}.cidr`, cidr, CIDR_DETAIL)]
  return except.flatMap((text, index) => {
    const at = `${field}.except[${index}]`
    const hole = parseCidr(text)
    if (hole === undefined) return [invalidValue(at, text, CIDR_DETAIL)]
    return isStrictSubset(hole, whole) ? [] : [invalidValue(at, text, 'must be a strict subset of `cidr`')]
  })
}

const MAX_ENDPOINTS = 1000
const MAX_ADDRESSES = 100
const MAX_PORTS = 100

export function validateEndpointSlice(slice: EndpointSlice): Faults {
  const endpoints = slice.endpoints ?? []
  const ports = slice.ports ?? []
  return [
    ...choice('addressType', slice.addressType, ['FQDN', 'IPv4', 'IPv6']),
    ...(endpoints.length > MAX_ENDPOINTS
      ? [
          {
            type: 'tooMany',
            field: 'endpoints',
            value: endpoints.length,
            detail: `must have at most ${MAX_ENDPOINTS} items`,
          } as const,
        ]
      : []),
    ...endpoints.flatMap((endpoint, index) => {
      const addresses = endpoint.addresses ?? []
      const at = `endpoints[${index}]`
      return [
        ...(addresses.length === 0 ? [required(`${at}.addresses`, 'must contain at least 1 address')] : []),
        ...(addresses.length > MAX_ADDRESSES
          ? [
              {
                type: 'tooMany',
                field: `${at}.addresses`,
                value: addresses.length,
                detail: `must have at most ${MAX_ADDRESSES} items`,
              } as const,
            ]
          : []),
        ...addresses.flatMap((address, position) =>
          addressFaults(address, `${at}.addresses[${position}]`, slice.addressType),
        ),
        ...(endpoint.hostname ? invalidTexts(`${at}.hostname`, endpoint.hostname, dnsLabelFaults) : []),
      ]
    }),
    ...(ports.length > MAX_PORTS
      ? [
          {
            type: 'tooMany',
            field: 'ports',
            value: ports.length,
            detail: `must have at most ${MAX_PORTS} items`,
          } as const,
        ]
      : []),
    ...ports.flatMap((port, index) => [
      ...(port.name ? invalidTexts(`ports[${index}].name`, port.name, dnsLabelFaults) : []),
      ...choice(`ports[${index}].protocol`, port.protocol, PROTOCOLS),
    ]),
    ...repeated(ports, (port) => port.name ?? '').map((index) =>
      duplicate(`ports[${index}].name`, ports[index]?.name),
    ),
  ]
}

function addressFaults(address: string, field: string, type: string): Faults {
  if (type === 'FQDN') return invalidTexts(field, address, dnsSubdomainFaults)
  if (familyOf(address) !== type) return [invalidValue(field, address, `must be a valid ${type} address`)]
  return ipFaults(address, field, true)
}

export function validateEndpointSliceUpdate(slice: EndpointSlice, old: EndpointSlice): Faults {
  return [...validateEndpointSlice(slice), ...immutable('addressType', slice.addressType, old.addressType)]
}

export function validateEndpoints({ subsets = [] }: Endpoints): Faults {
  return subsets.flatMap((subset, index) => {
    const at = `subsets[${index}]`
    const { addresses = [], notReadyAddresses = [], ports = [] } = subset
    return [
      ...(addresses.length + notReadyAddresses.length === 0
        ? [required(at, 'must specify `addresses` or `notReadyAddresses`')]
        : []),
      ...addresses.flatMap((address, position) =>
        ipFaults(address.ip, `${at}.addresses[${position}].ip`, true),
      ),
      ...notReadyAddresses.flatMap((address, position) =>
        ipFaults(address.ip, `${at}.notReadyAddresses[${position}].ip`, true),
      ),
      ...ports.flatMap((port, position) => [
        ...(ports.length > 1 && !port.name ? [required(`${at}.ports[${position}].name`)] : []),
        ...(isPortNumber(port.port)
          ? []
          : [invalidValue(`${at}.ports[${position}].port`, port.port, PORT_RANGE)]),
        ...choice(`${at}.ports[${position}].protocol`, port.protocol, PROTOCOLS),
      ]),
    ]
  })
}
