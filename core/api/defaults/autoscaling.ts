/** Defaults of HorizontalPodAutoscalers (kubernetes/kubernetes pkg/apis/autoscaling/v2/defaults.go). Pure and idempotent. */

import { CURRENT_METRICS, toAutoscalerV1, toAutoscalerV2 } from '../conversion/horizontal-pod-autoscaler.ts'
import type { HorizontalPodAutoscaler as HorizontalPodAutoscalerV1 } from '../generated/autoscaling-v1.ts'
import type { HorizontalPodAutoscaler, HPAScalingRules, MetricSpec } from '../generated/autoscaling-v2.ts'

const CPU: MetricSpec = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
}

const UP: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
}
const DOWN: HPAScalingRules = {
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
}

export function defaultHorizontalPodAutoscaler(autoscaler: HorizontalPodAutoscaler): HorizontalPodAutoscaler {
  const { spec } = autoscaler
  const { metrics = [], behavior } = spec
  return {
    ...autoscaler,
    spec: {
      ...spec,
      minReplicas: spec.minReplicas ?? 1,
      metrics: metrics.length > 0 ? metrics : [CPU],
      // Rules are only filled where a user wrote some.
      ...(behavior
        ? { behavior: { scaleUp: filled(behavior.scaleUp, UP), scaleDown: filled(behavior.scaleDown, DOWN) } }
        : {}),
    },
  }
}

function filled(rules: HPAScalingRules | undefined, usual: HPAScalingRules): HPAScalingRules {
  return { ...usual, ...rules, policies: rules?.policies ?? usual.policies ?? [] }
}

/** The version that knows of CPU alone; what is in its annotations gets its defaults where it is stored. */
export function defaultHorizontalPodAutoscalerV1(
  autoscaler: HorizontalPodAutoscalerV1,
): HorizontalPodAutoscalerV1 {
  const { spec, metadata } = autoscaler
  const defaulted = toAutoscalerV1(
    toAutoscalerV2({ ...autoscaler, spec: { ...spec, minReplicas: spec.minReplicas ?? 1 } }),
  )
  if (metadata.annotations?.[CURRENT_METRICS] !== undefined) return defaulted
  // A field of the status is no default: told of in an annotation, too, it would be stored as more than was said.
  const { [CURRENT_METRICS]: _said, ...annotations } = defaulted.metadata.annotations ?? {}
  const { annotations: _all, ...rest } = defaulted.metadata
  const kept = Object.keys(annotations).length > 0 ? { annotations } : {}
  return { ...defaulted, metadata: { ...rest, ...kept } }
}
