/** Ingresses (kubernetes/kubernetes pkg/apis/networking/validation/validation.go, ValidateIngress*). Pure. */

import { parseIp } from '../../net/ip.ts'
import type { TypedLocalObjectReference } from '../generated/core-v1.ts'
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressServiceBackend,
  IngressTLS,
} from '../generated/networking-v1.ts'
import type { Faults } from './faults.ts'
import {
  invalidTexts,
  invalidValue,
  notSupported,
  optionalText,
  portFaults,
  required,
  requiredText,
  when,
} from './faults.ts'
import { ipFaults } from './ip-faults.ts'
import {
  dns1035LabelFaults,
  dnsLabelFaults,
  dnsSubdomainFaults,
  pathSegmentFaults,
  portNameFaults,
  wildcardSubdomainFaults,
} from './names.ts'

/** What an old object had already, and may therefore go on having. */
interface Leniency {
  readonly relaxedServiceNames?: boolean
  readonly anySecretName?: boolean
}

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'

/** Faults of a new Ingress, metadata aside. */
export function validateIngress(ingress: Ingress): Faults {
  const { spec, metadata } = ingress
  const annotation = metadata.annotations?.[CLASS_ANNOTATION]
  const differs = annotation !== undefined && spec.ingressClassName !== undefined
  return [
    ...validateSpec(ingress, {}),
    ...when(differs && annotation !== spec.ingressClassName, () =>
      invalidValue(
        `annotations.${CLASS_ANNOTATION}`,
        annotation,
        'must match `ingressClassName` when both are specified',
      ),
    ),
  ]
}

/** Faults of a changed Ingress: the annotation may differ now, and so may what was wrong before. */
export function validateIngressUpdate(ingress: Ingress, old: Ingress): Faults {
  const names = backendsOf(old).flatMap(({ service }) => service?.name ?? [])
  return validateSpec(ingress, {
    relaxedServiceNames: names.some(
      (name) => dns1035LabelFaults(name).length > 0 && dnsLabelFaults(name).length === 0,
    ),
    anySecretName: (old.spec.tls ?? []).some(
      ({ secretName }) => secretName && dnsSubdomainFaults(secretName).length > 0,
    ),
  })
}

function backendsOf({ spec }: Ingress): readonly IngressBackend[] {
  const ofRules = (spec.rules ?? []).flatMap(({ http }) => http?.paths?.map(({ backend }) => backend) ?? [])
  return spec.defaultBackend ? [spec.defaultBackend, ...ofRules] : ofRules
}

function validateSpec({ spec }: Ingress, leniency: Leniency): Faults {
  const rules = spec.rules ?? []
  return [
    ...when(rules.length === 0 && !spec.defaultBackend, () =>
      invalidValue('spec', spec.rules ?? null, 'either `defaultBackend` or `rules` must be specified'),
    ),
    ...(spec.defaultBackend ? validateBackend(spec.defaultBackend, 'spec.defaultBackend', leniency) : []),
    ...rules.flatMap(({ host, http }, index) => [
      ...(host ? validateRuleHost(host, `spec.rules[${index}].host`) : []),
      ...(http ? validatePaths(http.paths ?? [], `spec.rules[${index}].http.paths`, leniency) : []),
    ]),
    ...(spec.tls ?? []).flatMap((tls, index) => validateTls(tls, `spec.tls[${index}]`, leniency)),
    ...(spec.ingressClassName === undefined
      ? []
      : invalidTexts('spec.ingressClassName', spec.ingressClassName, dnsSubdomainFaults)),
  ]
}

function validateRuleHost(host: string, field: string): Faults {
  return [
    ...when(parseIp(host), () => invalidValue(field, host, 'must be a DNS name, not an IP address')),
    ...validateHost(host, field),
  ]
}

function validateHost(host: string, field: string): Faults {
  return invalidTexts(field, host, host.includes('*') ? wildcardSubdomainFaults : dnsSubdomainFaults)
}

function validateTls({ hosts = [], secretName }: IngressTLS, at: string, leniency: Leniency): Faults {
  return [
    ...hosts.flatMap((host, index) => validateHost(host, `${at}.hosts[${index}]`)),
    ...(leniency.anySecretName ? [] : optionalText(`${at}.secretName`, secretName, dnsSubdomainFaults)),
  ]
}

function validatePaths(paths: readonly HTTPIngressPath[], field: string, leniency: Leniency): Faults {
  if (paths.length === 0) return [required(field)]
  return paths.flatMap((path, index) => {
    const at = `${field}[${index}]`
    if (path.pathType === undefined) return [required(`${at}.pathType`, 'pathType must be specified')]
    return [...validatePath(path, at), ...validateBackend(path.backend, `${at}.backend`, leniency)]
  })
}

const SEQUENCES = ['//', '/./', '/../', '%2f', '%2F']
const SUFFIXES = ['/..', '/.']

function validatePath({ path = '', pathType }: HTTPIngressPath, at: string): Faults {
  const fault = (detail: string) => invalidValue(`${at}.path`, path, detail)
  const absolute = when(!path.startsWith('/'), () => fault('must be an absolute path'))
  switch (pathType) {
    case 'Exact':
    case 'Prefix':
      return [
        ...absolute,
        ...SEQUENCES.filter((text) => path.includes(text)).map((text) => fault(`must not contain '${text}'`)),
        ...SUFFIXES.filter((text) => path.endsWith(text)).map((text) => fault(`cannot end with '${text}'`)),
      ]
    case 'ImplementationSpecific':
      return path === '' ? [] : absolute
    default:
      return [notSupported(`${at}.pathType`, pathType, ['Exact', 'ImplementationSpecific', 'Prefix'])]
  }
}

function validateBackend(backend: IngressBackend | undefined, at: string, leniency: Leniency): Faults {
  const { service, resource } = backend ?? {}
  if (service && resource) return [invalidValue(at, '', 'cannot set both resource and service backends')]
  if (resource) return validateReference(resource, `${at}.resource`)
  if (!service) return [invalidValue(at, '', 'resource or service backend is required')]
  const nameFaults = leniency.relaxedServiceNames ? dnsLabelFaults : dns1035LabelFaults
  return [
    ...requiredText(`${at}.service.name`, service.name, nameFaults),
    ...validateBackendPort(service, at),
  ]
}

/** Upstream says of the whole backend that its port is missing or given twice. */
function validateBackendPort({ port }: IngressServiceBackend, at: string): Faults {
  const { name, number } = port ?? {}
  if (name && number) return [invalidValue(at, '', 'cannot set both port name & port number')]
  if (name) return invalidTexts(`${at}.service.port.name`, name, portNameFaults)
  if (number) return portFaults(`${at}.service.port.number`, number)
  return [required(at, 'port name or number is required')]
}

/** Faults of a reference to an object in the same namespace. */
export function validateReference({ apiGroup, kind, name }: TypedLocalObjectReference, at: string): Faults {
  return [
    ...(apiGroup === undefined ? [] : invalidTexts(`${at}.apiGroup`, apiGroup, dnsSubdomainFaults)),
    ...requiredText(`${at}.kind`, kind, pathSegmentFaults),
    ...requiredText(`${at}.name`, name, pathSegmentFaults),
  ]
}

/** Faults of status.loadBalancer (ValidateIngressLoadBalancerStatus). */
export function validateIngressStatus({ status }: Ingress): Faults {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, index) => {
    const at = `status.loadBalancer.ingress[${index}]`
    return [
      ...(ip ? ipFaults(`${at}.ip`, ip) : []),
      ...optionalText(`${at}.hostname`, hostname, dnsSubdomainFaults),
      ...when(hostname && parseIp(hostname), () =>
        invalidValue(`${at}.hostname`, hostname, 'must be a DNS name, not an IP address'),
      ),
    ]
  })
}
