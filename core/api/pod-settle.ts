/**
 * What the server makes of a new pod once admission has made it what it will be: labels that are chosen by key become
 * expressions, AppArmor's old annotations fields (kubernetes/kubernetes pkg/registry/core/pod/strategy.go
 * mutatePodAffinity, mutateTopologySpreadConstraints, applyAppArmorVersionSkew). Pure.
 */

import { isSameValue } from './equality.ts'
import type {
  AppArmorProfile,
  Container,
  EphemeralContainer,
  Pod,
  PodAffinity,
  PodAffinityTerm,
} from './generated/core-v1.ts'
import type { LabelSelector } from './generated/meta-v1.ts'

type Labels = Readonly<Record<string, string>>

export const settledPod = (pod: Pod): Pod => withAppArmor(withLabelKeys(pod))

function withLabelKeys(pod: Pod): Pod {
  const labels = pod.metadata.labels ?? {}
  const { affinity, topologySpreadConstraints: spread } = pod.spec
  if (affinity === undefined && spread === undefined) return pod
  const { podAffinity, podAntiAffinity } = affinity ?? {}
  const merged = {
    ...affinity,
    ...(podAffinity ? { podAffinity: mergedAffinity(podAffinity, labels) } : {}),
    ...(podAntiAffinity ? { podAntiAffinity: mergedAffinity(podAntiAffinity, labels) } : {}),
  }
  const spec = {
    ...pod.spec,
    ...(affinity ? { affinity: merged } : {}),
    ...(spread ? { topologySpreadConstraints: spread.map((each) => mergedTerm(each, labels)) } : {}),
  }
  return { ...pod, spec }
}

function mergedAffinity(affinity: PodAffinity, labels: Labels): PodAffinity {
  const {
    preferredDuringSchedulingIgnoredDuringExecution: preferred,
    requiredDuringSchedulingIgnoredDuringExecution: required,
  } = affinity
  const wished = preferred?.map((each) => ({
    ...each,
    podAffinityTerm: mergedTerm(each.podAffinityTerm, labels),
  }))
  return {
    ...affinity,
    ...(required
      ? { requiredDuringSchedulingIgnoredDuringExecution: required.map((term) => mergedTerm(term, labels)) }
      : {}),
    ...(wished ? { preferredDuringSchedulingIgnoredDuringExecution: wished } : {}),
  }
}

type Term = Partial<Pick<PodAffinityTerm, 'labelSelector' | 'matchLabelKeys' | 'mismatchLabelKeys'>>

/** Without a selector nothing is chosen, whatever the keys. */
function mergedTerm<T extends Term>(term: T, labels: Labels): T {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term
  if (labelSelector === undefined) return term
  const added = [
    ...expressions(matchLabelKeys, 'In', labels),
    ...expressions(mismatchLabelKeys, 'NotIn', labels),
  ]
  if (added.length === 0) return term
  const matchExpressions = [...(labelSelector.matchExpressions ?? []), ...added]
  return { ...term, labelSelector: { ...labelSelector, matchExpressions } }
}

const expressions = (
  keys: readonly string[],
  operator: string,
  labels: Labels,
): NonNullable<LabelSelector['matchExpressions']> =>
  keys.flatMap((key) => {
    const value = labels[key]
    return value === undefined ? [] : [{ key, operator, values: [value] }]
  })

const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/'

/** Annotations say what the fields of containers do not. */
function withAppArmor(pod: Pod): Pod {
  const { annotations = {} } = pod.metadata
  const hasSome = Object.keys(annotations).some((key) => key.startsWith(APP_ARMOR))
  if (!hasSome || pod.spec.os?.name === 'windows') return pod
  const confined = <T extends Container | EphemeralContainer>(container: T): T => {
    const profile = annotatedProfile(annotations[APP_ARMOR + container.name])
    const context = container.securityContext
    const isSaid = context?.appArmorProfile !== undefined || profile === undefined
    if (isSaid || isSameValue(profile, pod.spec.securityContext?.appArmorProfile)) return container
    return { ...container, securityContext: { ...context, appArmorProfile: profile } }
  }
  const { containers, initContainers } = pod.spec
  const spec = {
    ...pod.spec,
    containers: containers.map(confined),
    ...(initContainers ? { initContainers: initContainers.map(confined) } : {}),
  }
  return { ...pod, spec }
}

function annotatedProfile(annotation: string | undefined): AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' }
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' }
  const [, localhostProfile] = /^localhost\/(.+)$/s.exec(annotation ?? '') ?? []
  const isGood = localhostProfile !== undefined && localhostProfile.trim() === localhostProfile
  return isGood ? { type: 'Localhost', localhostProfile } : undefined
}

/** @returns what to tell who writes a pod with such annotations, before they become fields */
export function appArmorWarnings(pod: Pod): readonly string[] {
  const { annotations = {} } = pod.metadata
  if (pod.spec.os?.name === 'windows') return []
  const { containers, initContainers = [] } = pod.spec
  return [...initContainers, ...containers].flatMap(({ name, securityContext }) => {
    const key = APP_ARMOR + name
    const profile = annotatedProfile(annotations[key])
    const isTold =
      annotations[key] !== undefined &&
      securityContext?.appArmorProfile === undefined &&
      (profile === undefined || !isSameValue(profile, pod.spec.securityContext?.appArmorProfile))
    return isTold
      ? [`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`]
      : []
  })
}
