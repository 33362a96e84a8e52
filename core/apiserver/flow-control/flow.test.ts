import { describe, expect, it } from 'vitest'
import {
  MANDATORY_FLOW_SCHEMAS,
  MANDATORY_PRIORITY_LEVELS,
  SUGGESTED_FLOW_SCHEMAS,
  SUGGESTED_PRIORITY_LEVELS,
} from '../../api/flow-control-defaults.ts'
import type { FlowSchema, PolicyRulesWithSubjects } from '../../api/generated/flowcontrol-v1.ts'
import type { Attributes, ResourceTarget } from '../authorization/attributes.ts'
import type { User } from '../requests/request.ts'
import { flowOf, lanesOf } from './flow.ts'

const LEVELS = new Map(
  [...MANDATORY_PRIORITY_LEVELS, ...SUGGESTED_PRIORITY_LEVELS].map((level) => [level.metadata.name, level]),
)
const DEFAULT_LANES = lanesOf([...MANDATORY_FLOW_SCHEMAS, ...SUGGESTED_FLOW_SCHEMAS], LEVELS)

const user = (name: string, ...groups: string[]): User => ({
  name,
  groups: [...groups, 'system:authenticated'],
})
const account = (name: string, namespace: string): User =>
  user(
    `system:serviceaccount:${namespace}:${name}`,
    'system:serviceaccounts',
    `system:serviceaccounts:${namespace}`,
  )
const POD: ResourceTarget = {
  kind: 'resource',
  group: '',
  version: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'shop',
  name: 'web',
}
const LEASE = { ...POD, group: 'coordination.k8s.io', resource: 'leases' }
const on = (who: User, verb: string, target: Partial<ResourceTarget> = {}): Attributes => ({
  user: who,
  verb,
  target: { ...POD, ...target },
})
const at = (who: User, path: string): Attributes => ({
  user: who,
  verb: 'get',
  target: { kind: 'path', path },
})

describe('a new cluster', () => {
  const KCM = user('system:kube-controller-manager')
  const NODE = user('system:node:n1', 'system:nodes')
  // schema, level, what tells flows apart; as kube-apiserver 1.34 says in its headers
  const rows: readonly [string, Attributes, string][] = [
    ['the administrator', on(user('admin', 'system:masters'), 'get'), 'exempt exempt '],
    ['a probe', at(user('x'), '/healthz'), 'probes exempt '],
    ['a probe of one check', at(user('x'), '/livez/etcd'), 'probes exempt '],
    ['another path', at(user('x'), '/healthzz'), 'global-default global-default x'],
    [
      'a lease of a controller',
      on(KCM, 'update', LEASE),
      'system-leader-election leader-election system:kube-controller-manager',
    ],
    ['a controller', on(KCM, 'list'), 'kube-controller-manager workload-high shop'],
    [
      'a controller, cluster-wide',
      on(KCM, 'list', { namespace: '' }),
      'kube-controller-manager workload-high ',
    ],
    [
      'a node and itself',
      on(NODE, 'patch', { resource: 'nodes', subresource: 'status', namespace: '' }),
      'system-node-high node-high system:node:n1',
    ],
    ['a node and pods', on(NODE, 'get'), 'system-nodes system system:node:n1'],
    [
      'an account of kube-system',
      on(account('x', 'kube-system'), 'get'),
      'kube-system-service-accounts workload-high shop',
    ],
    [
      'an account of a namespace like it',
      on(account('x', 'kube-system-2'), 'get'),
      'service-accounts workload-low system:serviceaccount:kube-system-2:x',
    ],
    ['anybody', on(user('x'), 'get'), 'global-default global-default x'],
  ]
  for (const [name, attributes, expected] of rows) {
    it(name, () => {
      const flow = flowOf(DEFAULT_LANES, attributes)
      expect([flow?.schema.metadata.name, flow?.level.metadata.name, flow?.distinguisher].join(' ')).toBe(
        expected,
      )
    })
  }
})

describe('schemas', () => {
  const schema = (
    name: string,
    precedence: number,
    rule: PolicyRulesWithSubjects,
    level = 'system',
  ): FlowSchema => ({
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata: { name },
    spec: { priorityLevelConfiguration: { name: level }, matchingPrecedence: precedence, rules: [rule] },
  })
  const EVERYBODY = [{ kind: 'Group', group: { name: '*' } }]
  const pods = { verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['shop'] }
  const matched = (rule: PolicyRulesWithSubjects, attributes: Attributes): boolean =>
    flowOf(lanesOf([schema('one', 1, rule)], LEVELS), attributes) !== undefined

  it('are tried by precedence, then by name, and only if their level exists', () => {
    const rule = { subjects: EVERYBODY, resourceRules: [pods] }
    const lanes = lanesOf(
      [schema('c', 5, rule), schema('b', 7, rule), schema('a', 7, rule), schema('d', 1, rule, 'gone')],
      LEVELS,
    )
    expect(lanes.map((lane) => lane.schema.metadata.name)).toEqual(['c', 'a', 'b'])
  })

  const rows: readonly [string, PolicyRulesWithSubjects, Attributes, boolean][] = [
    ['the resource', { subjects: EVERYBODY, resourceRules: [pods] }, on(user('x'), 'get'), true],
    ['another verb', { subjects: EVERYBODY, resourceRules: [pods] }, on(user('x'), 'list'), false],
    [
      'a sub-resource',
      { subjects: EVERYBODY, resourceRules: [pods] },
      on(user('x'), 'get', { subresource: 'log' }),
      false,
    ],
    [
      'another group',
      { subjects: EVERYBODY, resourceRules: [pods] },
      on(user('x'), 'get', { group: 'x.io' }),
      false,
    ],
    [
      'another namespace',
      { subjects: EVERYBODY, resourceRules: [pods] },
      on(user('x'), 'get', { namespace: 'y' }),
      false,
    ],
    [
      'no namespace',
      { subjects: EVERYBODY, resourceRules: [{ ...pods, namespaces: ['*'] }] },
      on(user('x'), 'get', { namespace: '' }),
      false,
    ],
    [
      'cluster scope',
      { subjects: EVERYBODY, resourceRules: [{ ...pods, clusterScope: true }] },
      on(user('x'), 'get', { namespace: '' }),
      true,
    ],
    ['a path for resource rules', { subjects: EVERYBODY, resourceRules: [pods] }, at(user('x'), '/x'), false],
    [
      'a user',
      { subjects: [{ kind: 'User', user: { name: 'x' } }], resourceRules: [pods] },
      on(user('x'), 'get'),
      true,
    ],
    [
      'another user',
      { subjects: [{ kind: 'User', user: { name: 'y' } }], resourceRules: [pods] },
      on(user('x'), 'get'),
      false,
    ],
    [
      'every user',
      { subjects: [{ kind: 'User', user: { name: '*' } }], resourceRules: [pods] },
      on(user('x'), 'get'),
      true,
    ],
    [
      'an account',
      {
        subjects: [{ kind: 'ServiceAccount', serviceAccount: { namespace: 'shop', name: 'a' } }],
        resourceRules: [pods],
      },
      on(account('a', 'shop'), 'get'),
      true,
    ],
    [
      'another account',
      {
        subjects: [{ kind: 'ServiceAccount', serviceAccount: { namespace: 'shop', name: 'a' } }],
        resourceRules: [pods],
      },
      on(account('aa', 'shop'), 'get'),
      false,
    ],
    [
      'paths below',
      { subjects: EVERYBODY, nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['/metrics/*'] }] },
      at(user('x'), '/metrics/slis'),
      true,
    ],
    [
      'a path beside',
      { subjects: EVERYBODY, nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['/metrics/*'] }] },
      at(user('x'), '/metricss'),
      false,
    ],
  ]
  for (const [name, rule, attributes, expected] of rows) {
    it(`match: ${name}`, () => expect(matched(rule, attributes)).toBe(expected))
  }
})
