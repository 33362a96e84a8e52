/** Controllers that are about every kind, and kinds that are defined while they run. */

import { expect, it } from 'vitest'
import { servedRows } from '../../core/api/custom-resource.ts'
import type { CustomResourceDefinition } from '../../core/api/generated/apiextensions-v1.ts'
import type { KubernetesObject } from '../../core/api/object.ts'
import type { Resource } from '../../core/api/resource.ts'
import { CONFIG_MAPS, CUSTOM_RESOURCE_DEFINITIONS, NAMESPACES } from '../../core/api/scheme.ts'
import { inProcessClient } from '../../core/apiserver/in-process-client.ts'
import { createRegistry } from '../../core/apiserver/object-registry.ts'
import type { Client } from '../../core/client/client.ts'
import { sharedInformers } from '../../core/client/shared-informers.ts'
import { startControllers } from '../../core/controllers/controllers.ts'
import { openMemoryStore } from '../../core/store/memory-store.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import { systemRandom } from '../../host/linux/random.io.ts'
import { eventually } from '../support/test-host.io.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }

async function world(): Promise<{ readonly client: Client } & AsyncDisposable> {
  const stack = new AsyncDisposableStack()
  const store = stack.use(openMemoryStore({ startRevision: 1 }))
  const facts = { serviceCIDRs: ['10.96.0.0/12'], nodePortRange: { first: 30_000, last: 32_767 } }
  const registry = stack.use(createRegistry({ store, clock: systemClock, random: systemRandom, facts }))
  const client = inProcessClient(registry, { user: 'test', fieldManager: 'test' })
  const informers = stack.use(sharedInformers({ client, clock: systemClock, log }))
  const options = { client, informers, clock: systemClock, log }
  stack.use(startControllers({ ...options, caCertificate: 'PEM', loadBalancerCIDR: '192.0.2.0/28' }))
  for (const name of ['default', 'short']) {
    await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} })
  }
  return { client, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

async function defined(client: Client, plural: string, kind: string): Promise<Resource<KubernetesObject>> {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  const crd: CustomResourceDefinition = await client.create(CUSTOM_RESOURCE_DEFINITIONS, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.example.org` },
    spec: {
      group: 'example.org',
      scope: 'Namespaced',
      names: { plural, kind },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  })
  const [row] = servedRows(crd)
  if (row === undefined) throw new Error(`${plural} are not served`)
  return row
}

const object = (kind: string, metadata: KubernetesObject['metadata']): KubernetesObject => ({
  apiVersion: 'example.org/v1',
  kind,
  metadata,
})

const isGone = (
  client: Client,
  resource: Resource<KubernetesObject>,
  name: { namespace?: string; name: string },
) =>
  eventually(`the end of ${name.name}`, async () =>
    client.get(resource, name).then(
      () => undefined,
      () => true,
    ),
  )

it('custom resources go with their namespace', async () => {
  await using cluster = await world()
  const { client } = cluster
  const gadgets = await defined(client, 'gadgets', 'Gadget')
  await client.create(gadgets, object('Gadget', { name: 'a', namespace: 'short' }))
  await client.create(gadgets, object('Gadget', { name: 'b', namespace: 'default' }))
  await client.delete(NAMESPACES, { name: 'short' })
  await isGone(client, NAMESPACES, { name: 'short' })
  expect((await client.list(gadgets)).items.map(({ metadata }) => metadata.name)).toEqual(['b'])
})

it('custom resources own, and are owned', async () => {
  await using cluster = await world()
  const { client } = cluster
  const gadgets = await defined(client, 'gadgets', 'Gadget')
  const owner = await client.create(gadgets, object('Gadget', { name: 'owner', namespace: 'default' }))
  const ownerReferences = [
    { apiVersion: 'example.org/v1', kind: 'Gadget', name: 'owner', uid: owner.metadata.uid ?? '' },
  ]
  const metadata = { name: 'owned', namespace: 'default', ownerReferences }
  await client.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
  await client.create(gadgets, object('Gadget', metadata))
  // Seen to be owned: what is collected wrongly would be gone by the time other objects were looked at.
  const stray = {
    ...metadata,
    name: 'stray',
    ownerReferences: [{ ...ownerReferences[0], uid: 'none' } as never],
  }
  await client.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: stray })
  await isGone(client, CONFIG_MAPS, stray)
  await client.get(CONFIG_MAPS, metadata)
  await client.delete(gadgets, owner.metadata)
  await isGone(client, CONFIG_MAPS, metadata)
  await isGone(client, gadgets, metadata)
})

it('owners of kinds nobody defined are left in peace, and kinds may come and go', async () => {
  await using cluster = await world()
  const { client } = cluster
  const ownerReferences = [{ apiVersion: 'other.org/v1', kind: 'Unknown', name: 'x', uid: 'somewhere-else' }]
  const metadata = { name: 'owned', namespace: 'default', ownerReferences }
  await client.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
  for (let round = 0; round < 3; round += 1) {
    const gadgets = await defined(client, 'gadgets', 'Gadget')
    await client.create(gadgets, object('Gadget', { name: 'a', namespace: 'default' }))
    await client.delete(CUSTOM_RESOURCE_DEFINITIONS, { name: 'gadgets.example.org' })
    await isGone(client, CUSTOM_RESOURCE_DEFINITIONS, { name: 'gadgets.example.org' })
  }
  await client.get(CONFIG_MAPS, metadata)
})
