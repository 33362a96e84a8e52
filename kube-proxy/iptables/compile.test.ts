import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EndpointSlice } from '../../core/api/generated/discovery-v1.ts'
import { endpointSlice, service } from '../../test/support/builders.ts'
import { serviceTable } from '../service-table.ts'
import type { ServiceSnapshot } from '../service-table.ts'
import type { CompileOptions } from './service-chains.ts'
import { compileIptables } from './compile.ts'
import { servicePortEndpointChainName, servicePortHash } from './names.ts'
import { printIptables } from './print.ts'

const NODE = { name: 'node-a', zone: '' }
const OPTIONS = {
  clusterCIDR: '10.244.0.0/16',
  masqueradeAll: false,
  localhostNodePorts: true,
  randomFully: true,
}

const rulesOf = (snapshot: Omit<ServiceSnapshot, 'node'>, options: Partial<CompileOptions> = {}): string =>
  printIptables(compileIptables(serviceTable({ ...snapshot, node: NODE }), { ...OPTIONS, ...options }))

/** The lines of the given chains, without declarations. */
function linesOf(text: string, ...chains: string[]): string[] {
  return text.split('\n').filter((line) => chains.some((chain) => line.startsWith(`-A ${chain} `)))
}

describe('names', () => {
  it.each([
    ['default/kubernetes:https', 'tcp', 'NPX46M4PTMTKRN6Y'],
    ['kube-system/kube-dns:dns', 'UDP', 'TCOU7JCQXEZGVUNU'],
    ['kube-system/kube-dns:dns-tcp', 'tcp', 'ERIFXISQEP7F7OF4'],
    ['ns1/svc1:p80', 'tcp', 'XPGD46QRK7WJZT7O'],
  ])('%s %s is %s', (id, protocol, hash) => expect(servicePortHash(id, protocol)).toBe(hash))

  it('names endpoints', () => {
    expect(servicePortEndpointChainName('ns1/svc1:p80', 'tcp', '10.180.0.1:80')).toBe(
      'KUBE-SEP-SXIVWICOYRO3J4NJ',
    )
  })
})

const SVC1 = service('ns1/svc1', {
  clusterIP: '172.30.0.41',
  ports: [{ name: 'p80', port: 80, protocol: 'TCP', targetPort: 80 }],
})
const slice1 = (addresses: string[], nodeName = 'node-a') => {
  const one = endpointSlice('ns1/svc1', addresses, { ports: [{ name: 'p80', port: 80, protocol: 'TCP' }] })
  return { ...one, endpoints: (one.endpoints ?? []).map((endpoint) => ({ ...endpoint, nodeName })) }
}
const SVC = 'KUBE-SVC-XPGD46QRK7WJZT7O'
const SEP1 = 'KUBE-SEP-SXIVWICOYRO3J4NJ'
const SEP2 = servicePortEndpointChainName('ns1/svc1:p80', 'tcp', '10.180.0.2:80')

describe('a ClusterIP Service', () => {
  it('is written as kube-proxy writes it', () => {
    const text = rulesOf({ services: [SVC1], slices: [slice1(['10.180.0.1'])] })
    expect(text).toBe(
      `*filter
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-PROXY-FIREWALL - [0:0]
-A KUBE-FIREWALL -m comment --comment "block incoming localnet connections" -d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
*nat
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-MARK-MASQ - [0:0]
:${SVC} - [0:0]
:${SEP1} - [0:0]
-A KUBE-SERVICES -m comment --comment "ns1/svc1:p80 cluster IP" -m tcp -p tcp -d 172.30.0.41 --dport 80 -j ${SVC}
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
-A ${SVC} -m comment --comment "ns1/svc1:p80 cluster IP" -m tcp -p tcp -d 172.30.0.41 --dport 80 ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ
-A ${SVC} -m comment --comment "ns1/svc1:p80 -> 10.180.0.1:80" -j ${SEP1}
-A ${SEP1} -m comment --comment ns1/svc1:p80 -s 10.180.0.1 -j KUBE-MARK-MASQ
-A ${SEP1} -m comment --comment ns1/svc1:p80 -m tcp -p tcp -j DNAT --to-destination 10.180.0.1:80
COMMIT
`,
    )
  })

  it('spreads over endpoints by chance, the last one certain', () => {
    const text = rulesOf({ services: [SVC1], slices: [slice1(['10.180.0.1', '10.180.0.2', '10.180.0.3'])] })
    const chances = linesOf(text, SVC).map((line) => /--probability (\S+)/.exec(line)?.[1])
    expect(chances).toEqual([undefined, '0.3333333333', '0.5000000000', undefined])
  })

  it('refuses without endpoints', () => {
    const text = rulesOf({ services: [SVC1], slices: [] })
    expect(linesOf(text, 'KUBE-SERVICES')[0]).toBe(
      '-A KUBE-SERVICES -m comment --comment "ns1/svc1:p80 has no endpoints" -m tcp -p tcp -d 172.30.0.41 --dport 80 -j REJECT',
    )
    expect(text).not.toContain('KUBE-SVC-')
  })

  it('remembers clients with ClientIP affinity', () => {
    const sticky = {
      ...SVC1,
      spec: {
        ...SVC1.spec,
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      },
    }
    const text = rulesOf({ services: [sticky], slices: [slice1(['10.180.0.1', '10.180.0.2'])] })
    expect(linesOf(text, SVC).slice(1)).toEqual([
      `-A ${SVC} -m comment --comment "ns1/svc1:p80 -> 10.180.0.1:80" -m recent --name ${SEP1} --rcheck --seconds 60 --reap -j ${SEP1}`,
      `-A ${SVC} -m comment --comment "ns1/svc1:p80 -> 10.180.0.2:80" -m recent --name ${SEP2} --rcheck --seconds 60 --reap -j ${SEP2}`,
      `-A ${SVC} -m comment --comment "ns1/svc1:p80 -> 10.180.0.1:80" -m statistic --mode random --probability 0.5000000000 -j ${SEP1}`,
      `-A ${SVC} -m comment --comment "ns1/svc1:p80 -> 10.180.0.2:80" -j ${SEP2}`,
    ])
    expect(linesOf(text, SEP1)[1]).toBe(
      `-A ${SEP1} -m comment --comment ns1/svc1:p80 -m recent --name ${SEP1} --set -m tcp -p tcp -j DNAT --to-destination 10.180.0.1:80`,
    )
  })

  it('stays on the node with internalTrafficPolicy Local', () => {
    const local = { ...SVC1, spec: { ...SVC1.spec, internalTrafficPolicy: 'Local' } }
    const here = rulesOf({ services: [local], slices: [slice1(['10.180.0.1'])] })
    expect(linesOf(here, 'KUBE-SERVICES')[0]).toContain('-j KUBE-SVL-XPGD46QRK7WJZT7O')
    const elsewhere = rulesOf({ services: [local], slices: [slice1(['10.180.0.1'], 'node-b')] })
    expect(linesOf(elsewhere, 'KUBE-SERVICES')[0]).toBe(
      '-A KUBE-SERVICES -m comment --comment "ns1/svc1:p80 has no local endpoints" -m tcp -p tcp -d 172.30.0.41 --dport 80 -j DROP',
    )
  })
})

describe('an external Service', () => {
  const balanced = (spec: object = {}) => ({
    ...SVC1,
    spec: {
      ...SVC1.spec,
      type: 'LoadBalancer',
      ports: [{ name: 'p80', port: 80, protocol: 'TCP', targetPort: 80, nodePort: 30080 }],
      externalIPs: ['198.51.100.5'],
      ...spec,
    },
    status: { loadBalancer: { ingress: [{ ip: '203.0.113.7' }] } },
  })
  const EXT = 'KUBE-EXT-XPGD46QRK7WJZT7O'
  const FW = 'KUBE-FW-XPGD46QRK7WJZT7O'

  it('is reached by node port, external and load-balancer address, masqueraded', () => {
    const text = rulesOf({ services: [balanced()], slices: [slice1(['10.180.0.1'])] })
    expect(linesOf(text, 'KUBE-SERVICES').slice(1, 3)).toEqual([
      `-A KUBE-SERVICES -m comment --comment "ns1/svc1:p80 external IP" -m tcp -p tcp -d 198.51.100.5 --dport 80 -j ${EXT}`,
      `-A KUBE-SERVICES -m comment --comment "ns1/svc1:p80 loadbalancer IP" -m tcp -p tcp -d 203.0.113.7 --dport 80 -j ${EXT}`,
    ])
    expect(linesOf(text, 'KUBE-NODEPORTS')).toEqual([
      `-A KUBE-NODEPORTS -m comment --comment ns1/svc1:p80 -m tcp -p tcp --dport 30080 -j ${EXT}`,
    ])
    expect(linesOf(text, EXT)).toEqual([
      `-A ${EXT} -m comment --comment "masquerade traffic for ns1/svc1:p80 external destinations" -j KUBE-MARK-MASQ`,
      `-A ${EXT} -j ${SVC}`,
    ])
  })

  it('keeps the client with externalTrafficPolicy Local', () => {
    const text = rulesOf({
      services: [balanced({ externalTrafficPolicy: 'Local', healthCheckNodePort: 31000 })],
      slices: [slice1(['10.180.0.1'])],
    })
    expect(linesOf(text, EXT)).toEqual([
      `-A ${EXT} -m comment --comment "pod traffic for ns1/svc1:p80 external destinations" -s 10.244.0.0/16 -j ${SVC}`,
      `-A ${EXT} -m comment --comment "masquerade LOCAL traffic for ns1/svc1:p80 external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ`,
      `-A ${EXT} -m comment --comment "route LOCAL traffic for ns1/svc1:p80 external destinations" -m addrtype --src-type LOCAL -j ${SVC}`,
      `-A ${EXT} -j KUBE-SVL-XPGD46QRK7WJZT7O`,
    ])
    expect(linesOf(text, 'KUBE-NODEPORTS')[0]).toBe(
      '-A KUBE-NODEPORTS -m comment --comment "ns1/svc1:p80 health check node port" -m tcp -p tcp --dport 31000 -j ACCEPT',
    )
  })

  it('drops outside traffic with Local and endpoints elsewhere only', () => {
    const text = rulesOf({
      services: [balanced({ externalTrafficPolicy: 'Local' })],
      slices: [slice1(['10.180.0.1'], 'node-b')],
    })
    expect(linesOf(text, 'KUBE-EXTERNAL-SERVICES')).toEqual([
      '-A KUBE-EXTERNAL-SERVICES -m comment --comment "ns1/svc1:p80 has no local endpoints" -m tcp -p tcp -d 198.51.100.5 --dport 80 -j DROP',
      '-A KUBE-EXTERNAL-SERVICES -m comment --comment "ns1/svc1:p80 has no local endpoints" -m tcp -p tcp -d 203.0.113.7 --dport 80 -j DROP',
      '-A KUBE-EXTERNAL-SERVICES -m comment --comment "ns1/svc1:p80 has no local endpoints" -m addrtype --dst-type LOCAL -m tcp -p tcp --dport 30080 -j DROP',
    ])
  })

  it('lets only the source ranges in', () => {
    const text = rulesOf({
      services: [balanced({ loadBalancerSourceRanges: ['203.0.113.0/24'] })],
      slices: [slice1(['10.180.0.1'])],
    })
    expect(linesOf(text, FW)).toEqual([
      `-A ${FW} -m comment --comment "ns1/svc1:p80 loadbalancer IP" -s 203.0.113.0/24 -j ${EXT}`,
      `-A ${FW} -m comment --comment "other traffic to ns1/svc1:p80 will be dropped by KUBE-PROXY-FIREWALL"`,
    ])
    expect(linesOf(text, 'KUBE-PROXY-FIREWALL')).toEqual([
      `-A KUBE-PROXY-FIREWALL -m comment --comment "ns1/svc1:p80 traffic not accepted by ${FW}" -m tcp -p tcp -d 203.0.113.7 --dport 80 -j DROP`,
    ])
  })
})

describe('a load balancer’s source ranges', () => {
  const balanced = (ranges: string[]) => ({
    ...SVC1,
    spec: { ...SVC1.spec, type: 'LoadBalancer', loadBalancerSourceRanges: ranges },
    status: { loadBalancer: { ingress: [{ ip: '203.0.113.7' }, { ip: '203.0.113.8', ipMode: 'Proxy' }] } },
  })
  const FW = 'KUBE-FW-XPGD46QRK7WJZT7O'
  const sources = (ranges: string[], nodeIP?: string): (string | undefined)[] =>
    linesOf(rulesOf({ services: [balanced(ranges)], slices: [slice1(['10.180.0.1'])] }, { nodeIP }), FW).map(
      (line) => / -s (\S+)/.exec(line)?.[1],
    )

  it.each<[string, string[], string | undefined, (string | undefined)[]]>([
    ['let them in', ['198.51.100.0/24'], '192.0.2.1', ['198.51.100.0/24', undefined]],
    [
      'let the node in by its load-balancer address',
      ['192.0.2.0/24'],
      '192.0.2.1',
      ['192.0.2.0/24', '203.0.113.7', undefined],
    ],
    ['of another family, or no ranges at all, are passed over', ['2001:db8::/32', 'x', ' '], undefined, []],
  ])('%s', (_name, ranges, nodeIP, expected) => expect(sources(ranges, nodeIP)).toEqual(expected))
})

it('carries pods’ traffic to external addresses with both policies Local and endpoints elsewhere', () => {
  const local = {
    ...SVC1,
    spec: {
      ...SVC1.spec,
      internalTrafficPolicy: 'Local',
      externalTrafficPolicy: 'Local',
      externalIPs: ['198.51.100.5'],
    },
  }
  const text = rulesOf({ services: [local], slices: [slice1(['10.180.0.1'], 'node-b')] })
  expect(linesOf(text, 'KUBE-EXT-XPGD46QRK7WJZT7O')[0]).toBe(
    `-A KUBE-EXT-XPGD46QRK7WJZT7O -m comment --comment "pod traffic for ns1/svc1:p80 external destinations" -s 10.244.0.0/16 -j ${SVC}`,
  )
  expect(text).toContain('"ns1/svc1:p80 has no local endpoints" -m tcp -p tcp -d 198.51.100.5')
})

it('leaves endpoint comments out of large clusters', () => {
  const many = (count: number): string[] =>
    Array.from({ length: count }, (_none, index) => `10.180.${index >> 8}.${index & 255}`)
  const about = (count: number): boolean =>
    rulesOf({ services: [SVC1], slices: [slice1(many(count))] }).includes(' -> ')
  expect([about(1_000), about(1_001)]).toEqual([true, false])
})

it('takes slices as servers send them: without endpoints or ports, of another protocol or family', () => {
  const empty = { ...slice1([]), endpoints: null, ports: null } as unknown as EndpointSlice
  const other = endpointSlice('ns1/svc1', ['10.180.0.9'], {
    ports: [{ name: 'p80', port: 80, protocol: 'UDP' }],
  })
  const bad = slice1(['not-an-address'])
  const text = rulesOf({ services: [SVC1], slices: [empty, other, bad, slice1(['10.180.0.1'])] })
  expect(linesOf(text, SVC).slice(1)).toEqual([
    `-A ${SVC} -m comment --comment "ns1/svc1:p80 -> 10.180.0.1:80" -j ${SEP1}`,
  ])
})

it.each([
  ['headless', { clusterIP: 'None' }, {}],
  ['ExternalName', { type: 'ExternalName', externalName: 'example.org' }, {}],
  ['another proxy', { clusterIP: '172.30.0.41' }, { 'service.kubernetes.io/service-proxy-name': 'other' }],
])('leaves out: %s', (_name, spec, labels) => {
  const one = service('ns1/svc1', spec)
  const text = rulesOf({
    services: [{ ...one, metadata: { ...one.metadata, labels } }],
    slices: [slice1(['10.180.0.1'])],
  })
  expect(text).not.toContain('ns1/svc1')
})

it('writes the same rules whatever the order of objects', () => {
  const services = [1, 2, 3, 4].map((index) =>
    service(`ns${index % 2}/svc${index}`, { clusterIP: `172.30.0.${index}` }),
  )
  const slices = [1, 2, 3, 4].map((index) =>
    endpointSlice(`ns${index % 2}/svc${index}`, [`10.180.0.${index}`, `10.180.1.${index}`]),
  )
  const expected = rulesOf({ services, slices })
  fc.assert(
    fc.property(
      fc.shuffledSubarray(services, { minLength: 4 }),
      fc.shuffledSubarray(slices, { minLength: 4 }),
      (someServices, someSlices) => {
        expect(rulesOf({ services: someServices, slices: someSlices })).toBe(expected)
      },
    ),
  )
})
