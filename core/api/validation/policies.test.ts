/** Defaults and faults of LimitRanges, ResourceQuotas, PriorityClasses and webhook configurations. */

import { describe, expect, it } from 'vitest'
import {
  LIMIT_RANGES,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  PRIORITY_CLASSES,
  RESOURCE_QUOTAS,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
} from '../scheme.ts'
import { defaulted, faultsOf, updateFaultsOf } from '../../../test/support/kind-rules.ts'

const range = (...limits: object[]): object => ({ spec: { limits } })

describe('a LimitRange', () => {
  it.each<[string, object, object]>([
    ['the maximum', { max: { cpu: '2' } }, { default: { cpu: '2' }, defaultRequest: { cpu: '2' } }],
    ['the minimum', { min: { cpu: '1' } }, { defaultRequest: { cpu: '1' } }],
    [
      'what is said',
      { min: { cpu: '1' }, max: { cpu: '4' }, default: { cpu: '3' }, defaultRequest: { cpu: '2' } },
      { default: { cpu: '3' }, defaultRequest: { cpu: '2' } },
    ],
  ])('gives containers %s', (_name, item, expected) => {
    const { spec } = defaulted(LIMIT_RANGES, range({ type: 'Container', ...item }))
    expect(spec?.limits?.[0]).toEqual({ type: 'Container', ...item, ...expected })
  })

  it('gives pods nothing', () => {
    const { spec } = defaulted(LIMIT_RANGES, range({ type: 'Pod', max: { cpu: '2' } }))
    expect(spec?.limits?.[0]).toEqual({ type: 'Pod', max: { cpu: '2' } })
  })

  const max = { cpu: '2' }
  it.each<[object, string[]]>([
    [range({ type: 'Container', max, min: { cpu: '500m' } }), []],
    [
      range({ type: 'Nothing', max: {} }),
      ['spec.limits[0].type: Invalid value: "Nothing": must be a standard limit type or fully qualified'],
    ],
    [range({ type: 'Pod', max }, { type: 'Pod', max }), ['spec.limits[1].type: Duplicate value: "Pod"']],
    [
      range({ type: 'Pod', default: max }),
      ["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"],
    ],
    [
      range({ type: 'Pod', max, min: { cpu: '3' } }),
      ['spec.limits[0].min[cpu]: Invalid value: "3": min value 3 is greater than max value 2'],
    ],
    [
      range({ type: 'Container', max, default: { cpu: '3' }, defaultRequest: { cpu: '1' } }),
      ['spec.limits[0].default[cpu]: Invalid value: "2": default value 3 is greater than max value 2'],
    ],
    [
      range({ type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '1500m' } }),
      [
        'spec.limits[0].defaultRequest[cpu]: Invalid value: "1500m": default request value 1500m is greater than default limit value 1',
      ],
    ],
    [
      range({ type: 'PersistentVolumeClaim' }),
      [
        'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
      ],
    ],
    [
      range({ type: 'Pod', maxLimitRequestRatio: { memory: '500m' } }),
      ['spec.limits[0].maxLimitRequestRatio[memory]: Invalid value: "500m": ratio 500m is less than 1'],
    ],
    [
      range({ type: 'Pod', max, min: { cpu: '1' }, maxLimitRequestRatio: { cpu: '3' } }),
      [
        'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000',
      ],
    ],
    [
      range({ type: 'Container', max: { apples: '1' } }),
      ['max', 'default', 'defaultRequest'].map(
        (amount) =>
          `spec.limits[0].${amount}[apples]: Invalid value: "apples": must be a standard resource for containers`,
      ),
    ],
  ])('%j', (body, expected) => expect(faultsOf(LIMIT_RANGES, body)).toEqual(expected))
})

describe('a ResourceQuota', () => {
  const scopes = (...names: string[]): object => ({ spec: { scopes: names } })
  it.each<[object, string[]]>([
    [
      {
        spec: { hard: { pods: '2', 'requests.cpu': '1', 'count/jobs.batch': '3', 'requests.x.io/gpu': '1' } },
      },
      [],
    ],
    [
      { spec: { hard: { apples: '1' } } },
      ['must be a standard resource type or fully qualified', 'must be a standard resource for quota'].map(
        (detail) => `spec.hard[apples]: Invalid value: "apples": ${detail}`,
      ),
    ],
    [
      { spec: { hard: { storage: '1' } } },
      ['spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota'],
    ],
    [
      { spec: { hard: { pods: '-1' } } },
      ['spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0'],
    ],
    [
      scopes('BestEffort', 'NotBestEffort'),
      ['spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes'],
    ],
    [scopes('Never'), ['spec.scopes: Invalid value: ["Never"]: unsupported scope']],
  ])('%j', (body, expected) => expect(faultsOf(RESOURCE_QUOTAS, body)).toEqual(expected))

  it('keeps its scopes', () => {
    expect(
      updateFaultsOf(
        RESOURCE_QUOTAS,
        scopes('Terminating', 'BestEffort'),
        scopes('BestEffort', 'Terminating'),
      ),
    ).toEqual([])
    expect(updateFaultsOf(RESOURCE_QUOTAS, scopes('BestEffort'), scopes())).toEqual([
      'spec.scopes: Invalid value: ["BestEffort"]: field is immutable',
    ])
  })
})

describe('a PriorityClass', () => {
  it('preempts unless it says otherwise', () => {
    expect(defaulted(PRIORITY_CLASSES, { value: 1 })).toMatchObject({
      preemptionPolicy: 'PreemptLowerPriority',
    })
  })

  const named = (name: string, value: number, more: object = {}): object => ({
    metadata: { name },
    value,
    ...more,
  })
  const reserved = (reason: string): string =>
    `metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: ${reason}`
  it.each<[object, string[]]>([
    [named('a', 1_000_000_000), []],
    [named('system-node-critical', 2_000_001_000), []],
    [
      named('a', 1_000_000_001),
      ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
    ],
    [named('system-a', 1), [reserved('system-a is not a known system priority class')]],
    [
      named('system-node-critical', 7),
      [reserved('value of system-node-critical PriorityClass must be 2000001000')],
    ],
    [
      named('a', 1, { preemptionPolicy: 'Maybe' }),
      ['preemptionPolicy: Unsupported value: "Maybe": supported values: "PreemptLowerPriority", "Never"'],
    ],
  ])('%j', (body, expected) => expect(faultsOf(PRIORITY_CLASSES, body)).toEqual(expected))

  it('keeps its value and policy', () => {
    expect(
      updateFaultsOf(PRIORITY_CLASSES, named('a', 2, { preemptionPolicy: 'Never' }), named('a', 1)),
    ).toEqual([
      'value: Forbidden: may not be changed in an update.',
      'preemptionPolicy: Invalid value: "Never": field is immutable',
    ])
  })
})

const RULE = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }
const WEBHOOK = {
  name: 'a.b.test',
  clientConfig: { service: { namespace: 'ns', name: 'hook' } },
  rules: [RULE],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
}
const hook = (more: object = {}): object => ({ webhooks: [{ ...WEBHOOK, ...more }] })
const rule = (more: object): object => hook({ rules: [{ ...RULE, ...more }] })
const client = (clientConfig: object): object => hook({ clientConfig })
const service = (more: object): object => client({ service: { namespace: 'ns', name: 'hook', ...more } })

describe('a webhook configuration', () => {
  it('has the usual of what it does not say', () => {
    const usual = {
      ...WEBHOOK,
      clientConfig: { service: { namespace: 'ns', name: 'hook', port: 443 } },
      rules: [{ ...RULE, scope: '*' }],
      failurePolicy: 'Fail',
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      timeoutSeconds: 10,
    }
    expect(defaulted(VALIDATING_WEBHOOK_CONFIGURATIONS, hook()).webhooks).toEqual([usual])
    expect(defaulted(MUTATING_WEBHOOK_CONFIGURATIONS, hook()).webhooks).toEqual([
      { ...usual, reinvocationPolicy: 'Never' },
    ])
  })

  it.each<[object, string[]]>([
    [hook(), []],
    [client({ url: 'https://hook.test/a' }), []],
    [{ webhooks: [WEBHOOK, WEBHOOK] }, ['[1].name: Duplicate value: "a.b.test"']],
    [
      hook({ name: 'a.b' }),
      ['[0].name: Invalid value: "a.b": should be a domain with at least three segments separated by dots'],
    ],
    [
      hook({ sideEffects: undefined }),
      ['[0].sideEffects: Required value: must specify one of None, NoneOnDryRun'],
    ],
    [
      hook({ sideEffects: 'Some' }),
      ['[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"'],
    ],
    [
      hook({ timeoutSeconds: 31 }),
      ['[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds'],
    ],
    [
      hook({ failurePolicy: 'Retry' }),
      ['[0].failurePolicy: Unsupported value: "Retry": supported values: "Fail", "Ignore"'],
    ],
    [
      hook({ admissionReviewVersions: [] }),
      ['[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1'],
    ],
    [
      hook({ admissionReviewVersions: ['v2', 'v2'] }),
      [
        '[0].admissionReviewVersions[1]: Invalid value: "v2": duplicate version',
        '[0].admissionReviewVersions: Invalid value: ["v2","v2"]: must include at least one of v1, v1beta1',
      ],
    ],
    [rule({ operations: [] }), ['[0].rules[0].operations: Required value']],
    [
      rule({ operations: ['*', 'CREATE'] }),
      [
        `[0].rules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`,
      ],
    ],
    [
      rule({ operations: ['READ'] }),
      [
        '[0].rules[0].operations[0]: Unsupported value: "READ": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
      ],
    ],
    [
      rule({ resources: ['pods/*', 'pods/status'] }),
      [
        `[0].rules[0].resources[1]: Invalid value: "pods/status": if 'pods/*' is present, must not specify pods/status`,
      ],
    ],
    [
      rule({ resources: ['*', 'pods'] }),
      [
        `[0].rules[0].resources: Invalid value: ["*","pods"]: if '*' is present, must not specify other resources without subresources`,
      ],
    ],
    [client({}), ['[0].clientConfig: Required value: exactly one of url or service is required']],
    [
      client({ url: 'http://hook.test' }),
      [
        `[0].clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
      ],
    ],
    [
      service({ port: 0 }),
      [
        '[0].clientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive',
      ],
    ],
    [
      service({ path: 'a' }),
      [
        `[0].clientConfig.service.path: Invalid value: "a": must start with a '/'`,
        '[0].clientConfig.service.path: Invalid value: "a": segment[0] may not be empty',
      ],
    ],
    [
      service({ path: '/a//b' }),
      ['[0].clientConfig.service.path: Invalid value: "/a//b": segment[1] may not be empty'],
    ],
    [
      hook({
        matchConditions: [
          { name: 'a', expression: 'true' },
          { name: 'a', expression: ' ' },
        ],
      }),
      [
        '[0].matchConditions[1].expression: Required value',
        '[0].matchConditions[1].name: Duplicate value: "a"',
      ],
    ],
  ])('%j', (body, expected) => {
    expect(faultsOf(VALIDATING_WEBHOOK_CONFIGURATIONS, body)).toEqual(
      expected.map((text) => `webhooks${text}`),
    )
  })
})
