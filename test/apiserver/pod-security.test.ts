/** The Pod Security Standards, by the labels of a namespace. */

import { describe, expect, it } from 'vitest'
import { DEPLOYMENTS, NAMESPACES, PODS } from '../../core/api/scheme.ts'
import { violations } from '../../core/apiserver/admission/pod-security/checks.ts'
import type { Level } from '../../core/apiserver/admission/pod-security/checks.ts'
import type { Fixture, Loose } from './fixture.ts'
import { fixture } from './fixture.ts'

const FINE = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
}
const container = (securityContext: Loose = FINE, more: Loose = {}): Loose => ({
  name: 'c',
  image: 'i',
  securityContext,
  ...more,
})
const spec = (containers: Loose[], more: Loose = {}): Loose => ({ containers, ...more })

const label = async (api: Fixture, labels: Loose): Promise<Loose> => {
  const prefixed = Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value]),
  )
  return await api.patch(NAMESPACES, 'default', { type: 'merge', patch: { metadata: { labels: prefixed } } })
}

/** Not that portolan ignores the fields themselves. */
const ofPodSecurity = (warnings: readonly string[]): readonly string[] =>
  warnings.filter((text) => !text.includes(' ignored: '))

describe('checks', () => {
  it.each<[Level, Loose, string]>([
    ['privileged', spec([container({ privileged: true })], { hostNetwork: true }), ''],
    ['baseline', spec([container({})]), ''],
    [
      'baseline',
      spec([container({ privileged: true })]),
      'privileged: container "c" must not set securityContext.privileged=true',
    ],
    [
      'baseline',
      spec([container({ capabilities: { add: ['NET_ADMIN', 'CHOWN'] } })]),
      'non-default capabilities: container "c" must not include "NET_ADMIN" in securityContext.capabilities.add',
    ],
    [
      'baseline',
      spec([container({})], { hostNetwork: true, hostPID: true }),
      'host namespaces: hostNetwork=true, hostPID=true',
    ],
    [
      'baseline',
      spec([container({})], { volumes: [{ name: 'v', hostPath: { path: '/' } }] }),
      'hostPath volumes: volume "v"',
    ],
    [
      'baseline',
      spec([container({}, { ports: [{ containerPort: 1, hostPort: 80 }] })]),
      'hostPort: container "c" uses hostPort 80',
    ],
    [
      'baseline',
      spec([container({ procMount: 'Unmasked' })]),
      'procMount: container "c" must not set securityContext.procMount to "Unmasked"',
    ],
    [
      'baseline',
      spec([container({ seLinuxOptions: { type: 'x', user: 'u' } })]),
      'seLinuxOptions: container "c" set forbidden securityContext.seLinuxOptions: type "x"; user may not be set',
    ],
    [
      'baseline',
      spec([container({})], { securityContext: { seccompProfile: { type: 'Unconfined' } } }),
      'seccompProfile: pod must not set securityContext.seccompProfile.type to "Unconfined"',
    ],
    [
      'baseline',
      spec([container({})], { securityContext: { sysctls: [{ name: 'kernel.msgmax' }] } }),
      'forbidden sysctls: kernel.msgmax',
    ],
    [
      'baseline',
      spec([container({ windowsOptions: { hostProcess: true } })]),
      'hostProcess: container "c" must not set securityContext.windowsOptions.hostProcess=true',
    ],
    [
      'baseline',
      spec([container({ appArmorProfile: { type: 'Unconfined' } })]),
      'forbidden AppArmor profile: container "c" must not set AppArmor profile type to "Unconfined"',
    ],
    ['restricted', spec([container()]), ''],
    [
      'restricted',
      spec([container({}), { ...container({}), name: 'd' }]),
      'allowPrivilegeEscalation != false: containers "c", "d" must set securityContext.allowPrivilegeEscalation=false | ' +
        'unrestricted capabilities: containers "c", "d" must set securityContext.capabilities.drop=["ALL"] | ' +
        'runAsNonRoot != true: pod or containers "c", "d" must set securityContext.runAsNonRoot=true | ' +
        'seccompProfile: pod or containers "c", "d" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"',
    ],
    [
      'restricted',
      spec([container()], { volumes: [{ name: 'v', nfs: {} }] }),
      'restricted volume types: volume "v" uses restricted volume type "nfs"',
    ],
    [
      'restricted',
      spec([container({ ...FINE, runAsUser: 0 })]),
      'runAsUser=0: container "c" must not set runAsUser=0',
    ],
    [
      'restricted',
      spec([container({ ...FINE, runAsNonRoot: false })]),
      'runAsNonRoot != true: container "c" must not set securityContext.runAsNonRoot=false',
    ],
  ])('%s: %#', (level, pod, expected) => {
    const found = violations({ metadata: { name: 'p' }, spec: pod }, level)
    expect(found.map(({ reason, detail }) => `${reason}: ${detail}`).join(' | ')).toBe(expected)
  })
})

describe('a namespace', () => {
  it('that enforces refuses pods, and only pods', async () => {
    const api = await fixture()
    await label(api, { enforce: 'restricted', warn: 'restricted', 'warn-version': 'v1.30' })
    const bad = spec([container({ ...FINE, allowPrivilegeEscalation: true })])
    const why =
      'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)'
    await expect(api.create(PODS, { metadata: { name: 'p' }, spec: bad })).rejects.toMatchObject({
      code: 403,
      message: `pods "p" is forbidden: violates PodSecurity "restricted:latest": ${why}`,
    })
    const labels = { a: 'b' }
    const template = { metadata: { labels }, spec: bad }
    await api.create(DEPLOYMENTS, {
      metadata: { name: 'd' },
      spec: { selector: { matchLabels: labels }, template },
    })
    expect(ofPodSecurity(api.warnings)).toEqual([`would violate PodSecurity "restricted:v1.30": ${why}`])
  })

  it('that becomes stricter names the pods it would refuse', async () => {
    const api = await fixture()
    for (const name of ['a', 'b'])
      await api.create(PODS, { metadata: { name }, spec: spec([container({ privileged: true })]) })
    await label(api, { enforce: 'baseline' })
    expect(ofPodSecurity(api.warnings)).toEqual([
      'existing pods in namespace "default" violate the new PodSecurity enforce level "baseline:latest"',
      'a (and 1 other pod): privileged',
    ])
  })

  it('cannot ask for a level there is not', async () => {
    const api = await fixture()
    await expect(label(api, { enforce: 'paranoid' })).rejects.toThrow(
      'metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "paranoid": must be one of privileged, baseline, restricted',
    )
  })
})
