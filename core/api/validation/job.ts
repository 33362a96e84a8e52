/** Jobs (kubernetes/kubernetes pkg/apis/batch/validation/validation.go). Pure. */

import type { Job, JobSpec } from '../generated/batch-v1.ts'
import type { PodTemplateSpec } from '../generated/core-v1.ts'
import { isSameValue } from '../equality.ts'
import { matchesLabelSelector } from '../selectors.ts'
import type { Faults } from './faults.ts'
import {
  IMMUTABLE,
  byKey,
  immutable,
  invalidValue,
  nonNegative,
  notSupported,
  optionalChoice,
  required,
  tooLong,
  when,
} from './faults.ts'
import { validateLabelSelector } from './label-selector.ts'
import { validateFailurePolicy, validateSuccessPolicy } from './job-policies.ts'
import { dnsLabelFaults, domainPathFaults } from './names.ts'
import { validatePodTemplate } from './pod.ts'

const COMPLETION_MODES = ['NonIndexed', 'Indexed']
const REPLACEMENTS = ['Failed', 'TerminatingOrFailed']
const RESTART_POLICIES = ['OnFailure', 'Never']
const MAX_MANAGER = 63
/** Of indexes and of pods at a time, and of both where indexes are retried one by one. */
const SOFT_LIMIT = 100_000
const HIGH_LIMIT = 10_000

/** Faults of a Job, metadata aside. */
export function validateJob(job: Job, old?: Job): Faults {
  const { metadata, spec } = job
  const { selector, template, completions, completionMode } = spec
  const isUsable = selector === undefined || validateLabelSelector(selector, '').length === 0
  const isChosen = selector !== undefined && matchesLabelSelector(selector, template?.metadata?.labels)
  const host = `${metadata.name}-${(completions ?? 0) - 1}`
  return [
    ...validateGeneratedSelector(job, old),
    ...validateJobSpec(spec, 'spec'),
    ...(selector === undefined
      ? [required('spec.selector')]
      : validateLabelSelector(selector, 'spec.selector')),
    ...when(isUsable && !isChosen, () =>
      invalidValue(
        'spec.template.metadata.labels',
        byKey(template?.metadata?.labels),
        '`selector` does not match template `labels`',
      ),
    ),
    ...when(completionMode === 'Indexed' && completions && dnsLabelFaults(host).length > 0, () =>
      invalidValue(
        'metadata.name',
        metadata.name,
        `will not able to create pod with invalid DNS label: ${host}`,
      ),
    ),
  ]
}

/** What the selector and the labels of pods must be unless the user cares for them. */
function validateGeneratedSelector({ metadata, spec }: Job, old: Job | undefined): Faults {
  const { selector, template, manualSelector } = spec
  if (manualSelector || selector === undefined) return []
  const { uid = '', name } = metadata
  const newer = { 'batch.kubernetes.io/controller-uid': uid, 'batch.kubernetes.io/job-name': name }
  const expected = { 'controller-uid': uid, 'job-name': name, ...newer }
  const before = old?.spec.template?.metadata?.labels ?? {}
  // A Job of before there were the newer labels goes on without them.
  const wanted =
    old && !Object.keys(newer).every((label) => Object.hasOwn(before, label))
      ? { 'controller-uid': uid, 'job-name': name }
      : expected
  const labels = template?.metadata?.labels ?? {}
  const at = 'spec.template.metadata.labels'
  const isUsable = validateLabelSelector(selector, '').length === 0
  return [
    ...Object.entries(wanted).flatMap(([label, value]) => {
      if (!Object.hasOwn(labels, label)) return [required(`${at}[${label}]`, `must be '${value}'`)]
      return when(labels[label] !== value, () =>
        invalidValue(`${at}[${label}]`, byKey(labels), `must be '${value}'`),
      )
    }),
    ...when(isUsable && !matchesLabelSelector(selector, expected), () =>
      invalidValue('spec.selector', selector, '`selector` not auto-generated'),
    ),
  ]
}

const COUNTS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
] as const

/** Faults of what Jobs and the templates of CronJobs have in common. */
export function validateJobSpec(spec: JobSpec, at: string): Faults {
  const { completionMode, template, maxFailedIndexes, managedBy, podFailurePolicy, successPolicy } = spec
  const field = (name: string): string => `${at}.${name}`
  return [
    ...COUNTS.flatMap((name) => nonNegative(field(name), spec[name])),
    ...nonNegative(field('maxFailedIndexes'), maxFailedIndexes),
    ...when(maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined, () =>
      required(field('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'),
    ),
    ...(managedBy === undefined ? [] : managerFaults(managedBy, field('managedBy'))),
    ...optionalChoice(field('completionMode'), completionMode, COMPLETION_MODES),
    ...(completionMode === 'Indexed' ? validateIndexed(spec, at) : []),
    ...(completionMode === undefined || completionMode === 'NonIndexed' ? validateNonIndexed(spec, at) : []),
    ...(podFailurePolicy ? validateFailurePolicy(spec, field('podFailurePolicy')) : []),
    ...(successPolicy ? validateSuccessPolicy(spec, field('successPolicy')) : []),
    ...optionalChoice(
      field('podReplacementPolicy'),
      spec.podReplacementPolicy,
      podFailurePolicy ? ['Failed'] : REPLACEMENTS,
    ),
    ...(template ? validatePodTemplate(template, field('template')) : [required(field('template'))]),
    ...restartFaults(template?.spec?.restartPolicy, spec, field('template.spec.restartPolicy')),
  ]
}

function managerFaults(manager: string, field: string): Faults {
  if (manager === '') return [required(field)]
  return [
    ...domainPathFaults(manager).map(({ value, detail }) => invalidValue(field, value, detail)),
    ...when(manager.length > MAX_MANAGER, () => tooLong(field, MAX_MANAGER)),
  ]
}

function validateIndexed(spec: JobSpec, at: string): Faults {
  const { completions, parallelism = 0, maxFailedIndexes: failed, backoffLimitPerIndex } = spec
  const isLarge = (completions ?? 0) > SOFT_LIMIT && backoffLimitPerIndex !== undefined
  const beyond = `must be less than or equal to ${HIGH_LIMIT} when completions are above ${SOFT_LIMIT} and used with backoff limit per index`
  return [
    ...when(completions === undefined, () =>
      required(`${at}.completions`, 'when completion mode is Indexed'),
    ),
    ...when(parallelism > SOFT_LIMIT, () =>
      invalidValue(
        `${at}.parallelism`,
        parallelism,
        `must be less than or equal to ${SOFT_LIMIT} when completion mode is Indexed`,
      ),
    ),
    ...when(completions !== undefined && failed !== undefined && failed > completions, () =>
      invalidValue(`${at}.maxFailedIndexes`, failed, 'must be less than or equal to completions'),
    ),
    ...when((failed ?? 0) > SOFT_LIMIT, () =>
      invalidValue(`${at}.maxFailedIndexes`, failed, `must be less than or equal to ${SOFT_LIMIT}`),
    ),
    ...when(isLarge && failed === undefined, () =>
      required(`${at}.maxFailedIndexes`, `must be specified when completions is above ${SOFT_LIMIT}`),
    ),
    ...when(isLarge && parallelism > HIGH_LIMIT, () =>
      invalidValue(`${at}.parallelism`, parallelism, beyond),
    ),
    ...when(isLarge && (failed ?? 0) > HIGH_LIMIT, () =>
      invalidValue(`${at}.maxFailedIndexes`, failed, beyond),
    ),
  ]
}

function validateNonIndexed(spec: JobSpec, at: string): Faults {
  return (['backoffLimitPerIndex', 'maxFailedIndexes'] as const).flatMap((name) =>
    when(spec[name] !== undefined, () =>
      invalidValue(`${at}.${name}`, spec[name], 'requires indexed completion mode'),
    ),
  )
}

/** Always is what a pod has when nothing was said. */
function restartFaults(policy: string | undefined, { podFailurePolicy }: JobSpec, field: string): Faults {
  if (!policy || policy === 'Always') return [required(field, 'valid values: "OnFailure", "Never"')]
  if (!RESTART_POLICIES.includes(policy)) return [notSupported(field, policy, RESTART_POLICIES)]
  return when(podFailurePolicy && policy !== 'Never', () =>
    invalidValue(field, policy, 'only "Never" is supported when podFailurePolicy is specified'),
  )
}

/** Faults of a changed Job: what it is to do stays. */
export function validateJobUpdate(job: Job, old: Job): Faults {
  const { spec } = job
  const isSuspended = old.spec.suspend === true && old.status?.startTime === undefined
  return [
    ...validateJob(job, old),
    ...completionsFaults(spec, old.spec),
    ...immutable('spec.selector', spec.selector, old.spec.selector),
    ...when(
      !isSameValue(
        isSuspended ? withPlacement(spec.template, old.spec.template) : spec.template,
        old.spec.template,
      ),
      () => invalidValue('spec.template', spec.template, IMMUTABLE),
    ),
    ...immutable('spec.completionMode', spec.completionMode, old.spec.completionMode),
    ...immutable('spec.podFailurePolicy', spec.podFailurePolicy, old.spec.podFailurePolicy),
    ...immutable('spec.backoffLimitPerIndex', spec.backoffLimitPerIndex, old.spec.backoffLimitPerIndex),
    ...immutable('spec.managedBy', spec.managedBy, old.spec.managedBy),
    ...immutable('spec.successPolicy', spec.successPolicy, old.spec.successPolicy),
  ]
}

/** An indexed Job may grow and shrink as long as both numbers do. */
function completionsFaults(spec: JobSpec, old: JobSpec): Faults {
  const { completions, completionMode, parallelism } = spec
  const field = 'spec.completions'
  if (completionMode !== 'Indexed') return immutable(field, completions, old.completions)
  if (completions === undefined || completions === old.completions) return []
  return when(completions !== parallelism, () =>
    invalidValue(field, completions, 'can only be modified in tandem with spec.parallelism'),
  )
}

/** The template with all that says where pods run as it was: it may change before the first of them is made. */
function withPlacement(template: PodTemplateSpec, old: PodTemplateSpec): PodTemplateSpec {
  const { metadata: before = {}, spec: kept } = old
  const { nodeAffinity: _, ...affinity } = template.spec?.affinity ?? {}
  const oldNodes = kept?.affinity?.nodeAffinity
  const placed = { ...affinity, ...(oldNodes ? { nodeAffinity: oldNodes } : {}) }
  const { nodeSelector, tolerations, schedulingGates } = kept ?? {}
  const hasAffinity = kept?.affinity !== undefined || Object.keys(placed).length > 0
  return {
    ...template,
    metadata: { ...template.metadata, labels: before.labels, annotations: before.annotations },
    spec: {
      ...(template.spec ?? { containers: [] }),
      nodeSelector,
      tolerations,
      schedulingGates,
      affinity: hasAffinity ? placed : undefined,
    },
  }
}
