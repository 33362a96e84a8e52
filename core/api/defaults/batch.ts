/**
 * Defaults of Jobs and CronJobs (kubernetes/kubernetes pkg/apis/batch/v1/defaults.go, and the selector its registry
 * generates: pkg/registry/batch/job/strategy.go). Pure and idempotent.
 */

import type { CronJob, Job, JobSpec, PodFailurePolicy } from '../generated/batch-v1.ts'
import { defaultPodTemplate } from './pod.ts'

const DEFAULT_BACKOFF = 6
const INT32_MAX = 2 ** 31 - 1

export function defaultJob(job: Job): Job {
  const spec = withDefaults(job.spec ?? {})
  // A Job without labels has those of its pods.
  const isLabelled = Object.keys(job.metadata.labels ?? {}).length > 0
  const labels = isLabelled ? job.metadata.labels : spec.template.metadata?.labels
  return {
    ...job,
    metadata: { ...job.metadata, ...(labels ? { labels } : {}) },
    spec,
  }
}

export function defaultCronJob(cron: CronJob): CronJob {
  const { spec } = cron
  const { jobTemplate } = spec
  return {
    ...cron,
    spec: {
      ...spec,
      concurrencyPolicy: spec.concurrencyPolicy || 'Allow',
      suspend: spec.suspend ?? false,
      successfulJobsHistoryLimit: spec.successfulJobsHistoryLimit ?? 3,
      failedJobsHistoryLimit: spec.failedJobsHistoryLimit ?? 1,
      // Of a template nothing is counted before a Job is made of it.
      jobTemplate: {
        ...jobTemplate,
        spec: { ...jobTemplate?.spec, template: defaultPodTemplate(jobTemplate?.spec?.template) },
      },
    },
  }
}

function withDefaults(spec: Partial<JobSpec>): JobSpec {
  const { completions, parallelism, backoffLimitPerIndex } = spec
  const isSingle = completions === undefined && parallelism === undefined
  return {
    ...spec,
    ...(isSingle ? { completions: 1 } : {}),
    parallelism: parallelism ?? 1,
    backoffLimit: spec.backoffLimit ?? (backoffLimitPerIndex === undefined ? DEFAULT_BACKOFF : INT32_MAX),
    completionMode: spec.completionMode ?? 'NonIndexed',
    suspend: spec.suspend ?? false,
    manualSelector: spec.manualSelector ?? false,
    podReplacementPolicy:
      spec.podReplacementPolicy ?? (spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'),
    ...(spec.podFailurePolicy ? { podFailurePolicy: defaultFailurePolicy(spec.podFailurePolicy) } : {}),
    template: defaultPodTemplate(spec.template),
  }
}

/** A condition that is named alone is to be true. */
function defaultFailurePolicy(policy: PodFailurePolicy): PodFailurePolicy {
  return {
    ...policy,
    rules: (policy.rules ?? []).map((rule) =>
      rule.onPodConditions
        ? {
            ...rule,
            onPodConditions: rule.onPodConditions.map((each) => ({ ...each, status: each.status || 'True' })),
          }
        : rule,
    ),
  }
}

const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid'

/** A new Job finds its pods by its own uid, unless its user knows better. */
export function withOwnSelector(job: Job): Job {
  const { spec = {} as JobSpec, metadata } = job
  const { uid, name } = metadata
  return uid === undefined || spec.manualSelector ? job : { ...job, spec: withSelector(spec, uid, name) }
}

function withSelector(spec: JobSpec, uid: string, name: string): JobSpec {
  const { template = {} } = spec
  // What the user wrote there is for validation to judge.
  const labels = {
    'controller-uid': uid,
    'job-name': name,
    [CONTROLLER_UID]: uid,
    'batch.kubernetes.io/job-name': name,
    ...template.metadata?.labels,
  }
  const matchLabels = { ...spec.selector?.matchLabels, [CONTROLLER_UID]: uid }
  return {
    ...spec,
    selector: { ...spec.selector, matchLabels },
    template: { ...template, metadata: { ...template.metadata, labels } },
  }
}
