/** startCluster(): clusters in this process, no privileges, several at once. */

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DEPLOYMENTS, startCluster } from '../../cli/library.io.ts'
import { ROOT } from '../support/test-host.io.ts'

const SHOP = readdirSync(join(ROOT, 'examples/shop'))
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => readFileSync(join(ROOT, 'examples/shop', name), 'utf8'))
  .join('\n---\n')

it('starts, applies, answers by name, and stops', async () => {
  await using cluster = await startCluster()
  await cluster.apply(SHOP)
  await cluster.ready()
  const { status, body } = await cluster.fetch('http://frontend.shop.svc.cluster.local/x')
  expect(status).toBe(200)
  expect(JSON.parse(body)).toMatchObject({ namespace: 'shop', container: 'web', path: '/x' })
  expect(cluster.resolve('frontend.shop.svc.cluster.local')).toMatch(/^127\./)
  expect(cluster.resolve('nothing.shop.svc.cluster.local')).toBeUndefined()
  const { items } = await cluster.client.list(DEPLOYMENTS, { namespace: 'shop' })
  expect(items).toHaveLength(5)
})

it('refuses bad manifests as a whole', async () => {
  await using cluster = await startCluster()
  const bad = 'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 0 }] }\n'
  await expect(cluster.apply(bad)).rejects.toThrow(/spec\.ports\[0\]\.port: Invalid value: 0/)
})

it('says what is not ready', async () => {
  await using cluster = await startCluster()
  await cluster.apply(
    'apiVersion: v1\nkind: Pod\nmetadata: { name: stuck }\nspec:\n  nodeSelector: { no: such-node }\n  containers: [{ name: c, image: example.org/c }]\n',
  )
  await expect(cluster.ready(300)).rejects.toThrow('pod default/stuck: Pending')
})
