import { describe, expect, it } from 'vitest'
import { endpointSlice, namespace, pod, service } from '../test/support/builders.ts'
import { answerText } from '../test/support/dns-text.ts'
import { answer, zoneConfig } from './answer.ts'
import type { ZoneConfig, ZoneContext } from './answer.ts'
import { TYPE } from './message.ts'
import { parseName } from './names.ts'
import type { RecordSources } from './records.ts'
import { RecordTable, recordTable } from './records.ts'

const ready = { ready: true, serving: true, terminating: false }

/** The cluster that all cases ask about. */
const CLUSTER: RecordSources = {
  namespaces: ['shop', 'data', 'kube-system'].map((name) => namespace(name)),
  services: [
    service('shop/web', { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'] }),
    service('shop/dual', {
      clusterIP: '10.96.0.8',
      clusterIPs: ['10.96.0.8', '2001:db8::8'],
      ports: [
        { name: 'http', port: 80, protocol: 'TCP' },
        { name: 'metrics', port: 9090, protocol: 'TCP' },
      ],
    }),
    service('shop/unnamed', { clusterIP: '10.96.0.9', ports: [{ port: 53, protocol: 'UDP' }] }),
    service('shop/portless', { clusterIP: '10.96.0.12', ports: [] }),
    service('shop/docs', { type: 'ExternalName', externalName: 'docs.example.org', ports: [] }),
    service('shop/alias', { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local', ports: [] }),
    service('shop/alias6', { type: 'ExternalName', externalName: 'dual.shop.svc.cluster.local.', ports: [] }),
    service('shop/alias2', { type: 'ExternalName', externalName: 'docs.shop.svc.cluster.local', ports: [] }),
    service('shop/dangling', { type: 'ExternalName', externalName: 'no.shop.svc.cluster.local', ports: [] }),
    service('shop/self', { type: 'ExternalName', externalName: 'self.shop.svc.cluster.local', ports: [] }),
    service('shop/ping', { type: 'ExternalName', externalName: 'pong.shop.svc.cluster.local', ports: [] }),
    service('shop/pong', { type: 'ExternalName', externalName: 'ping.shop.svc.cluster.local', ports: [] }),
    service('shop/literal', { type: 'ExternalName', externalName: '192.0.2.1', ports: [] }),
    service('data/db', {
      clusterIP: 'None',
      clusterIPs: ['None'],
      ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
    }),
    service('data/empty', { clusterIP: 'None', clusterIPs: ['None'] }),
    service('gone/web', { clusterIP: '10.96.0.10' }),
    service('kube-system/kube-dns', { clusterIP: '10.96.0.53' }),
  ],
  slices: [
    endpointSlice('shop/web', ['10.244.0.3', '10.244.0.4']),
    endpointSlice('data/db', [], {
      ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
      endpoints: [
        { addresses: ['10.244.1.1'], conditions: ready, hostname: 'db-0' },
        { addresses: ['10.244.1.2'], conditions: {} },
        { addresses: ['10.244.1.3'], conditions: { ...ready, ready: false }, hostname: 'db-2' },
        { addresses: ['2001:db8:0:0::'], conditions: ready },
      ],
    }),
    endpointSlice('data/empty', [], {
      endpoints: [{ addresses: ['10.244.1.9'], conditions: { ...ready, ready: false } }],
    }),
    endpointSlice('data/orphan', ['10.244.1.7']),
    endpointSlice('kube-system/kube-dns', ['10.244.0.53']),
  ],
  pods: [
    pod('shop/web-1', { ip: '10.244.0.3' }),
    pod('shop/done', { ip: '10.244.0.9', status: { phase: 'Failed' } }),
  ],
}

const SERIAL = 1_700_000_000
const LOCAL = parseName('cluster.local') ?? []

function ask(
  asked: string,
  config: Partial<ZoneConfig> = {},
  more: Partial<ZoneContext> = {},
): readonly string[] {
  const [name = '', type = 'A'] = asked.split(' ')
  const context = {
    records: recordTable(CLUSTER, SERIAL),
    config: zoneConfig(LOCAL, config),
    ownAddresses: ['10.244.0.53'],
    ...more,
  }
  const question = { name: parseName(name) ?? [], type: TYPE[type as keyof typeof TYPE], class: 1 }
  return answerText(answer(question, context))
}

const SOA = 'SOA cluster.local.'
const NODATA = ['NOERROR', SOA]
const NXDOMAIN = ['NXDOMAIN', SOA]
/** `S` stands for `svc.cluster.local.` */
const full = (line: string): string => line.replaceAll(/\bS\b/g, 'svc.cluster.local.')

type Case = readonly [asked: string, answer: readonly string[], why: string]

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'levels of the tree': [
    ['cluster.local.', NODATA, 'the apex exists'],
    ['S', NODATA, 'so does svc'],
    ['pod.cluster.local.', NODATA, 'and pod'],
    ['shop.S', NODATA, 'and a namespace'],
    ['shop.pod.cluster.local.', NODATA, 'on both sides'],
    ['nowhere.S', NXDOMAIN, 'no such namespace'],
    ['nowhere.pod.cluster.local.', NXDOMAIN, 'no such namespace'],
    ['web.gone.S', NXDOMAIN, 'a Service whose namespace object is missing'],
    ['web.cluster.local.', NXDOMAIN, 'neither svc nor pod'],
    ['example.org.', ['forward'], 'not ours'],
    ['.', ['forward'], 'not ours'],
    ['a.b.c.web.shop.S', NXDOMAIN, 'three labels below a Service'],
    ['cluster.local. TXT', NXDOMAIN, 'TXT is missing where there are no items'],
    ['shop.S TXT', NXDOMAIN, 'TXT is missing where there are no items'],
    [
      'dns-version.cluster.local. TXT',
      ['NOERROR', 'dns-version.cluster.local. 28800 TXT "1.1.0"'],
      'the schema',
    ],
    ['dns-version.cluster.local. A', NXDOMAIN, 'of type TXT only'],
  ],
  'ClusterIP Services': [
    ['web.shop.S', ['NOERROR', 'web.shop.S 5 A 10.96.0.7'], 'the cluster IP'],
    [
      'WeB.shop.SVC.Cluster.LOCAL.',
      ['NOERROR', 'WeB.shop.SVC.Cluster.LOCAL. 5 A 10.96.0.7'],
      'owner as asked',
    ],
    ['web.shop.S AAAA', NODATA, 'exists, has no IPv6 address'],
    ['dual.shop.S AAAA', ['NOERROR', 'dual.shop.S 5 AAAA 2001:db8::8'], 'one per family'],
    ['portless.shop.S', ['NOERROR', 'portless.shop.S 5 A 10.96.0.12'], 'without ports'],
    ['portless.shop.S SRV', NODATA, 'no port, no SRV'],
    ['nothing.shop.S', NXDOMAIN, 'no such Service'],
    ['web.shop.S TXT', NODATA, 'exists'],
    ['web.shop.S MX', NODATA, 'exists'],
    ['web.shop.S ANY', NODATA, 'exists'],
    ['web.shop.S HTTPS', NODATA, 'exists'],
    ['web.shop.S CNAME', NODATA, 'is no alias'],
    ['nothing.shop.S HTTPS', NXDOMAIN, 'does not exist for any type'],
    ['_http._tcp.web.shop.S', ['NOERROR', '_http._tcp.web.shop.S 5 A 10.96.0.7'], 'addresses by port'],
    ['_https._tcp.web.shop.S', NXDOMAIN, 'no such port'],
    [
      '10-244-0-3.web.shop.S',
      ['NOERROR', '10-244-0-3.web.shop.S 5 A 10.244.0.3'],
      'endpoints have names too',
    ],
    ['10-244-0-5.web.shop.S', NXDOMAIN, 'no such endpoint'],
    ['web.shop.S AXFR', ['refused'], 'no transfers'],
  ],
  SRV: [
    [
      '_http._tcp.web.shop.S SRV',
      ['NOERROR', '_http._tcp.web.shop.S 5 SRV 0 100 80 web.shop.S', '+ web.shop.S 5 A 10.96.0.7'],
      'the Service port and its address',
    ],
    [
      'http.TCP.web.shop.S SRV',
      ['NOERROR', 'http.TCP.web.shop.S 5 SRV 0 100 80 web.shop.S', '+ web.shop.S 5 A 10.96.0.7'],
      'underscores are optional',
    ],
    ['_http._udp.web.shop.S SRV', NXDOMAIN, 'another protocol'],
    [
      'dual.shop.S SRV',
      [
        'NOERROR',
        'dual.shop.S 5 SRV 0 25 80 dual.shop.S',
        'dual.shop.S 5 SRV 0 25 9090 dual.shop.S',
        '+ dual.shop.S 5 A 10.96.0.8',
        '+ dual.shop.S 5 AAAA 2001:db8::8',
      ],
      'all ports; weights are shared by ports and families',
    ],
    [
      '_metrics._tcp.dual.shop.S SRV',
      [
        'NOERROR',
        '_metrics._tcp.dual.shop.S 5 SRV 0 50 9090 dual.shop.S',
        '+ dual.shop.S 5 A 10.96.0.8',
        '+ dual.shop.S 5 AAAA 2001:db8::8',
      ],
      'two families, one target: weight 50',
    ],
    [
      'unnamed.shop.S SRV',
      ['NOERROR', 'unnamed.shop.S 5 SRV 0 100 53 unnamed.shop.S', '+ unnamed.shop.S 5 A 10.96.0.9'],
      'unnamed ports under the bare name',
    ],
    [
      '_sql._tcp.db.data.S SRV',
      [
        'NOERROR',
        '_sql._tcp.db.data.S 5 SRV 0 33 5432 10-244-1-2.db.data.S',
        '_sql._tcp.db.data.S 5 SRV 0 33 5432 2001-db8--0.db.data.S',
        '_sql._tcp.db.data.S 5 SRV 0 33 5432 db-0.db.data.S',
        '+ 10-244-1-2.db.data.S 5 A 10.244.1.2',
        '+ 2001-db8--0.db.data.S 5 AAAA 2001:db8::',
        '+ db-0.db.data.S 5 A 10.244.1.1',
      ],
      'one per ready endpoint, by its own name',
    ],
    ['docs.shop.S SRV', NODATA, 'aliases have no SRV'],
    ['cluster.local. SRV', NODATA, 'nor has the apex'],
  ],
  'headless Services': [
    [
      'db.data.S',
      ['NOERROR', 'db.data.S 5 A 10.244.1.1', 'db.data.S 5 A 10.244.1.2'],
      'ready or unknown, not unready',
    ],
    ['db-0.db.data.S', ['NOERROR', 'db-0.db.data.S 5 A 10.244.1.1'], 'by host name'],
    ['10-244-1-1.db.data.S', NXDOMAIN, 'one with a host name has no other'],
    ['10-244-1-2.db.data.S', ['NOERROR', '10-244-1-2.db.data.S 5 A 10.244.1.2'], 'by address without one'],
    [
      '2001-db8--0.db.data.S AAAA',
      ['NOERROR', '2001-db8--0.db.data.S 5 AAAA 2001:db8::'],
      'no label ends in a dash',
    ],
    ['db-0.db.data.S AAAA', NODATA, 'exists'],
    ['db-2.db.data.S', NXDOMAIN, 'not ready'],
    ['empty.data.S', NXDOMAIN, 'nothing ready: does not exist'],
    ['orphan.data.S', NXDOMAIN, 'a slice without its Service'],
  ],
  ExternalName: [
    [
      'docs.shop.S',
      ['chase', 'docs.shop.S 5 CNAME docs.example.org.', 'docs.example.org.'],
      'resolved elsewhere',
    ],
    ['docs.shop.S CNAME', ['NOERROR', 'docs.shop.S 5 CNAME docs.example.org.'], 'the alias alone'],
    ['docs.shop.S TXT', NODATA, 'only addresses follow it'],
    ['docs.shop.S HTTPS', NODATA, 'only addresses follow it'],
    ['www.docs.shop.S', NXDOMAIN, 'nothing below an alias'],
    ['_http._tcp.docs.shop.S', NXDOMAIN, 'nothing below an alias'],
    [
      'alias.shop.S',
      ['NOERROR', 'alias.shop.S 5 CNAME web.shop.S', 'web.shop.S 5 A 10.96.0.7'],
      'a target in the cluster is followed',
    ],
    ['alias.shop.S AAAA', NODATA, 'no alias where the target lacks the type'],
    [
      'alias2.shop.S',
      [
        'chase',
        'alias2.shop.S 5 CNAME docs.shop.S',
        'docs.shop.S 5 CNAME docs.example.org.',
        'docs.example.org.',
      ],
      'alias of an alias',
    ],
    [
      'alias6.shop.S AAAA',
      ['NOERROR', 'alias6.shop.S 5 CNAME dual.shop.S', 'dual.shop.S 5 AAAA 2001:db8::8'],
      'the other family',
    ],
    ['dangling.shop.S', NODATA, 'the target does not exist'],
    [
      'dangling.shop.S CNAME',
      ['NOERROR', 'dangling.shop.S 5 CNAME no.shop.S'],
      'said all the same when asked for',
    ],
    ['self.shop.S', NODATA, 'leads to itself'],
    ['ping.shop.S', NODATA, 'a loop'],
    ['literal.shop.S', NXDOMAIN, 'an address is no name'],
  ],
  'name servers': [
    [
      'cluster.local. SOA',
      [
        'NOERROR',
        `cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. ${SERIAL} 7200 1800 86400 5`,
      ],
      'the apex',
    ],
    ['web.shop.S SOA', NODATA, 'nowhere else'],
    ['no.such.S SOA', NODATA, 'not even looked for'],
    [
      'cluster.local. NS',
      ['NOERROR', 'cluster.local. 5 NS kube-dns.kube-system.S', '+ kube-dns.kube-system.S 5 A 10.96.0.53'],
      'the Service in front of the server',
    ],
    ['Cluster.local. NS', ['NOERROR', 'SOA Cluster.local.'], 'in lower case only'],
    ['ns.dns.cluster.local.', ['NOERROR', 'ns.dns.cluster.local. 5 A 10.96.0.53'], 'its address'],
    ['dns.cluster.local.', NXDOMAIN, 'nothing else there'],
    ['web.shop.S NS', NODATA, 'no zone cut'],
    ['no.shop.S NS', NXDOMAIN, 'does not exist'],
  ],
  PTR: [
    ['7.0.96.10.in-addr.arpa. PTR', ['NOERROR', '7.0.96.10.in-addr.arpa. 5 PTR web.shop.S'], 'a cluster IP'],
    [
      '1.1.244.10.in-addr.arpa. PTR',
      ['NOERROR', '1.1.244.10.in-addr.arpa. 5 PTR db-0.db.data.S'],
      'an endpoint',
    ],
    [
      '3.0.244.10.in-addr.arpa. PTR',
      ['NOERROR', '3.0.244.10.in-addr.arpa. 5 PTR 10-244-0-3.web.shop.S'],
      'of any Service',
    ],
    [
      '7.1.244.10.in-addr.arpa. PTR',
      ['NOERROR', '7.1.244.10.in-addr.arpa. 5 PTR 10-244-1-7.orphan.data.S'],
      'even without its Service',
    ],
    [
      '8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR',
      [
        'NOERROR',
        '8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 5 PTR dual.shop.S',
      ],
      'IPv6',
    ],
    ['3.1.244.10.in-addr.arpa. PTR', ['forward'], 'not ready'],
    ['1.2.0.192.in-addr.arpa. PTR', ['forward'], 'of somebody else'],
    ['07.0.96.10.in-addr.arpa. PTR', ['forward'], 'no address'],
    ['96.10.in-addr.arpa. PTR', ['forward'], 'half an address'],
    ['in-addr.arpa. PTR', ['NOERROR', 'SOA in-addr.arpa.'], 'the apex exists'],
    ['7.0.96.10.in-addr.arpa. A', ['forward'], 'no other type'],
    ['web.shop.S PTR', NODATA, 'exists, is no address'],
  ],
  'pod names': [
    [
      '10-244-0-3.shop.pod.cluster.local.',
      ['NOERROR', '10-244-0-3.shop.pod.cluster.local. 5 A 10.244.0.3'],
      'an address',
    ],
    [
      '192-0-2-1.shop.pod.cluster.local.',
      ['NOERROR', '192-0-2-1.shop.pod.cluster.local. 5 A 192.0.2.1'],
      'any address',
    ],
    [
      '2001-db8--1.shop.pod.cluster.local. AAAA',
      ['NOERROR', '2001-db8--1.shop.pod.cluster.local. 5 AAAA 2001:db8::1'],
      'of either family',
    ],
    [
      '--1.shop.pod.cluster.local. AAAA',
      ['NOERROR', '--1.shop.pod.cluster.local. 5 AAAA ::1'],
      'abbreviated',
    ],
    ['10-244-0-3.shop.pod.cluster.local. AAAA', NODATA, 'not of both'],
    ['web-1.shop.pod.cluster.local.', NXDOMAIN, 'pods are not known by name'],
    ['10-244-0-999.shop.pod.cluster.local.', NXDOMAIN, 'no address'],
    ['10-244-0-3.none.pod.cluster.local.', NXDOMAIN, 'no namespace'],
    [
      'x.10-244-0-3.shop.pod.cluster.local.',
      ['NOERROR', 'x.10-244-0-3.shop.pod.cluster.local. 5 A 10.244.0.3'],
      'what is below is not looked at',
    ],
    [
      '10-244-0-3.shop.pod.cluster.local. SRV',
      [
        'NOERROR',
        '10-244-0-3.shop.pod.cluster.local. 5 SRV 0 100 0 10-244-0-3.shop.pod.cluster.local.',
        '+ 10-244-0-3.shop.pod.cluster.local. 5 A 10.244.0.3',
      ],
      'a quirk',
    ],
  ],
}

for (const [title, cases] of Object.entries(CASES)) {
  describe(title, () => {
    it.each(cases)('%s', (asked, expected, why) => {
      expect(ask(full(asked)), why).toEqual(expected.map(full))
    })
  })
}

describe('configuration', () => {
  it.each<[string, Partial<ZoneConfig>, readonly string[]]>([
    [
      '10-244-0-3.shop.pod.cluster.local.',
      { podMode: 'verified' },
      ['NOERROR', '10-244-0-3.shop.pod.cluster.local. 5 A 10.244.0.3'],
    ],
    ['192-0-2-1.shop.pod.cluster.local.', { podMode: 'verified' }, NXDOMAIN],
    ['10-244-0-3.data.pod.cluster.local.', { podMode: 'verified' }, NXDOMAIN],
    ['10-244-0-9.shop.pod.cluster.local.', { podMode: 'verified' }, NXDOMAIN],
    ['10-244-0-3.shop.pod.cluster.local.', { podMode: 'disabled' }, NXDOMAIN],
    ['shop.pod.cluster.local.', { podMode: 'disabled' }, NXDOMAIN],
    ['pod.cluster.local.', { podMode: 'disabled' }, NODATA],
    ['1.2.0.192.in-addr.arpa. PTR', { fallthrough: [] }, ['NXDOMAIN', 'SOA in-addr.arpa.']],
    ['1.2.0.192.in-addr.arpa. PTR', { zones: [LOCAL] }, ['forward']],
    ['web.shop.svc.cluster.local.', { ttl: 30 }, ['NOERROR', 'web.shop.svc.cluster.local. 30 A 10.96.0.7']],
    [
      'cluster.local. SOA',
      { ttl: 3600 },
      [
        'NOERROR',
        `cluster.local. 300 SOA ns.dns.cluster.local. hostmaster.cluster.local. ${SERIAL} 7200 1800 86400 3600`,
      ],
    ],
  ])('%s with %o', (asked, config, expected) => {
    expect(ask(asked, config)).toEqual(expected)
  })

  it('names itself when no Service is in front of it', () => {
    expect(ask('cluster.local. NS', {}, { ownAddresses: ['192.0.2.9'] })).toEqual([
      'NOERROR',
      'cluster.local. 5 NS ns.dns.cluster.local.',
      '+ ns.dns.cluster.local. 5 A 192.0.2.9',
    ])
    expect(ask('cluster.local. NS', {}, { ownAddresses: [] })).toEqual(NODATA)
  })
})

describe('before the first lists have arrived', () => {
  const records = new RecordTable()
  it('cannot say that a name does not exist', () => {
    expect(ask('web.shop.svc.cluster.local.', {}, { records })).toEqual(['SERVFAIL', SOA])
  })
  it('knows what does not depend on them', () => {
    expect(ask('cluster.local.', {}, { records })).toEqual(NODATA)
    expect(ask('dns-version.cluster.local. TXT', {}, { records })[0]).toBe('NOERROR')
  })
})
