/** Jobs (kubernetes/kubernetes pkg/apis/batch/validation/validation.go). Pure. */

import type { Job, JobSpec } from '../generated/batch-v1.ts'
import { matchesLabelSelector } from '../selectors.ts'
import type { Faults } from './faults.ts'
import { immutable, invalidValue, nonNegative, notSupported, required, when } from './faults.ts'
import { validateLabelSelector } from './label-selector.ts'
import { validatePodTemplate } from './pod.ts'

const COMPLETION_MODES = ['Indexed', 'NonIndexed']
const REPLACEMENTS = ['Failed', 'TerminatingOrFailed']
const RESTART_POLICIES = ['OnFailure', 'Never']
const MAX_INDEXED_PARALLELISM = 100_000

/** Faults of a Job, metadata aside. */
export function validateJob({ spec }: Job): Faults {
  const { selector, template } = spec
  return [
    ...validateJobSpec(spec, 'spec'),
    ...(selector === undefined
      ? [required('spec.selector')]
      : validateLabelSelector(selector, 'spec.selector')),
    ...when(selector !== undefined && !matchesLabelSelector(selector, template?.metadata?.labels), () =>
      invalidValue(
        'spec.template.metadata.labels',
        template?.metadata?.labels ?? {},
        '`selector` does not match template `labels`',
      ),
    ),
  ]
}

/** Faults of what Jobs and the templates of CronJobs have in common. */
export function validateJobSpec(spec: JobSpec, at: string): Faults {
  const { completionMode, parallelism = 0, template, podReplacementPolicy: replacement } = spec
  const restartPolicy = template?.spec?.restartPolicy
  const field = (name: string): string => `${at}.${name}`
  const isIndexed = completionMode === 'Indexed'
  return [
    ...(
      [
        'parallelism',
        'completions',
        'activeDeadlineSeconds',
        'backoffLimit',
        'ttlSecondsAfterFinished',
        'backoffLimitPerIndex',
        'maxFailedIndexes',
      ] as const
    ).flatMap((name) => nonNegative(field(name), spec[name])),
    ...when(completionMode !== undefined && !COMPLETION_MODES.includes(completionMode), () =>
      notSupported(field('completionMode'), completionMode, COMPLETION_MODES),
    ),
    ...when(isIndexed && spec.completions === undefined, () =>
      required(field('completions'), 'when completion mode is Indexed'),
    ),
    ...when(isIndexed && parallelism > MAX_INDEXED_PARALLELISM, () =>
      invalidValue(
        field('parallelism'),
        parallelism,
        'must be less than or equal to 100000 when completion mode is Indexed',
      ),
    ),
    ...when(!isIndexed && spec.backoffLimitPerIndex !== undefined, () =>
      invalidValue(
        field('backoffLimitPerIndex'),
        spec.backoffLimitPerIndex,
        'requires indexed completion mode',
      ),
    ),
    ...when(replacement !== undefined && !REPLACEMENTS.includes(replacement), () =>
      notSupported(field('podReplacementPolicy'), replacement, REPLACEMENTS),
    ),
    ...when(spec.podFailurePolicy && replacement === 'TerminatingOrFailed', () =>
      notSupported(field('podReplacementPolicy'), replacement, ['Failed']),
    ),
    ...(template ? validatePodTemplate(template, field('template')) : [required(field('template'))]),
    ...when(!RESTART_POLICIES.includes(restartPolicy ?? ''), () =>
      restartPolicy
        ? notSupported(field('template.spec.restartPolicy'), restartPolicy, RESTART_POLICIES)
        : required(field('template.spec.restartPolicy'), 'valid values: "OnFailure", "Never"'),
    ),
    ...when(spec.podFailurePolicy && restartPolicy !== 'Never', () =>
      invalidValue(
        field('template.spec.restartPolicy'),
        restartPolicy,
        'only "Never" is supported when podFailurePolicy is specified',
      ),
    ),
  ]
}

/** Faults of a changed Job: what it is to do stays. */
export function validateJobUpdate(job: Job, old: Job): Faults {
  const { spec } = job
  // An indexed Job may grow and shrink as long as both numbers do.
  const isElastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism
  const isSuspended = old.spec.suspend === true && old.status?.startTime === undefined
  return [
    ...validateJob(job),
    ...(isElastic ? [] : immutable('spec.completions', spec.completions, old.spec.completions)),
    ...immutable('spec.selector', spec.selector, old.spec.selector),
    ...(isSuspended ? [] : immutable('spec.template', spec.template, old.spec.template)),
    ...immutable('spec.completionMode', spec.completionMode, old.spec.completionMode),
    ...immutable('spec.podFailurePolicy', spec.podFailurePolicy, old.spec.podFailurePolicy),
    ...immutable('spec.backoffLimitPerIndex', spec.backoffLimitPerIndex, old.spec.backoffLimitPerIndex),
    ...immutable('spec.managedBy', spec.managedBy, old.spec.managedBy),
    ...immutable('spec.successPolicy', spec.successPolicy, old.spec.successPolicy),
  ]
}
