import { describe, expect, it } from 'vitest'
import { planHostResolver, resolvedCommands, reverseZones } from './host-resolver-plan.ts'
import type { HostFacts } from './host-resolver-plan.ts'

const FACTS: HostFacts = {
  hasResolved: false,
  resolvConf: '/etc/resolv.conf',
  nameserver: { address: '127.0.0.10', port: 53 },
}

describe('planHostResolver', () => {
  it.each<[string, Partial<HostFacts>, object]>([
    ['a plain file', {}, { method: 'bind-mount', target: '/etc/resolv.conf' }],
    [
      'systemd-resolved and a link',
      { hasResolved: true, link: 'ptl-node' },
      { method: 'systemd-resolved', link: 'ptl-node' },
    ],
    ['a link without systemd-resolved', { link: 'ptl-node' }, { method: 'bind-mount' }],
    ['systemd-resolved without a link', { hasResolved: true }, { method: 'none' }],
    ['no file', { resolvConf: undefined }, { method: 'none' }],
    [
      'a port that resolv.conf cannot name',
      { nameserver: { address: '127.0.0.10', port: 5353 } },
      { method: 'none' },
    ],
    [
      'the same with systemd-resolved',
      { hasResolved: true, link: 'l', nameserver: { address: '127.0.0.10', port: 5353 } },
      { method: 'systemd-resolved' },
    ],
  ])('%s', (_what, facts, plan) => expect(planHostResolver({ ...FACTS, ...facts })).toMatchObject(plan))
})

it.each([
  ['10.96.0.0/16', ['96.10.in-addr.arpa']],
  ['10.0.0.0/8', ['10.in-addr.arpa']],
  ['192.0.2.0/24', ['2.0.192.in-addr.arpa']],
  ['10.96.0.0/14', ['96.10.in-addr.arpa', '97.10.in-addr.arpa', '98.10.in-addr.arpa', '99.10.in-addr.arpa']],
  ['192.0.2.4/31', ['4.2.0.192.in-addr.arpa', '5.2.0.192.in-addr.arpa']],
  ['2001:db8::/32', []],
  ['nonsense', []],
])('reverse zones of %s', (range, zones) => expect(reverseZones(range)).toEqual(zones))

it('tells systemd-resolved only about the cluster', () => {
  const commands = resolvedCommands({
    link: 'ptl-node',
    nameserver: { address: '127.0.0.10', port: 5353 },
    clusterDomain: 'cluster.local',
    ranges: ['10.96.0.0/16'],
  })
  expect(commands.map((argv) => argv.join(' '))).toEqual([
    'resolvectl dns ptl-node 127.0.0.10:5353',
    'resolvectl domain ptl-node ~cluster.local ~96.10.in-addr.arpa',
    'resolvectl default-route ptl-node false',
    'resolvectl flush-caches',
  ])
})
