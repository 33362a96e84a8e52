/** Deployments and ReplicaSets (kubernetes/kubernetes pkg/apis/apps/validation/validation.go). Pure. */

import type { Deployment, ReplicaSet } from '../generated/apps-v1.ts'
import type { PodTemplateSpec } from '../generated/core-v1.ts'
import type { LabelSelector } from '../generated/meta-v1.ts'
import { isPercent } from '../int-or-percent.ts'
import { matchesLabelSelector } from '../selectors.ts'
import type { Faults } from './faults.ts'
import { choice, forbiddenField, immutable, invalidValue, notSupported, required } from './faults.ts'
import { validateLabelSelector } from './metadata.ts'
import { validatePodTemplate } from './pod.ts'

export function validateDeployment({ spec }: Deployment): Faults {
  const { strategy = {} } = spec
  const rolling = strategy.rollingUpdate
  return [
    ...validateCount(spec.replicas, 'spec.replicas'),
    ...validateSelector(spec.selector, spec.template),
    ...validateTemplate(spec.template),
    ...choice('spec.strategy.type', strategy.type, ['Recreate', 'RollingUpdate']),
    ...(strategy.type === 'Recreate' && rolling
      ? [
          forbiddenField(
            'spec.strategy.rollingUpdate',
            "may not be specified when strategy `type` is 'Recreate'",
          ),
        ]
      : []),
    ...(rolling ? validateRolling(rolling) : []),
    ...validateCount(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...validateCount(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
    ...validateCount(spec.progressDeadlineSeconds, 'spec.progressDeadlineSeconds'),
  ]
}

const NEGATIVE = 'must be greater than or equal to 0'

function validateCount(value: number | undefined, field: string): Faults {
  return value !== undefined && value < 0 ? [invalidValue(field, value, NEGATIVE)] : []
}

function validateSelector(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
): Faults {
  const empty =
    (selector?.matchExpressions ?? []).length === 0 && Object.keys(selector?.matchLabels ?? {}).length === 0
  if (!selector) return [required('spec.selector')]
  const faults = validateLabelSelector(selector, 'spec.selector')
  if (empty)
    return [...faults, invalidValue('spec.selector', selector, 'empty selector is invalid for deployment')]
  if (faults.length > 0) return faults
  const labels = template?.metadata?.labels
  if (matchesLabelSelector(selector, labels)) return []
  return [
    invalidValue(
      'spec.template.metadata.labels',
      labels ?? null,
      '`selector` does not match template `labels`',
    ),
  ]
}

function validateTemplate(template: PodTemplateSpec | undefined): Faults {
  const policy = template?.spec?.restartPolicy
  return [
    ...validatePodTemplate(template ?? {}, 'spec.template'),
    ...(policy && policy !== 'Always'
      ? [notSupported('spec.template.spec.restartPolicy', policy, ['Always'])]
      : []),
  ]
}

function validateRolling(
  rolling: NonNullable<NonNullable<Deployment['spec']['strategy']>['rollingUpdate']>,
): Faults {
  const at = 'spec.strategy.rollingUpdate'
  const { maxUnavailable, maxSurge } = rolling
  const isZero = (value: number | string | undefined): boolean => value === 0 || value === '0%'
  return [
    ...amountFaults(maxUnavailable, `${at}.maxUnavailable`),
    ...amountFaults(maxSurge, `${at}.maxSurge`),
    ...(isZero(maxUnavailable) && isZero(maxSurge)
      ? [invalidValue(`${at}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0')]
      : []),
  ]
}

function amountFaults(value: number | string | undefined, field: string): Faults {
  if (typeof value === 'number') return validateCount(value, field)
  const detail =
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
  return value === undefined || isPercent(value) ? [] : [invalidValue(field, value, detail)]
}

export function validateDeploymentUpdate(deployment: Deployment, old: Deployment): Faults {
  return [
    ...validateDeployment(deployment),
    ...immutable('spec.selector', deployment.spec.selector, old.spec.selector),
  ]
}

export function validateReplicaSet({ spec }: ReplicaSet): Faults {
  return [
    ...validateCount(spec.replicas, 'spec.replicas'),
    ...validateCount(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...validateSelector(spec.selector, spec.template),
    ...validateTemplate(spec.template),
  ]
}

export function validateReplicaSetUpdate(set: ReplicaSet, old: ReplicaSet): Faults {
  return [...validateReplicaSet(set), ...immutable('spec.selector', set.spec.selector, old.spec.selector)]
}
