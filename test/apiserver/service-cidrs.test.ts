/** ServiceCIDRs and IPAddresses: ranges that come and go, and one object for each address in use. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IP_ADDRESSES, NAMESPACES, SERVICE_CIDRS, SERVICES } from '../../core/api/scheme.ts'
import { createRegistry } from '../../core/apiserver/object-registry.ts'
import type { Registry } from '../../core/apiserver/registry/registry.ts'
import { openMemoryStore } from '../../core/store/memory-store.ts'
import type { Store } from '../../core/store/store.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import { systemRandom } from '../../host/linux/random.io.ts'
import { eventually } from '../support/test-host.io.ts'
import type { Loose } from './fixture.ts'
import { fixture } from './fixture.ts'

const service = (name: string, spec: Loose = {}): Loose => ({
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
})
const cidr = (name: string, ...cidrs: string[]): Loose => ({ metadata: { name }, spec: { cidrs } })

describe('a ServiceCIDR that is there', () => {
  it('may get a second family, and is else what it is', async () => {
    const api = await fixture()
    await api.create(SERVICE_CIDRS, cidr('extra', '10.200.0.0/24'))
    const changed = (...cidrs: string[]): Promise<Loose> =>
      api.patch(SERVICE_CIDRS, 'extra', { type: 'merge', patch: { spec: { cidrs } } })
    await expect(changed('10.201.0.0/24')).rejects.toThrow(
      'spec.cidrs[0]: Invalid value: "10.201.0.0/24": field is immutable',
    )
    await expect(changed('10.200.0.0/24', '10.201.0.0/24')).rejects.toThrow(
      'may specify no more than one IP for each IP family',
    )
    const both = ['10.200.0.0/24', 'fd00:200::/112']
    expect((await changed(...both)).spec.cidrs).toEqual(both)
    await expect(changed('10.200.0.0/24')).rejects.toThrow(
      'spec.cidrs: Invalid value: ["10.200.0.0/24"]: field is immutable',
    )
  })
})

describe('an IPAddress', () => {
  it('comes and goes with the ClusterIP of a Service', async () => {
    const api = await fixture()
    const made = await api.create(SERVICES, service('a', { clusterIP: '10.96.0.50' }))
    expect(api.get(IP_ADDRESSES, '10.96.0.50')).toMatchObject({
      metadata: {
        labels: {
          'ipaddress.kubernetes.io/ip-family': 'IPv4',
          'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
        },
        resourceVersion: made.metadata.resourceVersion,
      },
      spec: { parentRef: { group: '', resource: 'services', namespace: 'default', name: 'a' } },
    })
    await api.patch(SERVICES, 'a', {
      type: 'merge',
      patch: { spec: { type: 'ExternalName', externalName: 'x.test' } },
    })
    expect(api.names(IP_ADDRESSES)).toEqual([])
    await api.create(SERVICES, service('b', { clusterIP: '10.96.0.50' }))
    await api.remove(SERVICES, 'b')
    expect(api.names(IP_ADDRESSES)).toEqual([])
  })

  it('is not made for a rehearsal, nor for headless Services', async () => {
    const api = await fixture()
    await api.create(SERVICES, service('a'), { dryRun: true })
    await api.create(SERVICES, service('b', { clusterIP: 'None' }))
    expect(api.names(IP_ADDRESSES)).toEqual([])
  })

  it('stays with its owner', async () => {
    const api = await fixture()
    const parentRef = { group: 'example.org', resource: 'routers', name: 'r' }
    await api.create(IP_ADDRESSES, { metadata: { name: '10.96.0.61' }, spec: { parentRef } })
    const patch = { spec: { parentRef: { name: 'other' } } }
    await expect(api.patch(IP_ADDRESSES, '10.96.0.61', { type: 'merge', patch })).rejects.toThrow(
      'spec.parentRef: Invalid value: {"Group":"example.org","Resource":"routers","Namespace":"","Name":"other"}: field is immutable',
    )
  })

  it('that a user makes is kept for him', async () => {
    const api = await fixture()
    const parentRef = { group: 'example.org', resource: 'routers', name: 'r' }
    await api.create(IP_ADDRESSES, { metadata: { name: '10.96.0.60' }, spec: { parentRef } })
    await expect(api.create(SERVICES, service('a', { clusterIP: '10.96.0.60' }))).rejects.toThrow(
      'failed to allocate IP 10.96.0.60: provided IP is already allocated',
    )
    await api.remove(IP_ADDRESSES, '10.96.0.60')
    await api.create(SERVICES, service('a', { clusterIP: '10.96.0.60' }))
  })

  it.each([
    ['10.96.0.060', 'must be a valid IP address'],
    ['FD00::1', 'must be a canonical IP address: fd00::1'],
  ])('is not called %s', async (name, message) => {
    const api = await fixture()
    const spec = { parentRef: { resource: 'routers', name: 'r' } }
    await expect(api.create(IP_ADDRESSES, { metadata: { name }, spec })).rejects.toThrow(message)
  })
})

describe('a ServiceCIDR', () => {
  it('opens another range, and closes it when nobody needs it any more', async () => {
    const api = await fixture()
    const wanted = service('far', { clusterIP: '10.200.0.9' })
    await expect(api.create(SERVICES, wanted)).rejects.toThrow('is not in the valid range')
    const made = await api.create(SERVICE_CIDRS, cidr('more', '10.200.0.0/28'))
    expect(made.metadata.finalizers).toEqual(['networking.k8s.io/service-cidr-finalizer'])
    expect(made.status.conditions).toMatchObject([{ type: 'Ready', status: 'True' }])
    await api.create(SERVICES, wanted)
    await api.remove(SERVICE_CIDRS, 'more')
    await expect(api.create(SERVICES, service('late', { clusterIP: '10.200.0.10' }))).rejects.toThrow(
      'is not in the valid range',
    )
    expect(api.names(SERVICE_CIDRS)).toEqual(['more'])
    await api.remove(SERVICES, 'far')
    await eventually('its end', async () => (api.names(SERVICE_CIDRS).length === 0 ? true : undefined))
  })

  it('gives when the first range is full', async () => {
    const store = openMemoryStore({ startRevision: 1 })
    const { registry, context } = await tiny(store, ['10.0.0.0/29'])
    await registry.create(SERVICE_CIDRS, undefined, cidr('more', '10.1.0.0/29'), context)
    const made: string[] = []
    for (let n = 0; n < 11; n += 1) {
      const { spec }: Loose = await registry.create(SERVICES, 'default', service(`s${n}`), context)
      made.push(spec.clusterIP)
    }
    expect(new Set(made).size).toBe(11)
    expect(made.filter((ip) => ip.startsWith('10.0.0.')).length).toBe(5)
    await registry.create(SERVICES, 'default', service('last'), context).then(
      () => undefined,
      (error: Error) => expect(error.message).toContain('range is full'),
    )
  })

  it.each([
    [['10.0.0.0/33'], 'spec.cidrs[0]: Invalid value: "10.0.0.0/33": must be a valid CIDR value'],
    [['10.0.0.1/24'], 'must not have bits set beyond the prefix length'],
    [['10.0.0.0/24', '10.1.0.0/24'], 'may specify no more than one IP for each IP family'],
    [[], 'spec.cidrs: Required value'],
  ])('is not %j', async (cidrs, message) => {
    const api = await fixture()
    await expect(api.create(SERVICE_CIDRS, cidr('x', ...cidrs))).rejects.toThrow(message)
  })
})

async function tiny(
  store: Store,
  serviceCIDRs: readonly string[],
): Promise<{ registry: Registry & Disposable; context: Loose }> {
  const facts = { serviceCIDRs, nodePortRange: { first: 30_000, last: 30_020 } }
  const registry = createRegistry({ store, clock: systemClock, random: systemRandom, facts })
  const context = { user: { name: 'u', groups: ['system:masters'] }, warn: () => undefined }
  if (store.range('/registry/namespaces/').values.length === 0)
    await registry.create(NAMESPACES, undefined, { metadata: { name: 'default' } }, context)
  return { registry, context }
}

describe('two families', () => {
  const RANGES = ['10.96.0.0/24', 'fd00:96::/112']

  it.each<[Loose, readonly string[], number]>([
    [{}, ['IPv4'], 1],
    [{ ipFamilyPolicy: 'PreferDualStack' }, ['IPv4', 'IPv6'], 2],
    [{ ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6'] }, ['IPv6', 'IPv4'], 2],
    [{ ipFamilies: ['IPv6'] }, ['IPv6'], 1],
    [{ clusterIP: 'None', ipFamilyPolicy: 'PreferDualStack' }, ['IPv4', 'IPv6'], 0],
  ])('%j', async (spec, families, count) => {
    const { registry, context } = await tiny(openMemoryStore({ startRevision: 1 }), RANGES)
    const made: Loose = await registry.create(SERVICES, 'default', service('a', spec), context)
    expect(made.spec.ipFamilies).toEqual(families)
    expect(registry.list(IP_ADDRESSES, {}).items).toHaveLength(count)
  })

  it('the second may come later, and go again', async () => {
    const { registry, context } = await tiny(openMemoryStore({ startRevision: 1 }), RANGES)
    const name = { namespace: 'default', name: 'a' }
    const change = async (patch: Loose): Promise<Loose> =>
      (await registry.patch(SERVICES, name, { type: 'merge', patch: { spec: patch } }, context)).object
    const one: Loose = await registry.create(SERVICES, 'default', service('a'), context)
    const two = await change({ ipFamilyPolicy: 'PreferDualStack' })
    expect(two.spec.clusterIPs).toEqual([one.spec.clusterIP, expect.stringMatching(/^fd00:96::/)])
    const again = await change({
      ipFamilyPolicy: 'SingleStack',
      ipFamilies: ['IPv4'],
      clusterIPs: [one.spec.clusterIP],
    })
    expect(again.spec.clusterIPs).toEqual([one.spec.clusterIP])
    expect(registry.list(IP_ADDRESSES, {}).items.map(({ metadata }) => metadata.name)).toEqual([
      one.spec.clusterIP,
    ])
  })
})

const TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'] as const
const anyAction = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  what: fc.constantFrom('create', 'patch', 'delete', 'rehearse', 'restart'),
  type: fc.constantFrom(...TYPES),
  clusterIP: fc.constantFrom(undefined, undefined, '10.0.0.3', 'None', '10.9.9.9'),
  policy: fc.constantFrom(undefined, 'SingleStack', 'PreferDualStack'),
  nodePort: fc.constantFrom(undefined, 30_001, 30_500),
})

/** What is in use, as the Services in the store say it. */
function implied(registry: Registry): { readonly addresses: string[]; readonly ports: number[] } {
  const services: Loose[] = [...registry.list(SERVICES, {}).items]
  return {
    addresses: services.flatMap(({ spec }) => (spec.clusterIPs ?? []).filter((ip: string) => ip !== 'None')),
    ports: services.flatMap(
      ({ spec }) =>
        [...new Set((spec.ports ?? []).flatMap((port: Loose) => port.nodePort ?? []))] as number[],
    ),
  }
}

it('whatever happens, every address and port is of one Service, and every address has its object', async () => {
  const property = fc.asyncProperty(fc.array(anyAction, { maxLength: 30 }), async (actions) => {
    const store = openMemoryStore({ startRevision: 1 })
    let { registry, context } = await tiny(store, ['10.0.0.0/29', 'fd00::/125'])
    for (const { name, what, type, clusterIP, policy, nodePort } of actions) {
      const spec = {
        type,
        ports: [{ port: 80, ...(type === 'NodePort' && nodePort ? { nodePort } : {}) }],
        ...(type === 'ExternalName' ? { externalName: 'x.test', ports: [] } : {}),
        ...(clusterIP && type === 'ClusterIP' ? { clusterIP } : {}),
        ...(policy && type !== 'ExternalName' ? { ipFamilyPolicy: policy } : {}),
      }
      const place = { namespace: 'default', name }
      const before = implied(registry)
      const run = async (): Promise<unknown> => {
        switch (what) {
          case 'create':
            return await registry.create(SERVICES, 'default', service(name, spec), context)
          case 'rehearse':
            return await registry.create(SERVICES, 'default', service(name, spec), {
              ...context,
              dryRun: true,
            })
          case 'patch':
            return await registry.patch(
              SERVICES,
              place,
              { type: 'merge', patch: { spec: { type, ...(policy ? { ipFamilyPolicy: policy } : {}) } } },
              context,
            )
          case 'delete':
            return await registry.delete(SERVICES, place, {}, context)
          case 'restart':
            registry[Symbol.dispose]()
            ;({ registry, context } = await tiny(store, ['10.0.0.0/29', 'fd00::/125']))
            return undefined
        }
      }
      const isDone = await run().then(
        () => true,
        (error: Loose) => {
          expect(error.code === 500 ? error.message : '').toMatch(/^$|range is full/)
          return false
        },
      )
      const after = implied(registry)
      if (!isDone || what === 'rehearse') expect(after).toEqual(before)
      expect(new Set(after.addresses).size).toBe(after.addresses.length)
      expect(new Set(after.ports).size).toBe(after.ports.length)
      const objects = registry.list(IP_ADDRESSES, {}).items.map(({ metadata }) => metadata.name)
      expect(objects.toSorted()).toEqual(after.addresses.toSorted())
    }
    registry[Symbol.dispose]()
    await store[Symbol.asyncDispose]()
  })
  await fc.assert(property, { numRuns: 100 })
})
