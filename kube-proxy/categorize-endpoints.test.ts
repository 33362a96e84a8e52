import { expect, it } from 'vitest'
import { categorizeEndpoints } from './categorize-endpoints.ts'
import type { Endpoint, ServicePort } from './service-port.ts'

const PORT: ServicePort = {
  namespace: 'ns',
  name: 'svc',
  portName: '',
  protocol: 'TCP',
  clusterIP: '172.30.0.1',
  port: 80,
  nodePort: 0,
  externalIPs: [],
  loadBalancerIPs: [],
  loadBalancerSourceRanges: [],
  affinitySeconds: 0,
  internalPolicyLocal: false,
  externalPolicyLocal: false,
  healthCheckNodePort: 0,
}
const HERE = { name: 'here', zone: 'z1' }

/** `1@here` is ready on this node; flags: t terminating but serving, n not ready, z=hinted zone, h=hinted node */
function endpoint(spec: string): Endpoint {
  const [, ip = '', nodeName = '', flags = ''] = /^(\d+)@(here|there|x)(.*)$/.exec(spec) ?? []
  const terminating = flags.includes('t')
  const ready = !terminating && !flags.includes('n')
  return {
    ip: `10.0.0.${ip}`,
    port: 80,
    nodeName,
    zone: '',
    ready,
    serving: ready || terminating,
    terminating,
    nodeHints: new Set(/h=(\w+)/.exec(flags)?.slice(1)),
    zoneHints: new Set(/z=(\w+)/.exec(flags)?.slice(1)),
  }
}

const local = { ...PORT, internalPolicyLocal: true }
const both = { ...PORT, nodePort: 30000, externalPolicyLocal: true }

it.each<[string, ServicePort, string[], { cluster: string[]; local: string[]; any: boolean }]>([
  [
    'cluster policy takes all ready',
    PORT,
    ['1@here', '2@there'],
    { cluster: ['1', '2'], local: [], any: true },
  ],
  ['not ready are left out', PORT, ['1@here', '2@theren'], { cluster: ['1'], local: [], any: true }],
  ['terminating when none is ready', PORT, ['1@heret', '2@theren'], { cluster: ['1'], local: [], any: true }],
  ['nothing at all', PORT, ['1@heren'], { cluster: [], local: [], any: false }],
  ['local policy takes the own node', local, ['1@here', '2@there'], { cluster: [], local: ['1'], any: true }],
  ['local without any here', local, ['2@there'], { cluster: [], local: [], any: true }],
  [
    'local falls back to terminating here',
    local,
    ['1@heret', '2@there'],
    { cluster: [], local: ['1'], any: true },
  ],
  [
    'external local needs both',
    both,
    ['1@here', '2@there'],
    { cluster: ['1', '2'], local: ['1'], any: true },
  ],
  [
    'all local, yet open to the outside: pods go to any',
    { ...both, internalPolicyLocal: true },
    ['1@here', '2@there'],
    { cluster: ['1', '2'], local: ['1'], any: true },
  ],
  ['zone hints', PORT, ['1@xz=z1', '2@xz=z2'], { cluster: ['1'], local: [], any: true }],
  [
    'an incomplete set of hints is ignored',
    PORT,
    ['1@xz=z1', '2@x'],
    { cluster: ['1', '2'], local: [], any: true },
  ],
  [
    'hints for other zones only are ignored',
    PORT,
    ['1@xz=z2', '2@xz=z3'],
    { cluster: ['1', '2'], local: [], any: true },
  ],
  [
    'node hints before zone hints',
    PORT,
    ['1@xz=z1h=there', '2@xz=z2h=here'],
    { cluster: ['2'], local: [], any: true },
  ],
])('%s', (_name, port, specs, expected) => {
  const found = categorizeEndpoints(specs.map(endpoint), port, HERE)
  const last = (list: readonly Endpoint[]): string[] => list.map(({ ip }) => ip.slice('10.0.0.'.length))
  expect({ cluster: last(found.cluster), local: last(found.local), any: found.hasAnyEndpoints }).toEqual(
    expected,
  )
  expect(new Set(last(found.reachable))).toEqual(new Set([...expected.cluster, ...expected.local]))
})
