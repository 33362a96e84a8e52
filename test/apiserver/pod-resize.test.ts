/** What containers of a pod that is there already ask for: pods/resize. */

import { describe, expect, it } from 'vitest'
import { LIMIT_RANGES, PODS, RESOURCE_QUOTAS } from '../../core/api/scheme.ts'
import type { Fixture, Loose } from './fixture.ts'
import { fixture } from './fixture.ts'

const policy = [
  { resourceName: 'cpu', restartPolicy: 'NotRequired' },
  { resourceName: 'memory', restartPolicy: 'RestartContainer' },
]
const burst = (): Loose => ({
  containers: [
    {
      name: 'c',
      image: 'i:1',
      resources: { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '1', memory: '512Mi' } },
      resizePolicy: policy,
    },
    { name: 'd', image: 'i:1' },
  ],
  initContainers: [
    { name: 's', image: 'i:1', restartPolicy: 'Always', resources: { requests: { cpu: '1' } } },
    { name: 'i', image: 'i:1', resources: { requests: { cpu: '1' } } },
  ],
})
const single = (resources: object, more: object = {}): Loose => ({
  containers: [{ name: 'c', image: 'i:1', resources }],
  ...more,
})

const podOf = async (spec: Loose): Promise<Fixture> => {
  const api = await fixture()
  await api.create(PODS, { metadata: { name: 'p', labels: { app: 'p' } }, spec })
  return api
}

/** Sends the pod back as `change` makes it. */
function put(api: Fixture, change: (pod: Loose) => void): Promise<Loose> {
  const pod = structuredClone(api.get(PODS, 'p'))
  change(pod)
  return api.update(PODS, pod, 'resize')
}

const patch = (api: Fixture, resources: object): Promise<Loose> =>
  api.patch(PODS, 'p', {
    type: 'strategic',
    subresource: 'resize',
    patch: { spec: { containers: [{ name: 'c', resources }] } },
  })

describe('pods/resize', () => {
  it('changes what containers ask for, and counts that', async () => {
    const api = await podOf(burst())
    const { metadata, spec } = await patch(api, { requests: { cpu: '1500m' } })
    expect(metadata.generation).toBe(2)
    expect(spec.containers[0].resources).toEqual({
      limits: { cpu: '2', memory: '1Gi' },
      requests: { cpu: '1500m', memory: '512Mi' },
    })
    const again = await put(api, ({ spec: { initContainers } }) => {
      initContainers[0].resources.requests = { cpu: '2', memory: '1Gi' }
    })
    expect(again.spec.initContainers[0].resources.requests).toEqual({ cpu: '2', memory: '1Gi' })
    expect((await put(api, () => undefined)).metadata.generation).toBe(3)
  })

  it('changes nothing else', async () => {
    const api = await podOf(burst())
    const { metadata, spec, status } = await put(api, (pod) => {
      pod.metadata.labels = { not: '!valid' }
      pod.metadata.finalizers = ['a.test/b']
      pod.spec.containers[0].image = 'other:1'
      pod.spec.hostNetwork = true
      pod.status.phase = 'Running'
    })
    expect([metadata.labels, metadata.finalizers, metadata.generation]).toEqual([{ app: 'p' }, undefined, 1])
    expect([spec.containers[0].image, spec.hostNetwork, status.phase]).toEqual(['i:1', undefined, 'Pending'])
  })

  const C = 'spec.containers[0].resources'
  const ONLY = 'spec: Forbidden: only cpu and memory resources are mutable'
  const MOVED = 'containers may not be renamed or reordered on resize'
  it.each<[string, (spec: Loose) => unknown, string]>([
    [
      'less than is used',
      (spec) => (spec.containers[0].resources.requests.cpu = '5'),
      `${C}.requests: Invalid value: "5": must be less than or equal to cpu limit of 2`,
    ],
    [
      'the end of a limit',
      (spec) => delete spec.containers[0].resources.limits.cpu,
      `${C}.limits: Forbidden: resource limits cannot be removed`,
    ],
    [
      'the end of a sidecar’s request',
      (spec) => (spec.initContainers[0].resources.requests = {}),
      'spec.initContainers[0].resources.requests: Forbidden: resource requests cannot be removed',
    ],
    [
      'another policy',
      (spec) => (spec.containers[0].resizePolicy[0].restartPolicy = 'RestartContainer'),
      ONLY,
    ],
    [
      'other resources of a sidecar',
      (spec) => (spec.initContainers[0].resources.requests['ephemeral-storage'] = '1'),
      'spec: Forbidden: only cpu and memory resources for sidecar containers are mutable',
    ],
    [
      'any of an init container',
      (spec) => (spec.initContainers[1].resources.requests.cpu = '2'),
      'spec: Forbidden: resources for non-sidecar init containers are immutable',
    ],
    [
      'a further container',
      (spec) => spec.containers.push({ name: 'x', image: 'i' }),
      'spec.containers: Forbidden: containers may not be added or removed on resize',
    ],
    [
      'no init containers',
      (spec) => delete spec.initContainers,
      'spec.initContainers: Forbidden: initContainers may not be added or removed on resize',
    ],
    [
      'another name',
      (spec) => (spec.containers[1].name = 'z'),
      `spec.containers[1].name: Forbidden: ${MOVED}`,
    ],
    [
      'another order',
      (spec) => spec.containers.reverse(),
      `[spec.containers[0].name: Forbidden: ${MOVED}, spec.containers[1].name: Forbidden: ${MOVED}]`,
    ],
    [
      'a claim of nothing',
      (spec) => (spec.containers[0].resources.claims = [{ name: 'x' }]),
      `${C}.claims[0]: Not found: "x": must be one of the names in pod.spec.resourceClaims which is empty`,
    ],
  ])('refuses %s', async (_what, change, fault) => {
    const api = await podOf(burst())
    await expect(put(api, ({ spec }) => void change(spec))).rejects.toThrow(`Pod "p" is invalid: ${fault}`)
  })

  const equal = { limits: { cpu: '1', memory: '1Gi' } }
  const CLASS = 'Pod QOS Class may not change as a result of resizing'
  it.each<[string, Loose, object, string | undefined]>([
    [
      'of the best effort',
      single({}),
      { requests: { cpu: '1' } },
      `spec: Invalid value: "BestEffort": ${CLASS}`,
    ],
    [
      'guaranteed, to less',
      single(equal),
      { requests: { cpu: '500m' } },
      `spec: Invalid value: "Guaranteed": ${CLASS}`,
    ],
    [
      'guaranteed, to nothing',
      single(equal),
      { requests: { cpu: '0' }, limits: { cpu: '0' } },
      `spec: Invalid value: "Guaranteed": ${CLASS}`,
    ],
    ['guaranteed, in both', single(equal), { requests: { cpu: '2' }, limits: { cpu: '2' } }, undefined],
    [
      'burstable, to a limit at last',
      single({ requests: { cpu: '1' } }),
      { limits: { cpu: '2' } },
      undefined,
    ],
    [
      'sized as a whole',
      single({}, { resources: equal }),
      { requests: { cpu: '1' } },
      '[]: Forbidden: pods with pod-level resources cannot be resized',
    ],
    [
      'of Windows',
      single({ requests: { cpu: '1' } }, { os: { name: 'windows' } }),
      { requests: { cpu: '2' } },
      '[]: Forbidden: windows pods cannot be resized',
    ],
  ])('keeps the class of service of a pod: %s', async (_what, spec, resources, fault) => {
    const api = await podOf(spec)
    const answer = patch(api, resources)
    if (fault === undefined) await expect(answer).resolves.toBeDefined()
    else await expect(answer).rejects.toThrow(`Pod "p" is invalid: ${fault}`)
  })

  it.each([
    [{ resources: {} }, true],
    [{}, false],
  ])('needs a node that tells what containers have: %j', async (told, isServed) => {
    const api = await podOf(burst())
    const pod = api.get(PODS, 'p')
    const shown = { imageID: '', ready: true, restartCount: 0, state: { running: {} } }
    const containerStatuses = [{ name: 'c', image: 'i:1', ...shown, ...told }]
    await api.update(PODS, { ...pod, status: { ...pod.status, containerStatuses } }, 'status')
    const answer = patch(api, { requests: { cpu: '2' } })
    if (isServed) await expect(answer).resolves.toBeDefined()
    else
      await expect(answer).rejects.toThrow('spec: Forbidden: Pod running on node without support for resize')
  })
})

describe('what a namespace sets', () => {
  it('counts for a new pod before its class of service is reckoned', async () => {
    const api = await fixture()
    const limits = [{ type: 'Container', default: { cpu: '1', memory: '1Gi' } }]
    await api.create(LIMIT_RANGES, { metadata: { name: 'l' }, spec: { limits } })
    const made = await api.create(PODS, { metadata: { name: 'p' }, spec: single({}) })
    expect(made.status.qosClass).toBe('Guaranteed')
  })

  it('is held against a resize: a LimitRange tells of each resource once', async () => {
    const api = await podOf(single({ limits: { cpu: '1', memory: '1Gi' } }))
    const limits = [
      { type: 'Container', max: { cpu: '2' } },
      { type: 'Pod', max: { cpu: '3' } },
    ]
    await api.create(LIMIT_RANGES, { metadata: { name: 'l' }, spec: { limits } })
    const five = { requests: { cpu: '5' }, limits: { cpu: '5' } }
    await expect(patch(api, five)).rejects.toThrow(
      'pods "p" is forbidden: [maximum cpu usage per Container is 2, but limit is 5, maximum cpu usage per Pod is 3, but limit is 5]',
    )
  })

  it('is charged for what grew: a ResourceQuota', async () => {
    const api = await podOf(single({ limits: { cpu: '500m', memory: '1Gi' } }))
    const hard = { 'requests.cpu': '1', 'limits.cpu': '2' }
    const made = await api.create(RESOURCE_QUOTAS, { metadata: { name: 'q' }, spec: { hard } })
    const used = { 'requests.cpu': '500m', 'limits.cpu': '500m' }
    await api.update(RESOURCE_QUOTAS, { ...made, status: { hard, used } }, 'status')
    const amount = (cpu: string): object => ({ requests: { cpu }, limits: { cpu } })
    await expect(patch(api, amount('1500m'))).rejects.toThrow(
      'pods "p" is forbidden: exceeded quota: q, requested: requests.cpu=1, used: requests.cpu=500m, limited: requests.cpu=1',
    )
    await patch(api, amount('1'))
    expect(api.get(RESOURCE_QUOTAS, 'q').status.used).toEqual({ 'requests.cpu': '1', 'limits.cpu': '1' })
  })
})
