import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../api/object.ts'
import { DEPLOYMENTS, SERVICES } from '../../api/scheme.ts'
import { apiVersionOf } from '../../api/resource.ts'
import { isObject, mapObject } from '../requests/json-value.ts'
import { SchemaTypes } from '../registry/schema-type.ts'
import { fieldSetOf } from './compare.ts'
import type { FieldSet } from './field-set.ts'
import { difference, equalSets, intersection, isEmptySet, memberPaths, union } from './field-set.ts'
import { applyConfiguration, trackUpdate } from './server-side-apply.ts'

const types = new SchemaTypes()
const T0 = '2026-01-01T00:00:00Z'

type Shape = { readonly spec?: object; readonly metadata?: object }
const deployment = (shape: Shape = {}): KubernetesObject =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    ...shape,
    metadata: { name: 'web', ...shape.metadata },
  }) as KubernetesObject
const specOf = (object: KubernetesObject): Record<string, unknown> =>
  (object as unknown as { spec: Record<string, unknown> }).spec
const owners = (object: KubernetesObject): Record<string, unknown> =>
  Object.fromEntries(
    (object.metadata.managedFields ?? []).map((entry) => [
      `${entry.operation} ${entry.manager}`,
      entry.fieldsV1,
    ]),
  )

function apply(
  live: KubernetesObject | undefined,
  config: KubernetesObject,
  manager: string,
  options: { force?: boolean; time?: string } = {},
): KubernetesObject {
  const { force = false, time = T0 } = options
  const resource = config.kind === 'Service' ? SERVICES : DEPLOYMENTS
  const type = types.ofKind(apiVersionOf(resource), resource.kind)
  const writer = { manager, apiVersion: apiVersionOf(resource), subresource: '', time }
  return applyConfiguration({ resource, live, config, type, writer, force })
}

function update(
  live: KubernetesObject | undefined,
  next: KubernetesObject,
  manager: string,
  time = T0,
): KubernetesObject {
  const writer = { manager, apiVersion: next.apiVersion, subresource: '', time }
  return trackUpdate(live, next, types.ofKind(next.apiVersion, next.kind), writer)
}

describe('what an update owns', () => {
  it('is everything, of a new object, in the form kube-apiserver writes', () => {
    const created = update(
      undefined,
      deployment({
        metadata: { labels: { app: 'web' } },
        spec: {
          replicas: 2,
          selector: { matchLabels: { app: 'web' } },
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%' } },
          template: { spec: { containers: [{ name: 'c', image: 'x', resources: {} }] } },
        },
      }),
      'kubectl-create',
    )
    expect(created.metadata.managedFields).toEqual([
      {
        manager: 'kubectl-create',
        operation: 'Update',
        apiVersion: 'apps/v1',
        time: T0,
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': {
            'f:replicas': {},
            'f:selector': {},
            'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {} }, 'f:type': {} },
            'f:template': {
              'f:spec': {
                'f:containers': {
                  'k:{"name":"c"}': { '.': {}, 'f:image': {}, 'f:name': {}, 'f:resources': {} },
                },
              },
            },
          },
        },
      },
    ])
  })

  it('is what it changed, taken from others; what it removed is nobody’s', () => {
    const created = update(
      undefined,
      deployment({ spec: { replicas: 1, paused: true, minReadySeconds: 5 } }),
      'a',
    )
    const { managedFields } = created.metadata
    const changed = update(
      created,
      deployment({ spec: { replicas: 2, paused: true }, metadata: { managedFields } }),
      'b',
    )
    expect(owners(changed)).toEqual({
      'Update a': { 'f:spec': { 'f:paused': {} } },
      'Update b': { 'f:spec': { 'f:replicas': {} } },
    })
  })

  it('stays untouched, times included, when nothing changed', () => {
    const created = update(undefined, deployment({ spec: { replicas: 1 } }), 'a')
    const again = update(created, deployment({ spec: { replicas: 1 } }), 'b', '2027-01-01T00:00:00Z')
    expect(again.metadata.managedFields).toEqual(created.metadata.managedFields)
  })

  it('is forgotten on request, and not tracked from then on', () => {
    const created = update(undefined, deployment({ spec: { replicas: 1 } }), 'a')
    const reset = update(
      created,
      deployment({ spec: { replicas: 1 }, metadata: { managedFields: [{}] } }),
      'a',
    )
    expect(reset.metadata.managedFields).toBeUndefined()
    expect(update(reset, deployment({ spec: { replicas: 2 } }), 'a').metadata.managedFields).toBeUndefined()
  })

  it('joins the oldest of more than ten updaters', () => {
    let object = update(undefined, deployment({ metadata: { labels: { l0: '' } } }), 'm0')
    for (let index = 1; index < 15; index += 1) {
      const labels = { ...object.metadata.labels, [`l${index}`]: '' }
      const next = { ...object, metadata: { ...object.metadata, labels } }
      object = update(object, next, `m${index}`, `2026-01-01T00:00:${String(index).padStart(2, '0')}Z`)
    }
    const names = (object.metadata.managedFields ?? []).map((entry) => entry.manager)
    expect(names).toHaveLength(10)
    expect(names).toContain('ancient-changes')
    expect(names).toContain('m14')
    expect(names).not.toContain('m0')
  })
})

describe('server-side apply', () => {
  it('creates, owns what it said, and lays later configurations over what others added', () => {
    const first = apply(
      undefined,
      deployment({ spec: { replicas: 1, template: { spec: { containers: [{ name: 'c', image: 'x' }] } } } }),
      'kubectl',
    )
    const withSidecar = deployment({
      spec: {
        replicas: 1,
        template: {
          spec: {
            containers: [
              { name: 'c', image: 'x' },
              { name: 'side', image: 's' },
            ],
          },
        },
      },
      metadata: { managedFields: first.metadata.managedFields },
    })
    const live = update(first, withSidecar, 'injector')
    const second = apply(
      live,
      deployment({ spec: { replicas: 1, template: { spec: { containers: [{ name: 'c', image: 'y' }] } } } }),
      'kubectl',
    )
    expect(specOf(second)).toEqual({
      replicas: 1,
      template: {
        spec: {
          containers: [
            { name: 'c', image: 'y' },
            { name: 'side', image: 's' },
          ],
        },
      },
    })
  })

  it('removes what it no longer applies and nobody else owns', () => {
    const first = apply(
      undefined,
      deployment({ spec: { replicas: 3, paused: true, minReadySeconds: 1 } }),
      'a',
    )
    const shared = apply(first, deployment({ spec: { minReadySeconds: 1 } }), 'b')
    const second = apply(shared, deployment({ spec: { replicas: 3 } }), 'a')
    expect(specOf(second)).toEqual({ replicas: 3, minReadySeconds: 1 })
    expect(owners(second)).toEqual({
      'Apply a': { 'f:spec': { 'f:replicas': {} } },
      'Apply b': { 'f:spec': { 'f:minReadySeconds': {} } },
    })
  })

  it('removes whole items of keyed lists, told apart by their keys and defaults', () => {
    const ports = (...list: object[]): KubernetesObject =>
      ({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'dns' },
        spec: { ports: list },
      }) as unknown as KubernetesObject
    const first = apply(
      undefined,
      ports({ port: 53, protocol: 'UDP', name: 'u' }, { port: 53, name: 't' }),
      'a',
    )
    expect(owners(first)).toMatchObject({
      'Apply a': {
        'f:spec': {
          'f:ports': { 'k:{"port":53,"protocol":"TCP"}': {}, 'k:{"port":53,"protocol":"UDP"}': {} },
        },
      },
    })
    const second = apply(first, ports({ port: 53, protocol: 'UDP', name: 'u' }), 'a')
    expect(specOf(second)).toEqual({ ports: [{ port: 53, protocol: 'UDP', name: 'u' }] })
  })

  it('conflicts with others’ values, in upstream’s words, and takes over by force', () => {
    const live = update(
      undefined,
      deployment({ spec: { replicas: 1, paused: true } }),
      'kubectl-client-side-apply',
    )
    const one = deployment({ spec: { replicas: 2 } })
    expect(() => apply(live, one, 'me')).toThrow(
      `Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas`,
    )
    const two = deployment({ spec: { replicas: 2, paused: false } })
    expect(() => apply(live, two, 'me')).toThrow(
      `Apply failed with 2 conflicts: conflicts with "kubectl-client-side-apply" using apps/v1:\n- .spec.paused\n- .spec.replicas`,
    )
    const forced = apply(live, one, 'me', { force: true })
    expect(owners(forced)).toEqual({
      'Apply me': { 'f:spec': { 'f:replicas': {} } },
      'Update kubectl-client-side-apply': { 'f:spec': { 'f:paused': {} } },
    })
  })

  it('shares ownership of equal values without conflict', () => {
    const first = apply(undefined, deployment({ spec: { replicas: 2 } }), 'a')
    const second = apply(first, deployment({ spec: { replicas: 2 } }), 'b')
    expect(Object.keys(owners(second))).toEqual(['Apply b', 'Apply a'])
  })

  it('leaves object, owners and times alone when nothing changes', () => {
    const first = apply(undefined, deployment({ spec: { replicas: 2 } }), 'a')
    expect(
      apply(first, deployment({ spec: { replicas: 2 } }), 'a', { time: '2027-01-01T00:00:00Z' }),
    ).toEqual(first)
  })

  it('gives what nobody owned to before-first-apply', () => {
    const second = apply(
      deployment({ spec: { replicas: 1, paused: true } }),
      deployment({ spec: { replicas: 1 } }),
      'a',
    )
    expect(owners(second)).toEqual({
      'Apply a': { 'f:spec': { 'f:replicas': {} } },
      'Update before-first-apply': { 'f:spec': { 'f:paused': {}, 'f:replicas': {} } },
    })
  })

  it('refuses managedFields and an empty manager', () => {
    expect(() => apply(undefined, deployment({ metadata: { managedFields: [] } }), 'a')).toThrow(
      'must be nil',
    )
    expect(() => apply(undefined, deployment(), '')).toThrow(
      'fieldManager: Required value: is required for apply patch',
    )
  })
})

describe('laws of apply', () => {
  const container = fc.record({ name: fc.constantFrom('a', 'b', 'c'), image: fc.constantFrom('x', 'y', 'z') })
  const config = fc
    .record(
      {
        replicas: fc.nat(2),
        paused: fc.boolean(),
        template: fc.record({
          spec: fc.record({
            containers: fc.uniqueArray(container, { selector: (item) => item.name, minLength: 1 }),
          }),
        }),
      },
      { requiredKeys: [] },
    )
    .map((spec) => deployment({ spec }))

  it('what is applied is there afterwards, and applying it again changes nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('a', 'b'), config), { minLength: 1, maxLength: 6 }),
        (steps) => {
          let live: KubernetesObject | undefined
          for (const [manager, wanted] of steps) {
            live = apply(live, wanted, manager, { force: true })
            const missing = difference(
              fieldSetOf(specOf(wanted), types.ofKind('apps/v1', 'Deployment').fields.get('spec')!.type),
              fieldSetOf(specOf(live) ?? {}, types.ofKind('apps/v1', 'Deployment').fields.get('spec')!.type),
            )
            expect(isEmptySet(missing)).toBe(true)
            expect(apply(live, wanted, manager, { force: true, time: 'later' })).toEqual(live)
          }
        },
      ),
    )
  })

  it('one manager alone ends with exactly its last configuration', () => {
    fc.assert(
      fc.property(fc.array(config, { minLength: 1, maxLength: 5 }), (configs) => {
        const live = configs.reduce<KubernetesObject | undefined>(
          (object, each) => apply(object, each, 'a'),
          undefined,
        )
        const withoutEmpty = (value: unknown): unknown =>
          isObject(value)
            ? mapObject(value, (part) => {
                const kept = withoutEmpty(part)
                return isObject(kept) && Object.keys(kept).length === 0 ? undefined : kept
              })
            : value
        const last = specOf(configs.at(-1)!)
        expect(withoutEmpty(specOf(live!) ?? {})).toEqual(withoutEmpty(last))
      }),
    )
  })
})

describe('field sets', () => {
  const path = fc.array(fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}'), { minLength: 1, maxLength: 3 })
  const insert = (set: FieldSet, [head = '', ...rest]: readonly string[]): FieldSet =>
    union(set, rest.length === 0 ? { [head]: {} } : { [head]: insert({}, rest) })
  const paths = fc.array(path, { maxLength: 8 })
  const setOfPaths = (list: readonly (readonly string[])[]): FieldSet => list.reduce<FieldSet>(insert, {})
  const texts = (set: FieldSet): Set<string> => new Set([...memberPaths(set)].map((each) => each.join('/')))

  it('behave as sets of paths', () => {
    fc.assert(
      fc.property(paths, paths, (a, b) => {
        const [left, right] = [setOfPaths(a), setOfPaths(b)]
        const [x, y] = [new Set(a.map((each) => each.join('/'))), new Set(b.map((each) => each.join('/')))]
        expect(texts(left)).toEqual(x)
        expect(texts(union(left, right))).toEqual(x.union(y))
        expect(texts(difference(left, right))).toEqual(x.difference(y))
        expect(texts(intersection(left, right))).toEqual(x.intersection(y))
        expect(equalSets(left, right)).toBe(x.symmetricDifference(y).size === 0)
      }),
    )
  })
})

describe('a new object', () => {
  it('is owned but for the zeros that Go prints anyway', () => {
    const made = deployment({ spec: { replicas: 2, minReadySeconds: 0 } })
    const empty = { spec: { replicas: 0, minReadySeconds: 0 }, status: {} } as never
    const writer = { manager: 'me', apiVersion: 'apps/v1', subresource: '', time: T0 }
    const tracked = trackUpdate(undefined, made, types.ofKind('apps/v1', 'Deployment'), writer, { empty })
    const [entry] = tracked.metadata.managedFields ?? []
    const { 'f:spec': spec = {} } = (entry?.fieldsV1 ?? {}) as Record<string, object>
    expect(Object.keys(spec)).toContain('f:replicas')
    expect(Object.keys(spec)).not.toContain('f:minReadySeconds')
  })
})
