import { describe, expect, it } from 'vitest'
import type { HealthChecks, HealthQuery } from './health.ts'
import type { StartHook } from './health.ts'
import { START_HOOKS, healthChecks, healthReport } from './health.ts'

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
  const isDone = (): boolean => true
  const sync = (): Promise<void> => Promise.resolve()
  const HOOKS = START_HOOKS.map((hook) => `poststarthook/${hook}`)

  it('asks no store where the process itself has all there is', () => {
    const checks = healthChecks('readyz', { sync: undefined, isDone, clock: never })
    expect(Object.keys(checks)).toEqual(HOOKS)
  })

  it('fails until what a cluster is born with is there', async () => {
    const done = new Set<StartHook>()
    const checks = healthChecks('readyz', { sync: undefined, isDone: (hook) => done.has(hook), clock: never })
    const roles = { verbose: false, exclude: [], only: 'poststarthook/rbac/bootstrap-roles' }
    expect(await healthReport('readyz', checks, roles)).toMatchObject({ code: 500 })
    done.add('rbac/bootstrap-roles')
    expect(await healthReport('readyz', checks, roles)).toMatchObject({ code: 200 })
    const all = { verbose: false, exclude: [] }
    const partly = await healthReport('readyz', checks, all)
    expect([partly?.code, partly?.body.match(/^\[-\]/gm)?.length]).toEqual([500, HOOKS.length - 1])
    for (const hook of START_HOOKS) done.add(hook)
    expect(await healthReport('readyz', checks, all)).toEqual({ code: 200, body: 'ok' })
  })

  it('asks the store, whose readiness only /readyz tells', async () => {
    const names = (['healthz', 'livez', 'readyz'] as const).map((endpoint) =>
      Object.keys(healthChecks(endpoint, { sync, isDone, clock: never })),
    )
    expect(names).toEqual([
      ['etcd', ...HOOKS],
      ['etcd', ...HOOKS],
      ['etcd', 'etcd-readiness', ...HOOKS],
    ])
    await expect(healthChecks('livez', { sync, isDone, clock: never })['etcd']?.()).resolves.toBeUndefined()
  })

  it('gives up on a store that does not answer', async () => {
    const late = { sleep: () => Promise.resolve() }
    const silent = healthChecks('livez', { sync: () => new Promise(() => undefined), isDone, clock: late })
    await expect(silent['etcd']?.()).rejects.toThrow('no answer in time')
  })
})
