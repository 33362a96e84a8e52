/**
 * matchPolicy Equivalent, over HTTP with a real webhook: requests meet webhooks and policies in whichever version of the
 * resource these are about. What they are told is what kube-apiserver 1.34 tells.
 */

import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { webhookCaller } from '../../core/apiserver/admission/webhooks/call.io.ts'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import { ask } from '../support/ask.io.ts'
import type { WebhookServer } from '../support/webhook-server.io.ts'
import { patching, webhookServer } from '../support/webhook-server.io.ts'
import type { Loose } from './fixture.ts'

let webhook: WebhookServer
let api: TestApiServer

const REGISTRATION = '/apis/admissionregistration.k8s.io/v1'
const VALIDATING = `${REGISTRATION}/validatingwebhookconfigurations`
const MUTATING = `${REGISTRATION}/mutatingwebhookconfigurations`
const autoscalers = (version: string): string =>
  `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`
const things = (version: string): string => `/apis/example.org/${version}/namespaces/default/things`

beforeAll(async () => {
  webhook = await webhookServer()
})
afterAll(() => webhook[Symbol.dispose]())

beforeEach(async () => {
  webhook.reset()
  api = await testApiServer({
    callWebhook: webhookCaller({
      dial: ({ port }) => connect({ host: '127.0.0.1', port }),
      resolve: () => {
        throw new Error('no Services here')
      },
    }),
  })
})
afterEach(async () => await api[Symbol.asyncDispose]())

async function send(method: string, path: string, body?: Loose): Promise<Loose> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const headers = { 'Content-Type': type }
  const {
    code,
    headers: answered,
    json,
  } = await ask(api, path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { code, warning: answered['warning'], ...json() }
}

async function make(path: string, body: Loose): Promise<Loose> {
  const made = await send('POST', path, body)
  expect(made.code, made.message).toBe(201)
  return made
}

const rule = (apiGroups: string, apiVersions: string[], ...resources: string[]): Loose => ({
  operations: ['*'],
  apiGroups: [apiGroups],
  apiVersions,
  resources,
})

const hook = (path: string, rules: Loose[], more: Loose = {}): Loose => ({
  name: `${path}.example.org`,
  clientConfig: { url: `https://127.0.0.1:${webhook.port}/${path}`, caBundle: webhook.caBundle },
  rules,
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  ...more,
})

const configure = (kind: string, ...webhooks: Loose[]): Promise<Loose> =>
  make(kind, { metadata: { name: 'hooks' }, webhooks })

const AUTOSCALER = {
  metadata: { name: 'a', labels: { team: 'a' } },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
    maxReplicas: 5,
    targetCPUUtilizationPercentage: 70,
  },
}
const cpu = (averageUtilization: number): Loose => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
})

/** v1 is stored; v2 has a default of its own; v3 has no /scale; v4 is not served. */
async function define(): Promise<void> {
  const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' }
  const versions = ['v1', 'v2', 'v3', 'v4'].map((name) => {
    const later = name === 'v1' ? {} : { later: { type: 'string', default: name } }
    const properties = { replicas: { type: 'integer' }, only: { type: 'string' }, ...later }
    const schema = { type: 'object', properties: { spec: { type: 'object', properties } } }
    return {
      name,
      served: name !== 'v4',
      storage: name === 'v1',
      subresources: name === 'v3' ? { status: {} } : { status: {}, scale },
      schema: { openAPIV3Schema: schema },
    }
  })
  await make('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'things.example.org' },
    spec: { group: 'example.org', scope: 'Namespaced', names: { plural: 'things', kind: 'Thing' }, versions },
  })
}

const thing = (version: string): Loose => ({
  apiVersion: `example.org/${version}`,
  kind: 'Thing',
  metadata: { name: 't' },
  spec: { replicas: 1 },
})

/** `CREATE v2 of v1`: what is done, in which version the webhook is told, and in which it was asked for. */
const told = (): string[] =>
  webhook.asked.map(({ path, request }) => {
    const { operation, resource, requestResource, subResource } = request
    const part = subResource === undefined ? '' : `/${subResource}`
    return `${path} ${operation}${part} ${resource.version} of ${requestResource.version}`
  })

describe('a validating webhook', () => {
  const RULE = rule('autoscaling', ['v2'], 'horizontalpodautoscalers', 'horizontalpodautoscalers/status')

  it('is told of autoscalers in its version, old and new', async () => {
    await configure(VALIDATING, hook('v2', [RULE]), hook('exact', [RULE], { matchPolicy: 'Exact' }))
    await make(autoscalers('v1'), AUTOSCALER)
    await send('PATCH', `${autoscalers('v1')}/a`, { spec: { targetCPUUtilizationPercentage: 60 } })
    await send('PATCH', `${autoscalers('v1')}/a/status`, {
      status: { currentReplicas: 2, currentCPUUtilizationPercentage: 4 },
    })
    await send('DELETE', `${autoscalers('v1')}/a`)
    expect(told()).toEqual([
      '/v2 CREATE v2 of v1',
      '/v2 UPDATE v2 of v1',
      '/v2 UPDATE/status v2 of v1',
      '/v2 DELETE v2 of v1',
    ])
    const [, update, status, removal] = webhook.asked.map(({ request }) => request)
    const kind = 'HorizontalPodAutoscaler'
    expect(update).toMatchObject({
      kind: { group: 'autoscaling', version: 'v2', kind },
      resource: { group: 'autoscaling', version: 'v2', resource: 'horizontalpodautoscalers' },
      requestKind: { group: 'autoscaling', version: 'v1', kind },
      requestResource: { group: 'autoscaling', version: 'v1', resource: 'horizontalpodautoscalers' },
      object: { apiVersion: 'autoscaling/v2', spec: { metrics: [cpu(60)] } },
      oldObject: { apiVersion: 'autoscaling/v2', spec: { metrics: [cpu(70)] } },
    })
    expect(update.object.spec).not.toHaveProperty('targetCPUUtilizationPercentage')
    // Owners stay as they are: they tell of the version that was written.
    expect(update.object.metadata.managedFields[0].apiVersion).toBe('autoscaling/v1')
    expect(status).toMatchObject({ subResource: 'status', requestSubResource: 'status' })
    expect(status.object.status.currentMetrics).toEqual([
      { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 4 } } },
    ])
    expect(removal).toMatchObject({ object: null, oldObject: { apiVersion: 'autoscaling/v2' } })
    expect(removal.oldObject.status).toEqual(status.object.status)
  })

  it('is told of events of both groups', async () => {
    const events = { core: '/api/v1', new: '/apis/events.k8s.io/v1' }
    await configure(
      VALIDATING,
      hook('core', [rule('', ['v1'], 'events')]),
      hook('new', [rule('events.k8s.io', ['v1'], 'events')]),
    )
    await make(`${events.core}/namespaces/default/events`, {
      metadata: { name: 'e' },
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
      message: 'm',
    })
    expect(
      webhook.asked.map(({ path, request: { kind, requestKind } }) => [path, kind, requestKind]),
    ).toEqual(
      expect.arrayContaining([
        ['/core', { group: '', version: 'v1', kind: 'Event' }, { group: '', version: 'v1', kind: 'Event' }],
        [
          '/new',
          { group: 'events.k8s.io', version: 'v1', kind: 'Event' },
          { group: '', version: 'v1', kind: 'Event' },
        ],
      ]),
    )
    const { object } = webhook.asked.find(({ path }) => path === '/new')?.request ?? {}
    expect(object).toMatchObject({ apiVersion: 'events.k8s.io/v1', note: 'm', regarding: { name: 'p' } })
  })

  it('is told of custom resources in their other versions, which differ in name alone', async () => {
    await define()
    const all = ['things', 'things/status', 'things/scale']
    await configure(
      VALIDATING,
      hook('v2', [rule('example.org', ['v2'], ...all)]),
      hook('v3', [rule('example.org', ['v3'], ...all)]),
      hook('either', [rule('example.org', ['v3', 'v2'], 'things')]),
      hook('not-served', [rule('example.org', ['v4'], 'things')]),
    )
    await make(things('v1'), thing('v1'))
    expect(told().toSorted()).toEqual([
      '/either CREATE v2 of v1',
      '/not-served CREATE v4 of v1',
      '/v2 CREATE v2 of v1',
      '/v3 CREATE v3 of v1',
    ])
    const { object } = webhook.asked.find(({ path }) => path === '/v2')?.request ?? {}
    expect(object).toMatchObject({ apiVersion: 'example.org/v2', spec: { replicas: 1 } })
    expect(object.spec).not.toHaveProperty('later')

    webhook.reset()
    await send('PATCH', `${things('v1')}/t/scale`, { spec: { replicas: 3 } })
    expect(told()).toEqual(['/v2 UPDATE/scale v2 of v1'])
    expect(webhook.asked[0]?.request).toMatchObject({
      kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
      object: { apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 3 } },
    })
  })

  it('has conditions that see the matched kind and the resource that was asked for', async () => {
    const only = (path: string, expression: string): Loose =>
      hook(path, [RULE], { matchConditions: [{ name: 'c', expression }] })
    await configure(
      VALIDATING,
      only('kind', "request.kind.version == 'v2' && object.apiVersion == 'autoscaling/v2'"),
      only('resource', "request.resource.version == 'v2'"),
    )
    await make(autoscalers('v1'), AUTOSCALER)
    expect(told()).toEqual(['/kind CREATE v2 of v1'])
  })
})

describe('a mutating webhook', () => {
  const RULES = { v1: rule('autoscaling', ['v1'], '*'), v2: rule('autoscaling', ['v2'], '*') }

  it('patches the object in its version', async () => {
    await configure(MUTATING, hook('v2', [RULES.v2]), hook('v1', [RULES.v1]))
    webhook.answer = (_request, path) =>
      path === '/v2'
        ? patching(
            { op: 'replace', path: '/spec/metrics/0/resource/target/averageUtilization', value: 40 },
            { op: 'add', path: '/spec/unknown', value: 1 },
          )
        : patching({ op: 'replace', path: '/spec/maxReplicas', value: 9 })
    const made = await make(autoscalers('v1'), AUTOSCALER)
    expect(made).toMatchObject({
      apiVersion: 'autoscaling/v1',
      spec: { maxReplicas: 9, targetCPUUtilizationPercentage: 40 },
    })
    expect(told()).toEqual(['/v2 CREATE v2 of v1', '/v1 CREATE v1 of v1'])
    expect(webhook.asked[1]?.request.object.spec).toEqual({
      ...AUTOSCALER.spec,
      minReplicas: 1,
      targetCPUUtilizationPercentage: 40,
    })
  })

  it('is chosen by what the one before made of the object', async () => {
    const objectSelector = { matchLabels: { late: 'yes' } }
    await configure(MUTATING, hook('first', [RULES.v2]), hook('second', [RULES.v1], { objectSelector }))
    webhook.answer = (_request, path) =>
      path === '/first'
        ? patching({ op: 'add', path: '/metadata/labels/late', value: 'yes' })
        : { allowed: true }
    await make(autoscalers('v1'), AUTOSCALER)
    expect(told()).toEqual(['/first CREATE v2 of v1', '/second CREATE v1 of v1'])
  })

  it('cannot make what is not of the kind', async () => {
    await configure(MUTATING, hook('v2', [RULES.v2]))
    webhook.answer = () => patching({ op: 'replace', path: '/spec/maxReplicas', value: 'x' })
    expect(await send('POST', autoscalers('v1'), AUTOSCALER)).toMatchObject({
      code: 500,
      message:
        'Internal error occurred: json: cannot unmarshal string into Go struct field HorizontalPodAutoscalerSpec.spec.maxReplicas of type int32',
    })
  })

  it('gets defaults of the version it patched, which go where the own version knows them not', async () => {
    await define()
    const RULE = (version: string): Loose => rule('example.org', [version], 'things')
    await configure(MUTATING, hook('v2', [RULE('v2')]), hook('v1', [RULE('v1')]))
    webhook.answer = (_request, path) =>
      path === '/v2'
        ? patching(
            { op: 'add', path: '/spec/only', value: 'x' },
            { op: 'add', path: '/spec/unknown', value: 'x' },
          )
        : { allowed: true }
    const made = await make(things('v1'), thing('v1'))
    expect(webhook.asked.map(({ request }) => request.object.spec)).toEqual([
      { replicas: 1 },
      { replicas: 1, only: 'x', unknown: 'x', later: 'v2' },
    ])
    expect(made).toMatchObject({ apiVersion: 'example.org/v1' })
    expect(made.spec).toEqual({ replicas: 1, only: 'x' })
  })
})

describe('a ValidatingAdmissionPolicy', () => {
  const MESSAGE = [
    "'is ' + request.kind.version",
    "' ' + request.resource.version",
    "' of ' + request.requestKind.version",
    "' ' + request.requestResource.version",
    "': ' + object.apiVersion",
  ].join(' + ')

  /** @returns the warning of a policy that is against everything it is about */
  async function warned(
    match: Loose,
    more: Loose = {},
    bound: Loose = undefined,
  ): Promise<string | undefined> {
    await make(`${REGISTRATION}/validatingadmissionpolicies`, {
      metadata: { name: 'p' },
      spec: {
        matchConstraints: match,
        validations: [{ expression: 'false', messageExpression: MESSAGE }],
        ...more,
      },
    })
    await make(`${REGISTRATION}/validatingadmissionpolicybindings`, {
      metadata: { name: 'p' },
      spec: { policyName: 'p', validationActions: ['Warn'], matchResources: bound },
    })
    const { warning } = await make(autoscalers('v1'), AUTOSCALER)
    return /with binding 'p': ([^"]*)/.exec(warning ?? '')?.[1]
  }

  const resourceRules = [rule('autoscaling', ['v2'], '*')]
  const SEEN = 'is v2 v2 of v1 v1: autoscaling/v2'

  it.each<[string, Loose, Loose, Loose, string | undefined]>([
    ['in its version', { resourceRules }, {}, undefined, SEEN],
    ['not when it is Exact', { resourceRules, matchPolicy: 'Exact' }, {}, undefined, undefined],
    [
      'not what it excludes in another version',
      { resourceRules: [rule('autoscaling', ['v1'], '*')], excludeResourceRules: resourceRules },
      {},
      undefined,
      undefined,
    ],
    ['when its binding is about it, too', { resourceRules }, {}, { resourceRules }, SEEN],
    [
      'not when its binding is Exact',
      { resourceRules },
      {},
      { resourceRules, matchPolicy: 'Exact' },
      undefined,
    ],
    [
      'by conditions that see the matched kind',
      { resourceRules },
      { matchConditions: [{ name: 'c', expression: "request.kind.version == 'v2'" }] },
      undefined,
      SEEN,
    ],
    [
      'by conditions that see the resource that was asked for',
      { resourceRules },
      { matchConditions: [{ name: 'c', expression: "request.resource.version == 'v2'" }] },
      undefined,
      undefined,
    ],
  ])('sees a request %s', async (_what, match, more, bound, expected) => {
    expect(await warned(match, more, bound)).toBe(expected)
  })
})
