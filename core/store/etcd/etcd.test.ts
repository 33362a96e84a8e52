import { describe, expect, it } from 'vitest'
import type { CompactionState } from './compaction.ts'
import { claimed, claimRequest, FIRST_ROUND } from './compaction.ts'
import { Leases } from './leases.ts'
import { changesBetween, changesByRevision, encoded } from './wire.ts'

const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }
const event = (key: string, revision: number, type?: 'DELETE') => ({
  ...(type ? { type } : {}),
  kv: { key: encoded(key), value: encoded(JSON.stringify(object)), mod_revision: String(revision) },
})

describe('compaction', () => {
  it('compacts, one interval late, on the server whose turn it is', () => {
    const etcd = { version: 0, revision: 100 }
    const compacted: number[] = []
    const round = (state: CompactionState): CompactionState => {
      etcd.revision += 10
      const isMine = claimRequest(state).compare[0]?.version === String(etcd.version)
      if (isMine) etcd.version += 1
      const found = { kvs: [{ key: '', version: String(etcd.version) }] }
      const header = { revision: String(etcd.revision) }
      const answer = isMine ? { header, succeeded: true } : { header, responses: [{ response_range: found }] }
      const { next, compactTo } = claimed(state, answer)
      if (compactTo !== undefined) compacted.push(compactTo)
      return next
    }
    let [a, b] = [FIRST_ROUND, FIRST_ROUND]
    for (let i = 0; i < 4; i += 1) {
      a = round(a)
      b = round(b)
    }
    // a claims each round, b only looks; a compacts to what it saw the round before.
    expect(compacted).toEqual([110, 130, 150])
    b = round(b)
    b = round(b)
    expect(compacted.at(-1)).toBe(190)
  })
})

describe('leases', () => {
  it('are shared for a twentieth of the time to live, and by a thousand keys', async () => {
    const granted: number[] = []
    let now = 0
    const grant = (ttl: number) => Promise.resolve(String(granted.push(ttl)))
    const leases = new Leases({ grant, monotonic: () => now })
    const idOf = async () => (await leases.idsFor([600])).get(600)
    const ids = await Promise.all(Array.from({ length: 1001 }, idOf))
    expect([ids[0], ids[999], ids[1000]]).toEqual(['1', '1', '2'])
    now = 29_000
    expect(await idOf()).toBe('2')
    now = 31_000
    expect(await idOf()).toBe('3')
    expect(granted).toEqual([630, 630, 630])
  })

  it('ask again after a failure', async () => {
    let fails = true
    const grant = () => (fails ? Promise.reject(new Error('away')) : Promise.resolve('7'))
    const leases = new Leases({ grant, monotonic: () => 0 })
    await expect(leases.idsFor([60])).rejects.toThrow('away')
    fails = false
    expect(await leases.idsFor([60])).toEqual(new Map([[60, '7']]))
  })
})

describe('changes', () => {
  it('come by revision, foreign ones as revisions without change', () => {
    const events = [
      event('/registry/a', 5),
      event('/registry/b', 5, 'DELETE'),
      event('/elsewhere', 6),
      event('/registry/c', 7),
    ]
    const told = changesByRevision(events).map(({ revision, changes }) => [
      revision,
      changes.map(({ key }) => key),
    ])
    expect(told).toEqual([
      [5, ['/registry/a', '/registry/b']],
      [6, []],
      [7, ['/registry/c']],
    ])
  })

  it('between two readings: puts at their own revision, deletions at the reading’s', () => {
    const at = (key: string, modRevision: number) => ({ key, value: object, modRevision })
    const before = [at('/registry/kept', 1), at('/registry/gone', 2), at('/registry/moved', 3)]
    const after = [at('/registry/kept', 1), at('/registry/moved', 9), at('/registry/new', 6)]
    expect(
      changesBetween(before, after, 10).map(({ revision, changes }) => [
        revision,
        changes[0]?.kind,
        changes[0]?.key,
      ]),
    ).toEqual([
      [6, 'put', '/registry/new'],
      [9, 'put', '/registry/moved'],
      [10, 'delete', '/registry/gone'],
    ])
  })
})
