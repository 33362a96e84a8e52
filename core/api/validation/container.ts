/**
 * Containers and init containers of pods (kubernetes/kubernetes pkg/apis/core/validation/validation.go,
 * validateContainers, validateInitContainers). Pure.
 */

import { isSameValue } from '../equality.ts'
import type {
  Container,
  ContainerPort,
  ContainerResizePolicy,
  PodSpec,
  Volume,
} from '../generated/core-v1.ts'
import { validateEnv, validateEnvFrom } from './environment.ts'
import type { FieldError } from '../field-error.ts'
import type { Faults } from './faults.ts'
import { validateRequirements } from './resource-requirements.ts'
import {
  choice,
  duplicate,
  forbiddenField,
  invalidTexts,
  invalidValue,
  notFoundValue,
  portFaults,
  repeated,
  required,
  requiredText,
  when,
} from './faults.ts'
import { dnsLabelFaults, portNameFaults } from './names.ts'
import { validateDevices, validateMounts } from './mounts.ts'
import { validateSecurityContext } from './security-context.ts'
import { PROBE_KINDS, validateLifecycle, validateProbe } from './probe.ts'

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never']
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError']
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

interface Surroundings {
  readonly spec: PodSpec
  /** those that may be used, by name */
  readonly volumes: ReadonlyMap<string, Volume>
}

/** Faults of all containers of a pod, regular ones first. */
export function validateContainers(
  spec: PodSpec,
  field: string,
  volumes: ReadonlyMap<string, Volume>,
): Faults {
  const { containers = [], initContainers = [] } = spec
  const surroundings = { spec, volumes }
  const regularNames = new Set(containers.map(({ name }) => name))
  return [
    ...(containers.length === 0 ? [required(`${field}.containers`)] : []),
    ...validateRegular(surroundings, `${field}.containers`),
    ...hostPortConflicts(containers, `${field}.containers`),
    ...initContainers.flatMap((container, index) => {
      const at = `${field}.initContainers[${index}]`
      const isTaken =
        regularNames.has(container.name) ||
        initContainers.findIndex(({ name }) => name === container.name) < index
      return [
        ...validateCommon(container, at, surroundings),
        ...when(isTaken && container.name, () => duplicate(`${at}.name`, container.name)),
        ...hostPortConflicts([container], `${field}.initContainers`),
        ...validateInitOnly(container, at, spec),
      ]
    }),
    ...validateEphemeral(surroundings, `${field}.ephemeralContainers`),
  ]
}

/** The fault of an image with space around it, which pods may not have, and templates may. */
export const imageSpace = (at: string, image: string): FieldError =>
  invalidValue(`${at}.image`, image, 'must not have leading or trailing whitespace')

const NOT_EPHEMERAL = [
  'ports',
  'resources',
  'resizePolicy',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const

/** What comes later to look into a pod serves nothing in it. */
function validateEphemeral(surroundings: Surroundings, field: string): Faults {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = surroundings.spec
  const others = [...containers, ...initContainers].map(({ name }) => name)
  const again = new Set(repeated([...others, ...ephemeralContainers.map(({ name }) => name)], (name) => name))
  return ephemeralContainers.flatMap((container, index) => {
    const at = `${field}[${index}]`
    const { name, targetContainerName: target, volumeMounts = [] } = container
    const detail = 'cannot be set for an Ephemeral Container'
    return [
      ...validateCommon(container, at, surroundings),
      ...when(container.image !== container.image?.trim(), () => imageSpace(at, container.image)),
      ...when(again.has(others.length + index), () => duplicate(`${at}.name`, name)),
      ...when(target && !others.includes(target), () => notFoundValue(`${at}.targetContainerName`, target)),
      ...NOT_EPHEMERAL.filter((part) => !isSameValue(container[part], undefined)).map((part) =>
        forbiddenField(`${at}.${part}`, detail),
      ),
      ...volumeMounts.flatMap((mount, place) =>
        (['subPath', 'subPathExpr'] as const)
          .filter((part) => mount[part])
          .map((part) => forbiddenField(`${at}.volumeMounts[${place}].${part}`, detail)),
      ),
    ]
  })
}

function validateRegular(surroundings: Surroundings, field: string): Faults {
  const { spec } = surroundings
  const { containers = [] } = spec
  const again = new Set(repeated(containers, ({ name }) => name))
  return containers.flatMap((container, index) => {
    const at = `${field}[${index}]`
    return [
      ...validateCommon(container, at, surroundings),
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

function validateCommon(container: Container, at: string, { spec, volumes }: Surroundings): Faults {
  return [
    ...requiredText(`${at}.name`, container.name, dnsLabelFaults),
    ...requiredText(`${at}.image`, container.image),
    ...choice(`${at}.terminationMessagePolicy`, container.terminationMessagePolicy, MESSAGE_POLICIES),
    ...validatePorts(container.ports ?? [], `${at}.ports`),
    ...validateEnv(container.env ?? [], `${at}.env`),
    ...validateEnvFrom(container.envFrom ?? [], `${at}.envFrom`),
    ...validateMounts(container, at, volumes),
    ...validateDevices(container, at, volumes),
    ...choice(`${at}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES),
    ...validateRequirements(container.resources ?? {}, `${at}.resources`, { claims: spec.resourceClaims }),
    ...validateResizePolicy(container.resizePolicy ?? [], `${at}.resizePolicy`, spec.restartPolicy),
    ...validateSecurityContext(container.securityContext, `${at}.securityContext`, spec.hostUsers !== false),
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

const RESIZABLE = ['cpu', 'memory']
const RESIZE_POLICIES = ['NotRequired', 'RestartContainer']

/** Upstream gives all but a repetition the path of the list. */
function validateResizePolicy(
  policies: readonly ContainerResizePolicy[],
  field: string,
  podPolicy: string | undefined,
): Faults {
  const again = new Set(repeated(policies, ({ resourceName }) => resourceName))
  return policies.flatMap(({ resourceName, restartPolicy }, index) => [
    ...when(again.has(index), () => duplicate(`${field}[${index}]`, resourceName)),
    ...choice(field, resourceName, RESIZABLE),
    ...choice(field, restartPolicy, RESIZE_POLICIES),
    ...when(podPolicy === 'Never' && restartPolicy !== 'NotRequired', () =>
      invalidValue(field, restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'"),
    ),
  ])
}
