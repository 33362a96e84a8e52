import { describe, expect, it } from 'vitest'
import { CONFIG_MAPS, NAMESPACES, PODS, SECRETS } from '../../core/api/scheme.ts'
import type { ListQuery } from '../../core/apiserver/registry/registry.ts'
import { openMemoryStore } from '../../core/store/memory-store.ts'
import { fixture, said } from './fixture.ts'

const config = (name: string, labels: object = {}, namespace = 'default'): object => ({
  metadata: { name, namespace, labels },
})

describe('list', () => {
  it('is in the order of namespace and name, at one revision', async () => {
    const { create, registry } = await fixture()
    await create(NAMESPACES, { metadata: { name: 'a-first' } })
    for (const name of ['b', 'a', 'c']) await create(CONFIG_MAPS, config(name))
    await create(CONFIG_MAPS, config('z', {}, 'a-first'))
    const { items, resourceVersion } = registry.list(CONFIG_MAPS, {})
    expect(items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual([
      'a-first/z',
      'default/a',
      'default/b',
      'default/c',
    ])
    expect(resourceVersion).toBe('1007')
  })

  it.each([
    [{ labelSelector: 'app=web' }, ['a', 'b']],
    [{ labelSelector: 'app in (web,db),tier!=x' }, ['b', 'c']],
    [{ labelSelector: '!app' }, ['d']],
    [{ fieldSelector: 'metadata.name=b' }, ['b']],
    [{ fieldSelector: 'metadata.name=b,metadata.namespace=default' }, ['b']],
    [{ fieldSelector: 'metadata.name!=b', namespace: 'default' }, ['a', 'c', 'd']],
    [{ fieldSelector: 'metadata.namespace=other' }, []],
  ] as [ListQuery, string[]][])('%j selects %j', async (query, expected) => {
    const { create, names } = await fixture()
    await create(CONFIG_MAPS, config('a', { app: 'web', tier: 'x' }))
    await create(CONFIG_MAPS, config('b', { app: 'web' }))
    await create(CONFIG_MAPS, config('c', { app: 'db' }))
    await create(CONFIG_MAPS, config('d'))
    expect(names(CONFIG_MAPS, query)).toEqual(expected)
  })

  it('selects by the fields of the kind, and refuses others', async () => {
    const { create, names } = await fixture()
    await create(SECRETS, { metadata: { name: 'a' }, type: 'example.org/x' })
    await create(SECRETS, { metadata: { name: 'b' } })
    expect(names(SECRETS, { fieldSelector: 'type=Opaque' })).toEqual(['b'])
    expect(() => names(PODS, { fieldSelector: 'spec.foo=1' })).toThrow('field label not supported: spec.foo')
    expect(() => names(CONFIG_MAPS, { fieldSelector: 'spec.foo=1' })).toThrow(
      '"spec.foo" is not a known field selector: only "metadata.name", "metadata.namespace"',
    )
  })

  it('comes in pages of one revision', async () => {
    const { create, remove, registry } = await fixture()
    for (const name of ['a', 'b', 'c', 'd', 'e']) await create(CONFIG_MAPS, config(name))
    const first = registry.list(CONFIG_MAPS, { limit: 2 })
    expect([first.items.map((item) => item.metadata.name), first.remainingItemCount]).toEqual([['a', 'b'], 3])
    await remove(CONFIG_MAPS, 'c')
    const token = first.continue ?? ''
    const second = registry.list(CONFIG_MAPS, { limit: 2, continue: token })
    expect(second.items.map((item) => item.metadata.name)).toEqual(['c', 'd'])
    expect(second.resourceVersion).toBe(first.resourceVersion)
    const third = registry.list(CONFIG_MAPS, { limit: 2, continue: second.continue ?? '' })
    expect([third.items.map((item) => item.metadata.name), third.continue]).toEqual([['e'], undefined])
    expect(JSON.parse(Buffer.from(token, 'base64url').toString())).toEqual({
      v: 'meta.k8s.io/v1',
      rv: 1007,
      start: '/default/b\0',
    })
  })

  it('reads the past where it is kept, and says so where it is not', async () => {
    const { create, registry, names, update, get } = await fixture(
      openMemoryStore({ startRevision: 1000, historyLimit: 5 }),
    )
    await create(CONFIG_MAPS, config('a'))
    const page = registry.list(CONFIG_MAPS, { limit: 1, resourceVersion: '1003' })
    await create(CONFIG_MAPS, config('b'))
    const token = registry.list(CONFIG_MAPS, { limit: 1 }).continue ?? ''
    expect(page.items).toHaveLength(1)
    expect(names(CONFIG_MAPS, { resourceVersion: '1003', resourceVersionMatch: 'Exact' })).toEqual(['a'])
    expect(names(CONFIG_MAPS, { resourceVersion: '1003', resourceVersionMatch: 'NotOlderThan' })).toEqual([
      'a',
      'b',
    ])
    for (let index = 0; index < 20; index += 1)
      await update(CONFIG_MAPS, { ...get(CONFIG_MAPS, 'a'), data: { x: String(index) } })
    expect(() => names(CONFIG_MAPS, { resourceVersion: '1003', resourceVersionMatch: 'Exact' })).toThrow(
      'The resourceVersion for the provided list is too old.',
    )
    try {
      registry.list(CONFIG_MAPS, { limit: 1, continue: token })
      expect.unreachable()
    } catch (error) {
      const { status } = error as { status: { code: number; metadata: { continue: string } } }
      expect(status.code).toBe(410)
      expect(names(CONFIG_MAPS, { continue: status.metadata.continue })).toEqual(['b'])
    }
  })

  it.each([
    [
      { resourceVersionMatch: 'Exact' },
      'resourceVersionMatch is forbidden unless resourceVersion is provided',
    ],
    [
      { resourceVersionMatch: 'Exact', resourceVersion: '0' },
      'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ],
    [
      { resourceVersionMatch: 'Exact', resourceVersion: '1', continue: 'x' },
      'resourceVersionMatch is forbidden when continue is provided',
    ],
    [{ resourceVersion: '999999' }, 'Timeout: Too large resource version: 999999, current: 1002'],
    [{ continue: 'garbage' }, 'continue key is not valid'],
  ] as [ListQuery, string][])('refuses %j', async (query, message) => {
    const { registry } = await fixture()
    expect(() => registry.list(CONFIG_MAPS, query)).toThrow(message)
  })
})

describe('watch', () => {
  it('without a revision begins with what is there', async () => {
    const { create, update, watch } = await fixture()
    const made = await create(CONFIG_MAPS, config('a'))
    const { seen, end } = watch(CONFIG_MAPS)
    await update(CONFIG_MAPS, { ...made, data: { x: '1' } })
    end()
    await create(CONFIG_MAPS, config('b'))
    expect(said(seen)).toEqual(['ADDED a 1003', 'MODIFIED a 1004'])
  })

  it('after a revision shows what came since, to each namespace its own', async () => {
    const { create, watch } = await fixture()
    await create(NAMESPACES, { metadata: { name: 'other' } })
    await create(CONFIG_MAPS, config('a'))
    await create(CONFIG_MAPS, config('b', {}, 'other'))
    const mine = watch(CONFIG_MAPS, { namespace: 'default', resourceVersion: '1003' })
    const theirs = watch(CONFIG_MAPS, { namespace: 'other', resourceVersion: '1004' })
    await create(CONFIG_MAPS, config('c'))
    await create(CONFIG_MAPS, config('d', {}, 'other'))
    expect(said(mine.seen)).toEqual(['ADDED a 1004', 'ADDED c 1006'])
    expect(said(theirs.seen)).toEqual(['ADDED b 1005', 'ADDED d 1007'])
  })

  it('with a selector shows objects come and go as they match', async () => {
    const { create, patch, remove, watch } = await fixture()
    await create(CONFIG_MAPS, config('a', { app: 'web' }))
    const { seen } = watch(CONFIG_MAPS, { labelSelector: 'app=web' })
    const label = (app: string) =>
      patch(CONFIG_MAPS, 'a', { type: 'merge', patch: { metadata: { labels: { app } } } })
    await label('db')
    await label('cache')
    await label('web')
    await patch(CONFIG_MAPS, 'a', { type: 'merge', patch: { data: { x: '1' } } })
    await remove(CONFIG_MAPS, 'a')
    expect(said(seen)).toEqual([
      'ADDED a 1003',
      'DELETED a 1004',
      'ADDED a 1006',
      'MODIFIED a 1007',
      'DELETED a 1008',
    ])
    expect(seen[1]).toMatchObject({ object: { metadata: { labels: { app: 'web' } } } })
  })

  it('of one object by name sees only that', async () => {
    const { create, watch } = await fixture()
    const { seen } = watch(CONFIG_MAPS, { namespace: 'default', fieldSelector: 'metadata.name=a' })
    await create(CONFIG_MAPS, config('a'))
    await create(CONFIG_MAPS, config('ab'))
    expect(said(seen)).toEqual(['ADDED a 1003'])
  })

  it('streams a list: everything, a bookmark at its end, then changes', async () => {
    const { create, watch } = await fixture()
    await create(CONFIG_MAPS, config('a'))
    const { seen } = watch(CONFIG_MAPS, {
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: true,
    })
    await create(CONFIG_MAPS, config('b'))
    expect(said(seen)).toEqual(['ADDED a 1003', 'BOOKMARK end of initial events', 'ADDED b 1004'])
    expect(() => watch(CONFIG_MAPS, { sendInitialEvents: true })).toThrow(
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    )
  })

  it('from a revision yet to come waits for it', async () => {
    const { create, watch } = await fixture()
    const { seen } = watch(CONFIG_MAPS, { resourceVersion: '1004' })
    for (const name of ['a', 'b', 'c', 'd']) await create(CONFIG_MAPS, config(name))
    expect(said(seen)).toEqual(['ADDED c 1005', 'ADDED d 1006'])
  })

  it('from before the history is gone', async () => {
    const { watch } = await fixture()
    expect(() => watch(CONFIG_MAPS, { resourceVersion: '900' })).toThrow(
      'too old resource version: 900 (1000)',
    )
  })

  it('shows several watchers the same objects', async () => {
    const { create, remove, watch } = await fixture()
    const [one, two] = [watch(CONFIG_MAPS), watch(CONFIG_MAPS, { namespace: 'default' })]
    await create(CONFIG_MAPS, config('a'))
    await remove(CONFIG_MAPS, 'a')
    const objects = (seen: typeof one.seen) =>
      seen.map((event) => (event.type === 'BOOKMARK' ? undefined : event.object))
    expect(objects(one.seen)).toEqual(objects(two.seen))
    expect(objects(one.seen)[1]).toBe(objects(two.seen)[1])
  })
})

it('10,000 objects are listed in milliseconds', async () => {
  const { store, registry } = await fixture()
  const value = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', labels: { app: 'web' } } }
  for (let index = 0; index < 10_000; index += 1) {
    const key = `/registry/configmaps/default/c${index}`
    await store.commit({ expect: [], changes: [{ kind: 'put', key, value: { ...value } }] })
  }
  const started = performance.now()
  for (let round = 0; round < 20; round += 1)
    expect(registry.list(CONFIG_MAPS, { labelSelector: 'app=web' }).items).toHaveLength(10_000)
  expect((performance.now() - started) / 20).toBeLessThan(50)
})
