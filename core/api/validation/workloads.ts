/** Deployments and ReplicaSets (kubernetes/kubernetes pkg/apis/apps/validation/validation.go). Pure. */

import type { Deployment, DeploymentStrategy, ReplicaSet } from '../generated/apps-v1.ts'
import type { PodTemplateSpec } from '../generated/core-v1.ts'
import type { LabelSelector } from '../generated/meta-v1.ts'
import { matchesLabelSelector } from '../selectors.ts'
import type { Faults } from './faults.ts'
import {
  byKey,
  forbiddenField,
  immutable,
  invalidTexts,
  invalidValue,
  nonNegative,
  notSupported,
  required,
  when,
} from './faults.ts'
import { validateLabelSelector } from './label-selector.ts'
import { percentFaults } from './names.ts'
import { validatePodTemplate } from './pod.ts'

/** Faults of a Deployment, metadata aside. */
export function validateDeployment({ spec }: Deployment): Faults {
  const { minReadySeconds, progressDeadlineSeconds: deadline } = spec
  return [
    ...nonNegative('spec.replicas', spec.replicas),
    ...validateSelector(spec.selector),
    ...validateTemplate(spec.template, spec.selector),
    ...validateStrategy(spec.strategy ?? {}),
    ...nonNegative('spec.minReadySeconds', minReadySeconds),
    ...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
    ...nonNegative('spec.progressDeadlineSeconds', deadline),
    ...when(deadline !== undefined && deadline <= (minReadySeconds ?? 0), () =>
      invalidValue('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'),
    ),
  ]
}

/** Faults of a changed Deployment: its selector stays. */
export function validateDeploymentUpdate(deployment: Deployment, old: Deployment): Faults {
  return [
    ...validateDeployment(deployment),
    ...immutable('spec.selector', deployment.spec.selector, old.spec.selector),
  ]
}

/** Faults of a ReplicaSet, metadata aside. */
export function validateReplicaSet({ spec }: ReplicaSet): Faults {
  return [
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...validateSelector(spec.selector),
    ...validateTemplate(spec.template, spec.selector),
  ]
}

/** Faults of a changed ReplicaSet: its selector stays. */
export function validateReplicaSetUpdate(set: ReplicaSet, old: ReplicaSet): Faults {
  return [...validateReplicaSet(set), ...immutable('spec.selector', set.spec.selector, old.spec.selector)]
}

/** Whether the selector chooses everything. */
export const isEmptySelector = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean =>
  Object.keys(matchLabels).length + matchExpressions.length === 0

/** Upstream says `deployment` of ReplicaSets too. */
function validateSelector(selector: LabelSelector | undefined): Faults {
  if (!selector) return [required('spec.selector')]
  return [
    ...validateLabelSelector(selector, 'spec.selector'),
    ...when(isEmptySelector(selector), () =>
      invalidValue('spec.selector', selector, 'empty selector is invalid for deployment'),
    ),
  ]
}

/** How kinds differ in judging their templates. */
interface TemplateOptions {
  /** as its kind is called in messages */
  readonly owner: string
  /** what is said of a selector that cannot be used, beyond its own faults; null: nothing */
  readonly noUse?: string | null
  /** the selector is a map of labels, and compared as it is */
  readonly isMap?: true
  /** what pods are made of is not looked at again */
  readonly isKept?: true
}

/** Faults of the template of a kind whose pods go on for ever. */
export function validateTemplate(
  template: PodTemplateSpec | undefined,
  selector: LabelSelector | undefined,
  options: TemplateOptions = { owner: 'ReplicaSet' },
): Faults {
  const { owner } = options
  const field = 'spec.template'
  if (!template) return [required(field)]
  const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {}
  return [
    ...validateTemplateLabels(template, selector, options),
    ...(options.isKept ? [] : validatePodTemplate(template, field)),
    ...when(restartPolicy !== 'Always', () =>
      notSupported(`${field}.spec.restartPolicy`, restartPolicy ?? '', ['Always']),
    ),
    ...when(activeDeadlineSeconds !== undefined, () =>
      forbiddenField(
        `${field}.spec.activeDeadlineSeconds`,
        `activeDeadlineSeconds in ${owner} is not Supported`,
      ),
    ),
  ]
}

/** No selector chooses nothing, an empty one everything. */
function validateTemplateLabels(
  template: PodTemplateSpec,
  selector: LabelSelector | undefined,
  { noUse = 'invalid label selector', isMap }: TemplateOptions,
): Faults {
  if (!isMap && selector && validateLabelSelector(selector, '').length > 0)
    return noUse === null ? [] : [invalidValue('spec.selector', selector, noUse)]
  const labels = template.metadata?.labels
  const isChosen = selector && (isEmptySelector(selector) || matchesLabelSelector(selector, labels))
  return when(!isChosen, () =>
    invalidValue(
      'spec.template.metadata.labels',
      byKey(labels),
      '`selector` does not match template `labels`',
    ),
  )
}

function validateStrategy({ type, rollingUpdate }: DeploymentStrategy): Faults {
  const at = 'spec.strategy'
  if (type === 'Recreate')
    return when(rollingUpdate, () =>
      forbiddenField(`${at}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'"),
    )
  // Upstream shows its internal type.
  if (type !== 'RollingUpdate')
    return [notSupported(at, { Type: type, RollingUpdate: shownUpdate(rollingUpdate) }, STRATEGIES)]
  if (!rollingUpdate) return [required(`${at}.rollingUpdate`, 'this should be defaulted and never be nil')]
  const { maxUnavailable, maxSurge } = rollingUpdate
  const isZero = (amount: number | string | undefined): boolean =>
    amount === 0 || /^0+%$/.test(String(amount))
  const field = `${at}.rollingUpdate.maxUnavailable`
  return [
    ...validateAmount(maxUnavailable, field),
    ...validateAmount(maxSurge, `${at}.rollingUpdate.maxSurge`),
    ...when(isZero(maxUnavailable) && isZero(maxSurge), () =>
      invalidValue(field, maxUnavailable, 'may not be 0 when `maxSurge` is 0'),
    ),
    ...when(Number(/^(\d+)%$/.exec(String(maxUnavailable))?.[1] ?? 0) > 100, () =>
      invalidValue(field, maxUnavailable, 'must not be greater than 100%'),
    ),
  ]
}

const STRATEGIES = ['Recreate', 'RollingUpdate']

const shownUpdate = (update: DeploymentStrategy['rollingUpdate']): unknown =>
  update ? { MaxUnavailable: update.maxUnavailable ?? 0, MaxSurge: update.maxSurge ?? 0 } : null

/** Faults of what is neither a count nor a percentage. */
export function validateAmount(amount: number | string | undefined, field: string): Faults {
  return typeof amount === 'string' ? invalidTexts(field, amount, percentFaults) : nonNegative(field, amount)
}
