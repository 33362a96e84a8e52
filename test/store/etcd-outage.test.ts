import { expect, it } from 'vitest'
import { openEtcdStore } from '../../core/store/etcd/etcd-store.io.ts'
import type { Store, StoreEvent } from '../../core/store/store.ts'
import { StoreError } from '../../core/store/store.ts'
import { noEtcd, startEtcd } from '../support/etcd.io.ts'

const test = it.skipIf(noEtcd !== undefined)
if (noEtcd !== undefined) it.skip(noEtcd, () => undefined)

const value = (payload: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'x', annotations: { payload } },
})
const put = (store: Store, key: string, payload = '') =>
  store.commit({ expect: [], changes: [{ kind: 'put', key, value: value(payload) }] })

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 15_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`)
    await new Promise((done) => setTimeout(done, 10))
  }
}

test('kill -9 of etcd loses no acknowledged write, and watches go on without a gap', async () => {
  await using etcd = await startEtcd()
  await using store = await openEtcdStore({ servers: [etcd.url], requestTimeoutMs: 2000 })
  await using other = await openEtcdStore({ servers: [etcd.url], requestTimeoutMs: 2000 })
  const events: StoreEvent[] = []
  const unwatch = other.watch('/registry/pods/', other.revision, (told) => events.push(...told))
  const acknowledged = new Map<string, number>()
  for (let round = 0; round < 3; round += 1) {
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let i = 0; ; i += 1) {
        const key = `/registry/pods/r${round}/w${writer}-${i}`
        const result = await put(store, key).catch((error: unknown) => {
          expect(error).toBeInstanceOf(StoreError)
        })
        if (result?.kind !== 'committed') return
        acknowledged.set(key, result.revision)
      }
    })
    const enough = acknowledged.size + 40
    await until(() => acknowledged.size > enough, 'writes')
    await etcd.kill()
    await Promise.all(writers)
    await expect(store.sync?.()).rejects.toThrow(/rpc error: code = Unavailable|request timed out/)
    expect(store.range('/registry/pods/').values.length, 'what is known is still read').toBeGreaterThan(40)
    await etcd.start()
  }
  await put(store, '/registry/pods/last/x')
  await until(() => events.at(-1)?.key === '/registry/pods/last/x', 'the watch')
  for (const [key, revision] of acknowledged) expect(other.get(key)?.modRevision, key).toBe(revision)
  const revisions = events.map(({ revision }) => revision)
  expect(revisions).toEqual([...revisions].sort((a, b) => a - b))
  expect(new Set(events.map(({ key }) => key)).size, 'each key told').toBe(
    other.range('/registry/pods/').values.length,
  )
  unwatch()
}, 60_000)

test('what happened while the watch was away and was compacted is told as events', async () => {
  await using etcd = await startEtcd()
  await using cut = await openEtcdStore({ servers: [etcd.url] })
  for (const key of ['kept', 'gone', 'changed']) await put(cut, `/registry/pods/ns/${key}`, '1')
  await etcd.kill()
  // While `cut` waits before it tries again, another server writes and compacts.
  const events: StoreEvent[] = []
  cut.watch('/registry/', cut.revision, (told) => events.push(...told))
  await etcd.start()
  {
    await using other = await openEtcdStore({ servers: [etcd.url] })
    await put(other, '/registry/pods/ns/changed', '2')
    await other.commit({ expect: [], changes: [{ kind: 'delete', key: '/registry/pods/ns/gone' }] })
    await put(other, '/registry/pods/ns/new')
    await etcd.compact()
  }
  await until(() => cut.get('/registry/pods/ns/new') !== undefined, 'the mirror')
  await cut.sync?.()
  expect(events.map(({ kind, key }) => `${kind} ${key.slice('/registry/pods/ns/'.length)}`).sort()).toEqual([
    'delete gone',
    'put changed',
    'put new',
  ])
  expect(events.find(({ key }) => key.endsWith('changed'))?.previous?.metadata.annotations).toEqual({
    payload: '1',
  })
}, 60_000)

test('refuses what etcd refuses, in its words', async () => {
  await using etcd = await startEtcd()
  await using store = await openEtcdStore({ servers: ['http://127.0.0.1:1', etcd.url] })
  const large = put(store, '/registry/configmaps/ns/large', 'x'.repeat(2_000_000))
  await expect(large).rejects.toThrow('etcdserver: request is too large')
  expect(await put(store, '/registry/configmaps/ns/small')).toMatchObject({ kind: 'committed' })
}, 30_000)

test('passes over keys and values that are not the API server’s', async () => {
  await using etcd = await startEtcd()
  await etcd.put('/registry/pods/ns/odd', 'k8s\u0000 protobuf')
  await using store = await openEtcdStore({ servers: [etcd.url] })
  await etcd.put('/other/key', '{"metadata":{}}')
  await etcd.put('/registry/pods/ns/null', 'null')
  await store.sync?.()
  expect(store.range('/registry/').values).toEqual([])
  expect(await put(store, '/registry/pods/ns/a')).toMatchObject({ kind: 'committed' })
}, 30_000)

test('says at once what is wrong with a server’s name, and soon that there is no server', async () => {
  await expect(openEtcdStore({ servers: ['ftp://x'] })).rejects.toThrow(
    'not the URL of an etcd server: ftp://x',
  )
  await expect(openEtcdStore({ servers: ['127.0.0.1:1'], openTimeoutMs: 100 })).rejects.toThrow(
    'ECONNREFUSED',
  )
})
