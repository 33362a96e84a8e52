/**
 * Pods and templates without what upstream has behind feature gates that are off (ClusterTrustBundleProjection,
 * ContainerRestartRules, ContainerStopSignals, EnvFiles, HostnameOverride, ImageVolume, PodCertificateRequest): it is
 * dropped without a word, unless it was there already (kubernetes/kubernetes pkg/api/pod/util.go dropDisabledFields).
 * Pure.
 */

import type { PodSpec, Volume } from './generated/core-v1.ts'
import { omitted } from './omitted.ts'
import { containersOf, withContainers } from './pod-containers.ts'

interface Feature {
  readonly isUsed: (spec: PodSpec) => boolean
  readonly drop: (spec: PodSpec) => PodSpec
}

/** Sources of projected volumes that nobody serves. */
const projection = (kind: 'clusterTrustBundle' | 'podCertificate'): Feature => ({
  isUsed: ({ volumes = [] }) =>
    volumes.some(({ projected }) => projected?.sources?.some((source) => source[kind] !== undefined)),
  drop: (spec) => ({
    ...spec,
    ...(spec.volumes ? { volumes: spec.volumes.map((volume) => withoutSource(volume, kind)) } : {}),
  }),
})

function withoutSource(volume: Volume, kind: 'clusterTrustBundle' | 'podCertificate'): Volume {
  const { projected } = volume
  if (!projected?.sources) return volume
  const sources = projected.sources.map((source) => omitted(source, kind))
  return { ...volume, projected: { ...projected, sources } }
}

const RESTART_RULES: Feature = {
  isUsed: ({ initContainers = [], containers = [] }) =>
    initContainers.some(
      ({ restartPolicy, restartPolicyRules = [] }) =>
        (restartPolicy !== undefined && restartPolicy !== 'Always') || restartPolicyRules.length > 0,
    ) || containers.some(({ restartPolicy }) => restartPolicy !== undefined),
  drop: (spec) => {
    const bare = withContainers(spec, (container) => omitted(container, 'restartPolicyRules'))
    return {
      ...bare,
      containers: bare.containers.map((container) => omitted(container, 'restartPolicy')),
    }
  },
}

const STOP_SIGNALS: Feature = {
  isUsed: (spec) => containersOf(spec).some(({ lifecycle }) => lifecycle?.stopSignal !== undefined),
  drop: (spec) =>
    withContainers(spec, (container) => {
      if (container.lifecycle?.stopSignal === undefined) return container
      const { lifecycle, ...rest } = container
      const { stopSignal: _, ...hooks } = lifecycle
      return { ...rest, ...(Object.keys(hooks).length > 0 ? { lifecycle: hooks } : {}) }
    }),
}

const ENV_FILES: Feature = {
  isUsed: (spec) =>
    containersOf(spec).some(({ env = [] }) => env.some(({ valueFrom }) => valueFrom?.fileKeyRef)),
  drop: (spec) =>
    withContainers(spec, (container) => ({
      ...container,
      ...(container.env
        ? {
            env: container.env.map((variable) => {
              const { fileKeyRef, ...valueFrom } = variable.valueFrom ?? {}
              return fileKeyRef ? { ...variable, valueFrom } : variable
            }),
          }
        : {}),
    })),
}

const IMAGE_VOLUMES: Feature = {
  isUsed: ({ volumes = [] }) => volumes.some(({ image }) => image !== undefined),
  drop: (spec) => {
    const gone = (spec.volumes ?? []).flatMap(({ name, image }) => (image ? [name] : []))
    const { volumes: _, ...rest } = spec
    const volumes = (spec.volumes ?? []).filter(({ image }) => image === undefined)
    return withContainers({ ...rest, ...(volumes.length > 0 ? { volumes } : {}) }, (container) => {
      const { volumeMounts, ...others } = container
      const mounts = (volumeMounts ?? []).filter(({ name }) => !gone.includes(name))
      return { ...others, ...(mounts.length > 0 ? { volumeMounts: mounts } : {}) }
    })
  },
}

const HOSTNAME_OVERRIDE: Feature = {
  isUsed: ({ hostnameOverride }) => hostnameOverride !== undefined,
  drop: (spec) => omitted(spec, 'hostnameOverride'),
}

const FEATURES: readonly Feature[] = [
  projection('clusterTrustBundle'),
  projection('podCertificate'),
  RESTART_RULES,
  HOSTNAME_OVERRIDE,
  ENV_FILES,
  IMAGE_VOLUMES,
  STOP_SIGNALS,
]

/** @param old what is there already; undefined: nothing */
export function keptPodSpec(spec: PodSpec, old?: PodSpec): PodSpec {
  return FEATURES.filter(({ isUsed }) => isUsed(spec) && !(old && isUsed(old))).reduce(
    (kept, { drop }) => drop(kept),
    spec,
  )
}

interface Templated {
  readonly spec: { readonly template?: { readonly spec?: PodSpec | undefined } | undefined }
}

/** As keptPodSpec, of what makes pods of a template. */
export function keptTemplate<T extends Templated>(object: T, old?: T): T {
  const { spec } = object
  const template = spec?.template
  if (template?.spec === undefined) return object
  const kept = keptPodSpec(template.spec, old?.spec?.template?.spec)
  return kept === template.spec
    ? object
    : { ...object, spec: { ...spec, template: { ...template, spec: kept } } }
}
