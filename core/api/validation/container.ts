/**
 * Containers and init containers of pods (kubernetes/kubernetes pkg/apis/core/validation/validation.go,
 * validateContainers, validateInitContainers). Pure. Security contexts and devices are not looked into.
 */

import { parseMilli } from '../quantity.ts'
import type {
  Container,
  ContainerPort,
  PodSpec,
  ResourceRequirements,
  VolumeMount,
} from '../generated/core-v1.ts'
import { validateEnv, validateEnvFrom } from './environment.ts'
import type { Faults } from './faults.ts'
import { isExtendedResource, validateContainerResourceName } from './resource-name.ts'
import {
  choice,
  duplicate,
  forbiddenField,
  invalidTexts,
  invalidValue,
  notFoundValue,
  optionalChoice,
  portFaults,
  repeated,
  required,
  requiredText,
  when,
} from './faults.ts'
import { dnsLabelFaults, portNameFaults } from './names.ts'
import { PROBE_KINDS, validateLifecycle, validateProbe } from './probe.ts'

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never']
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError']
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

/** Faults of all containers of a pod, regular ones first. */
export function validateContainers(spec: PodSpec, field: string): Faults {
  const { containers = [], initContainers = [] } = spec
  const regularNames = new Set(containers.map(({ name }) => name))
  return [
    ...(containers.length === 0 ? [required(`${field}.containers`)] : []),
    ...validateRegular(spec, `${field}.containers`),
    ...hostPortConflicts(containers, `${field}.containers`),
    ...initContainers.flatMap((container, index) => {
      const at = `${field}.initContainers[${index}]`
      const isTaken =
        regularNames.has(container.name) ||
        initContainers.findIndex(({ name }) => name === container.name) < index
      return [
        ...validateCommon(container, at, spec),
        ...optionalChoice(`${at}.restartPolicy`, container.restartPolicy, ['Always']),
        ...when(isTaken && container.name, () => duplicate(`${at}.name`, container.name)),
        ...hostPortConflicts([container], `${field}.initContainers`),
        ...validateInitOnly(container, at, spec),
      ]
    }),
  ]
}

function validateRegular(spec: PodSpec, field: string): Faults {
  const { containers = [] } = spec
  const again = new Set(repeated(containers, ({ name }) => name))
  return containers.flatMap((container, index) => {
    const at = `${field}[${index}]`
    return [
      ...validateCommon(container, at, spec),
      ...when(again.has(index), () => duplicate(`${at}.name`, container.name)),
      ...validateHooks(container, at, spec),
      ...when(container.restartPolicy !== undefined, () =>
        forbiddenField(`${at}.restartPolicy`, 'may not be set for non-init containers'),
      ),
    ]
  })
}

function validateHooks(container: Container, at: string, spec: PodSpec): Faults {
  return [
    ...(container.lifecycle
      ? validateLifecycle(container.lifecycle, `${at}.lifecycle`, spec.terminationGracePeriodSeconds)
      : []),
    ...PROBE_KINDS.flatMap((kind) => {
      const probe = container[kind]
      return probe ? validateProbe(probe, `${at}.${kind}`, kind) : []
    }),
  ]
}

/** Only an init container that stays (a sidecar) may be probed. */
function validateInitOnly(container: Container, at: string, spec: PodSpec): Faults {
  if (container.restartPolicy === 'Always') return validateHooks(container, at, spec)
  const given = (['lifecycle', ...PROBE_KINDS] as const).filter((name) => container[name] !== undefined)
  const detail = 'may not be set for init containers without restartPolicy=Always'
  return given.map((name) => forbiddenField(`${at}.${name}`, detail))
}

function validateCommon(container: Container, at: string, { volumes = [] }: PodSpec): Faults {
  return [
    ...requiredText(`${at}.name`, container.name, dnsLabelFaults),
    ...requiredText(`${at}.image`, container.image),
    ...choice(`${at}.terminationMessagePolicy`, container.terminationMessagePolicy, MESSAGE_POLICIES),
    ...validatePorts(container.ports ?? [], `${at}.ports`),
    ...validateEnv(container.env ?? [], `${at}.env`),
    ...validateEnvFrom(container.envFrom ?? [], `${at}.envFrom`),
    ...validateMounts(
      container.volumeMounts ?? [],
      `${at}.volumeMounts`,
      volumes.map(({ name }) => name),
    ),
    ...choice(`${at}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES),
    ...validateResources(container.resources ?? {}, `${at}.resources`),
  ]
}

function validatePorts(ports: readonly ContainerPort[], field: string): Faults {
  const again = new Set(repeated(ports, ({ name }) => name || undefined))
  return ports.flatMap(({ name, containerPort, hostPort, protocol }, index) => {
    const at = `${field}[${index}]`
    const nameFaults = name ? invalidTexts(`${at}.name`, name, portNameFaults) : []
    return [
      ...nameFaults,
      ...when(nameFaults.length === 0 && again.has(index), () => duplicate(`${at}.name`, name)),
      ...(containerPort
        ? portFaults(`${at}.containerPort`, containerPort)
        : [required(`${at}.containerPort`)]),
      ...(hostPort ? portFaults(`${at}.hostPort`, hostPort) : []),
      ...choice(`${at}.protocol`, protocol, PROTOCOLS),
    ]
  })
}

function hostPortConflicts(containers: readonly Container[], field: string): Faults {
  const ports = containers.flatMap((container, place) =>
    (container.ports ?? []).map((port, index) => ({ port, at: `${field}[${place}].ports[${index}]` })),
  )
  const key = ({ port }: (typeof ports)[number]): string | undefined =>
    port.hostPort ? `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}` : undefined
  return repeated(ports, key).flatMap((index) => {
    const found = ports[index]
    return found ? [duplicate(`${found.at}.hostPort`, key(found))] : []
  })
}

function validateMounts(mounts: readonly VolumeMount[], field: string, volumes: readonly string[]): Faults {
  const again = new Set(repeated(mounts, ({ mountPath }) => mountPath))
  return mounts.flatMap(({ name, mountPath, subPath, subPathExpr }, index) => {
    const at = `${field}[${index}]`
    const leadsOut = (path: string): boolean => path.split('/').includes('..')
    return [
      ...requiredText(`${at}.name`, name),
      ...when(!volumes.includes(name), () => notFoundValue(`${at}.name`, name)),
      ...requiredText(`${at}.mountPath`, mountPath),
      ...when(again.has(index), () => invalidValue(`${at}.mountPath`, mountPath, 'must be unique')),
      ...when(subPath && (subPath.startsWith('/') || leadsOut(subPath)), () =>
        invalidValue(
          `${at}.subPath`,
          subPath,
          subPath?.startsWith('/') ? 'must be a relative path' : "must not contain '..'",
        ),
      ),
      ...when(subPath && subPathExpr, () =>
        invalidValue(`${at}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'),
      ),
    ]
  })
}

function validateResources({ limits = {}, requests = {} }: ResourceRequirements, at: string): Faults {
  return [
    ...Object.entries(limits).flatMap(([name, text]) => validateAmount(name, text, `${at}.limits[${name}]`)),
    ...Object.entries(requests).flatMap(([name, text]) => [
      ...validateAmount(name, text, `${at}.requests[${name}]`),
      ...validateAgainstLimit(name, text, { limit: limits[name], at }),
    ]),
  ]
}

/** Faults of an amount of a resource that containers may have. */
export function validateAmount(name: string, text: string, field: string): Faults {
  const value = parseMilli(text) ?? 0n
  return [
    ...validateContainerResourceName(name, field),
    ...when(value < 0n, () => invalidValue(field, text, 'must be greater than or equal to 0')),
    ...when(isExtendedResource(name) && value % 1000n !== 0n, () =>
      invalidValue(field, text, 'must be an integer'),
    ),
  ]
}

function validateAgainstLimit(
  name: string,
  text: string,
  { limit, at }: { readonly limit: string | undefined; readonly at: string },
): Faults {
  const isShared = !isExtendedResource(name) && !name.startsWith('hugepages-')
  if (limit === undefined)
    return when(!isShared, () =>
      required(`${at}.limits`, 'Limit must be set for non overcommitable resources'),
    )
  const [requested, allowed] = [parseMilli(text) ?? 0n, parseMilli(limit) ?? 0n]
  const relation = isShared ? 'less than or equal to' : 'equal to'
  return when(isShared ? requested > allowed : requested !== allowed, () =>
    invalidValue(`${at}.requests`, text, `must be ${relation} ${name} limit of ${limit}`),
  )
}
