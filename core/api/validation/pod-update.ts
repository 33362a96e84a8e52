/**
 * What may change of a pod once it is made (kubernetes/kubernetes pkg/apis/core/validation/validation.go,
 * ValidatePodUpdate). Pure. Difference: the message says which fields may change, but not which did.
 */

import { isSameValue } from '../equality.ts'
import type { Container, Pod, PodSpec } from '../generated/core-v1.ts'
import type { Faults } from './faults.ts'
import { forbiddenField, invalidValue, when } from './faults.ts'
import { validatePodAnnotations, validatePodAnnotationsUpdate } from './pod-annotations.ts'
import { validatePlacement, withOldPlacement } from './pod-placement-update.ts'
import { validatePodSpec } from './pod.ts'

const CHANGEABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
]

const MAX_DEADLINE = 2 ** 31 - 1

/** Faults of a changed pod, metadata aside. Some end the judgement. */
export function validatePodUpdate({ metadata, spec }: Pod, { metadata: before, spec: old }: Pod): Faults {
  const ending = [
    () => validateCount(spec.containers, old.containers, 'spec.containers'),
    () => validateCount(spec.initContainers, old.initContainers, 'spec.initContainers'),
    () => validateDeadline(spec.activeDeadlineSeconds, old.activeDeadlineSeconds),
  ]
  const end = ending.map((faultsOf) => faultsOf()).find((faults) => faults.length > 0)
  return [
    ...validatePodAnnotations(metadata.annotations, spec, 'metadata.annotations'),
    ...validatePodSpec(spec, 'spec'),
    ...validatePodAnnotationsUpdate(metadata.annotations, before.annotations),
    ...(end ?? validateChanges(spec, old)),
  ]
}

function validateCount(
  now: readonly Container[] = [],
  before: readonly Container[] = [],
  field: string,
): Faults {
  return when(now.length !== before.length, () =>
    forbiddenField(field, 'pod updates may not add or remove containers'),
  )
}

/** It may come, and become shorter. */
function validateDeadline(now: number | undefined, before: number | undefined): Faults {
  const field = 'spec.activeDeadlineSeconds'
  if (now === undefined) return []
  if (now < 0 || now > MAX_DEADLINE)
    return [invalidValue(field, now, `must be between 0 and ${MAX_DEADLINE}, inclusive`)]
  return when(before !== undefined && now > before, () =>
    invalidValue(field, now, 'must be less than or equal to previous value'),
  )
}

function validateChanges(spec: PodSpec, old: PodSpec): Faults {
  const isGated = (old.schedulingGates ?? []).length > 0
  const changed = isGated ? withOldPlacement(spec, old) : spec
  return [
    ...when(spec.activeDeadlineSeconds === undefined && old.activeDeadlineSeconds !== undefined, () =>
      invalidValue(
        'spec.activeDeadlineSeconds',
        null,
        'must not update from a positive integer to nil value',
      ),
    ),
    ...validateAdditions(spec, old),
    ...(isGated ? validatePlacement(spec, old) : []),
    ...when(!isSameValue(fixedPart(changed, old), old), () =>
      forbiddenField('spec', `pod updates may not change fields other than ${CHANGEABLE.join(',')}`),
    ),
  ]
}

/** Tolerations may come but not go (their seconds may change); scheduling gates may go but not come. */
function validateAdditions(spec: PodSpec, old: PodSpec): Faults {
  const tolerations = spec.tolerations ?? []
  const isKept = (before: object): boolean =>
    tolerations.some((now) =>
      isSameValue({ ...now, tolerationSeconds: 0 }, { ...before, tolerationSeconds: 0 }),
    )
  const gates = (spec.schedulingGates ?? []).map(({ name }) => name)
  const added = gates.filter((name) => !(old.schedulingGates ?? []).some((gate) => gate.name === name))
  return [
    ...when(!(old.tolerations ?? []).every(isKept), () =>
      forbiddenField(
        'spec.tolerations',
        'existing toleration can not be modified except its tolerationSeconds',
      ),
    ),
    ...added.map((name) =>
      forbiddenField(
        `spec.schedulingGates[${gates.indexOf(name)}].name`,
        'only deletion is allowed, but found new scheduling gate ' + `'${name}'`,
      ),
    ),
  ]
}

/** The new spec with all that may change as it was. */
function fixedPart(spec: PodSpec, old: PodSpec): PodSpec {
  const withOldImage = (list: readonly Container[] = [], before: readonly Container[] = []): Container[] =>
    list.map((container, index) => ({ ...container, image: before[index]?.image }))
  const wasNegative = (old.terminationGracePeriodSeconds ?? 0) < 0
  return {
    ...spec,
    containers: withOldImage(spec.containers, old.containers),
    initContainers: withOldImage(spec.initContainers, old.initContainers),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    schedulingGates: old.schedulingGates,
    tolerations: old.tolerations,
    terminationGracePeriodSeconds:
      wasNegative && spec.terminationGracePeriodSeconds === 1
        ? old.terminationGracePeriodSeconds
        : spec.terminationGracePeriodSeconds,
  }
}
