import { mkdtemp, readFile, rm, stat, writeFile, appendFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../api/object.ts'
import { StoreError } from './store.ts'
import { openMemoryStore } from './memory-store.ts'
import { openStore } from './open-store.io.ts'
import type { Store, StoreEvent } from './store.ts'
import { CompactedError } from './store.ts'

const object = (name: string, payload = ''): KubernetesObject =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, annotations: { payload } } }) as KubernetesObject

const put = (store: Store, key: string, payload = '', modRevision?: number) =>
  store.commit({
    expect: modRevision === undefined ? [] : [{ key, modRevision }],
    changes: [{ kind: 'put', key, value: object(key, payload) }],
  })
const remove = (store: Store, key: string) => store.commit({ expect: [], changes: [{ kind: 'delete', key }] })
const keys = (store: Store, prefix: string, at?: number): string[] =>
  store.range(prefix, at).values.map((value) => value.key)

let directory: string
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'store-')), 'data')
})
afterEach(() => rm(join(directory, '..'), { recursive: true }))

const OPENERS = {
  memory: () => Promise.resolve(openMemoryStore({ startRevision: 100 })),
  disk: () => openStore({ directory, nowMs: () => 100 }),
}

describe.each(Object.entries(OPENERS))('%s store', (_, open) => {
  it('numbers commits above the start and answers reads in key order', async () => {
    await using store = await open()
    expect(store.revision).toBe(100)
    await put(store, '/registry/pods/ns/b')
    await put(store, '/registry/pods/ns/a')
    await put(store, '/registry/pods/other/c')
    await put(store, '/registry/podtemplates/ns/x')
    expect(store.revision).toBe(104)
    expect(keys(store, '/registry/pods/')).toEqual([
      '/registry/pods/ns/a',
      '/registry/pods/ns/b',
      '/registry/pods/other/c',
    ])
    expect(keys(store, '/registry/pods/ns/')).toHaveLength(2)
    expect(keys(store, '/registry/')).toHaveLength(4)
    expect(store.get('/registry/pods/ns/a')?.modRevision).toBe(102)
  })

  it('refuses a commit whose expectation does not hold, also between commits under way', async () => {
    await using store = await open()
    const key = '/registry/pods/ns/a'
    const results = await Promise.all([
      put(store, key, '1', 0),
      put(store, key, '2', 0),
      put(store, key, '3', 0),
    ])
    expect(results.map((result) => result.kind)).toEqual(['committed', 'conflict', 'conflict'])
    expect(results[1]).toMatchObject({ current: { modRevision: 101 } })
  })

  it('shows all changes of a transaction to a watcher at once, in order, and the past before', async () => {
    await using store = await open()
    await put(store, '/registry/pods/ns/a', '1')
    const seen: (readonly StoreEvent[])[] = []
    const end = store.watch('/registry/pods/ns/', 100, (events) => seen.push(events))
    await store.commit({
      expect: [],
      changes: [
        { kind: 'put', key: '/registry/pods/ns/b', value: object('b') },
        { kind: 'delete', key: '/registry/pods/ns/a' },
        { kind: 'put', key: '/registry/services/ns/b', value: object('b') },
      ],
    })
    end()
    await put(store, '/registry/pods/ns/c')
    expect(
      seen.map((events) => events.map(({ kind, key, revision }) => `${kind} ${key} ${revision}`)),
    ).toEqual([
      ['put /registry/pods/ns/a 101'],
      ['put /registry/pods/ns/b 102', 'delete /registry/pods/ns/a 102'],
    ])
    expect(seen[1]?.[1]?.value).toBe(seen[0]?.[0]?.value)
  })

  it('reads the past at any revision kept', async () => {
    await using store = await open()
    await put(store, '/registry/pods/ns/a', '1')
    await put(store, '/registry/pods/ns/b', '1')
    await put(store, '/registry/pods/ns/a', '2')
    await remove(store, '/registry/pods/ns/b')
    expect(keys(store, '/registry/pods/', 101)).toEqual(['/registry/pods/ns/a'])
    expect(store.range('/registry/pods/', 102).values.map((value) => value.modRevision)).toEqual([101, 102])
    expect(store.range('/registry/pods/', 103).values.map((value) => value.modRevision)).toEqual([103, 102])
    expect(keys(store, '/registry/pods/')).toEqual(['/registry/pods/ns/a'])
    expect(() => store.range('/registry/pods/', 99)).toThrow(CompactedError)
    expect(() => store.watch('/registry/pods/', 99, () => {})).toThrow(CompactedError)
  })
})

describe('memory store', () => {
  it('forgets what lies beyond the history limit, per resource', async () => {
    await using store = openMemoryStore({ startRevision: 0, historyLimit: 10 })
    await put(store, '/registry/services/ns/quiet')
    for (let index = 0; index < 30; index += 1) await put(store, '/registry/pods/ns/a', String(index))
    expect(() => store.watch('/registry/pods/', 5, () => {})).toThrow('too old resource version: 5 (')
    const seen: StoreEvent[] = []
    store.watch('/registry/pods/', 21, (events) => seen.push(...events))
    expect(seen.map((event) => event.revision)).toEqual([22, 23, 24, 25, 26, 27, 28, 29, 30, 31])
    store.watch('/registry/services/', 0, (events) => seen.push(...events))
    expect(seen).toHaveLength(11)
  })

  it('hands out lists that later writes do not change', async () => {
    await using store = openMemoryStore({ startRevision: 0 })
    await put(store, '/registry/pods/ns/a')
    const before = store.range('/registry/pods/').values
    await put(store, '/registry/pods/ns/b')
    await remove(store, '/registry/pods/ns/a')
    expect(before.map((value) => value.key)).toEqual(['/registry/pods/ns/a'])
  })

  it('agrees at every revision with a plain map, for any history', async () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), remove: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        await using store = openMemoryStore({ startRevision: 0 })
        const model = new Map<string, number>()
        const states = [new Map(model)]
        for (const { key, remove: isRemoval } of steps) {
          const path = `/registry/pods/ns/${key}`
          await (isRemoval ? remove(store, path) : put(store, path))
          if (isRemoval) model.delete(path)
          else model.set(path, store.revision)
          states.push(new Map(model))
        }
        states.forEach((state, revision) => {
          const read = store.range('/registry/pods/', revision).values
          const expected = [...state].sort(([a], [b]) => (a < b ? -1 : 1))
          expect(read.map((value) => [value.key, value.modRevision])).toEqual(expected)
        })
      }),
      { numRuns: 50 },
    )
  })

  it('lists 10,000 objects and writes among them without copying each', async () => {
    await using store = openMemoryStore({ startRevision: 0 })
    for (let index = 0; index < 10_000; index += 1) await put(store, `/registry/pods/ns/p${index}`)
    const started = performance.now()
    for (let round = 0; round < 100; round += 1)
      expect(store.range('/registry/pods/').values).toHaveLength(10_000)
    expect(performance.now() - started).toBeLessThan(200)
  })
})

describe('store on disk', () => {
  it('has everything after it is opened again, and goes on with the next revision', async () => {
    {
      await using store = await openStore({ directory, nowMs: () => 1000 })
      await put(store, '/registry/pods/ns/a', '1')
      await put(store, '/registry/pods/ns/a', '2')
      await put(store, '/registry/pods/ns/b')
      await remove(store, '/registry/pods/ns/b')
    }
    await using store = await openStore({ directory, nowMs: () => 5 })
    expect(store.revision).toBe(1004)
    expect(store.get('/registry/pods/ns/a')).toMatchObject({
      modRevision: 1002,
      value: { metadata: { annotations: { payload: '2' } } },
    })
    expect(Object.isFrozen(store.get('/registry/pods/ns/a')?.value.metadata)).toBe(true)
    await put(store, '/registry/pods/ns/c')
    expect(store.revision).toBe(1005)
    expect(() => store.watch('/registry/pods/', 1003, () => {})).toThrow(CompactedError)
  })

  it('keeps files from other users', async () => {
    await using store = await openStore({ directory })
    await put(store, '/registry/secrets/ns/a')
    const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
    expect([
      await mode(directory),
      await mode(join(directory, 'log')),
      await mode(join(directory, 'lock')),
    ]).toEqual(['700', '600', '600'])
  })

  it('is refused to a second user, by pid, and taken over from a dead one', async () => {
    {
      await using _store = await openStore({ directory })
      await expect(openStore({ directory })).rejects.toThrow(`pid ${process.pid}`)
    }
    await writeFile(join(directory, 'lock'), JSON.stringify({ pid: 4_194_303, startTime: 1 }))
    await using store = await openStore({ directory })
    await put(store, '/registry/pods/ns/a')
    expect(JSON.parse(await readFile(join(directory, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid })
  })

  it('tells a pid that was given away from the one that held the lock', async () => {
    await (await openStore({ directory }))[Symbol.asyncDispose]()
    await writeFile(join(directory, 'lock'), JSON.stringify({ pid: process.pid, startTime: 1 }))
    await using store = await openStore({ directory })
    expect(store.revision).toBeGreaterThan(0)
  })

  it('drops a torn tail, says so, and never gives its revisions again', async () => {
    {
      await using store = await openStore({ directory, nowMs: () => 1000 })
      await put(store, '/registry/pods/ns/a')
    }
    await appendFile(join(directory, 'log'), Buffer.from([200, 0, 0, 0, 1, 2, 3, 4, 5]))
    const warnings: string[] = []
    await using store = await openStore({ directory, warn: (message) => warnings.push(message) })
    expect(warnings).toHaveLength(1)
    expect(keys(store, '/registry/pods/')).toEqual(['/registry/pods/ns/a'])
    await put(store, '/registry/pods/ns/b')
    expect(store.revision).toBeGreaterThan(1001)
  })

  it('replays any prefix of a log to a state that was once true', async () => {
    const lengths: number[] = []
    {
      await using store = await openStore({ directory, nowMs: () => 0 })
      for (let index = 0; index < 5; index += 1) {
        await put(store, `/registry/pods/ns/${index}`)
        lengths.push((await stat(join(directory, 'log'))).size)
      }
    }
    const whole = await readFile(join(directory, 'log'))
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), async (cut) => {
        await writeFile(join(directory, 'log'), whole.subarray(0, cut))
        await using store = await openStore({ directory })
        const complete = lengths.filter((length) => length <= cut).length
        expect(keys(store, '/registry/pods/')).toHaveLength(complete)
      }),
      { numRuns: 40 },
    )
  })

  it('rewrites an outgrown log and loses nothing by it', async () => {
    {
      await using store = await openStore({ directory, minRewriteBytes: 20_000, nowMs: () => 1000 })
      for (let index = 0; index < 300; index += 1) {
        await put(store, `/registry/pods/ns/${index % 5}`, 'x'.repeat(200))
      }
      expect((await stat(join(directory, 'log'))).size).toBeLessThan(21_000)
    }
    await using store = await openStore({ directory })
    expect(store.revision).toBe(1300)
    expect(store.range('/registry/pods/').values.map((value) => value.modRevision)).toEqual([
      1296, 1297, 1298, 1299, 1300,
    ])
  })

  it('answers Events before they are durable, but in order, and skips ahead after a crash', async () => {
    await using store = await openStore({ directory, nowMs: () => 1000 })
    const order: string[] = []
    const pod = put(store, '/registry/pods/ns/a').then(() => order.push('pod'))
    const event = put(store, '/registry/events/ns/e').then(() => order.push('event'))
    expect(store.revision).toBe(1000)
    await Promise.all([pod, event])
    expect(order).toEqual(['pod', 'event'])
    const alone = put(store, '/registry/events/ns/f')
    expect(store.revision).toBe(1003)
    await alone
  })

  it('refuses commits after it is closed', async () => {
    const store = await openStore({ directory })
    await store[Symbol.asyncDispose]()
    await expect(put(store, '/registry/pods/ns/a')).rejects.toThrow(StoreError)
  })

  it('shares flushes between writers', async () => {
    await using store = await openStore({ directory })
    const started = performance.now()
    await Promise.all(Array.from({ length: 2000 }, (_, index) => put(store, `/registry/pods/ns/${index}`)))
    expect(performance.now() - started).toBeLessThan(5000)
    expect(keys(store, '/registry/pods/')).toHaveLength(2000)
  })
})
