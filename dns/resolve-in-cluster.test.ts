import { expect, it } from 'vitest'
import { namespace, service } from '../test/support/builders.ts'
import { zoneConfig } from './answer.ts'
import { recordTable } from './records.ts'
import { resolveInCluster } from './resolve-in-cluster.ts'

const cluster = {
  records: recordTable(
    {
      namespaces: [namespace('shop')],
      services: [
        service('shop/web', { clusterIPs: ['10.96.0.7', '2001:db8::7'] }),
        service('shop/docs', { type: 'ExternalName', externalName: 'docs.example.org' }),
      ],
      slices: [],
    },
    1,
  ),
  config: zoneConfig(['cluster', 'local']),
}
const web = { kind: 'address', address: '10.96.0.7', addresses: ['10.96.0.7', '2001:db8::7'] }

it.each([
  ['web.shop.svc.cluster.local', web],
  ['WEB.shop.svc.cluster.local.', web],
  ['web.shop', web],
  ['web.shop.svc', web],
  ['web.shop.', { kind: 'foreign' }],
  ['docs.shop.svc.cluster.local', { kind: 'alias', name: 'docs.example.org' }],
  ['nothing.shop.svc.cluster.local', { kind: 'missing' }],
  ['example.org', { kind: 'foreign' }],
  ['', { kind: 'foreign' }],
  ['192.0.2.1', { kind: 'foreign' }],
])('%s', (name, expected) => {
  expect(resolveInCluster(name, cluster, ['svc.cluster.local', 'cluster.local'])).toEqual(expected)
})
