/** What kube-apiserver 1.34 was seen to make of new pods: keys of labels and AppArmor's old annotations. */

import { describe, expect, it } from 'vitest'
import type { Pod } from './generated/core-v1.ts'
import { appArmorWarnings, settledPod } from './pod-settle.ts'

type Loose = Record<string, unknown>

const pod = (spec: Loose, metadata: Loose = {}): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'n', labels: { app: 'x', rev: '7' }, ...metadata },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  }) as unknown as Pod
const settledSpec = (spec: Loose): unknown => settledPod(pod(spec)).spec

const APP = { matchLabels: { app: 'x' } }
const isIn = { key: 'rev', operator: 'In', values: ['7'] }
const isNotIn = { key: 'app', operator: 'NotIn', values: ['x'] }

describe('keys of labels', () => {
  const keys = { matchLabelKeys: ['rev', 'none'], mismatchLabelKeys: ['app'] }
  const term = { topologyKey: 't', ...keys, labelSelector: APP }
  const settled = { ...term, labelSelector: { ...APP, matchExpressions: [isIn, isNotIn] } }
  const affinity = (of: Loose): Loose => ({
    requiredDuringSchedulingIgnoredDuringExecution: [of],
    preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: of }],
  })

  it.each(['podAffinity', 'podAntiAffinity'])('become expressions of %s', (kind) => {
    expect(settledSpec({ affinity: { [kind]: affinity(term) } })).toMatchObject({
      affinity: { [kind]: affinity(settled) },
    })
  })

  it('come after the expressions that are there', () => {
    const had = { key: 'zone', operator: 'Exists' }
    const spread = { topologyKey: 't', matchLabelKeys: ['rev'], labelSelector: { matchExpressions: [had] } }
    expect(settledSpec({ topologySpreadConstraints: [spread] })).toMatchObject({
      topologySpreadConstraints: [{ ...spread, labelSelector: { matchExpressions: [had, isIn] } }],
    })
  })

  it('choose nothing without a selector', () => {
    const spec = { topologySpreadConstraints: [{ topologyKey: 't', matchLabelKeys: ['rev'] }] }
    expect(settledSpec(spec)).toEqual(pod(spec).spec)
  })

  it('leave other pods alone', () => {
    const plain = pod({})
    expect(settledPod(plain)).toBe(plain)
  })
})

describe("AppArmor's annotations", () => {
  const KEY = 'container.apparmor.security.beta.kubernetes.io/c'
  const annotated = (profile: string, spec: Loose = {}): Pod => pod(spec, { annotations: { [KEY]: profile } })
  const profileOf = ({ spec }: Pod): unknown => spec.containers[0]?.securityContext?.appArmorProfile
  const told = [
    `metadata.annotations[${KEY}]: deprecated since v1.30; use the "appArmorProfile" field instead`,
  ]

  it.each([
    ['unconfined', { type: 'Unconfined' }],
    ['runtime/default', { type: 'RuntimeDefault' }],
    ['localhost/a/b', { type: 'Localhost', localhostProfile: 'a/b' }],
    ['localhost/ a', undefined],
    ['other', undefined],
  ])('%s', (annotation, profile) => {
    const given = annotated(annotation)
    expect(profileOf(settledPod(given))).toEqual(profile)
    expect(appArmorWarnings(given)).toEqual(told)
  })

  it('say nothing where fields do', () => {
    const appArmorProfile = { type: 'RuntimeDefault' }
    const own = annotated('unconfined', {
      containers: [{ name: 'c', image: 'i', securityContext: { appArmorProfile } }],
    })
    expect(profileOf(settledPod(own))).toEqual(appArmorProfile)
    expect(appArmorWarnings(own)).toEqual([])
  })

  it('repeat nothing that the pod says', () => {
    const same = annotated('unconfined', { securityContext: { appArmorProfile: { type: 'Unconfined' } } })
    expect(profileOf(settledPod(same))).toBeUndefined()
    expect(appArmorWarnings(same)).toEqual([])
  })

  it('are nothing on Windows', () => {
    const windows = annotated('unconfined', { os: { name: 'windows' } })
    expect(settledPod(windows)).toBe(windows)
    expect(appArmorWarnings(windows)).toEqual([])
  })
})
