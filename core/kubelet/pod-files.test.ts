import { describe, expect, test } from 'vitest'
import { pod } from '../../test/support/builders.ts'
import type { PodSpec } from '../api/generated/core-v1.ts'
import { hostname, hostsFile, resolvConf } from './pod-files.ts'

const FACTS = {
  clusterDNS: '10.96.0.10',
  clusterDomain: 'cluster.local',
  node: { nameservers: ['192.0.2.53'], searches: ['example.org'], options: ['timeout:2'] },
}
const SEARCH = 'search ns1.svc.cluster.local svc.cluster.local cluster.local example.org'

describe('/etc/resolv.conf', () => {
  const rows: readonly [string, Partial<PodSpec>, readonly string[]][] = [
    ['the cluster comes first', {}, [SEARCH, 'nameserver 10.96.0.10', 'options ndots:5']],
    [
      'as the node',
      { dnsPolicy: 'Default' },
      ['search example.org', 'nameserver 192.0.2.53', 'options timeout:2'],
    ],
    [
      'on the node network, as the node',
      { hostNetwork: true },
      ['search example.org', 'nameserver 192.0.2.53', 'options timeout:2'],
    ],
    [
      'on the node network, the cluster',
      { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' },
      [SEARCH, 'nameserver 10.96.0.10', 'options ndots:5'],
    ],
    [
      'only what the pod says',
      {
        dnsPolicy: 'None',
        dnsConfig: {
          nameservers: ['192.0.2.1'],
          searches: ['a.test'],
          options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
        },
      },
      ['search a.test', 'nameserver 192.0.2.1', 'options ndots:2 edns0'],
    ],
    [
      'additions: options by name, nothing twice, three servers at most',
      {
        dnsConfig: {
          nameservers: ['10.96.0.10', '192.0.2.1', '192.0.2.2', '192.0.2.3'],
          searches: ['cluster.local', 'b.test'],
          options: [{ name: 'ndots', value: '1' }],
        },
      },
      [
        `${SEARCH} b.test`,
        'nameserver 10.96.0.10',
        'nameserver 192.0.2.1',
        'nameserver 192.0.2.2',
        'options ndots:1',
      ],
    ],
  ]
  test.each(rows)('%s', (_name, spec, lines) => {
    expect(resolvConf(pod('ns1/p', { spec }), FACTS)).toBe(`${lines.join('\n')}\n`)
  })
})

describe('the host name', () => {
  const rows: readonly [string, Partial<PodSpec>, string][] = [
    ['web-1', {}, 'web-1'],
    ['web-1', { hostname: 'given' }, 'given'],
    ['web-1', { hostNetwork: true }, 'node-a'],
    [`${'a'.repeat(62)}-b`, {}, 'a'.repeat(62)],
  ]
  test.each(rows)('of %s with %j is %s', (name, spec, expected) => {
    expect(hostname(pod(`ns1/${name}`, { spec }), 'node-a')).toBe(expected)
  })
})

test('/etc/hosts names the pod, in full with a subdomain, and its aliases', () => {
  const spec = {
    hostname: 'web',
    subdomain: 'sub',
    hostAliases: [{ ip: '192.0.2.7', hostnames: ['a.test', 'b.test'] }],
  }
  const lines = hostsFile(pod('ns1/p', { spec }), '192.0.2.1', 'cluster.local').split('\n')
  expect(lines[0]).toBe('# Kubernetes-managed hosts file.')
  expect(lines[1]).toBe('127.0.0.1\tlocalhost')
  expect(lines.slice(-5)).toEqual([
    '192.0.2.1\tweb.sub.ns1.svc.cluster.local\tweb',
    '',
    '# Entries added by HostAliases.',
    '192.0.2.7\ta.test\tb.test',
    '',
  ])
})
