import { describe, expect, it } from 'vitest'
import type { HealthChecks, HealthQuery } from './health.ts'
import { healthChecks, healthReport } from './health.ts'

const checks: HealthChecks = {
  fine: () => Promise.resolve(),
  broken: () => Promise.reject(new Error('private')),
}
const plain: HealthQuery = { verbose: false, exclude: [] }

describe('healthReport()', () => {
  const rows: readonly (readonly [string, Partial<HealthQuery>, string])[] = [
    [
      'one that fails',
      {},
      '500 [+]ping ok\n[+]fine ok\n[-]broken failed: reason withheld\nreadyz check failed\n',
    ],
    ['without it', { exclude: ['broken'] }, '200 ok'],
    [
      'without it, told',
      { exclude: ['broken'], verbose: true },
      '200 [+]ping ok\n[+]fine ok\n[+]broken excluded: ok\nreadyz check passed\n',
    ],
    ['one that is fine alone', { only: 'fine' }, '200 ok'],
    ['one that fails alone', { only: 'broken' }, '500 internal server error: reason withheld\n'],
    [
      'exclusions that name nothing',
      { exclude: ['broken', 'a', 'b'], verbose: true },
      '200 [+]ping ok\n[+]fine ok\n[+]broken excluded: ok\nwarn: some health checks cannot be excluded: no matches for "a","b"\nreadyz check passed\n',
    ],
  ]
  for (const [what, query, expected] of rows) {
    it(what, async () => {
      const report = await healthReport('readyz', checks, { ...plain, ...query })
      expect(`${report?.code} ${report?.body}`).toBe(expected)
    })
  }

  it('of a check that is not there', async () => {
    expect(await healthReport('livez', checks, { ...plain, only: 'nope' })).toBeUndefined()
  })
})

describe('healthChecks()', () => {
  const never = { sleep: () => new Promise<void>(() => undefined) }

  it('has none where the process itself has all there is', () => {
    expect(healthChecks('readyz', undefined, never)).toEqual({})
  })

  it('asks the store, whose readiness only /readyz tells', async () => {
    const names = (['healthz', 'livez', 'readyz'] as const).map((endpoint) =>
      Object.keys(healthChecks(endpoint, () => Promise.resolve(), never)),
    )
    expect(names).toEqual([['etcd'], ['etcd'], ['etcd', 'etcd-readiness']])
    await expect(healthChecks('livez', () => Promise.resolve(), never)['etcd']?.()).resolves.toBeUndefined()
  })

  it('gives up on a store that does not answer', async () => {
    const late = { sleep: () => Promise.resolve() }
    const silent = healthChecks('livez', () => new Promise(() => undefined), late)
    await expect(silent['etcd']?.()).rejects.toThrow('no answer in time')
  })
})
