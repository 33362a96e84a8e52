/**
 * HorizontalPodAutoscalers are stored as autoscaling/v2 and served in autoscaling/v1, too, which knows of CPU alone:
 * all that has no field there is kept in annotations, so that nothing is lost by reading and writing one in v1. Pure.
 * kubernetes/kubernetes pkg/apis/autoscaling/v1/conversion.go.
 *
 * An annotation that cannot be read is left out of account, as upstream does.
 */

import type * as v1 from '../generated/autoscaling-v1.ts'
import type * as v2 from '../generated/autoscaling-v2.ts'
import { decodeMessage } from '../strict-decode.ts'
import { toMetricSpecV1, toMetricSpecV2, toMetricStatusV1, toMetricStatusV2 } from './metrics.ts'

const PREFIX = 'autoscaling.alpha.kubernetes.io/'
const METRICS = `${PREFIX}metrics`
export const CURRENT_METRICS = `${PREFIX}current-metrics`
const CONDITIONS = `${PREFIX}conditions`
const BEHAVIOR = `${PREFIX}behavior`
/** Those that v1 alone has; they are made anew from the v2 object each time. */
const KEPT: readonly string[] = [
  METRICS,
  CURRENT_METRICS,
  CONDITIONS,
  BEHAVIOR,
  `${PREFIX}scale-down-tolerance`,
  `${PREFIX}scale-up-tolerance`,
]

/** DefaultCPUUtilization */
const DEFAULT_UTILIZATION = 80

/** @returns the autoscaler as it is stored */
export function toAutoscalerV2(autoscaler: v1.HorizontalPodAutoscaler): v2.HorizontalPodAutoscaler {
  const { metadata, spec, status } = autoscaler
  const read = <T>(name: string, message: string): readonly T[] | undefined =>
    decodedList<T>(metadata.annotations?.[name], message)
  const others = read<v1.MetricSpec>(METRICS, 'k8s.io.api.autoscaling.v1.MetricSpec')
  const { targetCPUUtilizationPercentage: utilization, ...rest } = spec
  const metrics = [
    ...(others ?? []).map(toMetricSpecV2),
    ...(utilization === undefined ? [] : [cpuMetric(utilization)]),
  ]
  const behavior = decodedBehavior(metadata.annotations?.[BEHAVIOR])
  const measured = read<v1.MetricStatus>(CURRENT_METRICS, 'k8s.io.api.autoscaling.v1.MetricStatus')
  const conditions = read<v2.HorizontalPodAutoscalerCondition>(
    CONDITIONS,
    'k8s.io.api.autoscaling.v1.HorizontalPodAutoscalerCondition',
  )
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: withAnnotations(metadata, withoutKept(metadata.annotations)),
    spec: {
      ...rest,
      metrics: metrics.length > 0 ? metrics : [cpuMetric(DEFAULT_UTILIZATION)],
      ...(behavior ? { behavior } : {}),
    },
    ...(status ? { status: toStatusV2(status, measured?.map(toMetricStatusV2), conditions) } : {}),
  }
}

/** @returns the autoscaler as autoscaling/v1 has it */
export function toAutoscalerV1(autoscaler: v2.HorizontalPodAutoscaler): v1.HorizontalPodAutoscaler {
  const { metadata, spec, status } = autoscaler
  const { metrics = [], behavior, ...rest } = spec
  const utilization = metrics.find(isCpuUtilization)?.resource?.target.averageUtilization
  const others = metrics.filter((metric) => !isCpuUtilization(metric)).map(toMetricSpecV1)
  const { currentMetrics = [], conditions = [] } = status ?? {}
  const kept = {
    ...(behavior ? { [BEHAVIOR]: goJson(encodedBehavior(behavior)) } : {}),
    ...(conditions.length > 0 ? { [CONDITIONS]: goJson(conditions.map(toConditionV1)) } : {}),
    ...(currentMetrics.length > 0 ? { [CURRENT_METRICS]: goJson(currentMetrics.map(toMetricStatusV1)) } : {}),
    ...(others.length > 0 ? { [METRICS]: goJson(others) } : {}),
  }
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: withAnnotations(metadata, { ...withoutKept(metadata.annotations), ...kept }),
    spec: {
      ...rest,
      ...(utilization === undefined ? {} : { targetCPUUtilizationPercentage: utilization }),
    },
    ...(status ? { status: toStatusV1(status) } : {}),
  }
}

const cpuMetric = (averageUtilization: number): v2.MetricSpec => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
})

const isCpuUtilization = ({ type, resource }: v2.MetricSpec): boolean =>
  type === 'Resource' && resource?.name === 'cpu' && resource.target.averageUtilization !== undefined

function toStatusV2(
  status: v1.HorizontalPodAutoscalerStatus,
  measured: readonly v2.MetricStatus[] | undefined,
  conditions: readonly v2.HorizontalPodAutoscalerCondition[] | undefined,
): v2.HorizontalPodAutoscalerStatus {
  const { currentCPUUtilizationPercentage: utilization, currentReplicas, ...rest } = status
  // What is in the annotation says more than the field.
  const currentMetrics = measured ?? (utilization === undefined ? undefined : [cpuStatus(utilization)])
  return {
    ...rest,
    ...(currentReplicas ? { currentReplicas } : {}),
    ...(currentMetrics ? { currentMetrics } : {}),
    ...(conditions ? { conditions } : {}),
  }
}

const cpuStatus = (averageUtilization: number): v2.MetricStatus => ({
  type: 'Resource',
  resource: { name: 'cpu', current: { averageUtilization } },
})

function toStatusV1(status: v2.HorizontalPodAutoscalerStatus): v1.HorizontalPodAutoscalerStatus {
  const { currentReplicas = 0, desiredReplicas, lastScaleTime, observedGeneration, currentMetrics } = status
  const utilization = (currentMetrics ?? [])
    .filter(({ type, resource }) => type === 'Resource' && resource?.name === 'cpu')
    .findLast(({ resource }) => resource?.current.averageUtilization !== undefined)?.resource?.current
  return {
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    currentReplicas,
    desiredReplicas,
    ...(utilization ? { currentCPUUtilizationPercentage: utilization.averageUtilization } : {}),
  }
}

/** With a time that was never set as Go prints it. */
const toConditionV1 = ({
  type,
  status,
  lastTransitionTime = undefined,
  reason,
  message,
}: v2.HorizontalPodAutoscalerCondition) => ({
  type,
  status,
  lastTransitionTime: lastTransitionTime ?? null,
  reason,
  message,
})

/** The annotation holds upstream's internal type, which has Go's names, and null for what is not there. */
function encodedBehavior({ scaleUp, scaleDown }: v2.HorizontalPodAutoscalerBehavior): unknown {
  return { ScaleUp: encodedRules(scaleUp), ScaleDown: encodedRules(scaleDown) }
}

function encodedRules(rules: v2.HPAScalingRules | undefined): unknown {
  if (rules === undefined) return null
  const policies = rules.policies?.map(({ type, value, periodSeconds }) => ({
    Type: type,
    Value: value,
    PeriodSeconds: periodSeconds,
  }))
  return {
    StabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? null,
    SelectPolicy: rules.selectPolicy ?? null,
    Policies: policies ?? null,
    Tolerance: rules.tolerance ?? null,
  }
}

function decodedBehavior(text: string | undefined): v2.HorizontalPodAutoscalerBehavior | undefined {
  const decoded = decodeMessage(
    'k8s.io.api.autoscaling.v2.HorizontalPodAutoscalerBehavior',
    withJsonNames(parsed(text)),
  ) as v2.HorizontalPodAutoscalerBehavior | undefined
  const isEmpty = decoded?.scaleUp === undefined && decoded?.scaleDown === undefined
  return isEmpty ? undefined : decoded
}

const NAMES: ReadonlyMap<string, string> = new Map(
  [
    'scaleUp',
    'scaleDown',
    'stabilizationWindowSeconds',
    'selectPolicy',
    'policies',
    'tolerance',
    'type',
    'value',
    'periodSeconds',
  ].map((name) => [name.toLowerCase(), name]),
)

/** Go reads fields without JSON names in any case. Nothing is as deep as that in a behavior. */
function withJsonNames(value: unknown, depth = 5): unknown {
  if (depth === 0 || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((each) => withJsonNames(each, depth - 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      NAMES.get(name.toLowerCase()) ?? name,
      withJsonNames(inner, depth - 1),
    ]),
  )
}

/** @returns undefined when the text is not a JSON list of such messages */
function decodedList<T>(text: string | undefined, message: string): readonly T[] | undefined {
  const list = parsed(text)
  if (!Array.isArray(list)) return undefined
  const decoded = list.map((each) => decodeMessage(message, each) as T | undefined)
  return decoded.every((each) => each !== undefined) ? decoded : undefined
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Go's encoder keeps JSON safe inside HTML. */
const goJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

type Annotations = Readonly<Record<string, string>>

function withoutKept(annotations: Annotations = {}): Annotations {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => !KEPT.includes(name)))
}

function withAnnotations<T extends { readonly annotations?: Annotations | undefined }>(
  metadata: T,
  annotations: Annotations,
): T {
  const { annotations: _, ...rest } = metadata
  return (Object.keys(annotations).length > 0 ? { ...rest, annotations } : rest) as T
}
