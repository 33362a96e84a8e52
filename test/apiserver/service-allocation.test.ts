import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ApiError } from '../../core/api/api-error.ts'
import { NAMESPACES, SERVICES } from '../../core/api/scheme.ts'
import { openStore } from '../../core/store/open-store.io.ts'
import type { Loose } from './fixture.ts'
import { fixture } from './fixture.ts'

const service = (name: string, spec: object = {}): Loose => ({
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
})
const nodePort = (name: string, port?: number): Loose =>
  service(name, { type: 'NodePort', ports: [{ port: 80, ...(port ? { nodePort: port } : {}) }] })

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'done'
  } catch (error) {
    if (error instanceof ApiError) return `${error.code} ${error.message}`
    throw error
  }
}

describe('cluster IPs', () => {
  it('come from the dynamic band, with the fields that go with them', async () => {
    const { create } = await fixture()
    const made = await create(SERVICES, service('a'))
    expect(Number(made.spec.clusterIP.split('.')[3])).toBeGreaterThan(16)
    expect(made.spec).toMatchObject({
      clusterIPs: [made.spec.clusterIP],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      type: 'ClusterIP',
    })
  })

  it('may be asked for: kept for kubernetes, refused when taken or out of range', async () => {
    const { create } = await fixture()
    expect(
      (await create(SERVICES, service('kube-dns', { clusterIP: '10.96.0.10' }))).spec.clusterIPs,
    ).toEqual(['10.96.0.10'])
    expect(await refusal(create(SERVICES, service('b', { clusterIP: '10.96.0.10' })))).toBe(
      '422 Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is already allocated',
    )
    expect(await refusal(create(SERVICES, service('b', { clusterIP: '10.97.0.1' })))).toContain(
      'failed to allocate IP 10.97.0.1: the provided IP (10.97.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/24',
    )
    expect(await refusal(create(SERVICES, service('b', { clusterIP: '10.96.0.1' })))).toContain(
      'already allocated',
    )
    const made = await create(SERVICES, service('kubernetes', { clusterIP: '10.96.0.1' }))
    expect(made.spec.clusterIP).toBe('10.96.0.1')
  })

  it('are free again when the Service goes, or needs none', async () => {
    const { create, remove, patch } = await fixture()
    const take = (name: string) => create(SERVICES, service(name, { clusterIP: '10.96.0.20' }))
    await take('a')
    await remove(SERVICES, 'a')
    await take('b')
    const external = await patch(SERVICES, 'b', {
      type: 'merge',
      patch: {
        spec: { type: 'ExternalName', externalName: 'example.org', clusterIP: null, clusterIPs: null },
      },
    })
    expect(external.spec.clusterIP).toBeUndefined()
    await take('c')
    await create(SERVICES, service('d'), { dryRun: true })
  })

  it('of headless Services are None, in both families without a selector', async () => {
    const { create } = await fixture()
    const made = await create(SERVICES, service('a', { clusterIP: 'None' }))
    expect(made.spec).toMatchObject({
      clusterIPs: ['None'],
      ipFamilies: ['IPv4', 'IPv6'],
      ipFamilyPolicy: 'RequireDualStack',
    })
    const selecting = await create(SERVICES, service('b', { clusterIP: 'None', selector: { app: 'x' } }))
    expect(selecting.spec).toMatchObject({ ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' })
  })

  it.each([
    [
      { ipFamilyPolicy: 'RequireDualStack' },
      'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    ],
    [{ ipFamilies: ['IPv6'] }, 'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'],
    [
      { clusterIP: '2001:db8::1' },
      'spec.clusterIPs[0]: Invalid value: ["2001:db8::1"]: IPv6 is not configured on this cluster',
    ],
    // Of what else is wrong nothing is said then.
    [
      { ipFamilyPolicy: 'RequireDualStack', ports: [{ port: -1 }] },
      'is invalid: spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    ],
    [
      {
        clusterIP: '192.0.2.7',
        clusterIPs: ['192.0.2.7', '2001:db8::1'],
        ipFamilyPolicy: 'RequireDualStack',
      },
      'is invalid: spec.clusterIPs[1]: Invalid value: ["192.0.2.7","2001:db8::1"]: IPv6 is not configured on this cluster',
    ],
  ])('refuse %j on a cluster of one family', async (spec, message) => {
    const { create } = await fixture()
    expect(await refusal(create(SERVICES, service('a', spec)))).toContain(message)
  })

  it('run out, and say so', async () => {
    const { create, names } = await fixture()
    for (let index = 0; index < 253; index += 1) await create(SERVICES, service(`s${index}`))
    expect(await refusal(create(SERVICES, service('late')))).toBe(
      '500 Internal error occurred: failed to allocate a serviceIP: range is full',
    )
    expect(names(SERVICES)).toHaveLength(253)
  })
})

describe('node ports', () => {
  it('are drawn, asked for, refused', async () => {
    const { create } = await fixture()
    const drawn = (await create(SERVICES, nodePort('a'))).spec.ports[0].nodePort
    expect(drawn).toBeGreaterThanOrEqual(30016)
    await create(SERVICES, nodePort('b', 30001))
    expect(await refusal(create(SERVICES, nodePort('c', 30001)))).toBe(
      '422 Service "c" is invalid: spec.ports[0].nodePort: Invalid value: 30001: provided port is already allocated',
    )
    expect(await refusal(create(SERVICES, nodePort('c', 80)))).toContain(
      'provided port is not in the valid range. The range of valid ports is 30000-30099',
    )
  })

  it('are shared by the protocols of one port', async () => {
    const { create } = await fixture()
    const ports = [
      { name: 'u', port: 53, protocol: 'UDP' },
      { name: 't', port: 53, protocol: 'TCP' },
      { name: 'm', port: 9153 },
    ]
    const made = await create(SERVICES, service('dns', { type: 'NodePort', ports }))
    const [udp, tcp, metrics] = made.spec.ports.map((port: { nodePort: number }) => port.nodePort)
    expect(udp).toBe(tcp)
    expect(metrics).not.toBe(tcp)
    const asked = [{ ...ports[0] }, { ...ports[1], nodePort: 30007 }]
    const honoured = await create(SERVICES, service('dns2', { type: 'NodePort', ports: asked }))
    expect(honoured.spec.ports.map((port: { nodePort: number }) => port.nodePort)).toEqual([30007, 30007])
  })

  it('are kept by an update that does not mention them and given back by one that has no use for them', async () => {
    const { create, update, patch } = await fixture()
    const made = await create(SERVICES, nodePort('a'))
    const port: number = made.spec.ports[0].nodePort
    const same = await update(SERVICES, {
      ...service('a', { type: 'NodePort' }),
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'a', namespace: 'default' },
    })
    expect(same.spec).toMatchObject({ clusterIP: made.spec.clusterIP, ports: [{ nodePort: port }] })
    const inner = await patch(SERVICES, 'a', { type: 'merge', patch: { spec: { type: 'ClusterIP' } } })
    expect([inner.spec.clusterIP, inner.spec.ports[0].nodePort]).toEqual([made.spec.clusterIP, undefined])
    await create(SERVICES, nodePort('b', port))
  })

  it('are held by nobody after a refused request', async () => {
    const { create } = await fixture()
    await create(SERVICES, nodePort('a', 30001))
    const ports = [
      { name: 'x', port: 80, nodePort: 30002 },
      { name: 'y', port: 81, nodePort: 30001 },
    ]
    expect(await refusal(create(SERVICES, service('b', { type: 'NodePort', ports })))).toContain(
      'already allocated',
    )
    expect(await refusal(create(SERVICES, nodePort('a', 30003)))).toContain('already exists')
    await create(SERVICES, nodePort('c', 30002))
    await create(SERVICES, nodePort('d', 30003))
  })

  it('include the health check port of a local load balancer', async () => {
    const { create, update, patch } = await fixture()
    const made = await create(
      SERVICES,
      service('lb', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }),
    )
    const { healthCheckNodePort } = made.spec
    expect(healthCheckNodePort).toBeGreaterThan(30000)
    const { healthCheckNodePort: _, ...spec } = made.spec
    expect((await update(SERVICES, { ...made, spec })).spec.healthCheckNodePort).toBe(healthCheckNodePort)
    const cluster = await patch(SERVICES, 'lb', {
      type: 'merge',
      patch: { spec: { externalTrafficPolicy: 'Cluster' } },
    })
    expect(cluster.spec.healthCheckNodePort).toBeUndefined()
    await create(SERVICES, nodePort('next', healthCheckNodePort))
  })

  it('are not given where the load balancer does not want them', async () => {
    const { create } = await fixture()
    const made = await create(
      SERVICES,
      service('lb', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }),
    )
    expect(made.spec.ports[0].nodePort).toBeUndefined()
  })
})

it('what is given out survives a restart', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'services-'))
  const directory = join(parent, 'data')
  try {
    let ip = ''
    {
      await using store = await openStore({ directory, nowMs: () => 5000 })
      const { create } = await fixture(store)
      await create(NAMESPACES, { metadata: { name: 'default' } })
      ip = (await create(SERVICES, nodePort('a', 30005))).spec.clusterIP
    }
    await using store = await openStore({ directory })
    const { create, get } = await fixture(store)
    expect(get(SERVICES, 'a').spec.clusterIP).toBe(ip)
    expect(await refusal(create(SERVICES, service('b', { clusterIP: ip })))).toContain('already allocated')
    expect(await refusal(create(SERVICES, nodePort('b', 30005)))).toContain('already allocated')
  } finally {
    await rm(parent, { recursive: true })
  }
})

it('no address or port is ever given twice, nor lost, whatever is done at once', async () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  const action = fc.oneof(
    fc.record({
      kind: fc.constant('create' as const),
      name,
      port: fc.option(fc.integer({ min: 30000, max: 30005 }), { nil: undefined }),
    }),
    fc.record({ kind: fc.constant('delete' as const), name }),
    fc.record({ kind: fc.constant('type' as const), name, type: fc.constantFrom('ClusterIP', 'NodePort') }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(action, { maxLength: 4 }), { maxLength: 8 }), async (rounds) => {
      const { create, remove, patch, registry } = await fixture()
      for (const round of rounds) {
        await Promise.all(
          round.map((each) =>
            refusal(
              each.kind === 'create'
                ? create(SERVICES, nodePort(each.name, each.port))
                : each.kind === 'delete'
                  ? remove(SERVICES, each.name)
                  : patch(SERVICES, each.name, { type: 'merge', patch: { spec: { type: each.type } } }),
            ),
          ),
        )
        const { items } = registry.list(SERVICES, {}) as Loose
        const ips = items.map((item: Loose) => item.spec.clusterIP)
        const ports = items
          .flatMap((item: Loose) => item.spec.ports.map((port: Loose) => port.nodePort))
          .filter(Boolean)
        expect([new Set(ips).size, new Set(ports).size]).toEqual([ips.length, ports.length])
        for (const free of [30000, 30001, 30002, 30003, 30004, 30005].filter(
          (port) => !ports.includes(port),
        )) {
          expect(await refusal(create(SERVICES, nodePort('probe', free), { dryRun: true }))).toBe('done')
        }
      }
    }),
    { numRuns: 40 },
  )
})
