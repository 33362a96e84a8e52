/** Rows of the groups apps, batch, autoscaling and policy. */

import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from '../generated/apps-v1.ts'
import type { HorizontalPodAutoscaler as HorizontalPodAutoscalerV1 } from '../generated/autoscaling-v1.ts'
import type { HorizontalPodAutoscaler } from '../generated/autoscaling-v2.ts'
import type { CronJob, Job } from '../generated/batch-v1.ts'
import type { PodDisruptionBudget } from '../generated/policy-v1.ts'
import type { ResourceInfo } from '../resource.ts'
import { define, scale, status } from './define.ts'

export const DEPLOYMENTS = define<Deployment>({
  group: 'apps',
  resource: 'deployments',
  singular: 'deployment',
  kind: 'Deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  subresources: [scale, status('Deployment')],
})
export const REPLICA_SETS = define<ReplicaSet>({
  group: 'apps',
  resource: 'replicasets',
  singular: 'replicaset',
  kind: 'ReplicaSet',
  shortNames: ['rs'],
  categories: ['all'],
  subresources: [scale, status('ReplicaSet')],
})
export const STATEFUL_SETS = define<StatefulSet>({
  group: 'apps',
  resource: 'statefulsets',
  singular: 'statefulset',
  kind: 'StatefulSet',
  shortNames: ['sts'],
  categories: ['all'],
  subresources: [scale, status('StatefulSet')],
})
export const DAEMON_SETS = define<DaemonSet>({
  group: 'apps',
  resource: 'daemonsets',
  singular: 'daemonset',
  kind: 'DaemonSet',
  shortNames: ['ds'],
  categories: ['all'],
  subresources: [status('DaemonSet')],
})
export const CONTROLLER_REVISIONS = define<ControllerRevision>({
  group: 'apps',
  resource: 'controllerrevisions',
  singular: 'controllerrevision',
  kind: 'ControllerRevision',
})
export const JOBS = define<Job>({
  group: 'batch',
  resource: 'jobs',
  singular: 'job',
  kind: 'Job',
  categories: ['all'],
  subresources: [status('Job')],
})
export const CRON_JOBS = define<CronJob>({
  group: 'batch',
  resource: 'cronjobs',
  singular: 'cronjob',
  kind: 'CronJob',
  shortNames: ['cj'],
  categories: ['all'],
  subresources: [status('CronJob')],
})
export const HORIZONTAL_POD_AUTOSCALERS = define<HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v2',
  resource: 'horizontalpodautoscalers',
  singular: 'horizontalpodautoscaler',
  kind: 'HorizontalPodAutoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  subresources: [status('HorizontalPodAutoscaler')],
})
/** The same objects in the version that knows of CPU alone. */
export const HORIZONTAL_POD_AUTOSCALERS_V1 = define<HorizontalPodAutoscalerV1>({
  group: 'autoscaling',
  version: 'v1',
  resource: 'horizontalpodautoscalers',
  singular: 'horizontalpodautoscaler',
  kind: 'HorizontalPodAutoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  subresources: [status('HorizontalPodAutoscaler')],
  storageVersion: 'autoscaling/v2',
})
export const POD_DISRUPTION_BUDGETS = define<PodDisruptionBudget>({
  group: 'policy',
  resource: 'poddisruptionbudgets',
  singular: 'poddisruptionbudget',
  kind: 'PodDisruptionBudget',
  shortNames: ['pdb'],
  subresources: [status('PodDisruptionBudget')],
})

/** In the order of discovery documents. */
export const WORKLOAD_RESOURCES: readonly ResourceInfo[] = [
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
]
