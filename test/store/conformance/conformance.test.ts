import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../../core/api/object.ts'
import type { Store, StoreEvent } from '../../../core/store/store.ts'
import { CompactedError } from '../../../core/store/store.ts'
import type { Backend } from './backends.io.ts'
import { BACKENDS } from './backends.io.ts'

const object = (name: string, payload = ''): KubernetesObject =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, annotations: { payload } } }) as KubernetesObject

const put = (store: Store, key: string, payload = '', modRevision?: number) =>
  store.commit({
    expect: modRevision === undefined ? [] : [{ key, modRevision }],
    changes: [{ kind: 'put', key, value: object(key, payload) }],
  })
const remove = (store: Store, key: string, modRevision?: number) =>
  store.commit({
    expect: modRevision === undefined ? [] : [{ key, modRevision }],
    changes: [{ kind: 'delete', key }],
  })
const payloadOf = (value: KubernetesObject | undefined) => value?.metadata.annotations?.['payload']
const revisionOf = async (result: ReturnType<typeof put>): Promise<number> => {
  const answer = await result
  if (answer.kind === 'conflict') throw new Error(`conflict at ${answer.key}`)
  return answer.revision
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 15_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`)
    await new Promise((done) => setTimeout(done, 10))
  }
}

let rounds = 0

describe.each(BACKENDS)('$name store', ({ missing, isDurable, isShared, start }) => {
  const test = it.skipIf(missing !== undefined)
  if (missing !== undefined) it.skip(missing, () => undefined)
  let backend: Backend
  /** a part of the keys nobody used yet */
  let prefix = ''

  beforeAll(async () => {
    if (missing === undefined) backend = await start()
  }, 30_000)
  afterAll(async () => {
    if (missing === undefined) await backend[Symbol.asyncDispose]()
  })
  beforeEach(() => {
    rounds += 1
    prefix = `/registry/kind${rounds}/`
  })

  test('revisions are global, only grow, and stand in the objects', async () => {
    await using store = await backend.open()
    const before = store.revision
    const first = await revisionOf(put(store, `${prefix}ns/a`))
    const second = await revisionOf(put(store, `/registry/other${rounds}/ns/b`))
    const third = await revisionOf(remove(store, `${prefix}ns/a`))
    expect([first, second, third]).toEqual([before + 1, before + 2, before + 3])
    expect(store.revision).toBe(third)
    const result = await put(store, `${prefix}ns/c`)
    const found = store.get(`${prefix}ns/c`)
    expect(found?.modRevision).toBe(third + 1)
    expect(found?.value.metadata.resourceVersion).toBe(String(third + 1))
    expect(result).toEqual({ kind: 'committed', revision: third + 1, values: [found] })
    expect(Object.isFrozen(found?.value.metadata)).toBe(true)
  })

  test('reads its own writes at once, in key order', async () => {
    await using store = await backend.open()
    for (const name of ['ns/b', 'ns/a', 'ns-2/c', 'ns/a-b']) {
      await put(store, prefix + name)
      expect(store.get(prefix + name)).toBeDefined()
    }
    const keys = (under: string) => store.range(under).values.map(({ key }) => key.slice(prefix.length))
    expect(keys(prefix)).toEqual(['ns-2/c', 'ns/a', 'ns/a-b', 'ns/b'])
    expect(keys(`${prefix}ns/`)).toEqual(['ns/a', 'ns/a-b', 'ns/b'])
  })

  test('compares and swaps: of many writers one wins, and the others are told who', async () => {
    await using store = await backend.open()
    const key = `${prefix}ns/a`
    const results = await Promise.all(Array.from({ length: 20 }, (_, i) => put(store, key, String(i), 0)))
    const won = results.filter(({ kind }) => kind === 'committed')
    expect(won).toHaveLength(1)
    for (const result of results) {
      if (result.kind === 'conflict') {
        expect(result).toMatchObject({
          key,
          current: { key, modRevision: won[0]?.kind && store.get(key)?.modRevision },
        })
      }
    }
    const { modRevision = 0 } = store.get(key) ?? {}
    expect(await put(store, key, 'x', modRevision - 1)).toMatchObject({ kind: 'conflict', key })
    expect(await remove(store, key, modRevision - 1)).toMatchObject({ kind: 'conflict', key })
    expect(await put(store, key, 'y', modRevision)).toMatchObject({ kind: 'committed' })
    expect(await remove(store, key, 0)).toMatchObject({ kind: 'conflict' })
    expect(payloadOf(store.get(key)?.value)).toBe('y')
  })

  test('a transaction is done whole or not at all, also where it guards other keys', async () => {
    await using store = await backend.open()
    const [a, b, guard] = [`${prefix}ns/a`, `${prefix}ns/b`, `${prefix}guard`]
    const guarded = await revisionOf(put(store, guard))
    await put(store, guard, 'moved')
    const changes = [a, b].map((key) => ({ kind: 'put' as const, key, value: object(key) }))
    const lost = await store.commit({
      expect: [
        { key: a, modRevision: 0 },
        { key: guard, modRevision: guarded },
      ],
      changes,
    })
    expect(lost).toMatchObject({ kind: 'conflict', key: guard, current: { modRevision: guarded + 1 } })
    expect(store.get(a)).toBeUndefined()
    const won = await revisionOf(
      store.commit({ expect: [{ key: guard, modRevision: guarded + 1 }], changes }),
    )
    expect([store.get(a)?.modRevision, store.get(b)?.modRevision]).toEqual([won, won])
  })

  test('watches tell what was, in order, with previous values, then what comes', async () => {
    await using store = await backend.open()
    const start = store.revision
    await put(store, `${prefix}ns/a`, '1')
    const after = await revisionOf(put(store, `${prefix}ns/a`, '2'))
    const seen: StoreEvent[] = []
    const late: StoreEvent[] = []
    using stack = new DisposableStack()
    stack.defer(store.watch(`${prefix}ns/`, start, (events) => seen.push(...events)))
    stack.defer(store.watch(`${prefix}ns/`, after, (events) => late.push(...events)))
    await put(store, `${prefix}other/a`)
    await remove(store, `${prefix}ns/a`)
    await put(store, `${prefix}ns/a`, '3')
    const told = seen.map(({ kind, value, previous }) => [kind, payloadOf(value), payloadOf(previous)])
    expect(told).toEqual([
      ['put', '1', undefined],
      ['put', '2', '1'],
      ['delete', '2', '2'],
      ['put', '3', undefined],
    ])
    expect(late).toEqual(seen.slice(2))
    const revisions = seen.map(({ revision }) => revision)
    expect(revisions).toEqual([...new Set(revisions)].sort((x, y) => x - y))
  })

  test('reads at a revision that is kept, and refuses what is compacted', async () => {
    await using store = await backend.open({ historyLimit: 10 })
    const revisions: number[] = []
    for (let i = 0; i < 30; i += 1) revisions.push(await revisionOf(put(store, `${prefix}ns/a`, String(i))))
    const [oldest = 0] = revisions
    const recent = revisions.at(-5)
    expect(payloadOf(store.range(prefix, recent).values[0]?.value)).toBe('25')
    expect(() => store.range(prefix, oldest)).toThrow(CompactedError)
    expect(() => store.watch(prefix, oldest, () => undefined)).toThrow('too old resource version')
    await remove(store, `${prefix}ns/a`)
    expect(store.range(prefix, revisions.at(-1)).values).toHaveLength(1)
    expect(store.range(prefix).values).toHaveLength(0)
  })

  test('keys with a time to live go by themselves, and are told as deleted; a further write renews', async () => {
    await using store = await backend.open()
    const key = `${prefix}ns/short`
    const deleted: string[] = []
    using stack = new DisposableStack()
    stack.defer(
      store.watch(prefix, store.revision, (events) => {
        for (const event of events) if (event.kind === 'delete') deleted.push(event.key)
      }),
    )
    const change = { kind: 'put' as const, value: object('short'), ttlSeconds: 2 }
    await store.commit({ expect: [], changes: [{ ...change, key }] })
    await store.commit({ expect: [], changes: [{ ...change, key: `${prefix}ns/kept` }] })
    await put(store, `${prefix}ns/kept`)
    await until(() => store.get(key) === undefined, 'expiry')
    expect(deleted).toEqual([key])
    expect(store.get(`${prefix}ns/kept`)).toBeDefined()
  }, 20_000)

  test('holds values of any text, up to a megabyte', async () => {
    await using store = await backend.open()
    const payload = `${'x'.repeat(1 << 20)}é\u{1F600}\u0000"\\\n`
    await put(store, `${prefix}ns/large`, payload)
    expect(payloadOf(store.get(`${prefix}ns/large`)?.value)).toBe(payload)
  })

  test('is a map with compare-and-swap, whatever is done to it', async () => {
    await using store = await backend.open()
    const key = fc.constantFrom('a', 'b', 'c')
    const step = fc.record({ key, kind: fc.constantFrom('put', 'delete'), isStale: fc.boolean() })
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        run += 1
        const under = `${prefix}run${run}/`
        const model = new Map<string, { revision: number; payload: string }>()
        const events: StoreEvent[] = []
        const unwatch = store.watch(under, store.revision, (told) => events.push(...told))
        let writes = 0
        for (const [index, { key: name, kind, isStale }] of steps.entries()) {
          const known = model.get(name)?.revision ?? 0
          const expected = isStale ? known + 1 : known
          const write =
            kind === 'put'
              ? put(store, under + name, String(index), expected)
              : remove(store, under + name, expected)
          const result = await write
          expect(result.kind).toBe(isStale ? 'conflict' : 'committed')
          if (result.kind === 'conflict') continue
          if (kind === 'put') model.set(name, { revision: result.revision, payload: String(index) })
          writes += kind === 'put' || model.delete(name) ? 1 : 0
        }
        unwatch()
        const values = store.range(under).values
        expect(
          new Map(
            values.map((v) => [
              v.key.slice(under.length),
              { revision: v.modRevision, payload: payloadOf(v.value) },
            ]),
          ),
        ).toEqual(model)
        expect(events).toHaveLength(writes)
      }),
      { numRuns: 40 },
    )
  })

  it.skipIf(missing !== undefined || !isDurable)(
    'has everything again when it is opened again, and goes on counting',
    async () => {
      let last = 0
      {
        await using store = await backend.open()
        await put(store, `${prefix}ns/a`, '1')
        await put(store, `${prefix}ns/b`, '1')
        last = await revisionOf(remove(store, `${prefix}ns/b`))
      }
      await using store = await backend.open()
      expect(store.range(prefix).values).toMatchObject([{ modRevision: last - 2 }])
      expect(payloadOf(store.get(`${prefix}ns/a`)?.value)).toBe('1')
      expect(await revisionOf(put(store, `${prefix}ns/c`))).toBeGreaterThan(last)
    },
  )

  it.skipIf(missing !== undefined || !isShared)(
    'several on one backend see each other, at once after sync',
    async () => {
      await using one = await backend.open()
      await using other = await backend.open()
      const seen: string[] = []
      using stack = new DisposableStack()
      stack.defer(other.watch(prefix, other.revision, (events) => seen.push(...events.map(({ key }) => key))))
      for (let i = 0; i < 50; i += 1) {
        const key = `${prefix}ns/${i}`
        const revision = await revisionOf(put(one, key, String(i), 0))
        await other.sync?.()
        expect(other.get(key)?.modRevision).toBe(revision)
        expect(await put(other, key, 'mine', 0)).toMatchObject({
          kind: 'conflict',
          current: { modRevision: revision },
        })
      }
      expect(seen).toHaveLength(50)
    },
  )

  it.skipIf(missing !== undefined || !isShared)('sync in the middle of many writes shows them', async () => {
    await using one = await backend.open()
    await using other = await backend.open()
    const acknowledged = new Set<string>()
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let i = 0; i < 40; i += 1) {
        const key = `${prefix}ns/${writer}-${i}`
        // Some by the one that asks: it hears of those by its watch, maybe before its question is answered.
        await put(writer % 2 === 0 ? one : other, key)
        acknowledged.add(key)
      }
    })
    const done = Promise.all(writers)
    let isDone = false
    const readers = Array.from({ length: 4 }, async () => {
      while (!isDone) {
        const before = [...acknowledged]
        await other.sync?.()
        expect(before.filter((key) => other.get(key) === undefined)).toEqual([])
      }
    })
    await done.finally(() => (isDone = true))
    await Promise.all(readers)
    expect(acknowledged.size).toBe(320)
  })
})
