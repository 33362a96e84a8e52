/** What kube-apiserver 1.34 was seen to say of what pods ask for: claims, large pages, devices, the pod as a whole. */

import { describe, expect, it } from 'vitest'
import { defaulted, faultsOf } from '../../../test/support/kind-rules.ts'
import { DEPLOYMENTS, LIMIT_RANGES, NODES, PODS, RESOURCE_QUOTAS } from '../scheme.ts'

type Loose = Record<string, unknown>

const pod = (spec: Loose, container: Loose = {}): Loose => ({
  spec: { ...spec, containers: [{ name: 'c', image: 'i', ...container }] },
})
const asks = (limits?: Loose, requests?: Loose): Loose => ({
  resources: { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) },
})
const AT = 'spec.containers[0].resources'

describe('containers', () => {
  it.each<[string, Loose, readonly string[]]>([
    ['large pages', asks({ 'hugepages-2Mi': '4Mi', cpu: '1' }), []],
    ['several sizes', asks({ 'hugepages-1Gi': '2Gi', 'hugepages-2Mi': '2Mi', memory: '1Gi' }), []],
    ['no large pages', asks({ 'hugepages-2Mi': '0', cpu: '1' }), []],
    [
      'large pages alone',
      asks({ 'hugepages-2Mi': '4Mi' }),
      [`${AT}: Forbidden: HugePages require cpu or memory`],
    ],
    [
      'half a page',
      asks({ 'hugepages-2Mi': '3Mi', memory: '1Gi' }),
      ['limits', 'requests'].map(
        (kind) =>
          `${AT}.${kind}[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
      ),
    ],
    [
      'pages of no size',
      asks({ 'hugepages-x': '4Mi', cpu: '1' }),
      ['limits', 'requests'].map(
        (kind) =>
          `${AT}.${kind}[hugepages-x]: Invalid value: "4Mi": 4Mi is not positive integer multiple of hugepages-x`,
      ),
    ],
    [
      'pages without a limit',
      asks(undefined, { 'hugepages-2Mi': '4Mi', cpu: '1' }),
      [`${AT}.limits: Required value: Limit must be set for non overcommitable resources`],
    ],
    [
      'fewer pages than the limit',
      asks({ 'hugepages-2Mi': '4Mi', cpu: '1' }, { 'hugepages-2Mi': '2Mi' }),
      [`${AT}.requests: Invalid value: "2Mi": must be equal to hugepages-2Mi limit of 4Mi`],
    ],
    [
      'fewer devices than the limit',
      asks({ 'e.com/gpu': '2' }, { 'e.com/gpu': '1' }),
      [`${AT}.requests: Invalid value: "1": must be equal to e.com/gpu limit of 2`],
    ],
    [
      'part of a device',
      asks({ 'e.com/gpu': '1500m' }),
      ['limits', 'requests'].map(
        (kind) => `${AT}.${kind}[e.com/gpu]: Invalid value: "1500m": must be an integer`,
      ),
    ],
    [
      'more than the limit',
      asks({ cpu: '1' }, { cpu: '2' }),
      [`${AT}.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`],
    ],
  ])('%s', (_, container, faults) => expect(faultsOf(PODS, pod({}, container))).toEqual(faults))
})

describe('claims', () => {
  const claims = (...names: Loose[]): Loose => ({ resources: { claims: names } })

  it("are the pod's", () => {
    const resourceClaims = [
      { name: 'a', resourceClaimName: 'x' },
      { name: 'b', resourceClaimTemplateName: 'y' },
    ]
    const used = claims({ name: 'a' }, { name: 'b', request: 'r1' }, { name: 'b', request: 'r2' })
    expect(faultsOf(PODS, pod({ resourceClaims }, used))).toEqual([])
    expect(faultsOf(PODS, pod({ resourceClaims }, claims({ name: 'c' })))).toEqual([
      `${AT}.claims[0]: Not found: "c": must be one of the names in pod.spec.resourceClaims: a, b`,
    ])
    expect(faultsOf(PODS, pod({}, claims({ name: 'a' })))).toEqual([
      `${AT}.claims[0]: Not found: "a": must be one of the names in pod.spec.resourceClaims which is empty`,
    ])
  })

  it('are of an object or a template', () => {
    const resourceClaims = [
      { name: 'a' },
      { name: 'a', resourceClaimName: 'x', resourceClaimTemplateName: 'y' },
      { name: '', resourceClaimName: 'x' },
    ]
    const shown = (name: string, own: string, template: string): string =>
      `{"Name":"${name}","ResourceClaimName":${own},"ResourceClaimTemplateName":${template}}`
    expect(faultsOf(PODS, pod({ resourceClaims }))).toEqual([
      `spec.resourceClaims[0]: Invalid value: ${shown('a', 'null', 'null')}: must specify one of: \`resourceClaimName\`, \`resourceClaimTemplateName\``,
      'spec.resourceClaims[1].name: Duplicate value: "a"',
      `spec.resourceClaims[1]: Invalid value: ${shown('a', '"x"', '"y"')}: at most one of \`resourceClaimName\` or \`resourceClaimTemplateName\` may be specified`,
      'spec.resourceClaims[2].name: Required value',
    ])
  })

  it('are not for pods the server has not made', () => {
    const mirror = { annotations: { 'kubernetes.io/config.mirror': 'm' } }
    const body = pod({ nodeName: 'n', resourceClaims: [{ name: 'a', resourceClaimName: 'x' }] })
    expect(faultsOf(PODS, { metadata: mirror, ...body })).toEqual([
      '[]: Forbidden: static pods do not support resource claims',
    ])
  })
})

describe('the pod as a whole', () => {
  it.each<[string, Loose, Loose, readonly string[]]>([
    ['enough', { limits: { cpu: '2', memory: '1Gi' } }, asks({ cpu: '1' }), []],
    [
      'too little',
      { limits: { cpu: '1' }, requests: { cpu: '500m' } },
      asks({ cpu: '2' }),
      [
        'spec.resources.requests[cpu]: Invalid value: "500m": must be greater than or equal to aggregate container requests of 2',
        'spec.resources.containers[0][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1',
      ],
    ],
    [
      'devices',
      { limits: { 'e.com/gpu': '1' }, requests: { 'e.com/gpu': '1' } },
      {},
      ['limits', 'requests'].map(
        (kind) =>
          `spec.resources.${kind}[e.com/gpu]: Unsupported value: "e.com/gpu": supported values: "cpu", "hugepages-", "memory"`,
      ),
    ],
    [
      'claims',
      { claims: [{ name: 'a' }], limits: { cpu: '1' } },
      {},
      [
        'spec.resources.claims: Forbidden: claims may not be set for Resources at pod-level',
        'spec.resources.claims[0]: Not found: "a": must be one of the names in pod.spec.resourceClaims which is empty',
      ],
    ],
  ])('%s', (_, resources, container, faults) =>
    expect(faultsOf(PODS, pod({ resources }, container))).toEqual(faults),
  )

  it.each<[string, Loose, Loose, Loose]>([
    [
      'requests what its containers do',
      { limits: { cpu: '4', memory: '2Gi' } },
      asks({ cpu: '1' }, { memory: '0.5Gi' }),
      { limits: { cpu: '4', memory: '2Gi' }, requests: { cpu: '1', memory: '512Mi' } },
    ],
    [
      'is limited to the large pages they have',
      { requests: { cpu: '1' } },
      asks({ 'hugepages-2Mi': '4Mi', cpu: '1' }),
      { limits: { 'hugepages-2Mi': '4Mi' }, requests: { cpu: '1', 'hugepages-2Mi': '4Mi' } },
    ],
    ['says nothing by itself', {}, asks({ cpu: '1' }), {}],
  ])('%s', (_, resources, container, expected) => {
    expect(defaulted(PODS, pod({ resources }, container)).spec.resources).toEqual(expected)
  })
})

it('leaves templates as they are', () => {
  const container = { ...asks({ cpu: '1' }), ports: [{ containerPort: 80 }] }
  const template = { ...pod({ hostNetwork: true, resources: { limits: { cpu: '2' } } }, container) }
  const made = defaulted(DEPLOYMENTS, { spec: { template } }).spec.template.spec
  expect(made?.containers[0]?.resources).toEqual({ limits: { cpu: '1' } })
  expect(made?.containers[0]?.ports?.[0]?.hostPort).toBeUndefined()
  expect(made?.resources).toEqual({ limits: { cpu: '2' } })
  const own = defaulted(PODS, pod({ hostNetwork: true }, container)).spec.containers[0]
  expect(own?.ports?.[0]?.hostPort).toBe(80)
})

describe('whole numbers', () => {
  it('are what quotas count', () => {
    const devices = 'c.deviceclass.resource.k8s.io/devices'
    const hard = { [devices]: '500m', pods: '500m', 'hugepages-2Mi': '3Mi', 'limits.hugepages-2Mi': '1' }
    expect(faultsOf(RESOURCE_QUOTAS, { spec: { hard } })).toEqual([
      `spec.hard[${devices}]: Invalid value: "500m": must be an integer`,
      'spec.hard[pods]: Invalid value: "500m": must be an integer',
      'spec.hard[limits.hugepages-2Mi]: Invalid value: "limits.hugepages-2Mi": must be a standard resource type or fully qualified',
      'spec.hard[limits.hugepages-2Mi]: Invalid value: "limits.hugepages-2Mi": must be a standard resource for quota',
    ])
    const scoped = { hard: { 'requests.hugepages-2Mi': '1' }, scopes: ['BestEffort'] }
    expect(faultsOf(RESOURCE_QUOTAS, { spec: scoped })).toEqual([
      'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
    ])
  })

  it('are what nodes have', () => {
    expect(faultsOf(NODES, { status: { capacity: { 'e.com/gpu': '500m', cpu: '500m' } } })).toEqual([
      'status.capacity.e.com/gpu: Invalid value: "500m": must be an integer',
      'status.allocatable.e.com/gpu: Invalid value: "500m": must be an integer',
    ])
  })

  it('are given as they are requested', () => {
    const item = {
      type: 'Container',
      default: { 'hugepages-2Mi': '4Mi' },
      defaultRequest: { 'hugepages-2Mi': '2Mi' },
    }
    expect(faultsOf(LIMIT_RANGES, { spec: { limits: [item] } })).toEqual([
      'spec.limits[0].defaultRequest[hugepages-2Mi]: Invalid value: "2Mi": default value 4Mi must equal to defaultRequest value 2Mi in hugepages-2Mi',
    ])
  })
})
