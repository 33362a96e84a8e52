/** LimitRanges, ResourceQuotas and PriorityClasses as whoever creates pods meets them. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  LIMIT_RANGES,
  PODS,
  PRIORITY_CLASSES,
  RESOURCE_QUOTAS,
  SERVICES,
  CONFIG_MAPS,
} from '../../core/api/scheme.ts'
import { resourceQuotaController } from '../../core/controllers/resource-quota.ts'
import type { Cache } from '../../core/controllers/controller.ts'
import type { Fixture, Loose } from './fixture.ts'
import { fixture } from './fixture.ts'

const pod = (name: string, resources: Loose = {}, more: Loose = {}): Loose => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i', resources }], ...more },
})

const limits = (...items: Loose[]): Loose => ({ metadata: { name: 'l' }, spec: { limits: items } })

describe('a LimitRange', () => {
  it('fills in what containers do not say, and notes it', async () => {
    const api = await fixture()
    const item = {
      type: 'Container',
      default: { cpu: '500m', memory: '1Gi' },
      defaultRequest: { cpu: '100m' },
    }
    await api.create(LIMIT_RANGES, limits(item))
    const made = await api.create(PODS, pod('p', { requests: { memory: '2Mi' } }))
    expect(made.spec.containers[0].resources).toEqual({
      limits: { cpu: '500m', memory: '1Gi' },
      requests: { cpu: '100m', memory: '2Mi' },
    })
    expect(made.metadata.annotations['kubernetes.io/limit-ranger']).toBe(
      'LimitRanger plugin set: cpu request for container c; cpu, memory limit for container c',
    )
  })

  it.each<[string, Loose, Loose, string]>([
    [
      'too little',
      { min: { cpu: '100m' } },
      { requests: { cpu: '50m' } },
      'minimum cpu usage per Container is 100m, but request is 50m',
    ],
    [
      'nothing asked for',
      { type: 'Pod', min: { cpu: '100m' } },
      {},
      'minimum cpu usage per Pod is 100m.  No request is specified',
    ],
    [
      'too much',
      { max: { memory: '1Gi' } },
      { limits: { memory: '2Gi' } },
      'maximum memory usage per Container is 1Gi, but limit is 2Gi',
    ],
    [
      'no limit',
      { type: 'Pod', max: { memory: '1Gi' } },
      { requests: { memory: '1Mi' } },
      'maximum memory usage per Pod is 1Gi.  No limit is specified',
    ],
    [
      'too wide a span',
      { maxLimitRequestRatio: { cpu: '2' } },
      { requests: { cpu: '1' }, limits: { cpu: '4' } },
      'cpu max limit to request ratio per Container is 2, but provided ratio is 4.000000',
    ],
  ])('refuses %s', async (_what, item, resources, message) => {
    const api = await fixture()
    await api.create(LIMIT_RANGES, limits({ type: 'Container', ...item }))
    await expect(api.create(PODS, pod('p', resources))).rejects.toThrow(`pods "p" is forbidden: `)
    await expect(api.create(PODS, pod('p', resources))).rejects.toThrow(message)
    expect(api.names(PODS)).toEqual([])
  })

  it('adds up the containers of a pod', async () => {
    const api = await fixture()
    await api.create(LIMIT_RANGES, limits({ type: 'Pod', max: { cpu: '1' } }))
    const one = { name: 'c', image: 'i', resources: { limits: { cpu: '600m' } } }
    const two = { metadata: { name: 'p' }, spec: { containers: [one, { ...one, name: 'd' }] } }
    await expect(api.create(PODS, two)).rejects.toThrow('maximum cpu usage per Pod is 1, but limit is 1200m')
  })
})

describe('priorities', () => {
  it('come from the class, or the class for all', async () => {
    const api = await fixture()
    await api.create(PRIORITY_CLASSES, { metadata: { name: 'high' }, value: 1000, preemptionPolicy: 'Never' })
    expect((await api.create(PODS, pod('a', {}, { priorityClassName: 'high' }))).spec).toMatchObject({
      priority: 1000,
      preemptionPolicy: 'Never',
    })
    expect((await api.create(PODS, pod('b'))).spec.priority).toBe(0)
    await api.create(PRIORITY_CLASSES, { metadata: { name: 'usual' }, value: 10, globalDefault: true })
    expect((await api.create(PODS, pod('c'))).spec).toMatchObject({
      priority: 10,
      priorityClassName: 'usual',
    })
    await expect(api.create(PODS, pod('d', {}, { priorityClassName: 'none' }))).rejects.toThrow(
      'pods "d" is forbidden: no PriorityClass with name none was found',
    )
  })
})

const quota = async (api: Fixture, hard: Loose, used: Loose = {}, more: Loose = {}): Promise<Loose> => {
  const made = await api.create(RESOURCE_QUOTAS, { metadata: { name: 'q' }, spec: { hard, ...more } })
  const zero = Object.fromEntries(Object.keys(hard).map((name) => [name, '0']))
  return await api.update(
    RESOURCE_QUOTAS,
    { ...made, status: { hard, used: { ...zero, ...used } } },
    'status',
  )
}

describe('a ResourceQuota', () => {
  it('is charged with the object, and refuses what is too much', async () => {
    const api = await fixture()
    await quota(api, { pods: '2', 'requests.cpu': '1' })
    await api.create(PODS, pod('a', { requests: { cpu: '600m' } }))
    expect(api.get(RESOURCE_QUOTAS, 'q').status.used).toEqual({ pods: '1', 'requests.cpu': '600m' })
    await expect(api.create(PODS, pod('b', { requests: { cpu: '500m' } }))).rejects.toThrow(
      'pods "b" is forbidden: exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1',
    )
    expect(api.get(RESOURCE_QUOTAS, 'q').status.used.pods).toBe('1')
  })

  it('must be told what is asked for', async () => {
    const api = await fixture()
    await quota(api, { 'limits.cpu': '1', 'requests.memory': '1Gi' })
    await expect(api.create(PODS, pod('a'))).rejects.toThrow(
      'failed quota: q: must specify limits.cpu for: c; requests.memory for: c',
    )
  })

  it('counts objects, and what Services take', async () => {
    const api = await fixture()
    await quota(api, { 'count/configmaps': '1', 'services.nodeports': '1' })
    await api.create(CONFIG_MAPS, { metadata: { name: 'a' } })
    await expect(api.create(CONFIG_MAPS, { metadata: { name: 'b' } })).rejects.toThrow(
      'requested: count/configmaps=1',
    )
    const service = (name: string, type: string): Loose => ({
      metadata: { name },
      spec: { type, ports: [{ port: 80 }] },
    })
    await api.create(SERVICES, service('a', 'NodePort'))
    const plain = await api.create(SERVICES, service('b', 'ClusterIP'))
    await expect(
      api.update(SERVICES, { ...plain, spec: { ...plain.spec, type: 'NodePort' } }),
    ).rejects.toThrow(
      'exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1',
    )
  })

  it('may be for some pods only', async () => {
    const api = await fixture()
    await quota(api, { pods: '0' }, {}, { scopes: ['BestEffort'] })
    await expect(api.create(PODS, pod('a'))).rejects.toThrow('exceeded quota')
    await api.create(PODS, pod('b', { requests: { cpu: '1' } }))
  })

  it('charges nothing for a rehearsal', async () => {
    const api = await fixture()
    await quota(api, { pods: '1' })
    await api.create(PODS, pod('a'), { dryRun: true })
    expect(api.get(RESOURCE_QUOTAS, 'q').status.used.pods).toBe('0')
  })
})

it('a quota is never exceeded, however many ask at once, and what is used is found again', async () => {
  const actions = fc.array(fc.record({ name: fc.nat(9), isDelete: fc.boolean() }), { maxLength: 40 })
  const property = fc.asyncProperty(actions, fc.integer({ min: 0, max: 5 }), async (all, limit) => {
    const api = await fixture()
    await quota(api, { pods: String(limit) })
    await Promise.allSettled(
      all.map(async ({ name, isDelete }) =>
        isDelete
          ? await api.remove(PODS, `p${name}`, { gracePeriodSeconds: 0 })
          : await api.create(PODS, pod(`p${name}`)),
      ),
    )
    const count = api.names(PODS).length
    const before = api.get(RESOURCE_QUOTAS, 'q')
    expect(count).toBeLessThanOrEqual(limit)
    expect(Number(before.status.used.pods)).toBeGreaterThanOrEqual(count)
    const lister = (resource: Loose): Loose => ({
      list: () => api.registry.list(resource, {}).items,
      listIn: (namespace: string) => api.registry.list(resource, { namespace }).items,
      get: (key: string) => api.get(resource, key.split('/')[1] ?? ''),
      hasSynced: true,
    })
    const snapshot = resourceQuotaController.snapshot('default/q', { of: lister } as Cache)
    const [planned] = snapshot ? resourceQuotaController.plan(snapshot, 0).writes : []
    const after: Loose = planned?.write.object ?? before
    expect(after.status.used).toEqual({ pods: String(count) })
  })
  await fc.assert(property, { numRuns: 40 })
})
