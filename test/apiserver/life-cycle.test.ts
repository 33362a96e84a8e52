import { describe, expect, it } from 'vitest'
import { ApiError } from '../../core/api/api-error.ts'
import {
  CONFIG_MAPS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  EVENTS,
  INGRESSES,
  INGRESS_CLASSES,
  JOBS,
  LEASES,
  NAMESPACES,
  PODS,
  REPLICATION_CONTROLLERS,
  REPLICA_SETS,
  SERVICES,
  SERVICE_ACCOUNTS,
} from '../../core/api/scheme.ts'
import { fixture, said } from './fixture.ts'

const pod = (name: string, more: object = {}): object => ({
  metadata: { name, ...('metadata' in more ? (more.metadata as object) : {}) },
  spec: { containers: [{ name: 'c', image: 'nginx' }], ...('spec' in more ? (more.spec as object) : {}) },
})
const deployment = (name: string, replicas = 1): object => ({
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
  },
})

/** What a request was refused with. */
async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (error instanceof ApiError) return `${error.code} ${error.message}`
    throw error
  }
  return 'done'
}

describe('create', () => {
  it('fills in what the server knows, whatever the client says of it', async () => {
    const { create } = await fixture()
    const made = await create(DEPLOYMENTS, {
      ...deployment('web'),
      metadata: {
        name: 'web',
        uid: 'mine',
        generation: 7,
        creationTimestamp: '2001-01-01T00:00:00Z',
        deletionTimestamp: '2001-01-01T00:00:00Z',
      },
      status: { replicas: 5 },
    })
    expect(made).toMatchObject({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        namespace: 'default',
        generation: 1,
        creationTimestamp: '2026-01-01T00:00:00Z',
        resourceVersion: '1003',
      },
      spec: { revisionHistoryLimit: 10 },
    })
    expect(made.metadata.uid).toMatch(/^0000/)
    expect(made.metadata.deletionTimestamp).toBeUndefined()
    expect(made.status?.replicas).toBeUndefined()
    expect(Object.isFrozen(made.spec.template.spec.containers[0])).toBe(true)
  })

  it('draws a name, and another when it is taken', async () => {
    const { create } = await fixture()
    const names = new Set<string>()
    for (let index = 0; index < 50; index += 1) {
      const made = await create(CONFIG_MAPS, { metadata: { generateName: 'x'.repeat(70) } })
      expect(made.metadata.name).toMatch(/^x{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/)
      names.add(made.metadata.name)
    }
    expect(names.size).toBe(50)
  })

  it.each([
    [
      'a name that is taken',
      CONFIG_MAPS,
      { metadata: { name: 'taken' } },
      '409 configmaps "taken" already exists',
    ],
    [
      'a resourceVersion',
      CONFIG_MAPS,
      { metadata: { name: 'x', resourceVersion: '7' } },
      '500 resourceVersion should not be set on objects to be created',
    ],
    [
      'a namespace that is not there',
      CONFIG_MAPS,
      { metadata: { name: 'x', namespace: 'gone' } },
      '404 namespaces "gone" not found',
    ],
    [
      'another apiVersion',
      CONFIG_MAPS,
      { apiVersion: 'v2', metadata: { name: 'x' } },
      '400 ConfigMap in version "v2" cannot be handled as a ConfigMap: ' +
        'no kind "ConfigMap" is registered for version "v2" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      'an invalid object',
      SERVICES,
      { metadata: { name: 'x' }, spec: { ports: [{ port: 0, targetPort: 80 }] } },
      '422 Service "x" is invalid: spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ],
    [
      'a service account that is not there',
      PODS,
      pod('x', { spec: { serviceAccountName: 'bot' } }),
      '403 pods "x" is forbidden: error looking up service account default/bot: serviceaccount "bot" not found',
    ],
    [
      'an unknown priority class',
      PODS,
      pod('x', { spec: { priorityClassName: 'vip' } }),
      '403 pods "x" is forbidden: no PriorityClass with name vip was found',
    ],
  ])('refuses %s', async (_, resource, object, message) => {
    const { create } = await fixture()
    await create(CONFIG_MAPS, { metadata: { name: 'taken' } })
    expect(await refusal(create(resource, object))).toBe(message)
  })

  it('warns of unknown fields, refuses them when strict, is silent when told to', async () => {
    const { create, warnings } = await fixture()
    const body = { metadata: { name: 'a' }, data: { x: '1' }, sauce: 'hot' }
    expect(await refusal(create(CONFIG_MAPS, body, { fieldValidation: 'Strict' }))).toBe(
      '400 ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "sauce"',
    )
    const made = await create(CONFIG_MAPS, body)
    expect(made).not.toHaveProperty('sauce')
    expect(warnings).toEqual(['unknown field "sauce"'])
    await create(CONFIG_MAPS, { ...body, metadata: { name: 'b' } }, { fieldValidation: 'Ignore' })
    expect(warnings).toHaveLength(1)
  })

  it('gives pods their account, priority and tolerations', async () => {
    const { create } = await fixture()
    const made = await create(PODS, pod('a'))
    expect(made.spec).toMatchObject({
      serviceAccountName: 'default',
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
    })
    expect(made.spec.tolerations.map((each: { key: string }) => each.key)).toEqual([
      'node.kubernetes.io/not-ready',
      'node.kubernetes.io/unreachable',
    ])
    expect(made.status.phase).toBe('Pending')
    expect(made.metadata.managedFields[0].fieldsV1['f:spec']).not.toHaveProperty('f:tolerations')
  })

  it('gives them priority and tolerations again where an update leaves them out', async () => {
    const { create, update } = await fixture()
    const made = await create(PODS, pod('a'))
    const { priority: _priority, preemptionPolicy: _policy, tolerations: _all, ...spec } = made.spec
    const changed = await update(PODS, { ...made, metadata: { ...made.metadata, labels: { a: 'b' } }, spec })
    expect(changed.spec).toEqual(made.spec)
  })

  it('gives an Ingress the newest default class', async () => {
    const { create, clock } = await fixture()
    const isDefault = { 'ingressclass.kubernetes.io/is-default-class': 'true' }
    for (const name of ['old', 'new-b', 'new-a']) {
      await create(INGRESS_CLASSES, {
        metadata: { name, annotations: isDefault },
        spec: { controller: 'example.org/c' },
      })
      if (name === 'old') clock.ms += 5000
    }
    const made = await create(INGRESSES, {
      metadata: { name: 'web' },
      spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } },
    })
    expect(made.spec.ingressClassName).toBe('new-a')
  })

  it('writes nothing in a dry run', async () => {
    const { create, store, names } = await fixture()
    const before = store.revision
    const made = await create(
      SERVICES,
      { metadata: { name: 'a' }, spec: { ports: [{ port: 80 }] } },
      { dryRun: true },
    )
    expect(made.spec.clusterIP).toMatch(/^10\.96\.0\./)
    expect(made.metadata.resourceVersion).toBeUndefined()
    expect([store.revision, names(SERVICES)]).toEqual([before, []])
  })

  it('lets exactly one of many have the name', async () => {
    const { create } = await fixture()
    const results = await Promise.all(
      Array.from({ length: 20 }, () => refusal(create(CONFIG_MAPS, { metadata: { name: 'a' } }))),
    )
    expect(results.filter((result) => result === 'done')).toHaveLength(1)
    expect(results).toContain('409 configmaps "a" already exists')
  })
})

describe('update', () => {
  it('restores what clients may not change, counts generations, keeps status', async () => {
    const { create, update, get } = await fixture()
    const made = await create(DEPLOYMENTS, deployment('web'))
    await update(DEPLOYMENTS, { ...made, status: { observedGeneration: 1, replicas: 1 } }, 'status')
    const { resourceVersion: _, ...metadata } = made.metadata
    const changed = await update(DEPLOYMENTS, {
      ...made,
      metadata: { ...metadata, generation: 9, creationTimestamp: '2001-01-01T00:00:00Z', labels: { a: 'b' } },
      spec: { ...made.spec, replicas: 3 },
      status: {},
    })
    expect(changed.metadata).toMatchObject({
      generation: 2,
      creationTimestamp: made.metadata.creationTimestamp,
      labels: { a: 'b' },
    })
    expect(changed.status).toEqual({ observedGeneration: 1, replicas: 1 })
    const labelled = await update(DEPLOYMENTS, { ...changed, metadata: { ...changed.metadata, labels: {} } })
    expect(labelled.metadata.generation).toBe(2)
    expect(get(DEPLOYMENTS, 'web')).toBe(labelled)
  })

  it('of the status leaves the spec, but takes annotations', async () => {
    const { create, update } = await fixture()
    const made = await create(SERVICES, {
      metadata: { name: 'a' },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
    })
    const changed = await update(
      SERVICES,
      {
        ...made,
        metadata: { ...made.metadata, annotations: { patched: 'true' } },
        spec: { ...made.spec, ports: [{ port: 81 }] },
        status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } },
      },
      'status',
    )
    expect(changed.spec).toEqual(made.spec)
    expect(changed.metadata.annotations).toEqual({ patched: 'true' })
    expect(changed.status.loadBalancer.ingress[0].ip).toBe('203.0.113.1')
  })

  it('writes nothing when nothing changes, defaults and order of fields aside', async () => {
    const { create, update, store } = await fixture()
    const made = await create(SERVICES, { metadata: { name: 'a' }, spec: { ports: [{ port: 80 }] } })
    const before = store.revision
    expect(
      await update(SERVICES, { metadata: made.metadata, kind: 'Service', apiVersion: 'v1', spec: made.spec }),
    ).toBe(made)
    const {
      spec: { ports: _, ...spec },
    } = made
    expect(await update(SERVICES, { ...made, spec: { ...spec, ports: [{ port: 80 }] } })).toBe(made)
    expect(store.revision).toBe(before)
  })

  it('with a stale resourceVersion or another uid is a conflict', async () => {
    const { create, update } = await fixture()
    const made = await create(CONFIG_MAPS, { metadata: { name: 'a' } })
    await update(CONFIG_MAPS, { ...made, data: { x: '1' } })
    expect(await refusal(update(CONFIG_MAPS, { ...made, data: { x: '2' } }))).toBe(
      '409 Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    )
    const other = { name: 'a', namespace: 'default', uid: 'other' }
    expect(await refusal(update(CONFIG_MAPS, { ...made, metadata: other }))).toContain(
      'Precondition failed: UID in precondition: other, UID in object meta: 0000',
    )
  })

  it('of a lease needs a resourceVersion; of one that is missing makes it', async () => {
    const { update } = await fixture()
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'n', namespace: 'default' },
      spec: { holderIdentity: 'a' },
    }
    const made = await update(LEASES, lease)
    expect(await refusal(update(LEASES, { ...lease, spec: { holderIdentity: 'b' } }))).toBe(
      '422 leases.coordination.k8s.io "n" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    )
    const renewed = await update(LEASES, { ...made, spec: { holderIdentity: 'b' } })
    expect(renewed.spec.holderIdentity).toBe('b')
    expect(
      await refusal(
        update(CONFIG_MAPS, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'n', namespace: 'default' },
        }),
      ),
    ).toBe('404 configmaps "n" not found')
  })

  it('by many at once, each a patch of its own field, loses none', async () => {
    const { create, patch, get } = await fixture()
    await create(CONFIG_MAPS, { metadata: { name: 'a' } })
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        patch(CONFIG_MAPS, 'a', { type: 'merge', patch: { data: { [`k${index}`]: 'v' } } }),
      ),
    )
    expect(Object.keys(get(CONFIG_MAPS, 'a').data)).toHaveLength(30)
  })
})

describe('patch', () => {
  it('of each kind, and of the status', async () => {
    const { create, patch } = await fixture()
    await create(DEPLOYMENTS, deployment('web'))
    const json = await patch(DEPLOYMENTS, 'web', {
      type: 'json',
      patch: [{ op: 'replace', path: '/spec/replicas', value: 2 }],
    })
    expect(json.spec.replicas).toBe(2)
    const merge = await patch(DEPLOYMENTS, 'web', {
      type: 'merge',
      patch: { metadata: { labels: { a: '1' } } },
    })
    expect([merge.metadata.labels, merge.metadata.generation]).toEqual([{ a: '1' }, 2])
    const strategic = await patch(DEPLOYMENTS, 'web', {
      type: 'strategic',
      patch: { spec: { template: { spec: { containers: [{ name: 'side', image: 'busybox' }] } } } },
    })
    expect(strategic.spec.template.spec.containers.map((each: { name: string }) => each.name)).toEqual([
      'side',
      'c',
    ])
    const status = await patch(DEPLOYMENTS, 'web', {
      type: 'merge',
      subresource: 'status',
      patch: { status: { replicas: 2 }, spec: { replicas: 9 } },
    })
    expect([status.status.replicas, status.spec.replicas, status.metadata.generation]).toEqual([2, 2, 3])
    expect(
      status.metadata.managedFields.find((entry: { subresource?: string }) => entry.subresource === 'status')
        .fieldsV1,
    ).toEqual({
      'f:status': { 'f:replicas': {} },
    })
  })

  it('refused, in the words of kube-apiserver', async () => {
    const { create, patch } = await fixture()
    await create(CONFIG_MAPS, { metadata: { name: 'a' } })
    expect(
      await refusal(patch(CONFIG_MAPS, 'a', { type: 'json', patch: [{ op: 'remove', path: '/data/x' }] })),
    ).toBe('422 the server rejected our request due to an error in our request')
    expect(await refusal(patch(CONFIG_MAPS, 'b', { type: 'merge', patch: {} }))).toBe(
      '404 configmaps "b" not found',
    )
    expect(
      await refusal(patch(CONFIG_MAPS, 'a', { type: 'merge', patch: { metadata: { name: 'b' } } })),
    ).toBe('400 the name of the object (b) does not match the name on the URL (a)')
    expect(
      await refusal(patch(CONFIG_MAPS, 'a', { type: 'merge', patch: { metadata: { name: null } } })),
    ).toBe('400 the name of the object (a based on URL) was undeterminable: name must be provided')
    expect(
      await refusal(
        patch(CONFIG_MAPS, 'a', { type: 'merge', patch: { metadata: { resourceVersion: '1' } } }),
      ),
    ).toContain('the object has been modified')
  })

  it('apply owns what was said, not the zeros that are stored with it', async () => {
    const { patch } = await fixture()
    const containers = [{ name: 'c', image: 'i', stdin: false }]
    const applied = await patch(
      PODS,
      'a',
      {
        type: 'apply',
        patch: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { containers } },
      },
      { fieldManager: 'm' },
    )
    expect(applied.metadata.managedFields[0].fieldsV1).toEqual({
      'f:spec': {
        'f:containers': { 'k:{"name":"c"}': { '.': {}, 'f:image': {}, 'f:name': {}, 'f:stdin': {} } },
      },
    })
    expect(applied.spec.containers[0].resources).toEqual({})
    expect(applied.spec.containers[0]).not.toHaveProperty('stdin')
  })

  it('apply makes the object, then changes it, then conflicts', async () => {
    const { patch, registry, context } = await fixture()
    const config = (replicas: number) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      ...deployment('web', replicas),
    })
    const apply = (replicas: number, fieldManager: string, force = false) =>
      patch(DEPLOYMENTS, 'web', { type: 'apply', patch: config(replicas), force }, { fieldManager })
    const first = await registry.patch(
      DEPLOYMENTS,
      { namespace: 'default', name: 'web' },
      { type: 'apply', patch: config(1) },
      context,
    )
    expect(first.created).toBe(true)
    const again = await apply(1, 'tester')
    expect(again.metadata.resourceVersion).toBe(first.object.metadata.resourceVersion)
    expect((await apply(2, 'tester')).spec.replicas).toBe(2)
    expect(await refusal(apply(3, 'other'))).toBe(
      '409 Apply failed with 1 conflict: conflict with "tester": .spec.replicas',
    )
    const forced = await apply(3, 'other', true)
    expect(forced.spec.replicas).toBe(3)
    expect(forced.metadata.generation).toBe(3)
  })
})

describe('delete', () => {
  it('removes at once, tells watchers the last state, and a second time is not found', async () => {
    const { create, remove, watch, get } = await fixture()
    await create(CONFIG_MAPS, { metadata: { name: 'a' }, data: { x: '1' } })
    const { seen } = watch(CONFIG_MAPS)
    const result = await remove(CONFIG_MAPS, 'a')
    expect(result.kind).toBe('deleted')
    expect(said(seen)).toEqual(['ADDED a 1003', 'DELETED a 1004'])
    expect(seen[1]).toMatchObject({ object: { data: { x: '1' } } })
    expect(() => get(CONFIG_MAPS, 'a')).toThrow('configmaps "a" not found')
    expect(await refusal(remove(CONFIG_MAPS, 'a'))).toBe('404 configmaps "a" not found')
  })

  it('waits for finalizers; the update that takes the last one deletes', async () => {
    const { create, remove, update, patch, watch } = await fixture()
    await create(CONFIG_MAPS, { metadata: { name: 'a', finalizers: ['example.org/x'] } })
    const { seen } = watch(CONFIG_MAPS)
    const { kind, object } = await remove(CONFIG_MAPS, 'a')
    expect([kind, object.metadata.deletionTimestamp, object.metadata.deletionGracePeriodSeconds]).toEqual([
      'pending',
      '2026-01-01T00:00:00Z',
      0,
    ])
    expect((await remove(CONFIG_MAPS, 'a')).object).toBe(object)
    expect(
      await refusal(
        update(CONFIG_MAPS, {
          ...object,
          metadata: { ...object.metadata, finalizers: ['example.org/x', 'example.org/y'] },
        }),
      ),
    ).toContain(
      'no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.org/y"}',
    )
    await patch(CONFIG_MAPS, 'a', { type: 'merge', patch: { metadata: { finalizers: null } } })
    expect(said(seen)).toEqual(['ADDED a 1003', 'MODIFIED a 1004', 'DELETED a 1005'])
  })

  it('of a running pod takes its grace period, which can only be shortened', async () => {
    const { create, remove, registry, context, names, clock } = await fixture()
    await create(PODS, pod('a'))
    await registry.bind(
      { namespace: 'default', name: 'a' },
      { metadata: { name: 'a' }, target: { kind: 'Node', name: 'n1' } },
      context,
    )
    const first = await remove(PODS, 'a')
    expect(first.object.metadata).toMatchObject({
      deletionTimestamp: '2026-01-01T00:00:30Z',
      deletionGracePeriodSeconds: 30,
      generation: 2,
    })
    clock.ms += 10_000
    expect((await remove(PODS, 'a', { gracePeriodSeconds: 60 })).object).toBe(first.object)
    const second = await remove(PODS, 'a', { gracePeriodSeconds: 5 })
    expect(second.object.metadata).toMatchObject({
      deletionTimestamp: '2026-01-01T00:00:05Z',
      deletionGracePeriodSeconds: 5,
      generation: 2,
    })
    expect((await remove(PODS, 'a', { gracePeriodSeconds: 0 })).kind).toBe('deleted')
    expect(names(PODS)).toEqual([])
  })

  it('of a pod without a node, or one that has ended, is immediate', async () => {
    const { create, remove, registry, context, update } = await fixture()
    await create(PODS, pod('a'))
    expect((await remove(PODS, 'a')).kind).toBe('deleted')
    await create(PODS, pod('b'))
    await registry.bind(
      { namespace: 'default', name: 'b' },
      { metadata: { name: 'b' }, target: { name: 'n1' } },
      context,
    )
    await update(
      PODS,
      { ...registry.get(PODS, { namespace: 'default', name: 'b' }), status: { phase: 'Succeeded' } },
      'status',
    )
    expect((await remove(PODS, 'b')).kind).toBe('deleted')
  })

  it('honours preconditions and propagation', async () => {
    const { create, remove } = await fixture()
    await create(DEPLOYMENTS, deployment('a'))
    expect(await refusal(remove(DEPLOYMENTS, 'a', { preconditions: { uid: 'x' } }))).toContain(
      'the UID in the precondition (x) does not match the UID in record (0000',
    )
    const foreground = await remove(DEPLOYMENTS, 'a', { propagationPolicy: 'Foreground' })
    expect(foreground.object.metadata.finalizers).toEqual(['foregroundDeletion'])
    const orphan = await remove(DEPLOYMENTS, 'a', { propagationPolicy: 'Orphan' })
    expect(orphan.object.metadata.finalizers).toEqual(['orphan'])
    expect((await remove(DEPLOYMENTS, 'a', { propagationPolicy: 'Background' })).kind).toBe('deleted')
  })

  it('in a dry run leaves everything', async () => {
    const { create, remove, names } = await fixture()
    await create(CONFIG_MAPS, { metadata: { name: 'a' } })
    expect((await remove(CONFIG_MAPS, 'a', { dryRun: true })).kind).toBe('deleted')
    expect(names(CONFIG_MAPS)).toEqual(['a'])
  })

  it('of a collection follows the selectors', async () => {
    const { create, registry, context, names } = await fixture()
    for (const name of ['a', 'b', 'c'])
      await create(CONFIG_MAPS, { metadata: { name, labels: { keep: String(name === 'b') } } })
    const result = await registry.deleteCollection(
      CONFIG_MAPS,
      { namespace: 'default', labelSelector: 'keep!=true' },
      {},
      context,
    )
    expect(result.items).toHaveLength(2)
    expect(names(CONFIG_MAPS)).toEqual(['b'])
  })
})

describe('namespaces', () => {
  it('of the system stay; others go when their content has gone', async () => {
    const { create, remove, update, get, names } = await fixture()
    expect(await refusal(remove(NAMESPACES, 'default'))).toBe(
      '403 namespaces "default" is forbidden: this namespace may not be deleted',
    )
    const made = await create(NAMESPACES, { metadata: { name: 'ns1' } })
    expect(made).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'ns1' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    })
    await remove(NAMESPACES, 'ns1')
    const going = get(NAMESPACES, 'ns1')
    expect([going.status.phase, going.metadata.deletionTimestamp]).toEqual([
      'Terminating',
      '2026-01-01T00:00:00Z',
    ])
    expect(await refusal(create(CONFIG_MAPS, { metadata: { name: 'x', namespace: 'ns1' } }))).toBe(
      '403 configmaps "x" is forbidden: unable to create new content in namespace ns1 because it is being terminated',
    )
    await update(NAMESPACES, { ...going, spec: {} })
    expect(get(NAMESPACES, 'ns1').spec.finalizers).toEqual(['kubernetes'])
    await update(NAMESPACES, { ...going, spec: {} }, 'finalize')
    expect(names(NAMESPACES)).toEqual(['default'])
  })
})

describe('sub-resources', () => {
  it('binding gives a pod its node, once', async () => {
    const { create, registry, context, get } = await fixture()
    await create(PODS, pod('a'))
    const name = { namespace: 'default', name: 'a' }
    await registry.bind(name, { metadata: name, target: { kind: 'Node', name: 'n1' } }, context)
    expect(get(PODS, 'a').spec.nodeName).toBe('n1')
    expect(get(PODS, 'a').status.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }])
    expect(await refusal(registry.bind(name, { metadata: name, target: { name: 'n2' } }, context))).toBe(
      '409 Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "n1"',
    )
  })

  it('a pod that is deleted at once is seen to end before it is gone', async () => {
    const { create, remove, watch } = await fixture()
    const { metadata } = await create(PODS, pod('a'))
    const { seen } = watch(PODS, { resourceVersion: metadata.resourceVersion })
    const { object } = await remove(PODS, 'a')
    const revision = Number(metadata.resourceVersion)
    expect(said(seen)).toEqual([`MODIFIED a ${revision + 1}`, `DELETED a ${revision + 2}`])
    const ended = { deletionGracePeriodSeconds: 0, generation: 2 }
    for (const event of seen) expect(event).toMatchObject({ object: { metadata: ended } })
    expect(object.metadata).toMatchObject({ ...ended, resourceVersion: String(revision + 2) })
  })

  it.each([
    [JOBS, undefined, ['orphan'], 1],
    [JOBS, 'Background', [], 0],
    [REPLICATION_CONTROLLERS, undefined, ['orphan'], 0],
    [REPLICATION_CONTROLLERS, 'Foreground', ['foregroundDeletion'], 0],
    [REPLICA_SETS, undefined, [], 0],
  ] as const)('%j deleted with policy %s', async (resource, propagationPolicy, finalizers, warnings) => {
    const { create, remove, warnings: said } = await fixture()
    const labels = { app: 'web' }
    const containers = [{ name: 'c', image: 'i' }]
    const template = { metadata: { labels }, spec: { containers, restartPolicy: 'Never' } }
    const running = { ...template, spec: { containers } }
    const specs = { Job: { template }, ReplicationController: { selector: labels, template: running } }
    const spec = specs[resource.kind as 'Job'] ?? { selector: { matchLabels: labels }, template: running }
    await create(resource, { metadata: { name: 'a' }, spec })
    said.length = 0
    const { kind, object } = await remove(resource, 'a', { propagationPolicy })
    expect([kind, object.metadata.finalizers ?? []]).toEqual([
      finalizers.length > 0 ? 'pending' : 'deleted',
      finalizers,
    ])
    expect(said.filter((text) => text.startsWith('child pods are preserved by default'))).toHaveLength(
      warnings,
    )
  })

  it('labels of EndpointSlices count as changes', async () => {
    const { create, patch, update } = await fixture()
    const made = await create(ENDPOINT_SLICES, {
      metadata: { name: 'a' },
      addressType: 'IPv4',
      endpoints: [],
    })
    // An update need not say of which version it is.
    const { resourceVersion: _, ...metadata } = made.metadata
    expect((await update(ENDPOINT_SLICES, { ...made, metadata })).metadata.generation).toBe(1)
    const change = (metadata: object) => patch(ENDPOINT_SLICES, 'a', { type: 'merge', patch: { metadata } })
    expect((await change({ labels: { x: 'y' } })).metadata.generation).toBe(2)
    expect((await change({ annotations: { x: 'y' } })).metadata.generation).toBe(2)
  })

  it('what an update lets go of is answered as of its last revision', async () => {
    const { create, remove, patch, watch } = await fixture()
    await create(CONFIG_MAPS, { metadata: { name: 'a', finalizers: ['example.com/f'] } })
    const { object: held } = await remove(CONFIG_MAPS, 'a')
    const { seen } = watch(CONFIG_MAPS, { resourceVersion: held.metadata.resourceVersion })
    const freed = await patch(CONFIG_MAPS, 'a', {
      type: 'merge',
      patch: { metadata: { finalizers: null } },
    })
    expect(freed.metadata.resourceVersion).toBe(held.metadata.resourceVersion)
    expect(said(seen)).toEqual([`DELETED a ${Number(held.metadata.resourceVersion) + 1}`])
    expect(seen[0]).toMatchObject({ object: { metadata: { finalizers: ['example.com/f'] } } })
  })

  it('eviction says why and deletes', async () => {
    const { create, registry, context, watch } = await fixture()
    await create(PODS, pod('a'))
    const { seen } = watch(PODS)
    await registry.evict({ namespace: 'default', name: 'a' }, { metadata: { name: 'a' } }, context)
    expect(said(seen).map((line) => line.split(' ')[0])).toEqual(['ADDED', 'MODIFIED', 'MODIFIED', 'DELETED'])
    expect(seen[1]).toMatchObject({ object: { status: { conditions: [{ type: 'DisruptionTarget' }] } } })
    expect(seen[2]).toMatchObject({ object: { metadata: { deletionGracePeriodSeconds: 0 } } })
  })

  it('scale is a view of replicas', async () => {
    const { create, registry, context, get, update, patch } = await fixture()
    await create(DEPLOYMENTS, deployment('web', 2))
    const scale = registry.getScale(DEPLOYMENTS, { namespace: 'default', name: 'web' }) as never as {
      spec: object
      status: object
    }
    expect([scale.spec, scale.status]).toEqual([{ replicas: 2 }, { replicas: 0, selector: 'app=web' }])
    await update(DEPLOYMENTS, { ...scale, spec: { replicas: 4 } }, 'scale')
    expect(get(DEPLOYMENTS, 'web')).toMatchObject({ spec: { replicas: 4 }, metadata: { generation: 2 } })
    await patch(DEPLOYMENTS, 'web', { type: 'merge', subresource: 'scale', patch: { spec: { replicas: 0 } } })
    expect(get(DEPLOYMENTS, 'web').spec.replicas).toBe(0)
    expect(await refusal(update(DEPLOYMENTS, { ...scale, spec: { replicas: 1 } }, 'scale'))).toContain(
      'the object has been modified',
    )
    const name = { namespace: 'default', name: 'web', subresource: 'scale' }
    expect(
      await refusal(
        registry.update(DEPLOYMENTS, name, { metadata: { name: 'web' }, spec: { replicas: -1 } }, context),
      ),
    ).toBe(
      '422 Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    )
    expect(await refusal(registry.update(SERVICE_ACCOUNTS, name, {}, context))).toBe(
      '404 the server could not find the requested resource',
    )
  })
})

describe('a Scale', () => {
  const URL = { namespace: 'default', name: 'web', subresource: 'scale' }
  const meta = { metadata: { name: 'web' } }
  it.each<[string, object, string]>([
    [
      'without a name',
      { spec: { replicas: 1 } },
      '400 the name of the object (web based on URL) was undeterminable: name must be provided',
    ],
    [
      'of another namespace',
      { metadata: { name: 'web', namespace: 'x' } },
      '400 the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'of another object',
      { metadata: { name: 'web', uid: 'other' } },
      '409 Operation cannot be fulfilled on deployments.apps "web": StorageError: invalid object, Code: 4, Key: /deployments/default/web, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: other, UID in object meta: ',
    ],
    [
      'of a word',
      { ...meta, spec: { replicas: 'x' } },
      '400 Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal string into Go struct field ScaleSpec.spec.replicas of type int32',
    ],
    [
      'of half a pod',
      { ...meta, spec: { replicas: 1.5 } },
      '400 Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal number 1.5 into Go struct field ScaleSpec.spec.replicas of type int32',
    ],
    [
      'of too many',
      { ...meta, spec: { replicas: 99_999_999_999 } },
      '400 Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal number 99999999999 into Go struct field ScaleSpec.spec.replicas of type int32',
    ],
  ])('%s is refused', async (_what, body, message) => {
    const { create, registry, context } = await fixture()
    await create(DEPLOYMENTS, deployment('web', 2))
    expect(await refusal(registry.update(DEPLOYMENTS, URL, body, context))).toContain(message)
  })

  it('of nothing is of none, and shows no zero; unknown fields are told of', async () => {
    const { create, registry, context, patch, warnings } = await fixture()
    await create(DEPLOYMENTS, deployment('web', 2))
    const { object } = await registry.update(DEPLOYMENTS, URL, { ...meta, spec: {} }, context)
    expect(object).toMatchObject({ spec: {}, status: { replicas: 0 } })
    expect((object as never as { spec: object }).spec).toEqual({})
    await patch(DEPLOYMENTS, 'web', { type: 'merge', subresource: 'scale', patch: { spec: { foo: 1 } } })
    expect(warnings).toEqual(['unknown field "spec.foo"'])
    const kindless = { metadata: { name: 'web' }, spec: { replicas: 1 } }
    const applied = patch(DEPLOYMENTS, 'web', { type: 'apply', subresource: 'scale', patch: kindless })
    expect(await refusal(applied)).toBe('400 invalid object type: /, Kind=')
  })
})

it('an Event may be made by PUT', async () => {
  const { update } = await fixture()
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e', namespace: 'default' },
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'a' },
    reason: 'Tested',
  }
  expect((await update(EVENTS, event)).reason).toBe('Tested')
})
