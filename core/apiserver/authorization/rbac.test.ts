import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import type { PolicyRule } from '../../api/generated/rbac-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES } from '../../api/scheme.ts'
import { openMemoryStore } from '../../store/memory-store.ts'
import { storageKey } from '../registry/storage-key.ts'
import type { Attributes, ResourceTarget } from './attributes.ts'
import { reconciled } from './bootstrap-policy.ts'
import { RbacAuthorizer } from './rbac.ts'
import { ruleAllows, ruleText, uncovered } from './rules.ts'

const target = (own: Partial<ResourceTarget>): ResourceTarget => ({
  kind: 'resource',
  group: '',
  version: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'default',
  name: '',
  ...own,
})

describe('a rule', () => {
  const PODS: PolicyRule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] }
  it.each([
    ['its resource', PODS, target({}), true],
    ['not the sub-resource', PODS, target({ subresource: 'log' }), false],
    ['the sub-resource named', { ...PODS, resources: ['pods/log'] }, target({ subresource: 'log' }), true],
    ['a sub-resource of all', { ...PODS, resources: ['*/scale'] }, target({ subresource: 'scale' }), true],
    ['a star', { ...PODS, resources: ['*'] }, target({ subresource: 'log' }), true],
    ['no pattern', { ...PODS, resources: ['po*'] }, target({}), false],
    ['its group only', PODS, target({ group: 'apps' }), false],
    ['the names it names', { ...PODS, resourceNames: ['a'] }, target({ name: 'a' }), true],
    ['no other name', { ...PODS, resourceNames: ['a'] }, target({ name: 'b' }), false],
    ['no collection where it names', { ...PODS, resourceNames: ['a'] }, target({}), false],
    ['paths', { verbs: ['get'], nonResourceURLs: ['/healthz'] }, { kind: 'path', path: '/healthz' }, true],
    [
      'paths by prefix',
      { verbs: ['get'], nonResourceURLs: ['/api/*'] },
      { kind: 'path', path: '/api/v1' },
      true,
    ],
    [
      'no path beside',
      { verbs: ['get'], nonResourceURLs: ['/api/*'] },
      { kind: 'path', path: '/api' },
      false,
    ],
    ['no path for resources', PODS, { kind: 'path', path: '/pods' }, false],
  ] as const)('allows %s', (_what, rule, to, expected) => {
    expect(ruleAllows(rule, { verb: 'get', target: to })).toBe(expected)
    expect(ruleAllows(rule, { verb: 'delete', target: to })).toBe(false)
    expect(ruleAllows({ ...rule, verbs: ['*'] }, { verb: 'delete', target: to })).toBe(expected)
  })

  it('is printed as upstream prints it', () => {
    const rule = {
      verbs: ['get', 'list'],
      apiGroups: ['', 'apps'],
      resources: ['pods'],
      resourceNames: ['a'],
    }
    expect(ruleText(rule)).toBe(
      '{APIGroups:["" "apps"], Resources:["pods"], ResourceNames:["a"], Verbs:["get" "list"]}',
    )
  })
})

const words = (...all: string[]) => fc.uniqueArray(fc.constantFrom(...all), { minLength: 1, maxLength: 2 })
const anyRule: fc.Arbitrary<PolicyRule> = fc.oneof(
  fc.record({
    verbs: words('get', 'list', '*'),
    apiGroups: words('', 'apps', '*'),
    resources: words('pods', 'pods/log', '*/log', '*'),
    resourceNames: fc.uniqueArray(fc.constantFrom('a', 'b'), { maxLength: 1 }),
  }),
  fc.record({ verbs: words('get', '*'), nonResourceURLs: words('/a', '/a/*', '*') }),
)
const anyTarget: fc.Arbitrary<Attributes['target']> = fc.oneof(
  fc
    .record({
      group: fc.constantFrom('', 'apps', 'batch'),
      resource: fc.constantFrom('pods', 'jobs'),
      subresource: fc.constantFrom('', 'log'),
      namespace: fc.constantFrom('', 'default', 'other'),
      name: fc.constantFrom('', 'a', 'b'),
    })
    .map(target),
  fc.constantFrom('/a', '/a/b', '/c').map((path) => ({ kind: 'path' as const, path })),
)

it('rules that cover others allow whatever those allow', () => {
  const rules = fc.array(anyRule, { maxLength: 3 })
  const property = fc.property(
    rules,
    rules,
    anyTarget,
    fc.constantFrom('get', 'list', 'delete'),
    (held, wanted, to, verb) => {
      fc.pre(uncovered(held, wanted).length === 0)
      const request = { verb, target: to }
      if (wanted.some((rule) => ruleAllows(rule, request))) {
        expect(held.some((rule) => ruleAllows(rule, request))).toBe(true)
      }
    },
  )
  fc.assert(property, { numRuns: 500 })
})

/** What RBAC means, written down without an index. */
function naive(objects: readonly Written[], { user, verb, target: to }: Attributes): boolean {
  const rulesOf = (kind: string, name: string, namespace: string): readonly PolicyRule[] =>
    objects.find(
      ({ object }) =>
        object.kind === kind &&
        object.metadata.name === name &&
        (kind === 'ClusterRole' || object.metadata.namespace === namespace),
    )?.object.rules ?? []
  const namespace = to.kind === 'path' ? '' : to.namespace
  return objects.some(({ object }) => {
    const { roleRef, subjects = [], metadata } = object
    if (roleRef === undefined) return false
    if (object.kind === 'RoleBinding' && (namespace === '' || metadata.namespace !== namespace)) return false
    const concerns = subjects.some((subject) =>
      subject.kind === 'User'
        ? subject.name === user.name
        : subject.kind === 'Group'
          ? user.groups.includes(subject.name)
          : user.name === `system:serviceaccount:${subject.namespace}:${subject.name}`,
    )
    const rules = rulesOf(roleRef.kind, roleRef.name, metadata.namespace ?? '')
    return concerns && rules.some((rule) => ruleAllows(rule, { verb, target: to }))
  })
}

interface Policy extends KubernetesObject {
  readonly rules?: readonly PolicyRule[]
  readonly roleRef?: { readonly kind: string; readonly name: string }
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[]
}
interface Written {
  readonly resource: ResourceInfo
  readonly object: Policy
}

const RESOURCES = [ROLES, CLUSTER_ROLES, ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS]
const anySubject = fc.oneof(
  fc.record({ kind: fc.constant('User'), name: fc.constantFrom('jane', 'joe') }),
  fc.record({ kind: fc.constant('Group'), name: fc.constantFrom('dev', 'ops') }),
  fc.constant({ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }),
)
const anyPolicy: fc.Arbitrary<Written> = fc
  .record({
    resource: fc.constantFrom(...RESOURCES),
    name: fc.constantFrom('x', 'y'),
    namespace: fc.constantFrom('default', 'other'),
    rules: fc.array(anyRule, { maxLength: 2 }),
    roleKind: fc.constantFrom('Role', 'ClusterRole'),
    subjects: fc.array(anySubject, { maxLength: 2 }),
    roleName: fc.constantFrom('x', 'y'),
  })
  .map(({ resource, name, namespace, rules, roleKind, roleName, subjects }) => {
    const metadata = { name, ...(resource.namespaced ? { namespace } : {}) }
    const isBinding = resource.kind.endsWith('Binding')
    const kind = resource.kind === 'ClusterRoleBinding' ? 'ClusterRole' : roleKind
    const object = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: resource.kind, metadata }
    return {
      resource,
      object: isBinding ? { ...object, subjects, roleRef: { kind, name: roleName } } : { ...object, rules },
    }
  })
const anyRequest: fc.Arbitrary<Attributes> = fc.record({
  user: fc.record({
    name: fc.constantFrom('jane', 'joe', 'system:serviceaccount:default:robot'),
    groups: fc.subarray(['dev', 'ops']),
  }),
  verb: fc.constantFrom('get', 'list', 'delete'),
  target: anyTarget,
})

it('the index decides as the naive reading does, after every change', async () => {
  const property = fc.asyncProperty(
    fc.array(anyPolicy, { maxLength: 8 }),
    fc.array(anyRequest, { minLength: 1, maxLength: 5 }),
    async (written, requests) => {
      await using store = openMemoryStore({ startRevision: 1 })
      using rbac = new RbacAuthorizer(store)
      const kept = new Map<string, Written>()
      for (const one of written) {
        const key = storageKey(one.resource, one.object.metadata)
        kept.set(key, one)
        await store.commit({ expect: [], changes: [{ kind: 'put', key, value: one.object }] })
        for (const request of requests) {
          expect(rbac.authorize(request).allowed).toBe(naive([...kept.values()], request))
        }
      }
    },
  )
  await fc.assert(property, { numRuns: 200 })
})

describe('roles a cluster is born with', () => {
  const rule: PolicyRule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] }
  const wanted = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'r', labels: { a: 'b' } },
    rules: [rule],
  }
  it('get back what was taken, and keep what was added', () => {
    const more = { ...rule, resources: ['nodes'] }
    expect(reconciled({ ...wanted, rules: [more] }, wanted)).toMatchObject({ rules: [more, rule] })
  })
  it('are left alone when whole, or when told so', () => {
    expect(reconciled(wanted, wanted)).toBeUndefined()
    const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' }
    expect(reconciled({ ...wanted, rules: [], metadata: { name: 'r', annotations } }, wanted)).toBeUndefined()
  })
})
