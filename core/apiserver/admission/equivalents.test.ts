import { describe, expect, it } from 'vitest'
import type { RuleWithOperations } from '../../api/generated/admissionregistration-v1.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { apiVersionOf } from '../../api/resource.ts'
import {
  DEPLOYMENTS,
  EVENTS,
  HORIZONTAL_POD_AUTOSCALERS,
  HORIZONTAL_POD_AUTOSCALERS_V1,
  NEW_EVENTS,
  NODES,
} from '../../api/scheme.ts'
import { builtInKinds } from '../registry/kinds.ts'
import { inVersion, matchedVersion } from './equivalents.ts'

const KINDS = builtInKinds()

/** A custom resource in versions of which only the first two have /scale. */
const things = ['v1', 'v2', 'v3', 'v4'].map((version, index): ResourceInfo => ({
  ...DEPLOYMENTS,
  group: 'example.org',
  version,
  resource: 'things',
  subresources: index < 2 ? [{ name: 'scale', kind: 'Scale', verbs: [] }] : [],
}))
const kinds = {
  versionsOf: (resource: ResourceInfo) => (things.includes(resource) ? things : KINDS.versionsOf(resource)),
}

/** `GROUP/VERSIONS/RESOURCE` */
function rule(text: string, scope?: string): RuleWithOperations {
  const [group = '', versions = '', ...resource] = text.split('/')
  return {
    operations: ['*'],
    apiGroups: [group],
    apiVersions: versions.split(','),
    resources: [resource.join('/')],
    ...(scope === undefined ? {} : { scope }),
  }
}

const THING = things[0] ?? DEPLOYMENTS

describe('matchedVersion', () => {
  it.each<[string, readonly RuleWithOperations[], ResourceInfo, string, string | undefined]>([
    ['no rule is no match', [], THING, '', undefined],
    ['the own version', [rule('example.org/v1/things')], THING, '', 'example.org/v1'],
    ['another version', [rule('example.org/v3/things')], THING, '', 'example.org/v3'],
    [
      'a later rule of the own version before earlier ones of others',
      [rule('example.org/v2/things'), rule('example.org/v1/things')],
      THING,
      '',
      'example.org/v1',
    ],
    ['all versions', [rule('example.org/*/things')], THING, '', 'example.org/v1'],
    [
      'within a rule, the order of the versions and not the one of the rule',
      [rule('example.org/v3,v2/things')],
      THING,
      '',
      'example.org/v2',
    ],
    [
      'earlier rules before later ones',
      [rule('example.org/v3/things'), rule('example.org/v2/things')],
      THING,
      '',
      'example.org/v3',
    ],
    ['a version that is not there', [rule('example.org/v9/things')], THING, '', undefined],
    ['another resource of the group', [rule('example.org/v2/others')], THING, '', undefined],
    ['another scope', [rule('example.org/v2/things', 'Cluster')], THING, '', undefined],
    ['a sub-resource', [rule('example.org/v2/things/scale')], THING, 'scale', 'example.org/v2'],
    ['a version without the sub-resource', [rule('example.org/v3/*/*')], THING, 'scale', undefined],
    ['a rule without the sub-resource', [rule('example.org/v2/things')], THING, 'scale', undefined],
    [
      'autoscalers',
      [rule('autoscaling/v2/horizontalpodautoscalers')],
      HORIZONTAL_POD_AUTOSCALERS_V1,
      '',
      'autoscaling/v2',
    ],
    [
      'the status of autoscalers',
      [rule('autoscaling/v1/horizontalpodautoscalers/status')],
      HORIZONTAL_POD_AUTOSCALERS,
      'status',
      'autoscaling/v1',
    ],
    ['events of the newer group', [rule('events.k8s.io/v1/events')], EVENTS, '', 'events.k8s.io/v1'],
    ['events of the core', [rule('/v1/events')], NEW_EVENTS, '', 'v1'],
    ['the same name in another group', [rule('metrics.k8s.io/v1beta1/nodes')], NODES, '', undefined],
    ['a version that is no more', [rule('extensions/v1beta1/deployments')], DEPLOYMENTS, '', undefined],
  ])('%s', (_what, rules, resource, subresource, expected) => {
    const found = matchedVersion(rules, { operation: 'create', resource, subresource }, { kinds })
    expect(found && apiVersionOf(found)).toBe(expected)
  })

  it('is the own version alone where the policy is Exact', () => {
    const asked = { operation: 'create', resource: THING, subresource: '' } as const
    const exact = { matchPolicy: 'Exact', kinds } as const
    expect(matchedVersion([rule('example.org/v2/things')], asked, exact)).toBeUndefined()
    expect(matchedVersion([rule('example.org/v1/things')], asked, exact)).toBe(THING)
  })
})

describe('inVersion', () => {
  const v1 = {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'a' },
    spec: {
      scaleTargetRef: { kind: 'Deployment', name: 'd' },
      maxReplicas: 3,
      targetCPUUtilizationPercentage: 70,
    },
  }
  const between = { from: HORIZONTAL_POD_AUTOSCALERS_V1, to: HORIZONTAL_POD_AUTOSCALERS }

  it('converts by way of what is stored', () => {
    expect(inVersion(v1, between, KINDS)).toMatchObject({
      apiVersion: 'autoscaling/v2',
      spec: { metrics: [{ resource: { target: { averageUtilization: 70 } } }] },
    })
  })

  it('leaves what is of another kind, or in that version already', () => {
    const scale = { apiVersion: 'autoscaling/v9', kind: 'Scale', metadata: { name: 'a' } }
    expect(inVersion(scale, between, KINDS)).toBe(scale)
    expect(inVersion(v1, { ...between, to: between.from }, KINDS)).toBe(v1)
  })
})
