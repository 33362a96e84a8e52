/** The pure parts of the command: manifests, modes, annotations, summaries. */

import { expect, it } from 'vitest'
import { chooseModes, configFaults, DEFAULTS } from './config.ts'
import { parseInstance } from './instance.ts'
import { LAST_APPLIED, withLastApplied } from './last-applied.ts'
import { inApplyOrder, parseManifests } from './manifests.ts'
import { readinessOf } from './readiness.ts'
import { readyLine } from './summary.ts'

const parse = (text: string) => parseManifests([{ source: 'f.yaml', text }])

it.each([
  ['a syntax error', 'a: [', /^f\.yaml:\d+: /],
  ['a scalar document', '42\n', /f\.yaml:1: a manifest must be an object with apiVersion and kind/],
  ['an item of a List', 'apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n', /kind: Required value/],
  [
    'too many aliases',
    `a: &a [x]\nb: [${'*a,'.repeat(200)}]\nkind: X\napiVersion: v1\n`,
    /f\.yaml:1: .*alias/i,
  ],
])('finds fault with %s', (_name, text, message) => {
  expect(parse(text).faults.join('\n')).toMatch(message)
})

it('unpacks Lists, passes empty documents over, leaves kustomization files alone, and knows the lines', () => {
  const text = `---
apiVersion: v1
kind: List
items:
  - { apiVersion: v1, kind: ConfigMap, metadata: { name: a } }
  - { apiVersion: v1, kind: Secret, metadata: { name: b } }
---
---
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
---
apiVersion: v1
kind: Namespace
metadata: { name: c }
`
  const { objects, skipped, faults } = parse(text)
  expect(faults).toEqual([])
  expect(skipped).toEqual([
    'f.yaml:9: Kustomization of kustomize is left alone; its resources are read as files',
  ])
  expect(inApplyOrder(objects).map(({ resource, origin }) => `${resource.kind} ${origin}`)).toEqual([
    'Namespace f.yaml:12',
    'ConfigMap f.yaml:2',
    'Secret f.yaml:2',
  ])
})

it.each([
  ['auto', 'auto', true, true, 'host iptables'],
  ['auto', 'auto', true, false, 'host userspace'],
  ['auto', 'auto', false, false, 'loopback userspace'],
  ['isolated', 'userspace', true, true, 'isolated userspace'],
  ['host', 'auto', false, false, 'impossible'],
  ['host', 'iptables', true, false, 'impossible'],
] as const)(
  'network %s, proxy %s, namespaces %s, iptables %s: %s',
  (network, proxyMode, canCreateNetworks, hasIptables, expected) => {
    const choice = chooseModes(
      { network, proxyMode },
      { canCreateNetworks, hasIptables, reasons: ['because'] },
    )
    expect(choice.kind === 'chosen' ? `${choice.network} ${choice.proxyMode}` : choice.kind).toBe(expected)
  },
)

it('reports all faults of a configuration at once', () => {
  expect(configFaults(DEFAULTS)).toEqual([])
  expect(configFaults({ ...DEFAULTS, port: 70_000, nodeName: 'A B', clusterDomain: '.' })).toHaveLength(3)
})

it('writes the annotation as kubectl does', () => {
  const body = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, data: { html: '<b>&' } }
  const { metadata } = withLastApplied(body, 'default') as {
    metadata: { annotations: Record<string, string> }
  }
  expect(metadata.annotations[LAST_APPLIED]).toBe(
    '{"apiVersion":"v1","data":{"html":"\\u003cb\\u003e\\u0026"},"kind":"ConfigMap","metadata":{"annotations":{},"name":"a","namespace":"default"}}\n',
  )
})

it('takes a torn instance file for none', () => {
  expect(parseInstance('{"pid": 1')).toBeUndefined()
  expect(parseInstance('{"pid": 1}')).toBeUndefined()
})

it('counts Deployments of users and waits for those of the system, too', () => {
  const one = (namespace: string, available: number) =>
    ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', namespace, generation: 1 },
      spec: { replicas: 1, template: {} },
      status: {
        observedGeneration: 1,
        replicas: 1,
        updatedReplicas: 1,
        readyReplicas: available,
        availableReplicas: available,
      },
    }) as const
  const readiness = readinessOf([one('shop', 1), one('kube-system', 0)], [])
  expect(readiness).toEqual({
    deployments: { ready: 1, total: 1 },
    waitingFor: ['deployment kube-system/d: 0 of 1 pods ready'],
  })
  expect(readyLine(readiness, 1.25)).toMatch(/✓ 1\/1 deployments ready +1\.3 s/)
})
