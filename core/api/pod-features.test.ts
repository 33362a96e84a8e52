/** What kube-apiserver 1.34 was seen to make of pods that use what is behind feature gates that are off. */

import { describe, expect, it } from 'vitest'
import { faultsOf, updateFaultsOf } from '../../test/support/kind-rules.ts'
import type { PodSpec } from './generated/core-v1.ts'
import { keptPodSpec } from './pod-features.ts'
import { DEPLOYMENTS, PODS } from './scheme.ts'

type Loose = Record<string, unknown>

const spec = (more: Loose = {}, container: Loose = {}): PodSpec =>
  ({ containers: [{ name: 'c', image: 'i', ...container }], ...more }) as unknown as PodSpec
const volume = (source: Loose): Loose => ({ volumes: [{ name: 'v', ...source }] })

describe('what is dropped', () => {
  const own = { hooks: { preStop: { sleep: { seconds: 1 } } } }
  it.each<[string, PodSpec, PodSpec]>([
    ['nothing', spec({ hostname: 'h' }), spec({ hostname: 'h' })],
    ['another host name', spec({ hostnameOverride: 'x' }), spec()],
    ['rules of restarts', spec({}, { restartPolicy: 'Never', restartPolicyRules: [{}] }), spec()],
    ['a signal', spec({}, { lifecycle: { stopSignal: 'SIGTERM' } }), spec()],
    [
      'a signal beside hooks',
      spec({}, { lifecycle: { ...own.hooks, stopSignal: 'SIGTERM' } }),
      spec({}, { lifecycle: own.hooks }),
    ],
    [
      'an image as a volume',
      spec(volume({ image: {} }), { volumeMounts: [{ name: 'v', mountPath: '/x' }] }),
      spec(),
    ],
    [
      'projections',
      spec(volume({ projected: { sources: [{ podCertificate: {} }, { clusterTrustBundle: {} }] } })),
      spec(volume({ projected: { sources: [{}, {}] } })),
    ],
    [
      'files of variables',
      spec({}, { env: [{ name: 'A', valueFrom: { fileKeyRef: { key: 'k' } } }] }),
      spec({}, { env: [{ name: 'A', valueFrom: {} }] }),
    ],
  ])('%s', (_, given, expected) => {
    expect(keptPodSpec(given)).toEqual(expected)
    // What was there already stays.
    expect(keptPodSpec(given, given)).toEqual(given)
  })
})

describe('what a pod of a system may not say', () => {
  it.each<[string, Loose, Loose, readonly string[]]>([
    [
      'another system',
      { os: { name: 'plan9' } },
      {},
      ['spec.os: Unsupported value: "plan9": supported values: "linux", "windows"'],
    ],
    [
      'linux',
      { os: { name: 'linux' }, securityContext: { windowsOptions: {} } },
      { securityContext: { windowsOptions: {} } },
      ['spec', 'spec.containers[0]'].map(
        (at) =>
          `${at}.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod`,
      ),
    ],
    [
      'windows',
      {
        os: { name: 'windows' },
        hostPID: true,
        securityContext: { fsGroup: 1, sysctls: [{ name: 'a', value: 'b' }] },
      },
      { securityContext: { privileged: true, capabilities: {} } },
      [
        'spec.hostPID',
        'spec.securityContext.fsGroup',
        'spec.securityContext.sysctls',
        'spec.containers[0].securityContext.capabilities',
        'spec.containers[0].securityContext.privileged',
      ].map((at) => `${at}: Forbidden: cannot be set for a windows pod`),
    ],
    [
      'a way to label files',
      { securityContext: { seLinuxChangePolicy: 'MountOption' } },
      {},
      [
        'spec.securityContext.seLinuxChangePolicy: Unsupported value: "MountOption": supported values: "Recursive"',
      ],
    ],
  ])('%s', (_, more, container, faults) => {
    expect(faultsOf(PODS, { spec: spec(more, container) })).toEqual(faults)
  })
})

describe('annotations', () => {
  const COST = 'controller.kubernetes.io/pod-deletion-cost'
  const ARMOR = 'container.apparmor.security.beta.kubernetes.io'
  it.each<[Loose, readonly string[]]>([
    [{ [COST]: '-5' }, []],
    [{ [COST]: '-05' }, []],
    ...['x', '+5', '', '99999999999', '05'].map((text): [Loose, readonly string[]] => [
      { [COST]: text },
      [`[${COST}]: Invalid value: "${text}": must be a 32bit integer`],
    ]),
    [
      { 'kubernetes.io/config.mirror': 'm' },
      [
        '[kubernetes.io/config.mirror]: Invalid value: "m": must set spec.nodeName if mirror pod annotation is set',
      ],
    ],
    [
      { 'seccomp.security.alpha.kubernetes.io/pod': 'x' },
      ['.seccomp.security.alpha.kubernetes.io/pod: Invalid value: "x": must be a valid seccomp profile'],
    ],
    [
      { [`${ARMOR}/c`]: 'x', [`${ARMOR}/z`]: 'localhost/y' },
      [
        `[${ARMOR}/c]: Invalid value: "x": invalid AppArmor profile name: "x"`,
        `[${ARMOR}/z]: Invalid value: "z": container not found`,
      ],
    ],
  ])('%j', (annotations, faults) => {
    const body = { metadata: { annotations }, spec: spec() }
    expect(faultsOf(PODS, body)).toEqual(faults.map((fault) => `metadata.annotations${fault}`))
    const labels = { a: 'b' }
    const template = { metadata: { labels, annotations }, spec: spec() }
    expect(faultsOf(DEPLOYMENTS, { spec: { selector: { matchLabels: labels }, template } })).toEqual(
      faults.map((fault) => `spec.template.annotations${fault}`),
    )
  })

  it('may not all come and go', () => {
    const with_ = (annotations: Loose): Loose => ({ metadata: { annotations }, spec: spec() })
    expect(updateFaultsOf(PODS, with_({ [`${ARMOR}/c`]: 'unconfined' }), with_({}))).toEqual([
      `metadata.annotations[${ARMOR}/c]: Forbidden: may not add AppArmor annotations`,
    ])
    expect(updateFaultsOf(PODS, with_({}), with_({ 'kubernetes.io/config.mirror': 'm' }))).toEqual([
      'metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not remove or update mirror pod annotation',
    ])
  })
})
