import { describe, expect, it } from 'vitest'
import { CONFIG_MAPS, PODS } from '../../core/api/scheme.ts'
import { inProcessClient } from '../../core/apiserver/in-process-client.ts'
import type { WatchEvent } from '../../core/client/client.ts'
import type { ConfigMap } from '../../core/api/generated/core-v1.ts'
import { fixture } from './fixture.ts'

const map = (name: string, data: Record<string, string> = {}) =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data }) as const

async function client() {
  const { registry } = await fixture()
  return inProcessClient(registry, { user: 'system:test', fieldManager: 'test', maxWaitingEvents: 3 })
}

describe('in-process client', () => {
  it('does what the API does', async () => {
    const api = await client()
    const made = await api.create(CONFIG_MAPS, map('a', { w: '0' }))
    expect(made.metadata.managedFields?.map((entry) => entry.manager)).toEqual(['test'])
    const changed = await api.update(CONFIG_MAPS, { ...made, data: { x: '1' } })
    expect(changed.data).toEqual({ x: '1' })
    expect(await api.get(CONFIG_MAPS, { namespace: 'default', name: 'a' })).toBe(changed)
    const patched = await api.patch(
      CONFIG_MAPS,
      { namespace: 'default', name: 'a' },
      { data: { y: '2' } },
      { type: 'merge' },
    )
    expect(patched.data).toEqual({ x: '1', y: '2' })
    expect((await api.list(CONFIG_MAPS, { namespace: 'default' })).items).toEqual([patched])
    await api.delete(CONFIG_MAPS, { namespace: 'default', name: 'a' })
    await expect(api.get(CONFIG_MAPS, { namespace: 'default', name: 'a' })).rejects.toThrow(
      'configmaps "a" not found',
    )
  })

  it('leaves the caller’s object alone, and takes undefined for absent', async () => {
    const api = await client()
    const mine = { ...map('a', { x: '1' }), immutable: undefined }
    await api.create(CONFIG_MAPS, mine)
    expect(Object.isFrozen(mine.data)).toBe(false)
    mine.data['x'] = '2'
    expect((await api.get(CONFIG_MAPS, { namespace: 'default', name: 'a' })).data).toEqual({ x: '1' })
  })

  it('binds and evicts pods', async () => {
    const api = await client()
    const name = { namespace: 'default', name: 'p' }
    await api.create(PODS, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: name,
      spec: { containers: [{ name: 'c', image: 'x' }] },
    } as never)
    await api.createSubresource(PODS, name, {
      subresource: 'binding',
      body: { metadata: name, target: { name: 'n1' } },
    })
    expect((await api.get(PODS, name)).spec.nodeName).toBe('n1')
    await api.createSubresource(PODS, name, { subresource: 'eviction', body: { metadata: name } })
    expect((await api.get(PODS, name)).metadata.deletionTimestamp).toBeDefined()
    await expect(api.createSubresource(PODS, name, { subresource: 'nap', body: {} })).rejects.toThrow(
      'could not find',
    )
  })

  it('watches from a revision until the signal', async () => {
    const api = await client()
    const { resourceVersion } = await api.list(CONFIG_MAPS)
    await api.create(CONFIG_MAPS, map('a'))
    const stop = new AbortController()
    const seen: WatchEvent<ConfigMap>[] = []
    const watching = (async () => {
      for await (const event of api.watch(CONFIG_MAPS, { resourceVersion, signal: stop.signal })) {
        seen.push(event)
        if (seen.length === 1) await api.create(CONFIG_MAPS, map('b'))
        if (seen.length === 2) stop.abort()
      }
    })()
    await watching
    expect(seen.map((event) => event.type === 'ADDED' && event.object.metadata.name)).toEqual(['a', 'b'])
  })

  it('says when a revision is too old, and ends a watch whose reader sleeps', async () => {
    const api = await client()
    const { signal } = new AbortController()
    const old = api.watch(CONFIG_MAPS, { resourceVersion: '1', signal })[Symbol.asyncIterator]()
    await expect(old.next()).rejects.toMatchObject({ reason: 'Expired' })
    const { resourceVersion } = await api.list(CONFIG_MAPS)
    const sleeper = api.watch(CONFIG_MAPS, { resourceVersion, signal })[Symbol.asyncIterator]()
    const first = sleeper.next()
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await api.create(CONFIG_MAPS, map(name))
    expect((await first).value).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'a' } } })
    let more = 0
    while (!(await sleeper.next()).done) more += 1
    expect(more).toBeLessThan(5)
  })
})
