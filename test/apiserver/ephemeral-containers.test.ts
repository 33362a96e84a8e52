/** Containers that join a pod: pods/ephemeralcontainers. */

import { describe, expect, it } from 'vitest'
import { NAMESPACES, PODS } from '../../core/api/scheme.ts'
import type { Fixture, Loose } from './fixture.ts'
import { fixture } from './fixture.ts'

const web = (): Loose => ({
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image: 'nginx' }] },
})

const join = (api: Fixture, ...ephemeralContainers: Loose[]): Promise<Loose> =>
  api.patch(PODS, 'web', {
    type: 'strategic',
    subresource: 'ephemeralcontainers',
    patch: { spec: { ephemeralContainers } },
  })

const podOf = async (): Promise<Fixture> => {
  const api = await fixture()
  await api.create(PODS, web())
  return api
}

describe('pods/ephemeralcontainers', () => {
  it('adds containers, with defaults, and counts the change', async () => {
    const api = await podOf()
    const { metadata, spec } = await join(api, { name: 'debug', image: 'busybox', stdin: true })
    expect(metadata.generation).toBe(2)
    expect(spec.ephemeralContainers).toEqual([
      {
        name: 'debug',
        image: 'busybox',
        stdin: true,
        resources: {},
        imagePullPolicy: 'Always',
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ])
    const again = await join(api, { name: 'second', image: 'busybox', targetContainerName: 'c' })
    expect(again.spec.ephemeralContainers.map(({ name }: Loose) => name)).toEqual(['second', 'debug'])
  })

  it('changes nothing else of the pod', async () => {
    const api = await podOf()
    const pod = api.get(PODS, 'web')
    const wanted = {
      ...pod,
      metadata: { ...pod.metadata, labels: { app: 'other' }, annotations: { a: 'b' } },
      spec: {
        ...pod.spec,
        containers: [{ name: 'c', image: 'other' }],
        ephemeralContainers: [{ name: 'debug', image: 'busybox' }],
      },
    }
    const { metadata, spec } = await api.update(PODS, wanted, 'ephemeralcontainers')
    expect([metadata.labels, metadata.annotations, spec.containers[0].image]).toEqual([
      { app: 'web' },
      undefined,
      'nginx',
    ])
    expect(spec.ephemeralContainers).toHaveLength(1)
  })

  const at = 'spec.ephemeralContainers[0]'
  it.each<[string, Loose, string]>([
    ['no image', { name: 'd' }, `${at}.image: Required value`],
    ['a name of another', { name: 'c', image: 'i' }, `${at}.name: Duplicate value: "c"`],
    [
      'a target that is not there',
      { name: 'd', image: 'i', targetContainerName: 'no' },
      `${at}.targetContainerName: Not found: "no"`,
    ],
    [
      'ports',
      { name: 'd', image: 'i', ports: [{ containerPort: 80 }] },
      `${at}.ports: Forbidden: cannot be set for an Ephemeral Container`,
    ],
    [
      'resources',
      { name: 'd', image: 'i', resources: { limits: { cpu: '1' } } },
      `${at}.resources: Forbidden: cannot be set for an Ephemeral Container`,
    ],
    [
      'an image with a space',
      { name: 'd', image: 'i ' },
      `${at}.image: Invalid value: "i ": must not have leading or trailing whitespace`,
    ],
  ])('refuses %s', async (_what, container, fault) => {
    const api = await podOf()
    await expect(join(api, container)).rejects.toThrow(`Pod "web" is invalid: ${fault}`)
    expect(api.get(PODS, 'web').spec).not.toHaveProperty('ephemeralContainers')
  })

  it.each<[string, Loose[], string]>([
    ['removed', [], 'removed'],
    ['changed', [{ name: 'debug', image: 'other' }], 'changed'],
  ])('keeps what there is: it may not be %s', async (_what, ephemeralContainers, verb) => {
    const api = await podOf()
    await join(api, { name: 'debug', image: 'busybox' })
    const { spec, ...pod } = api.get(PODS, 'web')
    const wanted = { ...pod, spec: { ...spec, ephemeralContainers } }
    await expect(api.update(PODS, wanted, 'ephemeralcontainers')).rejects.toThrow(
      `spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be ${verb}\n`,
    )
  })

  it('is the only way to add them', async () => {
    const api = await podOf()
    const ephemeralContainers = [{ name: 'debug', image: 'busybox' }]
    const { spec, ...pod } = api.get(PODS, 'web')
    const wanted = { ...pod, spec: { ...spec, ephemeralContainers } }
    await expect(api.update(PODS, wanted)).rejects.toThrow('pod updates may not change fields other than')
    const born = { metadata: { name: 'born' }, spec: { ...web().spec, ephemeralContainers } }
    await expect(api.create(PODS, born)).rejects.toThrow(
      'spec.ephemeralContainers: Forbidden: cannot be set on create',
    )
  })

  it('is judged by the pod security of the namespace', async () => {
    const api = await podOf()
    const labels = { 'pod-security.kubernetes.io/enforce': 'baseline' }
    await api.patch(NAMESPACES, 'default', { type: 'merge', patch: { metadata: { labels } } })
    const privileged = { name: 'debug', image: 'busybox', securityContext: { privileged: true } }
    await expect(join(api, privileged)).rejects.toThrow(
      'violates PodSecurity "baseline:latest": privileged (container "debug" must not set securityContext.privileged=true)',
    )
    await join(api, { name: 'debug', image: 'busybox' })
  })
})
