/**
 * Annotations of pods that mean something (kubernetes/kubernetes pkg/apis/core/validation/validation.go
 * ValidatePodSpecificAnnotations, ValidatePodSpecificAnnotationUpdates). Pure.
 */

import type { PodSpec } from '../generated/core-v1.ts'
import { goQuoted } from '../go-text.ts'
import { MIRROR_POD } from '../pod-references.ts'
import type { Faults } from './faults.ts'
import { forbiddenField, invalidValue, when } from './faults.ts'
import { descendingPathFaults } from './paths.ts'

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'
const POD_SECCOMP = 'seccomp.security.alpha.kubernetes.io/pod'
const CONTAINER_SECCOMP = 'container.seccomp.security.alpha.kubernetes.io/'
const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/'

type Annotations = Readonly<Record<string, string>>

/** Faults of the annotations of a pod, or of a template's pods. */
export function validatePodAnnotations(
  annotations: Annotations | undefined,
  spec: PodSpec,
  at: string,
): Faults {
  return Object.entries(annotations ?? {}).flatMap(([key, value]) => {
    const field = `${at}[${key}]`
    if (key === MIRROR_POD)
      return when(!spec.nodeName, () =>
        invalidValue(field, value, 'must set spec.nodeName if mirror pod annotation is set'),
      )
    if (key === DELETION_COST)
      return when(!isCost(value), () => invalidValue(field, value, 'must be a 32bit integer'))
    if (key === POD_SECCOMP || key.startsWith(CONTAINER_SECCOMP)) return seccompFaults(value, `${at}.${key}`)
    return key.startsWith(APP_ARMOR) ? appArmorFaults(value, key, { spec, field }) : []
  })
}

function isCost(text: string): boolean {
  if (!/^(0|-\d+|[1-9]\d*)$/.test(text)) return false
  const cost = BigInt(text)
  return BigInt.asIntN(32, cost) === cost
}

function seccompFaults(profile: string, field: string): Faults {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(profile)) return []
  return profile.startsWith('localhost/')
    ? descendingPathFaults(field, profile.slice('localhost/'.length))
    : [invalidValue(field, profile, 'must be a valid seccomp profile')]
}

function appArmorFaults(
  profile: string,
  key: string,
  { spec, field }: { readonly spec: PodSpec; readonly field: string },
): Faults {
  const name = key.slice(APP_ARMOR.length)
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec
  const isThere = [...containers, ...initContainers, ...ephemeralContainers].some(
    (each) => each.name === name,
  )
  const isKnown = ['', 'runtime/default', 'unconfined'].includes(profile) || profile.startsWith('localhost/')
  return [
    ...when(!isThere, () => invalidValue(field, name, 'container not found')),
    ...when(!isKnown, () =>
      invalidValue(field, profile, `invalid AppArmor profile name: ${goQuoted(profile)}`),
    ),
  ]
}

/** Faults of annotations that may neither come nor go nor change. */
export function validatePodAnnotationsUpdate(
  now: Annotations = {},
  before: Annotations = {},
  at = 'metadata.annotations',
): Faults {
  const [gone, come] = [
    Object.keys(before).filter((key) => now[key] !== before[key]),
    Object.keys(now).filter((key) => before[key] === undefined),
  ]
  const faults = (keys: readonly string[], verb: string): Faults =>
    keys.flatMap((key) => [
      ...when(key.startsWith(APP_ARMOR), () =>
        forbiddenField(`${at}[${key}]`, `may not ${verb} AppArmor annotations`),
      ),
      ...when(key === MIRROR_POD, () =>
        forbiddenField(`${at}[${key}]`, `may not ${verb} mirror pod annotation`),
      ),
    ])
  return [...faults(gone, 'remove or update'), ...faults(come, 'add')]
}
