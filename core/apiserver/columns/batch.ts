/**
 * Columns of the groups batch, autoscaling and policy. Pure.
 * kubernetes/kubernetes pkg/printers/internalversion/printers.go.
 */

import { toAutoscalerV2 } from '../../api/conversion/horizontal-pod-autoscaler.ts'
import type { HorizontalPodAutoscaler as HorizontalPodAutoscalerV1 } from '../../api/generated/autoscaling-v1.ts'
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../../api/generated/autoscaling-v2.ts'
import type { CronJob, Job } from '../../api/generated/batch-v1.ts'
import type { PodDisruptionBudget } from '../../api/generated/policy-v1.ts'
import { humanDuration } from '../../api/human-duration.ts'
import { parseTimestamp } from '../../api/timestamp.ts'
import type { Printer } from './column.ts'
import { AGE, NAME, column, labelSelectorText, since, wide } from './column.ts'
import { containerColumns } from './workloads.ts'

const hasCondition = ({ status }: Job, type: string): boolean =>
  status?.conditions?.some((each) => each.type === type && each.status === 'True') ?? false

function jobStatus(job: Job): string {
  const [shown] = ['Complete', 'Failed'].filter((type) => hasCondition(job, type))
  if (shown !== undefined) return shown
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating'
  if (hasCondition(job, 'Suspended')) return 'Suspended'
  return ['FailureTarget', 'SuccessCriteriaMet'].find((type) => hasCondition(job, type)) ?? 'Running'
}

function completions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`
  const { parallelism = 0 } = spec
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function jobDuration({ status }: Job, nowMs: number): string {
  const start = parseTimestamp(status?.startTime)
  if (start === undefined) return ''
  return humanDuration((parseTimestamp(status?.completionTime) ?? nowMs) - start)
}

export const JOB_PRINTER: Printer<Job> = {
  columns: [
    NAME,
    column('Status', 'What became of it.', jobStatus),
    column('Completions', 'How many pods ended well, of how many.', completions),
    column('Duration', 'How long it took, or has taken.', jobDuration),
    AGE,
    ...containerColumns<Job>(({ spec }) => spec.template),
    wide('Selector', 'Label selector for pods.', ({ spec }) => labelSelectorText(spec.selector)),
  ],
}

export const CRON_JOB_PRINTER: Printer<CronJob> = {
  columns: [
    NAME,
    column('Schedule', 'When it runs.', ({ spec }) => spec.schedule),
    column('Timezone', 'Where it is that time.', ({ spec }) => spec.timeZone ?? '<none>'),
    column(
      'Suspend',
      'Whether it waits.',
      ({ spec }) => ((spec.suspend ?? false) ? 'True' : 'False'),
      'boolean',
    ),
    column('Active', 'Jobs that run now.', ({ status }) => status?.active?.length ?? 0, 'integer'),
    column('Last Schedule', 'How long ago it ran.', ({ status }, nowMs) =>
      status?.lastScheduleTime === undefined ? '<none>' : since(status.lastScheduleTime, nowMs),
    ),
    AGE,
    ...containerColumns<CronJob>(({ spec }) => spec.jobTemplate.spec?.template),
    wide('Selector', 'Label selector for pods.', ({ spec }) =>
      labelSelectorText(spec.jobTemplate.spec?.selector),
    ),
  ],
}

const NOT_AVAILABLE = 'N/A'

export const POD_DISRUPTION_BUDGET_PRINTER: Printer<PodDisruptionBudget> = {
  columns: [
    NAME,
    column('Min Available', 'Pods that must stay.', ({ spec }) => String(spec.minAvailable ?? NOT_AVAILABLE)),
    column('Max Unavailable', 'Pods that may be away.', ({ spec }) =>
      String(spec.maxUnavailable ?? NOT_AVAILABLE),
    ),
    column(
      'Allowed Disruptions',
      'Pods that may go now.',
      ({ status }) => status?.disruptionsAllowed ?? 0,
      'integer',
    ),
    AGE,
  ],
}

const MAX_METRICS = 2

const percent = (value: number | undefined): string => (value === undefined ? '<unknown>' : `${value}%`)

/** `5%/50%`, `100m/200m (avg)` */
function targetText(current: MetricValueStatus | undefined, target: MetricTarget): string {
  if (target.averageValue !== undefined)
    return `${current?.averageValue ?? '<unknown>'}/${target.averageValue}`
  if (target.averageUtilization !== undefined) {
    return `${percent(current?.averageUtilization)}/${percent(target.averageUtilization)}`
  }
  return `${current?.value ?? '<unknown>'}/${target.value ?? '<auto>'}`
}

function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  const { resource, containerResource, pods, object, external } = metric
  if (resource) return `${resource.name}: ${targetText(status?.resource?.current, resource.target)}`
  if (containerResource) {
    return `${containerResource.name}: ${targetText(status?.containerResource?.current, containerResource.target)}`
  }
  if (pods) return targetText(status?.pods?.current, pods.target)
  const average = (target: MetricTarget): string => (target.averageValue === undefined ? '' : ' (avg)')
  if (object) return `${targetText(status?.object?.current, object.target)}${average(object.target)}`
  if (external) return `${targetText(status?.external?.current, external.target)}${average(external.target)}`
  return '<unknown type>'
}

function targets({ spec, status }: HorizontalPodAutoscaler): string {
  const { metrics = [] } = spec
  if (metrics.length === 0) return '<none>'
  const texts = metrics.map((metric, index) => metricText(metric, status?.currentMetrics?.[index]))
  const shown = texts.slice(0, MAX_METRICS).join(', ')
  return texts.length > MAX_METRICS ? `${shown} + ${texts.length - MAX_METRICS} more...` : shown
}

export const HORIZONTAL_POD_AUTOSCALER_PRINTER: Printer<HorizontalPodAutoscaler> = {
  columns: [
    NAME,
    column(
      'Reference',
      'What it scales.',
      ({ spec }) => `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`,
    ),
    column('Targets', 'What is measured, of what is wanted.', targets),
    column('MinPods', 'Pods there are at least.', ({ spec }) => String(spec.minReplicas ?? '<unset>')),
    column('MaxPods', 'Pods there are at most.', ({ spec }) => spec.maxReplicas),
    column('Replicas', 'Pods there are.', ({ status }) => status?.currentReplicas ?? 0),
    AGE,
  ],
}

/** The same columns: what is measured is not all in the fields of that version. */
export const HORIZONTAL_POD_AUTOSCALER_V1_PRINTER: Printer<HorizontalPodAutoscalerV1> = {
  columns: HORIZONTAL_POD_AUTOSCALER_PRINTER.columns.map((each) => ({
    ...each,
    cell: (autoscaler, nowMs) => each.cell(toAutoscalerV2(autoscaler), nowMs),
  })),
}
