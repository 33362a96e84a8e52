/**
 * Pods and pod templates (kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidatePodSpec and
 * ValidatePodUpdate): what keeps a pod from running here, and what upstream's users meet. Pure.
 */

import type {
  Container,
  ContainerPort,
  EnvVar,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  Volume,
} from '../generated/core-v1.ts'
import { parseMilli, QUANTITY_FORMAT } from '../quantity.ts'
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
import { validateLabels } from './metadata.ts'
import {
  dnsLabelFaults,
  dnsSubdomainFaults,
  isPortNumber,
  PORT_RANGE,
  portNameFaults,
  qualifiedNameFaults,
} from './names.ts'

const RESTART_POLICIES = ['Always', 'Never', 'OnFailure']
const DNS_POLICIES = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None']
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never']

export function validatePod(pod: Pod): Faults {
  return validatePodSpec(pod.spec, 'spec')
}

export function validatePodTemplate(template: PodTemplateSpec, field: string): Faults {
  return [
    ...validateLabels(template.metadata?.labels ?? {}, `${field}.labels`),
    ...validatePodSpec(template.spec ?? { containers: [] }, `${field}.spec`),
  ]
}

function validatePodSpec(spec: PodSpec, field: string): Faults {
  const volumes = spec.volumes ?? []
  const containers = spec.containers ?? []
  const inits = spec.initContainers ?? []
  const names = [...inits, ...containers]
  const volumeNames = new Set(volumes.map((volume) => volume.name))
  const check = (list: readonly Container[], at: string): Faults =>
    list.flatMap((container, index) => validateContainer(container, `${at}[${index}]`, volumeNames))
  return [
    ...volumes.flatMap((volume, index) => validateVolume(volume, `${field}.volumes[${index}]`)),
    ...repeated(volumes, (volume) => volume.name).map((index) =>
      duplicate(`${field}.volumes[${index}].name`, volumes[index]?.name),
    ),
    ...(containers.length === 0 ? [required(`${field}.containers`)] : []),
    ...check(inits, `${field}.initContainers`),
    ...check(containers, `${field}.containers`),
    ...repeated(names, (container) => container.name).map((index) => {
      const place = index < inits.length ? `initContainers[${index}]` : `containers[${index - inits.length}]`
      return duplicate(`${field}.${place}.name`, names[index]?.name)
    }),
    ...choice(`${field}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES),
    ...choice(`${field}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES),
    ...(spec.dnsPolicy === 'None' && (spec.dnsConfig?.nameservers ?? []).length === 0
      ? [
          required(
            `${field}.dnsConfig.nameservers`,
            'must provide at least one DNS nameserver when `dnsPolicy` is None',
          ),
        ]
      : []),
    ...(spec.hostname ? invalidTexts(`${field}.hostname`, spec.hostname, dnsLabelFaults) : []),
    ...(spec.subdomain ? invalidTexts(`${field}.subdomain`, spec.subdomain, dnsLabelFaults) : []),
    ...(spec.serviceAccountName
      ? invalidTexts(`${field}.serviceAccountName`, spec.serviceAccountName, dnsSubdomainFaults)
      : []),
    ...(spec.nodeName ? invalidTexts(`${field}.nodeName`, spec.nodeName, dnsSubdomainFaults) : []),
    ...validateLabels(spec.nodeSelector ?? {}, `${field}.nodeSelector`),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0
      ? [
          invalidValue(
            `${field}.terminationGracePeriodSeconds`,
            spec.terminationGracePeriodSeconds,
            'must be greater than or equal to 0',
          ),
        ]
      : []),
  ]
}

function validateVolume(volume: Volume, field: string): Faults {
  const { name, ...sources } = volume
  const given = Object.entries(sources).filter(([, source]) => source !== undefined)
  return [
    ...(name ? invalidTexts(`${field}.name`, name, dnsLabelFaults) : [required(`${field}.name`)]),
    ...(given.length === 0 ? [required(field, 'must specify a volume type')] : []),
    ...given
      .slice(1)
      .map(([source]) => forbiddenField(`${field}.${source}`, 'may not specify more than 1 volume type')),
    ...(volume.configMap && !volume.configMap.name ? [required(`${field}.configMap.name`)] : []),
    ...(volume.secret && !volume.secret.secretName ? [required(`${field}.secret.secretName`)] : []),
    ...(volume.hostPath && !volume.hostPath.path ? [required(`${field}.hostPath.path`)] : []),
  ]
}

function validateContainer(container: Container, field: string, volumes: ReadonlySet<string>): Faults {
  const mounts = container.volumeMounts ?? []
  return [
    ...(container.name
      ? invalidTexts(`${field}.name`, container.name, dnsLabelFaults)
      : [required(`${field}.name`)]),
    ...(container.image ? imageFaults(container.image, `${field}.image`) : [required(`${field}.image`)]),
    ...validatePorts(container.ports ?? [], `${field}.ports`),
    ...(container.env ?? []).flatMap((variable, index) =>
      validateVariable(variable, `${field}.env[${index}]`),
    ),
    ...mounts.flatMap((mount, index) => [
      ...(mount.name ? [] : [required(`${field}.volumeMounts[${index}].name`)]),
      ...(mount.name && !volumes.has(mount.name)
        ? [{ type: 'notFound', field: `${field}.volumeMounts[${index}].name`, value: mount.name } as const]
        : []),
      ...(mount.mountPath ? [] : [required(`${field}.volumeMounts[${index}].mountPath`)]),
    ]),
    ...repeated(mounts, (mount) => mount.mountPath).map((index) =>
      invalidValue(`${field}.volumeMounts[${index}].mountPath`, mounts[index]?.mountPath, 'must be unique'),
    ),
    ...(['livenessProbe', 'readinessProbe', 'startupProbe'] as const).flatMap((name) => {
      const probe = container[name]
      return probe ? validateProbe(probe, `${field}.${name}`, name !== 'readinessProbe') : []
    }),
    ...choice(`${field}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES),
    ...validateResources(container, `${field}.resources`),
  ]
}

function imageFaults(image: string, field: string): Faults {
  return image === image.trim()
    ? []
    : [invalidValue(field, image, 'must not have leading or trailing whitespace')]
}

function validatePorts(ports: readonly ContainerPort[], field: string): Faults {
  return [
    ...ports.flatMap((port, index) => {
      const at = `${field}[${index}]`
      return [
        ...(port.name ? invalidTexts(`${at}.name`, port.name, portNameFaults) : []),
        ...(port.containerPort === undefined || port.containerPort === 0
          ? [required(`${at}.containerPort`)]
          : []),
        ...(port.containerPort && !isPortNumber(port.containerPort)
          ? [invalidValue(`${at}.containerPort`, port.containerPort, PORT_RANGE)]
          : []),
        ...(port.hostPort && !isPortNumber(port.hostPort)
          ? [invalidValue(`${at}.hostPort`, port.hostPort, PORT_RANGE)]
          : []),
        ...choice(`${at}.protocol`, port.protocol, ['SCTP', 'TCP', 'UDP']),
      ]
    }),
    ...repeated(ports, (port) => port.name || undefined).map((index) =>
      duplicate(`${field}[${index}].name`, ports[index]?.name),
    ),
  ]
}

function validateVariable(variable: EnvVar, field: string): Faults {
  const from = variable.valueFrom
  const sources = Object.values(from ?? {}).filter((source) => source !== undefined)
  return [
    ...(variable.name ? [] : [required(`${field}.name`)]),
    ...(/[=\u0000]/.test(variable.name ?? '')
      ? [invalidValue(`${field}.name`, variable.name, "must not contain '='")]
      : []),
    ...(from && variable.value
      ? [invalidValue(`${field}.valueFrom`, '', 'may not be specified when `value` is not empty')]
      : []),
    ...(from && sources.length === 0
      ? [
          invalidValue(
            `${field}.valueFrom`,
            '',
            'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`',
          ),
        ]
      : []),
    ...(from && sources.length > 1
      ? [invalidValue(`${field}.valueFrom`, '', 'may not have more than one field specified at a time')]
      : []),
  ]
}

function validateProbe(probe: Probe, field: string, isLivenessLike: boolean): Faults {
  const handlers = (['exec', 'httpGet', 'tcpSocket', 'grpc'] as const).filter((name) => probe[name])
  const portOf = probe.httpGet?.port ?? probe.tcpSocket?.port ?? probe.grpc?.port
  const negative = (
    [
      'initialDelaySeconds',
      'timeoutSeconds',
      'periodSeconds',
      'successThreshold',
      'failureThreshold',
    ] as const
  ).filter((name) => (probe[name] ?? 0) < 0)
  return [
    ...(handlers.length === 0 ? [required(field, 'must specify a handler type')] : []),
    ...handlers
      .slice(1)
      .map((name) => forbiddenField(`${field}.${name}`, 'may not specify more than 1 handler type')),
    ...(typeof portOf === 'number' && !isPortNumber(portOf)
      ? [invalidValue(`${field}.${handlers[0]}.port`, portOf, PORT_RANGE)]
      : []),
    ...(typeof portOf === 'string'
      ? invalidTexts(`${field}.${handlers[0]}.port`, portOf, portNameFaults)
      : []),
    ...negative.map((name) =>
      invalidValue(`${field}.${name}`, probe[name], 'must be greater than or equal to 0'),
    ),
    ...(isLivenessLike && (probe.successThreshold ?? 1) > 1
      ? [invalidValue(`${field}.successThreshold`, probe.successThreshold, 'must be 1')]
      : []),
  ]
}

function validateResources(container: Container, field: string): Faults {
  const { limits = {}, requests = {} } = container.resources ?? {}
  const check = (list: Readonly<Record<string, string>>, at: string): Faults =>
    Object.entries(list).flatMap(([name, text]) => {
      const value = parseMilli(text)
      if (value === undefined) return [invalidValue(`${at}[${name}]`, text, QUANTITY_FORMAT)]
      const negative =
        value < 0n ? [invalidValue(`${at}[${name}]`, text, 'must be greater than or equal to 0')] : []
      return [...invalidTexts(`${at}[${name}]`, name, qualifiedNameFaults), ...negative]
    })
  const above = Object.entries(requests).filter(([name, text]) => {
    const limit = limits[name]
    return limit !== undefined && (parseMilli(text) ?? 0n) > (parseMilli(limit) ?? 0n)
  })
  return [
    ...check(limits, `${field}.limits`),
    ...check(requests, `${field}.requests`),
    ...above.map(([name, text]) =>
      invalidValue(
        `${field}.requests`,
        text,
        `must be less than or equal to ${name} limit of ${limits[name]}`,
      ),
    ),
  ]
}

const IMMUTABLE_POD =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

export function validatePodUpdate(pod: Pod, old: Pod): Faults {
  const changed = JSON.stringify(fixedPart(pod.spec)) !== JSON.stringify(fixedPart(old.spec))
  return [...validatePodSpec(pod.spec, 'spec'), ...(changed ? [forbiddenField('spec', IMMUTABLE_POD)] : [])]
}

/** What may not change, in one key order. */
function fixedPart(spec: PodSpec): unknown {
  const {
    activeDeadlineSeconds: _deadline,
    tolerations: _tolerations,
    nodeName: _node,
    ephemeralContainers: _extra,
    ...rest
  } = spec
  const withoutImage = (container: Container): unknown => sorted({ ...container, image: undefined })
  return sorted({
    ...rest,
    containers: spec.containers.map(withoutImage),
    initContainers: spec.initContainers?.map(withoutImage),
  })
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]),
  )
}
