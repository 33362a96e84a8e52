import { expect, it } from 'vitest'
import { namespace, networkPolicy, pod } from '../test/support/builders.ts'
import { evaluate, explain } from './evaluate.ts'
import type { Connection } from './evaluate.ts'
import { policyTable } from './policy-table.ts'
import type { PolicySnapshot } from './policy-table.ts'

const WEB = '10.244.0.1'
const API = '10.244.0.2'
const OTHER = '10.244.0.3'
const DONE = '10.244.0.4'
const NODE = '192.0.2.10'
const OUTSIDE = '198.51.100.7'

const ports = [
  { name: 'http', containerPort: 8080, protocol: 'TCP' },
  { name: 'dns', containerPort: 53, protocol: 'UDP' },
]
const PODS = [
  pod('shop/web', { labels: { app: 'web' }, ip: WEB }),
  pod('shop/api', { labels: { app: 'api' }, ip: API, spec: { containers: [{ name: 'c', ports }] } }),
  pod('other/client', { labels: { app: 'web' }, ip: OTHER }),
  pod('shop/done', { labels: { app: 'api' }, ip: DONE, status: { phase: 'Succeeded' } }),
  pod('shop/on-host', { labels: { app: 'web' }, ip: NODE, spec: { hostNetwork: true } }),
]

function table(policies: PolicySnapshot['policies']) {
  return policyTable({
    pods: PODS,
    namespaces: [namespace('shop'), namespace('other', { team: 'o' })],
    policies,
    nodeName: 'node-a',
    nodeAddresses: [NODE],
  })
}

const api = { matchLabels: { app: 'api' } }
const web = { matchLabels: { app: 'web' } }
const tcp = (source: string, destination: string, port = 8080): Connection => ({
  source,
  destination,
  protocol: 'TCP',
  port,
})
const ingressOf = (spec: object) => networkPolicy('shop/p', { podSelector: api, ...spec })

it.each<[string, PolicySnapshot['policies'], Connection, boolean]>([
  ['no policy', [], tcp(OUTSIDE, API), true],
  ['isolated without rules', [ingressOf({ ingress: [] })], tcp(WEB, API), false],
  [
    'policyTypes alone isolate',
    [networkPolicy('shop/p', { policyTypes: ['Ingress'] })],
    tcp(WEB, API),
    false,
  ],
  [
    'another namespace is not touched',
    [networkPolicy('shop/p', { policyTypes: ['Ingress'] })],
    tcp(WEB, OTHER),
    true,
  ],
  ['the empty rule allows all', [ingressOf({ ingress: [{}] })], tcp(OUTSIDE, API), true],
  [
    'empty lists do not restrict',
    [ingressOf({ ingress: [{ from: [], ports: [] }] })],
    tcp(OUTSIDE, API),
    true,
  ],
  [
    'podSelector is of the own namespace',
    [ingressOf({ ingress: [{ from: [{ podSelector: web }] }] })],
    tcp(WEB, API),
    true,
  ],
  [
    'so not of another one',
    [ingressOf({ ingress: [{ from: [{ podSelector: web }] }] })],
    tcp(OTHER, API),
    false,
  ],
  [
    'namespaceSelector',
    [ingressOf({ ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'o' } } }] }] })],
    tcp(OTHER, API),
    true,
  ],
  [
    'both selectors: and',
    [
      ingressOf({
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'o' } }, podSelector: api }] }],
      }),
    ],
    tcp(OTHER, API),
    false,
  ],
  [
    'two peers: or',
    [
      ingressOf({
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'o' } } }, { podSelector: api }] }],
      }),
    ],
    tcp(OTHER, API),
    true,
  ],
  [
    'selectors never match the outside',
    [ingressOf({ ingress: [{ from: [{ namespaceSelector: {} }] }] })],
    tcp(OUTSIDE, API),
    false,
  ],
  [
    'selectors never match hostNetwork pods',
    [networkPolicy('other/p', { ingress: [{ from: [{ namespaceSelector: {} }] }] })],
    { ...tcp('192.0.2.11', OTHER) },
    false,
  ],
  [
    'ipBlock',
    [ingressOf({ ingress: [{ from: [{ ipBlock: { cidr: '198.51.100.0/24' } }] }] })],
    tcp(OUTSIDE, API),
    true,
  ],
  [
    'ipBlock except',
    [
      ingressOf({
        ingress: [{ from: [{ ipBlock: { cidr: '198.51.100.0/24', except: ['198.51.100.7/32'] } }] }],
      }),
    ],
    tcp(OUTSIDE, API),
    false,
  ],
  [
    'except of one peer leaves the other',
    [
      ingressOf({
        ingress: [
          {
            from: [
              { ipBlock: { cidr: '198.51.100.0/24', except: ['198.51.100.7/32'] } },
              { ipBlock: { cidr: '198.51.100.7/32' } },
            ],
          },
        ],
      }),
    ],
    tcp(OUTSIDE, API),
    true,
  ],
  [
    'ipBlock matches pods',
    [ingressOf({ ingress: [{ from: [{ ipBlock: { cidr: '10.244.0.0/24' } }] }] })],
    tcp(WEB, API),
    true,
  ],
  ['port', [ingressOf({ ingress: [{ ports: [{ port: 8080 }] }] })], tcp(WEB, API), true],
  ['another port', [ingressOf({ ingress: [{ ports: [{ port: 8080 }] }] })], tcp(WEB, API, 8081), false],
  [
    'endPort',
    [ingressOf({ ingress: [{ ports: [{ port: 8080, endPort: 8090 }] }] })],
    tcp(WEB, API, 8090),
    true,
  ],
  ['an empty port is all of TCP', [ingressOf({ ingress: [{ ports: [{}] }] })], tcp(WEB, API, 1), true],
  [
    'but not UDP',
    [ingressOf({ ingress: [{ ports: [{}] }] })],
    { ...tcp(WEB, API, 53), protocol: 'UDP' },
    false,
  ],
  ['named port', [ingressOf({ ingress: [{ ports: [{ port: 'http' }] }] })], tcp(WEB, API), true],
  [
    'named port of another protocol',
    [ingressOf({ ingress: [{ ports: [{ port: 'dns' }] }] })],
    { ...tcp(WEB, API, 53), protocol: 'UDP' },
    false,
  ],
  [
    'named port with its protocol',
    [ingressOf({ ingress: [{ ports: [{ port: 'dns', protocol: 'UDP' }] }] })],
    { ...tcp(WEB, API, 53), protocol: 'UDP' },
    true,
  ],
  [
    'peers and ports: and',
    [
      ingressOf({
        ingress: [
          { from: [{ podSelector: web }], ports: [{ port: 80 }] },
          { ports: [{ port: 8080 }], from: [{ podSelector: api }] },
        ],
      }),
    ],
    tcp(WEB, API),
    false,
  ],
  ['the own node always reaches its pods', [ingressOf({ ingress: [] })], tcp(NODE, API), true],
  ['a pod always reaches itself', [ingressOf({ ingress: [] })], tcp(API, API), true],
  ['but not through a Service', [ingressOf({ ingress: [] })], { ...tcp(API, API), viaService: true }, false],
  [
    'egress of the source counts',
    [networkPolicy('shop/p', { podSelector: web, policyTypes: ['Egress'] })],
    tcp(WEB, API),
    false,
  ],
  [
    'egress rules imply the type',
    [networkPolicy('shop/p', { podSelector: web, egress: [{ to: [{ podSelector: web }] }] })],
    tcp(WEB, API),
    false,
  ],
  [
    'and then Ingress is on, too',
    [networkPolicy('shop/p', { podSelector: web, egress: [{}] })],
    tcp(API, WEB),
    false,
  ],
  [
    'egress named port is looked up at the destination',
    [
      networkPolicy('shop/p', {
        podSelector: web,
        policyTypes: ['Egress'],
        egress: [{ ports: [{ port: 'http' }] }],
      }),
    ],
    tcp(WEB, API),
    true,
  ],
  [
    'there is no egress exemption to the node',
    [networkPolicy('shop/p', { podSelector: web, policyTypes: ['Egress'] })],
    tcp(WEB, NODE),
    false,
  ],
  [
    'a finished pod owns nothing',
    [networkPolicy('shop/p', { policyTypes: ['Ingress'] })],
    tcp(WEB, DONE),
    true,
  ],
  [
    'policies add up',
    [
      networkPolicy('shop/a', { policyTypes: ['Ingress'] }),
      networkPolicy('shop/b', { podSelector: api, ingress: [{ from: [{ podSelector: web }] }] }),
    ],
    tcp(WEB, API),
    true,
  ],
])('%s', (_name, policies, connection, expected) => {
  expect(evaluate(connection, table(policies))).toBe(expected)
})

it('says which policies decided', () => {
  const policies = [
    networkPolicy('shop/deny', { policyTypes: ['Ingress'] }),
    ingressOf({ ingress: [{ ports: [{ port: 1 }] }, { from: [{ podSelector: web }] }] }),
  ]
  expect(explain(tcp(WEB, API), table(policies)).ingress).toEqual({ kind: 'allowed', by: 'shop/p#1' })
  expect(explain(tcp(OUTSIDE, API), table(policies)).ingress).toEqual({
    kind: 'denied',
    policies: ['shop/deny', 'shop/p'],
  })
})
