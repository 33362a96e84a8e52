/**
 * What a HorizontalPodAutoscaler is scaled by, as autoscaling/v2 has it and as autoscaling/v1 keeps it in its
 * annotations: a target there is a struct of its own, here it is a few fields beside the name. Pure.
 * kubernetes/kubernetes pkg/apis/autoscaling/v1/conversion.go.
 */

import type * as v1 from '../generated/autoscaling-v1.ts'
import type * as v2 from '../generated/autoscaling-v2.ts'

const ZERO = '0'

/** @returns the metric as autoscaling/v1 writes it, in the order of its fields */
export function toMetricSpecV1(metric: v2.MetricSpec): v1.MetricSpec {
  const { type, object, pods, resource, containerResource, external } = metric
  return {
    type,
    ...(object && {
      object: {
        target: toReference(object.describedObject),
        metricName: object.metric.name,
        targetValue: object.target.value ?? ZERO,
        ...given('selector', object.metric.selector),
        ...given('averageValue', object.target.averageValue),
      },
    }),
    ...(pods && {
      pods: {
        metricName: pods.metric.name,
        targetAverageValue: pods.target.averageValue ?? ZERO,
        ...given('selector', pods.metric.selector),
      },
    }),
    ...(resource && { resource: { name: resource.name, ...toUsageTarget(resource.target) } }),
    ...(containerResource && {
      containerResource: {
        name: containerResource.name,
        ...toUsageTarget(containerResource.target),
        container: containerResource.container,
      },
    }),
    ...(external && {
      external: {
        metricName: external.metric.name,
        ...given('metricSelector', external.metric.selector),
        ...given('targetValue', external.target.value),
        ...given('targetAverageValue', external.target.averageValue),
      },
    }),
  }
}

/** @returns the metric as autoscaling/v2 has it */
export function toMetricSpecV2(metric: v1.MetricSpec): v2.MetricSpec {
  const { type, object, pods, resource, containerResource, external } = metric
  return {
    type,
    ...(object && {
      object: {
        describedObject: toReference(object.target),
        target: {
          type: object.averageValue === undefined ? 'Value' : 'AverageValue',
          value: object.targetValue ?? ZERO,
          ...given('averageValue', object.averageValue),
        },
        metric: toIdentifier(object.metricName, object.selector),
      },
    }),
    ...(pods && {
      pods: {
        metric: toIdentifier(pods.metricName, pods.selector),
        target: { type: 'AverageValue', averageValue: pods.targetAverageValue ?? ZERO },
      },
    }),
    ...(resource && { resource: { name: resource.name ?? '', target: toTarget(resource) } }),
    ...(containerResource && {
      containerResource: {
        name: containerResource.name ?? '',
        target: toTarget(containerResource),
        container: containerResource.container ?? '',
      },
    }),
    ...(external && {
      external: {
        metric: toIdentifier(external.metricName, external.metricSelector),
        target: {
          type: external.targetValue === undefined ? 'AverageValue' : 'Value',
          ...given('value', external.targetValue),
          ...given('averageValue', external.targetAverageValue),
        },
      },
    }),
  }
}

/** @returns what was measured, as autoscaling/v1 writes it, in the order of its fields */
export function toMetricStatusV1(metric: v2.MetricStatus): v1.MetricStatus {
  const { type, object, pods, resource, containerResource, external } = metric
  return {
    type,
    ...(object && {
      object: {
        target: toReference(object.describedObject),
        metricName: object.metric.name,
        currentValue: object.current.value ?? ZERO,
        ...given('selector', object.metric.selector),
        ...given('averageValue', object.current.averageValue),
      },
    }),
    ...(pods && {
      pods: {
        metricName: pods.metric.name,
        currentAverageValue: pods.current.averageValue ?? ZERO,
        ...given('selector', pods.metric.selector),
      },
    }),
    ...(resource && { resource: { name: resource.name, ...toUsage(resource.current) } }),
    ...(containerResource && {
      containerResource: {
        name: containerResource.name,
        ...toUsage(containerResource.current),
        container: containerResource.container,
      },
    }),
    ...(external && {
      external: {
        metricName: external.metric.name,
        ...given('metricSelector', external.metric.selector),
        currentValue: external.current.value ?? ZERO,
        ...given('currentAverageValue', external.current.averageValue),
      },
    }),
  }
}

/** @returns what was measured, as autoscaling/v2 has it */
export function toMetricStatusV2(metric: v1.MetricStatus): v2.MetricStatus {
  const { type, object, pods, resource, containerResource, external } = metric
  return {
    type,
    ...(object && {
      object: {
        metric: toIdentifier(object.metricName, object.selector),
        current: { value: object.currentValue ?? ZERO, ...given('averageValue', object.averageValue) },
        describedObject: toReference(object.target),
      },
    }),
    ...(pods && {
      pods: {
        metric: toIdentifier(pods.metricName, pods.selector),
        current: { averageValue: pods.currentAverageValue ?? ZERO },
      },
    }),
    ...(resource && { resource: { name: resource.name ?? '', current: toCurrent(resource) } }),
    ...(containerResource && {
      containerResource: {
        name: containerResource.name ?? '',
        current: toCurrent(containerResource),
        container: containerResource.container ?? '',
      },
    }),
    ...(external && {
      external: {
        metric: toIdentifier(external.metricName, external.metricSelector),
        current: {
          value: external.currentValue ?? ZERO,
          ...given('averageValue', external.currentAverageValue),
        },
      },
    }),
  }
}

/** The field, where it has a value: what is absent in one version is absent in the other. */
function given<Name extends string, Value>(name: Name, value: Value | undefined): { [K in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [K in Name]: Value })
}

/** A reference may come from a text that lacks its parts. */
const toReference = (reference: Partial<v2.CrossVersionObjectReference> = {}) => ({
  kind: reference.kind ?? '',
  name: reference.name ?? '',
  ...given('apiVersion', reference.apiVersion),
})

const toIdentifier = (
  name: string | undefined,
  selector: v2.MetricIdentifier['selector'],
): v2.MetricIdentifier => ({ name: name ?? '', ...given('selector', selector) })

const toUsageTarget = (target: v2.MetricTarget) => ({
  ...given('targetAverageUtilization', target.averageUtilization),
  ...given('targetAverageValue', target.averageValue),
})

function toTarget(usage: Omit<v1.ResourceMetricSource, 'name'>): v2.MetricTarget {
  return {
    type: usage.targetAverageUtilization === undefined ? 'AverageValue' : 'Utilization',
    ...given('averageValue', usage.targetAverageValue),
    ...given('averageUtilization', usage.targetAverageUtilization),
  }
}

const toUsage = (current: v2.MetricValueStatus) => ({
  ...given('currentAverageUtilization', current.averageUtilization),
  currentAverageValue: current.averageValue ?? ZERO,
})

function toCurrent(usage: Omit<v1.ResourceMetricStatus, 'name'>): v2.MetricValueStatus {
  return {
    averageValue: usage.currentAverageValue ?? ZERO,
    ...given('averageUtilization', usage.currentAverageUtilization),
  }
}
