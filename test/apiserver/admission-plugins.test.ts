/** RuntimeClasses, the optional steps of admission, and that what is off is off. */

import { describe, expect, it } from 'vitest'
import {
  LIMIT_RANGES,
  NAMESPACES,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  PRIORITY_CLASSES,
  RESOURCE_QUOTAS,
  RUNTIME_CLASSES,
  SERVICES,
  STORAGE_CLASSES,
} from '../../core/api/scheme.ts'
import { enabledPlugins } from '../../core/apiserver/admission/plugins.ts'
import type { Fixture, Loose } from './fixture.ts'
import { fixture } from './fixture.ts'

const pod = (spec: Loose = {}, container: Loose = {}): Loose => ({
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'c', image: 'i:1', ...container }], ...spec },
})

const chosen = (choice: { enabled?: string[]; disabled?: string[] }): Promise<Fixture> =>
  fixture(undefined, enabledPlugins({ enabled: [], disabled: [], ...choice }))

const runtimeClass = (name: string, more: Loose = {}): Loose => ({
  metadata: { name },
  handler: 'h',
  ...more,
})

describe('a RuntimeClass', () => {
  const overhead = { podFixed: { cpu: '250m', memory: '100Mi' } }
  const scheduling = {
    nodeSelector: { a: 'b' },
    tolerations: [
      { key: 'k', operator: 'Exists', effect: 'NoSchedule' },
      { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
    ],
  }

  it('gives pods its overhead', async () => {
    const api = await fixture()
    await api.create(RUNTIME_CLASSES, runtimeClass('over', { overhead }))
    const made = await api.create(PODS, pod({ runtimeClassName: 'over' }))
    expect(made.spec.overhead).toEqual(overhead.podFixed)
    const given = { runtimeClassName: 'over', overhead: { cpu: '0.25', memory: '104857600' } }
    const same = await api.create(PODS, { ...pod(given), metadata: { name: 'same' } })
    expect(same.spec.overhead).toEqual(overhead.podFixed)
  })

  it('has pods go where it says, and tolerate what it says once', async () => {
    const api = await fixture()
    await api.create(RUNTIME_CLASSES, runtimeClass('sched', { scheduling }))
    const made = await api.create(PODS, pod({ runtimeClassName: 'sched', nodeSelector: { c: 'd' } }))
    expect(made.spec.nodeSelector).toEqual({ c: 'd', a: 'b' })
    const unreachable = {
      key: 'node.kubernetes.io/unreachable',
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    }
    expect(made.spec.tolerations).toEqual([unreachable, ...scheduling.tolerations])
  })

  it.each<[string, Loose, string]>([
    ['is not there', { runtimeClassName: 'none' }, 'pod rejected: RuntimeClass "none" not found'],
    [
      'has another overhead',
      { runtimeClassName: 'over', overhead: { cpu: '1' } },
      "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    ],
    [
      'has no overhead',
      { runtimeClassName: 'sched', overhead: { cpu: '1' } },
      'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    ],
    [
      'is not named',
      { overhead: { cpu: '1' } },
      'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    ],
    [
      'has other nodes',
      { runtimeClassName: 'sched', nodeSelector: { a: 'x' } },
      'conflict: runtimeClass.scheduling.nodeSelector[a] = b; pod.spec.nodeSelector[a] = x',
    ],
  ])('refuses pods when it %s', async (_, spec, why) => {
    const api = await fixture()
    await api.create(RUNTIME_CLASSES, runtimeClass('over', { overhead }))
    await api.create(RUNTIME_CLASSES, runtimeClass('sched', { scheduling }))
    await expect(api.create(PODS, pod(spec))).rejects.toThrow(`pods "p" is forbidden: ${why}`)
  })

  it('is charged for', async () => {
    const api = await fixture()
    await api.create(RUNTIME_CLASSES, runtimeClass('over', { overhead }))
    const hard = { 'requests.cpu': '600m' }
    const quota = await api.create(RESOURCE_QUOTAS, { metadata: { name: 'q' }, spec: { hard } })
    await api.update(RESOURCE_QUOTAS, { ...quota, status: { hard, used: {} } }, 'status')
    const resources = { requests: { cpu: '500m' } }
    await expect(api.create(PODS, pod({ runtimeClassName: 'over' }, { resources }))).rejects.toThrow(
      'exceeded quota: q, requested: requests.cpu=750m',
    )
  })
})

describe('what is off', () => {
  it.each<[string, (api: Fixture) => Promise<unknown>]>([
    [
      'NamespaceLifecycle',
      (api) => api.create(PODS, { ...pod(), metadata: { name: 'p', namespace: 'none' } }),
    ],
    ['ServiceAccount', (api) => api.create(PODS, pod({ serviceAccountName: 'none' }))],
    ['Priority', (api) => api.create(PODS, pod({ priorityClassName: 'none' }))],
    ['RuntimeClass', (api) => api.create(PODS, pod({ runtimeClassName: 'none', overhead: { cpu: '1' } }))],
    [
      'LimitRanger',
      async (api) => {
        const item = { type: 'Container', max: { cpu: '1' } }
        await api.create(LIMIT_RANGES, { metadata: { name: 'l' }, spec: { limits: [item] } })
        return await api.create(PODS, pod({}, { resources: { limits: { cpu: '2' } } }))
      },
    ],
    [
      'PodSecurity',
      async (api) => {
        const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
        await api.update(NAMESPACES, { metadata: { name: 'default', labels } })
        return await api.create(PODS, pod({ hostNetwork: true }))
      },
    ],
    [
      'ResourceQuota',
      async (api) => {
        const hard = { pods: '0' }
        const quota = await api.create(RESOURCE_QUOTAS, { metadata: { name: 'q' }, spec: { hard } })
        await api.update(RESOURCE_QUOTAS, { ...quota, status: { hard, used: {} } }, 'status')
        return await api.create(PODS, pod())
      },
    ],
  ])('%s refuses nothing', async (plugin, attempt) => {
    // Where a pod is in a namespace that is not there, its account is not there either.
    const others = plugin === 'NamespaceLifecycle' ? ['ServiceAccount'] : []
    await expect(attempt(await chosen({ disabled: others }))).rejects.toThrow()
    await expect(attempt(await chosen({ disabled: [plugin, ...others] }))).resolves.toBeDefined()
  })

  it('adds nothing', async () => {
    const disabled = ['ServiceAccount', 'Priority', 'DefaultTolerationSeconds', 'DefaultStorageClass']
    const api = await chosen({ disabled })
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
    await api.create(STORAGE_CLASSES, { metadata: { name: 's', annotations }, provisioner: 'a.b/c' })
    await api.create(PRIORITY_CLASSES, { metadata: { name: 'c' }, value: 5, globalDefault: true })
    const { spec } = await api.create(PODS, pod())
    expect([spec.volumes, spec.serviceAccountName, spec.tolerations, spec.priority]).toEqual(
      Array.from({ length: 4 }),
    )
    const claim = await api.create(PERSISTENT_VOLUME_CLAIMS, {
      metadata: { name: 'c' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    })
    expect(claim.spec.storageClassName).toBeUndefined()
  })
})

describe('what is on', () => {
  it('AlwaysPullImages has images pulled', async () => {
    const api = await chosen({ enabled: ['AlwaysPullImages'] })
    const initContainers = [{ name: 'i', image: 'i:2', imagePullPolicy: 'Never' }]
    const { spec } = await api.create(PODS, pod({ initContainers }, { imagePullPolicy: 'IfNotPresent' }))
    const policies = [...spec.initContainers, ...spec.containers].map((each: Loose) => each.imagePullPolicy)
    expect(policies).toEqual(['Always', 'Always'])
  })

  it('ExtendedResourceToleration has pods tolerate nodes with their devices', async () => {
    const api = await chosen({ enabled: ['ExtendedResourceToleration'] })
    const resources = { limits: { 'e.com/b': '1', 'e.com/a': '1', cpu: '1' } }
    const { spec } = await api.create(PODS, pod({}, { resources }))
    expect(spec.tolerations.slice(-2)).toEqual([
      { key: 'e.com/a', operator: 'Exists', effect: 'NoSchedule' },
      { key: 'e.com/b', operator: 'Exists', effect: 'NoSchedule' },
    ])
  })

  it('DenyServiceExternalIPs keeps Services from more external addresses', async () => {
    const service = (...externalIPs: string[]): Loose => ({
      metadata: { name: 's' },
      spec: { ports: [{ port: 80 }], externalIPs },
    })
    const api = await chosen({ enabled: ['DenyServiceExternalIPs'] })
    await expect(api.create(SERVICES, service('192.0.2.1'))).rejects.toThrow(
      'services "s" is forbidden: Use of external IPs is denied by admission control',
    )
    await expect(api.create(SERVICES, service())).resolves.toBeDefined()
    const usual = await fixture()
    await expect(usual.create(SERVICES, service('192.0.2.1'))).resolves.toBeDefined()
  })
})
