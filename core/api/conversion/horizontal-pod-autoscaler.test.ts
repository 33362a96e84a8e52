import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { defaultHorizontalPodAutoscalerV1 } from '../defaults/autoscaling.ts'
import type { HorizontalPodAutoscaler as V1 } from '../generated/autoscaling-v1.ts'
import type { HorizontalPodAutoscaler as V2 } from '../generated/autoscaling-v2.ts'
import { toAutoscalerV1, toAutoscalerV2 } from './horizontal-pod-autoscaler.ts'

const PREFIX = 'autoscaling.alpha.kubernetes.io/'
const scaleTargetRef = { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' }

const v1 = (spec: Partial<V1['spec']>, annotations?: Record<string, string>): V1 => ({
  apiVersion: 'autoscaling/v1',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web', ...(annotations ? { annotations } : {}) },
  spec: { scaleTargetRef, maxReplicas: 3, ...spec },
})
const v2 = (spec: Partial<V2['spec']>, status?: V2['status']): V2 => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web' },
  spec: { scaleTargetRef, maxReplicas: 3, ...spec },
  ...(status ? { status } : {}),
})
const cpu = (averageUtilization: number) => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
})

// What kube-apiserver 1.34 answered to the same objects.
describe('a v2 autoscaler read in v1', () => {
  test('CPU has a field, other metrics are in an annotation, in the order and the names of v1', () => {
    const metrics = [
      {
        type: 'Resource',
        resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } },
      },
      cpu(70),
      {
        type: 'Pods',
        pods: {
          metric: { name: 'm<1', selector: { matchLabels: { a: 'b' } } },
          target: { type: 'AverageValue', averageValue: '10' },
        },
      },
      {
        type: 'Object',
        object: {
          describedObject: { kind: 'Service', name: 's' },
          metric: { name: 'q' },
          target: { type: 'Value', value: '5' },
        },
      },
      {
        type: 'External',
        external: { metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '5' } },
      },
      {
        type: 'ContainerResource',
        containerResource: {
          name: 'cpu',
          container: 'c',
          target: { type: 'Utilization', averageUtilization: 5 },
        },
      },
    ]
    const seen = toAutoscalerV1(v2({ metrics }))
    expect(seen.spec).toEqual({ scaleTargetRef, maxReplicas: 3, targetCPUUtilizationPercentage: 70 })
    expect(seen.metadata.annotations?.[`${PREFIX}metrics`]).toBe(
      '[{"type":"Resource","resource":{"name":"memory","targetAverageValue":"1Gi"}},' +
        String.raw`{"type":"Pods","pods":{"metricName":"m\u003c1","targetAverageValue":"10",` +
        '"selector":{"matchLabels":{"a":"b"}}}},' +
        '{"type":"Object","object":{"target":{"kind":"Service","name":"s"},"metricName":"q","targetValue":"5"}},' +
        '{"type":"External","external":{"metricName":"q","targetAverageValue":"5"}},' +
        '{"type":"ContainerResource","containerResource":{"name":"cpu","targetAverageUtilization":5,"container":"c"}}]',
    )
  })

  test('a behavior is kept with the names of the internal type', () => {
    const behavior = {
      scaleDown: {
        stabilizationWindowSeconds: 5,
        selectPolicy: 'Max',
        policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
      },
    }
    expect(toAutoscalerV1(v2({ behavior })).metadata.annotations?.[`${PREFIX}behavior`]).toBe(
      '{"ScaleUp":null,"ScaleDown":{"StabilizationWindowSeconds":5,"SelectPolicy":"Max",' +
        '"Policies":[{"Type":"Percent","Value":100,"PeriodSeconds":15}],"Tolerance":null}}',
    )
  })

  test('what was measured has a field for CPU and is whole in an annotation; so are conditions', () => {
    const status = {
      currentReplicas: 2,
      desiredReplicas: 3,
      currentMetrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', current: { averageUtilization: 33, averageValue: '100m' } },
        },
      ],
      conditions: [{ type: 'A', status: 'True', reason: 'R&D' }],
    }
    const seen = toAutoscalerV1(v2({ metrics: [cpu(70)] }, status))
    expect(seen.status).toEqual({
      currentReplicas: 2,
      desiredReplicas: 3,
      currentCPUUtilizationPercentage: 33,
    })
    expect(seen.metadata.annotations).toEqual({
      [`${PREFIX}conditions`]: String.raw`[{"type":"A","status":"True","lastTransitionTime":null,"reason":"R\u0026D"}]`,
      [`${PREFIX}current-metrics`]:
        '[{"type":"Resource","resource":{"name":"cpu","currentAverageUtilization":33,"currentAverageValue":"100m"}}]',
    })
  })
})

describe('a v1 autoscaler stored as v2', () => {
  test.each<[string, V1, V2['spec']]>([
    ['no target is 80 percent of CPU', v1({}), { scaleTargetRef, maxReplicas: 3, metrics: [cpu(80)] }],
    [
      'a target of CPU',
      v1({ minReplicas: 2, targetCPUUtilizationPercentage: 50 }),
      { scaleTargetRef, minReplicas: 2, maxReplicas: 3, metrics: [cpu(50)] },
    ],
    [
      'metrics of the annotation come before that of the field',
      v1(
        { targetCPUUtilizationPercentage: 50 },
        { [`${PREFIX}metrics`]: '[{"type":"External","external":{"metricName":"q","targetValue":"5"}}]' },
      ),
      {
        scaleTargetRef,
        maxReplicas: 3,
        metrics: [
          { type: 'External', external: { metric: { name: 'q' }, target: { type: 'Value', value: '5' } } },
          cpu(50),
        ],
      },
    ],
    [
      'a metric without its struct is for validation to refuse',
      v1({}, { [`${PREFIX}metrics`]: '[{"type":"Bogus"}]' }),
      { scaleTargetRef, maxReplicas: 3, metrics: [{ type: 'Bogus' }] },
    ],
    [
      'names in a behavior are read in any case',
      v1({}, { [`${PREFIX}behavior`]: '{"scaleup":{"selectpolicy":"Min"}}' }),
      { scaleTargetRef, maxReplicas: 3, metrics: [cpu(80)], behavior: { scaleUp: { selectPolicy: 'Min' } } },
    ],
    [
      'annotations that cannot be read count for nothing',
      v1({}, { [`${PREFIX}metrics`]: '[{"type":5}]', [`${PREFIX}behavior`]: 'nojson' }),
      { scaleTargetRef, maxReplicas: 3, metrics: [cpu(80)] },
    ],
    [
      'however deep they are',
      v1({}, { [`${PREFIX}behavior`]: '['.repeat(50_000) + ']'.repeat(50_000) }),
      { scaleTargetRef, maxReplicas: 3, metrics: [cpu(80)] },
    ],
  ])('%s', (_, autoscaler, spec) => {
    const stored = toAutoscalerV2(autoscaler)
    expect(stored.spec).toEqual(spec)
    expect(stored.metadata).toEqual({ name: 'web' })
  })

  test('defaults show what will be stored, and stay as they are', () => {
    const defaulted = defaultHorizontalPodAutoscalerV1(v1({}, { [`${PREFIX}behavior`]: 'nojson', x: 'y' }))
    expect(defaulted).toEqual(v1({ minReplicas: 1, targetCPUUtilizationPercentage: 80 }, { x: 'y' }))
    expect(defaultHorizontalPodAutoscalerV1(defaulted)).toEqual(defaulted)
  })
})

test('what a v2 autoscaler says survives being read and written in v1', () => {
  const quantity = fc.constantFrom('1', '100m', '5Gi')
  const identifier = fc.record(
    { name: fc.string(), selector: fc.constant({ matchLabels: { a: 'b<>&' } }) },
    { requiredKeys: ['name'] },
  )
  const metric = fc.oneof(
    fc.record({
      type: fc.constant('Resource'),
      resource: fc.record({
        name: fc.constantFrom('cpu', 'memory'),
        target: fc.record({ type: fc.constant('AverageValue'), averageValue: quantity }),
      }),
    }),
    fc.record({
      type: fc.constant('Pods'),
      pods: fc.record({
        metric: identifier,
        target: fc.record({ type: fc.constant('AverageValue'), averageValue: quantity }),
      }),
    }),
    fc.record({
      type: fc.constant('Object'),
      object: fc.record({
        describedObject: fc.record({ kind: fc.string(), name: fc.string() }),
        metric: identifier,
        target: fc.record({ type: fc.constant('Value'), value: quantity }),
      }),
    }),
    fc.record({
      type: fc.constant('External'),
      external: fc.record({
        metric: identifier,
        target: fc.record({ type: fc.constant('Value'), value: quantity }),
      }),
    }),
  )
  const rules = fc.record(
    {
      stabilizationWindowSeconds: fc.nat(100),
      selectPolicy: fc.constantFrom('Max', 'Min'),
      policies: fc.array(
        fc.record({ type: fc.constant('Pods'), value: fc.nat(9), periodSeconds: fc.nat(9) }),
        {
          minLength: 1,
        },
      ),
    },
    { requiredKeys: ['policies'] },
  )
  const spec = fc.record(
    {
      scaleTargetRef: fc.constant(scaleTargetRef),
      minReplicas: fc.nat(5),
      maxReplicas: fc.nat(9),
      metrics: fc.array(metric, { minLength: 1, maxLength: 4 }),
      behavior: fc.record({ scaleUp: rules, scaleDown: rules }),
    },
    { requiredKeys: ['scaleTargetRef', 'maxReplicas', 'metrics'] },
  )
  fc.assert(
    fc.property(spec, (each) => {
      expect(toAutoscalerV2(toAutoscalerV1(v2(each)))).toEqual(v2(each))
    }),
  )
})
