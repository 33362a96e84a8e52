/**
 * What a user should be told of a pod, or of a template of pods, that is valid and yet hardly what was meant. Pure.
 * kubernetes/kubernetes pkg/api/pod/warnings.go; the order of the texts is its order.
 */

import type {
  Container,
  ContainerPort,
  EnvVar,
  NodeSelectorTerm,
  Pod,
  PodAffinityTerm,
  PodSpec,
  PodTemplateSpec,
  Volume,
} from '../generated/core-v1.ts'
import { milliOf } from '../quantity.ts'
import { dnsLabelFaults, labelValueFaults } from '../validation/names.ts'
import { volumePathWarnings } from './volume-paths.ts'

/** Each is shown to the client as it stands, in a `Warning` header. */
export type Warnings = readonly string[]

type Annotations = Readonly<Record<string, string>>

/** Of a pod: of its name when it is new, and of the rest. */
export function newPodWarnings(pod: Pod, old: Pod | undefined): Warnings {
  const faults = old === undefined ? dnsLabelFaults(pod.metadata.name) : []
  return [
    ...(faults.length === 0
      ? []
      : [
          "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; " +
            `a DNS label is recommended: [${faults.join(' ')}]`,
        ]),
    ...podWarnings(pod),
  ]
}

/** @param at path of the template; '' for a pod itself */
export function podWarnings(
  {
    metadata,
    spec,
  }: { readonly metadata?: PodTemplateSpec['metadata']; readonly spec?: PodSpec | undefined },
  at = '',
): Warnings {
  if (spec === undefined) return []
  const prefix = at === '' ? '' : `${at}.`
  const inSpec = `${prefix}spec`
  const annotations = metadata?.annotations ?? {}
  const containers = placedContainers(spec, inSpec)
  return [
    ...nodeWarnings(spec, inSpec),
    ...spreadWarnings(spec, inSpec),
    ...Object.entries(OLD_ANNOTATIONS).flatMap(([name, text]) =>
      Object.hasOwn(annotations, name) ? [`${prefix}metadata.annotations[${name}]: ${text}`] : [],
    ),
    ...(spec.volumes ?? []).flatMap((volume, index) => volumeWarnings(volume, `${inSpec}.volumes[${index}]`)),
    ...volumePathWarnings(spec),
    ...repetitions(spec.hostAliases ?? [], ({ ip }) => ip).map(
      ({ index, key }) => `${inSpec}.hostAliases[${index}].ip: duplicate ip ${JSON.stringify(key)}`,
    ),
    ...secretWarnings(spec, inSpec),
    ...fractionWarnings(spec.overhead, `${inSpec}.overhead`),
    ...seccompWarning(spec, annotations, prefix),
    ...containers.flatMap((each) => containerWarnings(each, annotations, prefix)),
    ...portWarnings(containers),
    ...portNameWarnings(containers),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0
      ? [
          `${inSpec}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
    ...affinityWarnings(spec, inSpec),
  ]
}

/** Labels of nodes that have been given other names, and what to write instead. */
const OLD_NODE_LABELS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region':
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone':
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type':
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods':
    'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
}

const OLD_ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod':
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}

/** Kinds of volumes that nothing mounts any more. */
const OLD_VOLUMES = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
} as const

function nodeWarnings({ nodeSelector, affinity }: PodSpec, inSpec: string): Warnings {
  const { requiredDuringSchedulingIgnoredDuringExecution: needed, ...soft } = affinity?.nodeAffinity ?? {}
  const wished = soft.preferredDuringSchedulingIgnoredDuringExecution ?? []
  const at = `${inSpec}.affinity.nodeAffinity`
  return [
    ...Object.keys(nodeSelector ?? {}).flatMap((label) => {
      const text = OLD_NODE_LABELS[label]
      return text === undefined ? [] : [`${inSpec}.nodeSelector[${label}]: ${text}`]
    }),
    ...(needed?.nodeSelectorTerms ?? []).flatMap((term, index) =>
      termWarnings(term, `${at}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${index}]`),
    ),
    ...wished.flatMap(({ preference }, index) => [
      ...termWarnings(
        preference,
        `${at}.preferredDuringSchedulingIgnoredDuringExecution[${index}].preference`,
        true,
      ),
    ]),
  ]
}

/** @param looksAtValues values are not validated where a term only prefers */
function termWarnings(term: NodeSelectorTerm, at: string, looksAtValues = false): Warnings {
  return (term.matchExpressions ?? []).flatMap(({ key, values = [] }, index) => {
    const text = OLD_NODE_LABELS[key]
    const place = `${at}.matchExpressions[${index}]`
    return [
      ...(text === undefined ? [] : [`${place}.key: ${key} is ${text}`]),
      ...(looksAtValues ? values : []).flatMap((value, position) =>
        labelValueFaults(value).map((fault) => `${place}.values[${position}]: ${value} is invalid, ${fault}`),
      ),
    ]
  })
}

const NO_SELECTOR = 'a null labelSelector results in matching no pod'

function spreadWarnings({ topologySpreadConstraints = [] }: PodSpec, inSpec: string): Warnings {
  return topologySpreadConstraints.flatMap(({ topologyKey, labelSelector }, index) => {
    const at = `${inSpec}.topologySpreadConstraints[${index}]`
    const text = OLD_NODE_LABELS[topologyKey]
    return [
      ...(text === undefined ? [] : [`${at}.topologyKey: ${topologyKey} is ${text}`]),
      ...(labelSelector === undefined ? [`${at}.labelSelector: ${NO_SELECTOR}`] : []),
    ]
  })
}

function volumeWarnings(volume: Volume, at: string): Warnings {
  return Object.entries(OLD_VOLUMES).flatMap(([source, text]) =>
    volume[source as keyof typeof OLD_VOLUMES] === undefined ? [] : [`${at}.${source}: ${text}`],
  )
}

function secretWarnings({ imagePullSecrets = [] }: PodSpec, inSpec: string): Warnings {
  const at = (index: number): string => `${inSpec}.imagePullSecrets[${index}].name`
  return [
    ...repetitions(imagePullSecrets, ({ name = '' }) => name).map(
      ({ index, key }) => `${at(index)}: duplicate name ${JSON.stringify(key)}`,
    ),
    ...imagePullSecrets.flatMap(({ name }, index) => (name ? [] : [`${at(index)}: invalid empty name ""`])),
  ]
}

/** Memory and disks have no part of a byte. */
function fractionWarnings(amounts: Readonly<Record<string, string>> | undefined, at: string): Warnings {
  return ['memory', 'ephemeral-storage'].flatMap((name) => {
    const amount = amounts?.[name]
    return milliOf(amount) % 1000n === 0n
      ? []
      : [`${at}[${name}]: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`]
  })
}

const POD_SECCOMP = 'seccomp.security.alpha.kubernetes.io/pod'
const CONTAINER_SECCOMP = 'container.seccomp.security.alpha.kubernetes.io/'
const NO_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'

function seccompWarning({ securityContext }: PodSpec, annotations: Annotations, prefix: string): Warnings {
  const isOld = securityContext?.seccompProfile === undefined && Object.hasOwn(annotations, POD_SECCOMP)
  return isOld ? [`${prefix}metadata.annotations[${POD_SECCOMP}]: ${NO_SECCOMP}`] : []
}

interface PlacedContainer {
  readonly container: Pick<
    Container,
    'name' | 'securityContext' | 'resources' | 'env' | 'ports' | 'restartPolicy'
  >
  readonly at: string
}

function placedContainers(spec: PodSpec, inSpec: string): readonly PlacedContainer[] {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = spec
  const placed = (list: readonly PlacedContainer['container'][], field: string) =>
    list.map((container, index) => ({ container, at: `${inSpec}.${field}[${index}]` }))
  return [
    ...placed(initContainers, 'initContainers'),
    ...placed(containers, 'containers'),
    ...placed(ephemeralContainers, 'ephemeralContainers'),
  ]
}

function containerWarnings(
  { container, at }: PlacedContainer,
  annotations: Annotations,
  prefix: string,
): Warnings {
  const annotation = `${CONTAINER_SECCOMP}${container.name}`
  const isOld =
    container.securityContext?.seccompProfile === undefined && Object.hasOwn(annotations, annotation)
  return [
    ...(isOld ? [`${prefix}metadata.annotations[${annotation}]: ${NO_SECCOMP}`] : []),
    ...fractionWarnings(container.resources?.limits, `${at}.resources.limits`),
    ...fractionWarnings(container.resources?.requests, `${at}.resources.requests`),
    ...hiddenVariables(container.env ?? [], at),
  ]
}

/** A variable written twice is in order where the second builds upon the first. */
function hiddenVariables(env: readonly EnvVar[], at: string): Warnings {
  return repetitions(env, ({ name }) => name).flatMap(({ item, index, key }) => {
    const reference = `$(${key})`
    const { value = '', valueFrom } = item
    const builds = valueFrom === undefined && value !== reference && value.includes(reference)
    return builds
      ? []
      : [
          `${at}.env[${index}]: hides previous definition of ${JSON.stringify(key)}, which may be dropped when using apply`,
        ]
  })
}

interface PlacedPort {
  readonly port: ContainerPort
  readonly at: string
}

const placedPorts = (containers: readonly PlacedContainer[]): readonly PlacedPort[] =>
  containers.flatMap(({ container, at }) =>
    (container.ports ?? []).map((port, index) => ({ port, at: `${at}.ports[${index}]` })),
  )

function portWarnings(containers: readonly PlacedContainer[]): Warnings {
  const ports = placedPorts(containers)
  return ports.flatMap(({ port, at }, index) =>
    ports
      .slice(0, index)
      .filter((other) => isSamePort(other.port, port))
      .flatMap((other) => {
        const how = collision(other.port, port)
        return how === undefined ? [] : [`${at}: ${how} port definition with ${other.at}`]
      }),
  )
}

const isSamePort = (a: ContainerPort, b: ContainerPort): boolean =>
  a.containerPort === b.containerPort && a.protocol === b.protocol

function collision(a: ContainerPort, b: ContainerPort): string | undefined {
  const [ipA, ipB, portA, portB] = [a.hostIP ?? '', b.hostIP ?? '', a.hostPort ?? 0, b.hostPort ?? 0]
  if (ipA === ipB && portA === portB) return 'duplicate'
  if (portA === 0 || portB === 0) return 'overlapping'
  return portA === portB && (ipA === '') !== (ipB === '') ? 'dangerously ambiguous' : undefined
}

function portNameWarnings(containers: readonly PlacedContainer[]): Warnings {
  const first = new Map<string, string>()
  return placedPorts(containers).flatMap(({ port: { name }, at }) => {
    if (!name) return []
    const other = first.get(name)
    if (other === undefined) {
      first.set(name, at)
      return []
    }
    return [
      `${at}: duplicate port name ${JSON.stringify(name)} with ${other}, services and probes that select ports by name will use ${other}`,
    ]
  })
}

function affinityWarnings({ affinity }: PodSpec, inSpec: string): Warnings {
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((kind) => {
    const at = `${inSpec}.affinity.${kind}`
    const rules = affinity?.[kind]
    const isNull = (term: PodAffinityTerm): boolean => term.labelSelector === undefined
    return [
      ...(rules?.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((term, index) =>
        isNull(term)
          ? [`${at}.requiredDuringSchedulingIgnoredDuringExecution[${index}].labelSelector: ${NO_SELECTOR}`]
          : [],
      ),
      ...(rules?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(
        ({ podAffinityTerm }, index) =>
          isNull(podAffinityTerm)
            ? [
                `${at}.preferredDuringSchedulingIgnoredDuringExecution[${index}].podAffinityTerm.labelSelector: ${NO_SELECTOR}`,
              ]
            : [],
      ),
    ]
  })
}

/** The items whose key was met before. */
function repetitions<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
): readonly { readonly item: T; readonly index: number; readonly key: string }[] {
  const seen = new Set<string>()
  return items.flatMap((item, index) => {
    const key = keyOf(item)
    if (seen.has(key)) return [{ item, index, key }]
    seen.add(key)
    return []
  })
}
