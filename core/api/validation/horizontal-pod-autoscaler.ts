/** HorizontalPodAutoscalers (kubernetes/kubernetes pkg/apis/autoscaling/validation/validation.go). Pure. */

import type {
  ContainerResourceMetricSource,
  CrossVersionObjectReference,
  ExternalMetricSource,
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
  ResourceMetricSource,
} from '../generated/autoscaling-v2.ts'
import { compareQuantities } from '../quantity.ts'
import { validateContainerResourceName } from './resource-name.ts'
import type { Faults } from './faults.ts'
import {
  forbiddenField,
  invalidTexts,
  invalidValue,
  nonNegative,
  notSupported,
  optionalChoice,
  required,
  requiredText,
  when,
} from './faults.ts'
import { dnsLabelFaults, pathSegmentFaults } from './names.ts'

const SOURCES: Readonly<Record<string, Source>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
}
type Source = 'containerResource' | 'external' | 'object' | 'pods' | 'resource'
/** Of several sources the first in this order is looked into. */
const LOOKED_INTO: readonly Source[] = ['object', 'external', 'pods', 'resource', 'containerResource']
const TARGET_TYPES = ['Utilization', 'Value', 'AverageValue']
const SELECT_POLICIES = ['Disabled', 'Max', 'Min']
const MAX_WINDOW_SECONDS = 3600
const MAX_PERIOD_SECONDS = 1800

/** Faults of an autoscaler, metadata aside. */
export function validateHorizontalPodAutoscaler(
  { spec }: HorizontalPodAutoscaler,
  old?: HorizontalPodAutoscaler,
): Faults {
  const { minReplicas, maxReplicas, scaleTargetRef: target, metrics = [], behavior } = spec
  const before = old?.spec.scaleTargetRef
  // The one kind of the core group that has a scale; and what is there already is not looked at again.
  const isKnown = before?.apiVersion === target.apiVersion && before?.kind === target.kind
  const needsGroup = target.kind !== 'ReplicationController'
  return [
    ...when(minReplicas !== undefined && minReplicas < 1, () =>
      invalidValue('spec.minReplicas', minReplicas, 'must be greater than or equal to 1'),
    ),
    ...when(maxReplicas < 1, () => invalidValue('spec.maxReplicas', maxReplicas, 'must be greater than 0')),
    ...when(minReplicas !== undefined && maxReplicas < minReplicas, () =>
      invalidValue('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'),
    ),
    ...referenceFaults(target, 'spec.scaleTargetRef'),
    ...(isKnown ? [] : versionFaults(target, 'spec.scaleTargetRef', needsGroup)),
    ...metrics.flatMap((metric, index) => metricFaults(metric, `spec.metrics[${index}]`)),
    ...when(minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External'), () =>
      forbiddenField(
        'spec.metrics',
        'must specify at least one Object or External metric to support scaling to zero replicas',
      ),
    ),
    ...rulesFaults(behavior?.scaleUp, 'spec.behavior.scaleUp'),
    ...rulesFaults(behavior?.scaleDown, 'spec.behavior.scaleDown'),
  ]
}

function referenceFaults(reference: CrossVersionObjectReference, at: string): Faults {
  return (['kind', 'name'] as const).flatMap((name) =>
    requiredText(`${at}.${name}`, reference[name], pathSegmentFaults),
  )
}

function versionFaults(
  { apiVersion = '' }: CrossVersionObjectReference,
  at: string,
  needsGroup: boolean,
): Faults {
  const field = `${at}.apiVersion`
  if (apiVersion.split('/').length > 2)
    return [invalidValue(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)]
  return when(needsGroup && !/^[^/]+\//.test(apiVersion), () =>
    invalidValue(field, apiVersion, 'apiVersion must specify API group'),
  )
}

function metricFaults(metric: MetricSpec, at: string): Faults {
  const { type } = metric
  const wanted = SOURCES[type]
  const present = LOOKED_INTO.filter((source) => metric[source] !== undefined)
  const [first] = present
  const unknown = notSupported(`${at}.type`, type, Object.keys(SOURCES))
  return [
    ...when(!type, () => required(`${at}.type`, 'must specify a metric source type')),
    ...when(wanted === undefined, () => unknown),
    ...(first ? sourceFaults(metric, first, `${at}.${first}`) : []),
    ...when(wanted !== undefined && metric[wanted] === undefined, () =>
      required(`${at}.${wanted}`, 'must populate information for the given metric source'),
    ),
    // Upstream looks twice; the message says it once.
    ...when(wanted === undefined, () => unknown),
    ...(present.length > 1 ? present.filter((source) => source !== wanted) : []).map((source) =>
      forbiddenField(`${at}.${source}`, 'must populate the given metric source only'),
    ),
  ]
}

function sourceFaults(metric: MetricSpec, source: Source, at: string): Faults {
  const { object, external, pods } = metric
  switch (source) {
    case 'object':
      return object
        ? [
            ...referenceFaults(object.describedObject, `${at}.describedObject`),
            ...versionFaults(object.describedObject, `${at}.describedObject`, false),
            ...identifierFaults(object.metric, `${at}.metric`),
            ...targetFaults(object.target, `${at}.target`),
            ...missingValue(object.target, `${at}.target`, 'must set either a target value or averageValue'),
          ]
        : []
    case 'external':
      return external ? externalFaults(external, at) : []
    case 'pods':
      return pods
        ? [
            ...identifierFaults(pods.metric, `${at}.metric`),
            ...targetFaults(pods.target, `${at}.target`),
            ...when(pods.target.averageValue === undefined, () =>
              required(`${at}.target.averageValue`, 'must specify a positive target averageValue'),
            ),
          ]
        : []
    case 'resource':
      return metric.resource ? usageFaults(metric.resource, at) : []
    case 'containerResource':
      return metric.containerResource ? containerUsageFaults(metric.containerResource, at) : []
  }
}

const missingValue = ({ value, averageValue }: MetricTarget, at: string, detail: string): Faults =>
  when(value === undefined && averageValue === undefined, () => required(`${at}.averageValue`, detail))

function externalFaults({ metric, target }: ExternalMetricSource, at: string): Faults {
  const both = target.value !== undefined && target.averageValue !== undefined
  return [
    ...identifierFaults(metric, `${at}.metric`),
    ...targetFaults(target, `${at}.target`),
    ...missingValue(target, `${at}.target`, 'must set either a target value for metric or a per-pod target'),
    ...when(both, () =>
      forbiddenField(`${at}.target.value`, 'may not set both a target value for metric and a per-pod target'),
    ),
  ]
}

function usageFaults({ name, target }: Pick<ResourceMetricSource, 'name' | 'target'>, at: string): Faults {
  return [
    ...when(!name, () => required(`${at}.name`, 'must specify a resource name')),
    ...usageTargetFaults(target, `${at}.target`),
  ]
}

function containerUsageFaults(
  { name, container, target }: ContainerResourceMetricSource,
  at: string,
): Faults {
  return [
    ...(name
      ? validateContainerResourceName(name, `${at}.name`)
      : [required(`${at}.name`, 'must specify a resource name')]),
    ...(container
      ? invalidTexts(`${at}.container`, container, dnsLabelFaults)
      : [required(`${at}.container`, 'must specify a container')]),
    ...usageTargetFaults(target, `${at}.target`),
  ]
}

function usageTargetFaults(target: MetricTarget, at: string): Faults {
  const { averageUtilization, averageValue } = target
  const none = averageUtilization === undefined && averageValue === undefined
  const both = averageUtilization !== undefined && averageValue !== undefined
  return [
    ...targetFaults(target, at),
    ...when(none, () =>
      required(`${at}.averageUtilization`, 'must set either a target raw value or a target utilization'),
    ),
    ...when(both, () =>
      forbiddenField(`${at}.averageValue`, 'may not set both a target raw value and a target utilization'),
    ),
  ]
}

const identifierFaults = ({ name }: MetricIdentifier, at: string): Faults =>
  name
    ? invalidTexts(`${at}.name`, name, pathSegmentFaults)
    : [required(`${at}.name`, 'must specify a metric name')]

function targetFaults({ type, averageUtilization, ...amounts }: MetricTarget, at: string): Faults {
  return [
    ...when(!type, () => required(`${at}.type`, 'must specify a metric target type')),
    ...when(!TARGET_TYPES.includes(type), () =>
      invalidValue(`${at}.type`, type, 'must be either Utilization, Value, or AverageValue'),
    ),
    ...(['value', 'averageValue'] as const).flatMap((name) => {
      const amount = amounts[name]
      return when(amount !== undefined && compareQuantities(amount, '0') <= 0, () =>
        invalidValue(`${at}.${name}`, amount, 'must be positive'),
      )
    }),
    ...when(averageUtilization !== undefined && averageUtilization < 1, () =>
      invalidValue(`${at}.averageUtilization`, averageUtilization, 'must be greater than 0'),
    ),
  ]
}

/** Faults of an autoscaler's status. */
export function validateHorizontalPodAutoscalerStatus({ status }: HorizontalPodAutoscaler): Faults {
  return [
    ...nonNegative('status.currentReplicas', status?.currentReplicas),
    ...nonNegative('status.desiredReplicas', status?.desiredReplicas),
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
    ...optionalChoice(`${at}.selectPolicy`, rules?.selectPolicy, SELECT_POLICIES),
    ...when(rules !== undefined && (rules.policies ?? []).length === 0, () =>
      required(`${at}.policies`, 'must specify at least one Policy'),
    ),
    ...(rules?.policies ?? []).flatMap(({ type, value, periodSeconds }, index) => {
      const field = `${at}.policies[${index}]`
      return [
        ...when(!['Pods', 'Percent'].includes(type), () =>
          notSupported(`${field}.type`, type, ['Percent', 'Pods']),
        ),
        ...when(!(value > 0), () => invalidValue(`${field}.value`, value, 'must be greater than zero')),
        ...when(!(periodSeconds > 0), () =>
          invalidValue(`${field}.periodSeconds`, periodSeconds, 'must be greater than zero'),
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
    ...when(rules?.tolerance !== undefined && compareQuantities(rules.tolerance, '0') < 0, () =>
      invalidValue(`${at}.tolerance`, rules?.tolerance, 'must be greater than or equal to 0'),
    ),
  ]
}
