/** Rules of the groups apps, batch, autoscaling and policy. */

import type { CronJob } from '../generated/batch-v1.ts'
import { keptTemplate } from '../pod-features.ts'
import { toAutoscalerV2 } from '../conversion/horizontal-pod-autoscaler.ts'
import { defaultHorizontalPodAutoscaler, defaultHorizontalPodAutoscalerV1 } from '../defaults/autoscaling.ts'
import { defaultCronJob, defaultJob, withOwnSelector } from '../defaults/batch.ts'
import { validateCronJob } from '../validation/cron-job.ts'
import {
  validateControllerRevision,
  validateControllerRevisionUpdate,
} from '../validation/controller-revision.ts'
import { validateDaemonSet, validateDaemonSetUpdate } from '../validation/daemon-set.ts'
import {
  validateHorizontalPodAutoscaler,
  validateHorizontalPodAutoscalerStatus,
} from '../validation/horizontal-pod-autoscaler.ts'
import { validateJob, validateJobUpdate } from '../validation/job.ts'
import { validateJobStatus } from '../validation/job-status.ts'
import {
  validateDaemonSetStatus,
  validateDeploymentStatus,
  validateReplicaSetStatus,
  validateStatefulSetStatus,
  withoutTerminating,
} from '../validation/workload-status.ts'
import {
  validatePodDisruptionBudget,
  validatePodDisruptionBudgetStatus,
} from '../validation/pod-disruption-budget.ts'
import { dnsLabelFaults, pathSegmentFaults } from '../validation/names.ts'
import { validateStatefulSet, validateStatefulSetUpdate } from '../validation/stateful-set.ts'
import {
  defaultDaemonSet,
  defaultStatefulSet,
  defaultDeployment,
  defaultReplicaSet,
  withTemplateGeneration,
} from '../defaults/workloads.ts'
import {
  cronJobWarnings,
  statefulSetWarnings,
  templateWarnings,
  workloadWarnings,
} from '../warnings/workloads.ts'
import {
  validateDeployment,
  validateDeploymentUpdate,
  validateReplicaSet,
  validateReplicaSetUpdate,
} from '../validation/workloads.ts'
import {
  DEPLOYMENTS,
  REPLICA_SETS,
  STATEFUL_SETS,
  DAEMON_SETS,
  CONTROLLER_REVISIONS,
  JOBS,
  CRON_JOBS,
  HORIZONTAL_POD_AUTOSCALERS,
  HORIZONTAL_POD_AUTOSCALERS_V1,
  POD_DISRUPTION_BUDGETS,
} from '../scheme/workloads.ts'
import type { RulesEntry } from './row.ts'
import { row } from './row.ts'

/** Told on creation: the object is kept, and that is all. */
const nothingActsOn =
  (kind: string) =>
  (_object: unknown, old: unknown): readonly string[] =>
    old === undefined
      ? [`no controller of ${kind}s runs here yet: the object is stored, and nothing acts on it`]
      : []

function keptJobTemplate(job: CronJob, old?: CronJob): CronJob {
  const { spec } = job
  const own = spec.jobTemplate?.spec
  if (own === undefined) return job
  const before = old?.spec.jobTemplate?.spec
  const kept = keptTemplate({ spec: own }, before && { spec: before })
  return { ...job, spec: { ...spec, jobTemplate: { ...spec.jobTemplate, spec: kept.spec } } }
}

export const WORKLOAD_RULES: readonly RulesEntry[] = [
  row(DEPLOYMENTS, {
    settle: (object) => keptTemplate(object),
    prepareForUpdate: keptTemplate,
    defaults: defaultDeployment,
    validate: validateDeployment,
    warnings: workloadWarnings,
    validateUpdate: validateDeploymentUpdate,
    validateStatus: validateDeploymentStatus,
    prepareStatus: withoutTerminating,
    hasStatus: true,
    hasGeneration: true,
  }),
  row(REPLICA_SETS, {
    settle: (object) => keptTemplate(object),
    prepareForUpdate: keptTemplate,
    defaults: defaultReplicaSet,
    validate: validateReplicaSet,
    warnings: workloadWarnings,
    validateUpdate: validateReplicaSetUpdate,
    validateStatus: validateReplicaSetStatus,
    prepareStatus: withoutTerminating,
    hasStatus: true,
    newStatus: { replicas: 0 },
    hasGeneration: true,
  }),
  row(STATEFUL_SETS, {
    settle: (object) => keptTemplate(object),
    prepareForUpdate: keptTemplate,
    defaults: defaultStatefulSet,
    nameFaults: dnsLabelFaults,
    validate: validateStatefulSet,
    validateUpdate: validateStatefulSetUpdate,
    validateStatus: validateStatefulSetStatus,
    warnings: (set, old) => [...statefulSetWarnings(set), ...nothingActsOn('StatefulSet')(set, old)],
    hasStatus: true,
    newStatus: { replicas: 0, availableReplicas: 0 },
    hasGeneration: true,
  }),
  row(DAEMON_SETS, {
    settle: (object) => keptTemplate(object),
    defaults: defaultDaemonSet,
    validate: validateDaemonSet,
    validateUpdate: validateDaemonSetUpdate,
    validateStatus: validateDaemonSetStatus,
    prepareStatus: withTemplateGeneration,
    prepareForCreate: (set) => withTemplateGeneration(set),
    prepareForUpdate: (set, old) => withTemplateGeneration(keptTemplate(set, old), old),
    warnings: (set, old) => [...templateWarnings(set), ...nothingActsOn('DaemonSet')(set, old)],
    hasStatus: true,
    newStatus: {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    },
    hasGeneration: true,
  }),
  row(CONTROLLER_REVISIONS, {
    judgesNamesAgain: true,
    validate: validateControllerRevision,
    validateUpdate: validateControllerRevisionUpdate,
  }),
  row(JOBS, {
    settle: (object) => keptTemplate(object),
    prepareForUpdate: keptTemplate,
    judgesNamesAgain: true,
    defaults: defaultJob,
    prepareForCreate: withOwnSelector,
    validate: validateJob,
    validateUpdate: validateJobUpdate,
    validateStatus: validateJobStatus,
    prepareStatus: (job) => defaultJob(job),
    warnings: (job, old) => [...workloadWarnings(job, old), ...nothingActsOn('Job')(job, old)],
    orphansDependents: true,
    deletionWarning:
      'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them ' +
      'or set propagationPolicy=Orphan to suppress this warning',
    hasStatus: true,
    hasGeneration: true,
    selectableFields: ({ status }) => ({ 'status.successful': String(status?.succeeded ?? 0) }),
  }),
  row(CRON_JOBS, {
    settle: (job) => keptJobTemplate(job),
    prepareForUpdate: keptJobTemplate,
    defaults: defaultCronJob,
    validate: validateCronJob,
    warnings: (job, old) => [...cronJobWarnings(job, old), ...nothingActsOn('CronJob')(job, old)],
    hasStatus: true,
    hasGeneration: true,
  }),
  row(HORIZONTAL_POD_AUTOSCALERS, {
    defaults: defaultHorizontalPodAutoscaler,
    validate: (autoscaler) => validateHorizontalPodAutoscaler(autoscaler),
    validateUpdate: validateHorizontalPodAutoscaler,
    validateStatus: validateHorizontalPodAutoscalerStatus,
    warnings: nothingActsOn('HorizontalPodAutoscaler'),
    hasStatus: true,
    newStatus: { desiredReplicas: 0 },
  }),
  row(HORIZONTAL_POD_AUTOSCALERS_V1, {
    defaults: defaultHorizontalPodAutoscalerV1,
    validate: (autoscaler) => validateHorizontalPodAutoscaler(toAutoscalerV2(autoscaler)),
    validateUpdate: (autoscaler, old) =>
      validateHorizontalPodAutoscaler(toAutoscalerV2(autoscaler), toAutoscalerV2(old)),
    validateStatus: (autoscaler) => validateHorizontalPodAutoscalerStatus(toAutoscalerV2(autoscaler)),
    warnings: nothingActsOn('HorizontalPodAutoscaler'),
    hasStatus: true,
    newStatus: { currentReplicas: 0, desiredReplicas: 0 },
  }),
  row(POD_DISRUPTION_BUDGETS, {
    requiresRevision: true,
    nameFaults: pathSegmentFaults,
    validate: validatePodDisruptionBudget,
    validateStatus: validatePodDisruptionBudgetStatus,
    hasStatus: true,
    newStatus: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
    hasGeneration: true,
  }),
]
