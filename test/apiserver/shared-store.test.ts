import { describe, expect, it } from 'vitest'
import { CONFIG_MAPS, NAMESPACES, SERVICES } from '../../core/api/scheme.ts'
import type { Service } from '../../core/api/generated/core-v1.ts'
import { createRegistry } from '../../core/apiserver/object-registry.ts'
import type { Registry, RegistryEvent } from '../../core/apiserver/registry/registry.ts'
import { openEtcdStore } from '../../core/store/etcd/etcd-store.io.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import { systemRandom } from '../../host/linux/random.io.ts'
import { noEtcd, startEtcd } from '../support/etcd.io.ts'

const CONTEXT = { user: { name: 'test', groups: ['system:masters'] }, warn: () => undefined }
const facts = { serviceCIDRs: ['10.96.0.0/24'], nodePortRange: { first: 30_000, last: 30_099 } }

async function server(url: string, stack: AsyncDisposableStack): Promise<Registry> {
  const store = stack.use(await openEtcdStore({ servers: [url], requestTimeoutMs: 2000 }))
  return stack.use(createRegistry({ store, clock: systemClock, random: systemRandom, facts }))
}

const configMap = (name: string, data = {}) => ({ metadata: { name, namespace: 'default' }, data })

describe('two API servers on one etcd', () => {
  if (noEtcd !== undefined) it.skip(noEtcd, () => undefined)

  it.skipIf(noEtcd !== undefined)(
    'see each other’s writes, and never give out an address twice',
    async () => {
      await using etcd = await startEtcd()
      await using stack = new AsyncDisposableStack()
      const a = await server(etcd.url, stack)
      const b = await server(etcd.url, stack)
      await a.create(NAMESPACES, undefined, { metadata: { name: 'default' } }, CONTEXT)

      const events: RegistryEvent[] = []
      stack.defer(b.watch(CONFIG_MAPS, { namespace: 'default' }, (event) => events.push(event)))
      const name = { namespace: 'default', name: 'm' }
      const made = await a.create(CONFIG_MAPS, 'default', configMap('m', { x: '1' }), CONTEXT)
      await b.sync?.()
      expect(b.get(CONFIG_MAPS, name)).toEqual(made)
      await expect(b.create(CONFIG_MAPS, 'default', configMap('m'), CONTEXT)).rejects.toThrow(
        'already exists',
      )
      // An update made elsewhere a moment ago is the one that counts.
      const { object } = await b.update(CONFIG_MAPS, name, configMap('m', { x: '2' }), CONTEXT)
      await expect(a.update(CONFIG_MAPS, name, made, CONTEXT)).rejects.toThrow('the object has been modified')
      await a.delete(CONFIG_MAPS, name, {}, CONTEXT)
      await b.sync?.()
      expect(() => b.get(CONFIG_MAPS, name)).toThrow('not found')
      expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
      expect(events[1]).toMatchObject({ object })

      const service = (index: number) => ({
        metadata: { name: `s${index}`, namespace: 'default' },
        spec: { type: 'NodePort', ports: [{ port: 80 }] },
      })
      const services = await Promise.all(
        Array.from({ length: 24 }, (_, i) =>
          (i % 2 ? a : b).create(SERVICES, 'default', service(i), CONTEXT),
        ),
      )
      const specs = services.map((each) => (each as Service).spec)
      expect(new Set(specs.map(({ clusterIP }) => clusterIP)).size).toBe(24)
      expect(new Set(specs.map(({ ports }) => ports?.[0]?.nodePort)).size).toBe(24)
    },
    60_000,
  )

  it.skipIf(noEtcd !== undefined)(
    'refuse as kube-apiserver does while etcd is away',
    async () => {
      await using etcd = await startEtcd()
      await using stack = new AsyncDisposableStack()
      const a = await server(etcd.url, stack)
      await a.create(NAMESPACES, undefined, { metadata: { name: 'default' } }, CONTEXT)
      const large = configMap('large', { x: 'x'.repeat(1_000_000), y: 'y'.repeat(40_000) })
      await a.create(CONFIG_MAPS, 'default', large, CONTEXT)
      await etcd.kill()
      const refused = {
        code: 500,
        status: { message: expect.stringMatching(/^rpc error: code = Unavailable/) as string },
      }
      await expect(a.create(CONFIG_MAPS, 'default', configMap('m'), CONTEXT)).rejects.toMatchObject(refused)
      await expect(a.sync?.()).rejects.toMatchObject(refused)
      expect(a.list(CONFIG_MAPS, { resourceVersion: '0' }).items).toHaveLength(1)
      await etcd.start()
      await expect(a.create(CONFIG_MAPS, 'default', configMap('m'), CONTEXT)).resolves.toBeDefined()
    },
    60_000,
  )
})
