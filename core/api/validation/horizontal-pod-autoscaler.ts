/** HorizontalPodAutoscalers (kubernetes/kubernetes pkg/apis/autoscaling/validation/validation.go). Pure. */

import type {
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricSpec,
  MetricTarget,
} from '../generated/autoscaling-v2.ts'
import type { Faults } from './faults.ts'
import { invalidTexts, invalidValue, notSupported, required, when } from './faults.ts'
import { pathSegmentFaults } from './names.ts'

const SOURCES: Readonly<Record<string, keyof MetricSpec>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
}
const TARGET_TYPES = ['Utilization', 'Value', 'AverageValue']
const MAX_WINDOW_SECONDS = 3600
const MAX_PERIOD_SECONDS = 1800

/** Faults of an autoscaler, metadata aside. */
export function validateHorizontalPodAutoscaler({ spec }: HorizontalPodAutoscaler): Faults {
  const { minReplicas, maxReplicas, scaleTargetRef: target, metrics = [], behavior } = spec
  return [
    ...when(minReplicas !== undefined && minReplicas < 1, () =>
      invalidValue('spec.minReplicas', minReplicas, 'must be greater than or equal to 1'),
    ),
    ...when(!(maxReplicas >= 1), () =>
      invalidValue('spec.maxReplicas', maxReplicas ?? 0, 'must be greater than 0'),
    ),
    ...when(minReplicas !== undefined && maxReplicas < minReplicas, () =>
      invalidValue('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'),
    ),
    ...(['kind', 'name'] as const).flatMap((name) => {
      const field = `spec.scaleTargetRef.${name}`
      const value = target?.[name]
      return value ? invalidTexts(field, value, pathSegmentFaults) : [required(field)]
    }),
    ...metrics.flatMap((metric, index) => metricFaults(metric, `spec.metrics[${index}]`)),
    ...rulesFaults(behavior?.scaleUp, 'spec.behavior.scaleUp'),
    ...rulesFaults(behavior?.scaleDown, 'spec.behavior.scaleDown'),
  ]
}

function metricFaults(metric: MetricSpec, at: string): Faults {
  const { type } = metric
  if (!type) return [required(`${at}.type`, 'must specify a metric source type')]
  const source = SOURCES[type]
  if (source === undefined) return [notSupported(`${at}.type`, type, Object.keys(SOURCES))]
  const given = metric[source] as { readonly target?: MetricTarget; readonly name?: string } | undefined
  if (given === undefined) {
    return [required(`${at}.${source}`, 'must populate information for the given metric source')]
  }
  const isResource = source === 'resource' || source === 'containerResource'
  return [
    ...when(isResource && !given.name, () =>
      required(`${at}.${source}.name`, 'must specify a resource name'),
    ),
    ...targetFaults(given.target, `${at}.${source}.target`),
  ]
}

function targetFaults(target: MetricTarget | undefined, at: string): Faults {
  if (!target?.type) return [required(`${at}.type`, 'must specify a metric target type')]
  const { type, averageUtilization } = target
  return [
    ...when(!TARGET_TYPES.includes(type), () =>
      invalidValue(`${at}.type`, type, 'must be either Utilization, Value, or AverageValue'),
    ),
    ...when(averageUtilization !== undefined && averageUtilization < 1, () =>
      invalidValue(`${at}.averageUtilization`, averageUtilization, 'must be greater than 0'),
    ),
  ]
}

function rulesFaults(rules: HPAScalingRules | undefined, at: string): Faults {
  const seconds = rules?.stabilizationWindowSeconds
  return [
    ...when(seconds !== undefined && seconds < 0, () =>
      invalidValue(`${at}.stabilizationWindowSeconds`, seconds, 'must be greater than or equal to zero'),
    ),
    ...when(seconds !== undefined && seconds > MAX_WINDOW_SECONDS, () =>
      invalidValue(
        `${at}.stabilizationWindowSeconds`,
        seconds,
        `must be less than or equal to ${MAX_WINDOW_SECONDS}`,
      ),
    ),
    ...(rules?.policies ?? []).flatMap(({ type, value, periodSeconds }, index) => {
      const field = `${at}.policies[${index}]`
      return [
        ...when(!['Pods', 'Percent'].includes(type), () =>
          notSupported(`${field}.type`, type ?? '', ['Pods', 'Percent']),
        ),
        ...when(!(value > 0), () => invalidValue(`${field}.value`, value ?? 0, 'must be greater than zero')),
        ...when(!(periodSeconds > 0), () =>
          invalidValue(`${field}.periodSeconds`, periodSeconds ?? 0, 'must be greater than zero'),
        ),
        ...when(periodSeconds > MAX_PERIOD_SECONDS, () =>
          invalidValue(
            `${field}.periodSeconds`,
            periodSeconds,
            `must be less than or equal to ${MAX_PERIOD_SECONDS}`,
          ),
        ),
      ]
    }),
  ]
}
