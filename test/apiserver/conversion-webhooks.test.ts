/** Custom resources whose versions a webhook converts: a real HTTPS server on loopback, asked by a real API server. */

import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { webhookCaller } from '../../core/apiserver/admission/webhooks/call.io.ts'
import { serviceResolver } from '../../core/apiserver/admission/webhooks/resolve-service.ts'
import { systemRandom } from '../../host/linux/random.io.ts'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import { ask } from '../support/ask.io.ts'
import type { WebhookServer } from '../support/webhook-server.io.ts'
import { patching, webhookServer } from '../support/webhook-server.io.ts'
import type { Loose } from './fixture.ts'

let webhook: WebhookServer
let api: TestApiServer

beforeAll(async () => {
  webhook = await webhookServer()
  api = await testApiServer({
    callWebhook: webhookCaller({
      dial: ({ port }) => connect({ host: '127.0.0.1', port }),
      resolve: serviceResolver(() => api.registry, systemRandom),
    }),
  })
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
  webhook[Symbol.dispose]()
})

const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const GROUP = 'stable.example.com'
const MERGE = 'application/merge-patch+json'

interface Sent {
  readonly method?: string
  readonly type?: string
  readonly body?: object
}

const call = async (
  path: string,
  { method = 'GET', type = 'application/json', body }: Sent = {},
): Promise<Loose> => {
  const headers = { accept: 'application/json', 'content-type': type }
  const sent = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
  const answer = await ask(api, path, sent)
  return { code: answer.code, ...answer.json() }
}
const at = (version: string, name = '', part = ''): string =>
  `/apis/${GROUP}/${version}/namespaces/default/crontabs${name && `/${name}`}${part && `/${part}`}`

const text = { type: 'string' }
const schema = (properties: Loose): Loose => ({
  openAPIV3Schema: {
    type: 'object',
    properties: {
      spec: { type: 'object', properties: { ...properties, replicas: { type: 'integer' } } },
      status: { type: 'object', properties: { n: { type: 'integer' } } },
    },
  },
})
const PARTS = {
  status: {},
  scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.n' },
}
const V1BETA1: Loose = {
  name: 'v1beta1',
  served: true,
  storage: true,
  subresources: PARTS,
  schema: schema({ hostPort: text, b: { ...text, default: 'beta' } }),
}
const V1: Loose = {
  name: 'v1',
  served: true,
  storage: false,
  subresources: PARTS,
  schema: schema({ host: text, port: text, d: { ...text, default: 'vone' } }),
}

const conversion = (path = 'ok', more: Loose = {}): Loose => ({
  strategy: 'Webhook',
  webhook: {
    clientConfig: { url: `https://127.0.0.1:${webhook.port}/${path}`, caBundle: webhook.caBundle },
    conversionReviewVersions: ['v1', 'v1beta1'],
    ...more,
  },
})

const define = (more: Loose = {}): Promise<Loose> =>
  call(CRD, {
    method: 'POST',
    body: {
      metadata: { name: `crontabs.${GROUP}` },
      spec: {
        group: GROUP,
        scope: 'Namespaced',
        names: { plural: 'crontabs', kind: 'CronTab' },
        versions: [V1BETA1, V1],
        conversion: conversion(),
        ...more,
      },
    },
  })

const redefine = (spec: Loose): Promise<Loose> =>
  call(`${CRD}/crontabs.${GROUP}`, { method: 'PATCH', type: MERGE, body: { spec } })

/** `hostPort: h:1` is `host: h, port: 1`; what a version has of its own the other does without. */
function converted(object: Loose, desired: string): Loose {
  const { hostPort, host, port, b, d, ...rest } = object.spec ?? {}
  const [name, number] = hostPort === undefined ? [host, port] : hostPort.split(':')
  const isNew = desired.endsWith('/v1')
  const own = isNew ? { ...(d && { d }) } : { ...(b && { b }) }
  const place = isNew ? { host: name, port: number } : { hostPort: `${name}:${number}` }
  return { ...object, apiVersion: desired, spec: { ...rest, ...own, ...(name ? place : {}) } }
}

const convertAll = ({ objects, desiredAPIVersion }: Loose): Loose => ({
  result: { status: 'Success' },
  convertedObjects: objects.map((each: Loose) => converted(each, desiredAPIVersion)),
})

/** What it was asked since, as `v1beta1:a,b -> v1`. */
function asked(): string[] {
  const reviews = webhook.asked.splice(0)
  return reviews.map(({ request: { objects, desiredAPIVersion } }) => {
    const names = objects.map((each: Loose) => each.metadata.name).join(',')
    return `${objects[0].apiVersion.split('/')[1]}:${names} -> ${desiredAPIVersion.split('/')[1]}`
  })
}

const cronTab = (version: string, name: string, spec: Loose, metadata: Loose = {}): Loose => ({
  apiVersion: `${GROUP}/${version}`,
  kind: 'CronTab',
  metadata: { name, ...metadata },
  spec,
})

const create = (version: string, name: string, spec: Loose, metadata: Loose = {}): Promise<Loose> =>
  call(at(version), { method: 'POST', body: cronTab(version, name, spec, metadata) })

beforeEach(async () => {
  webhook.reset()
  webhook.answer = convertAll
  await call(`${CRD}/crontabs.${GROUP}`, { method: 'DELETE' })
  await expect.poll(async () => (await call(`${CRD}/crontabs.${GROUP}`)).code).toBe(404)
  expect(await define()).toMatchObject({ code: 201, status: { storedVersions: ['v1beta1'] } })
  webhook.asked.length = 0
})

describe('a webhook that converts', () => {
  it('is asked with the objects as they are stored, by reads in another version, each time anew', async () => {
    await create('v1beta1', 'a', { hostPort: 'h:1' }, { labels: { own: 'x' } })
    expect(asked()).toEqual([])
    const found = await call(at('v1', 'a'))
    expect(found).toMatchObject({
      apiVersion: `${GROUP}/v1`,
      kind: 'CronTab',
      spec: { host: 'h', port: '1' },
    })
    // Defaults are those of the version an object is stored in.
    expect(found.spec).not.toHaveProperty('d')
    const [review] = webhook.asked
    expect(review).toMatchObject({
      path: '/ok',
      apiVersion: 'apiextensions.k8s.io/v1',
      request: {
        desiredAPIVersion: `${GROUP}/v1`,
        objects: [{ apiVersion: `${GROUP}/v1beta1`, spec: { hostPort: 'h:1', b: 'beta' } }],
      },
    })
    expect(review?.request.objects[0].metadata).not.toHaveProperty('resourceVersion')
    expect(found.metadata.resourceVersion).toMatch(/^\d+$/)
    await call(at('v1', 'a'))
    await call(at('v1beta1', 'a'))
    expect(asked()).toEqual(['v1beta1:a -> v1', 'v1beta1:a -> v1'])
  })

  it('is asked about a whole list at once, and not again for what it knows', async () => {
    for (const name of ['a', 'b', 'c']) await create('v1beta1', name, { hostPort: `${name}:1` })
    const hosts = async (query = ''): Promise<string[]> =>
      (await call(at('v1') + query)).items.map((each: Loose) => `${each.apiVersion} ${each.spec.host}`)
    expect(await hosts('?limit=2')).toEqual([`${GROUP}/v1 a`, `${GROUP}/v1 b`])
    expect(await hosts()).toEqual([`${GROUP}/v1 a`, `${GROUP}/v1 b`, `${GROUP}/v1 c`])
    await call(at('v1beta1', 'b'), { method: 'PATCH', type: MERGE, body: { spec: { hostPort: 'z:1' } } })
    expect(await hosts()).toEqual([`${GROUP}/v1 a`, `${GROUP}/v1 z`, `${GROUP}/v1 c`])
    expect(asked()).toEqual(['v1beta1:a,b -> v1', 'v1beta1:c -> v1', 'v1beta1:b -> v1'])
  })

  it.each<[string, Sent, string, Loose]>([
    [
      'a merge patch',
      { method: 'PATCH', type: MERGE, body: { spec: { port: '9' } } },
      '',
      { spec: { host: 'h', port: '9' } },
    ],
    [
      'an applied configuration',
      {
        method: 'PATCH',
        type: 'application/apply-patch+yaml',
        body: cronTab('v1', 'a', { port: '9' }),
        query: '?fieldManager=x&force=true',
      } as Sent,
      '',
      { spec: { host: 'h', port: '9' } },
    ],
    [
      'a status',
      { method: 'PATCH', type: MERGE, body: { status: { n: 3 } } },
      'status',
      { status: { n: 3 } },
    ],
    [
      'a scale',
      { method: 'PATCH', type: MERGE, body: { spec: { replicas: 2 } } },
      'scale',
      { kind: 'Scale', spec: { replicas: 2 } },
    ],
  ])(
    'has %s stored in the version that is stored',
    async (_what, { query = '', ...how }: Loose, part, shown) => {
      await create('v1beta1', 'a', { hostPort: 'h:1' })
      expect(await call(at('v1', 'a', part) + query, how)).toMatchObject({ code: 200, ...shown })
      const stored = await call(at('v1beta1', 'a'))
      expect(stored.apiVersion).toBe(`${GROUP}/v1beta1`)
      expect(stored.spec.hostPort).toBe(part === '' ? 'h:9' : 'h:1')
      expect(asked()).toContain('v1:a -> v1beta1')
    },
  )

  it('makes new objects and replaces them in any version, and lets them go', async () => {
    const made = await create('v1', 'a', { host: 'h', port: '1' })
    expect(made).toMatchObject({ code: 201, apiVersion: `${GROUP}/v1`, spec: { host: 'h', port: '1' } })
    expect(asked()).toEqual(['v1:a -> v1beta1', 'v1beta1:a -> v1'])
    const { code: _code, ...same } = made
    const replaced = await call(at('v1', 'a'), {
      method: 'PUT',
      body: { ...same, spec: { host: 'z', port: '1' } },
    })
    expect(replaced).toMatchObject({ code: 200, spec: { host: 'z' } })
    expect(await call(at('v1', 'a'), { method: 'DELETE' })).toMatchObject({ code: 200 })
    expect((await call(at('v1beta1', 'a'))).code).toBe(404)
  })

  it('may change labels and annotations, and no other metadata', async () => {
    await create('v1beta1', 'a', { hostPort: 'h:1' }, { labels: { own: 'x' } })
    webhook.answer = (request) => {
      const { result, convertedObjects } = convertAll(request)
      const changed = { labels: { a: 'b' }, annotations: { c: 'd' }, finalizers: ['x.y/z'], generation: 44 }
      for (const each of convertedObjects) each.metadata = { ...each.metadata, ...changed }
      return { result, convertedObjects }
    }
    const { metadata } = await call(at('v1', 'a'))
    expect(metadata).toMatchObject({ labels: { a: 'b' }, annotations: { c: 'd' }, generation: 1 })
    expect(metadata).not.toHaveProperty('finalizers')
  })

  it('has what a version does not know pruned', async () => {
    await create('v1beta1', 'a', { hostPort: 'h:1' })
    webhook.answer = (request) => {
      const { result, convertedObjects } = convertAll(request)
      for (const each of convertedObjects) Object.assign(each, { extra: 1, spec: { ...each.spec, extra: 2 } })
      return { result, convertedObjects }
    }
    const found = await call(at('v1', 'a'))
    expect(found).not.toHaveProperty('extra')
    expect(found.spec).toEqual({ host: 'h', port: '1' })
  })

  it('is told of reviews in the first version that both know', async () => {
    await create('v1beta1', 'a', { hostPort: 'h:1' })
    await redefine({ conversion: conversion('ok', { conversionReviewVersions: ['v9', 'v1beta1', 'v1'] }) })
    // The older version's answers are not held against the request.
    webhook.answer = (request) => ({ ...convertAll(request), uid: 'other' })
    expect((await call(at('v1', 'a'))).code).toBe(200)
    expect(webhook.asked[0]?.apiVersion).toBe('apiextensions.k8s.io/v1beta1')
  })

  it('is reached by way of its Service', async () => {
    const service = { namespace: 'default', name: 'hook', path: '/by-service' }
    await create('v1beta1', 'a', { hostPort: 'h:1' })
    await redefine({
      conversion: conversion('', { clientConfig: { url: null, service, caBundle: webhook.caBundle } }),
    })
    const failed = 'conversion webhook for stable.example.com/v1beta1, Kind=CronTab failed'
    expect(await call(at('v1', 'a'))).toMatchObject({
      code: 500,
      message: `${failed}: Post "https://hook.default.svc:443/by-service?timeout=30s": service "hook" not found`,
    })
    await call('/api/v1/namespaces/default/services', {
      method: 'POST',
      body: { metadata: { name: 'hook' }, spec: { ports: [{ port: 443 }] } },
    })
    await call('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
      method: 'POST',
      body: {
        metadata: { name: 'hook', labels: { 'kubernetes.io/service-name': 'hook' } },
        addressType: 'IPv4',
        endpoints: [{ addresses: ['10.0.0.1'] }],
        ports: [{ name: '', port: webhook.port }],
      },
    })
    expect(await call(at('v1', 'a'))).toMatchObject({ code: 200, spec: { host: 'h' } })
    expect(webhook.asked.at(-1)?.path).toBe('/by-service')
  })
})

describe('a watch', () => {
  it('tells of objects as converted, in the order they changed, and ends with what cannot be', async () => {
    await create('v1beta1', 'a', { hostPort: 'h:1' })
    const stream = ask(api, `${at('v1')}?watch=1&timeoutSeconds=20`)
    await expect.poll(() => webhook.asked.length).toBe(1)
    webhook.answer = (request) =>
      request.objects.some((each: Loose) => each.metadata.name === 'bad')
        ? { result: { status: 'Failure', message: 'not this' } }
        : convertAll(request)
    await create('v1beta1', 'b', { hostPort: 'h:2' })
    await call(at('v1beta1', 'a'), { method: 'DELETE' })
    await create('v1beta1', 'bad', { hostPort: 'h:3' })
    const events = (await stream).text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Loose)
    expect(
      events.map(({ type, object }) => [
        type,
        object.message ?? `${object.metadata.name} ${object.spec.port}`,
      ]),
    ).toEqual([
      ['ADDED', 'a 1'],
      ['ADDED', 'b 2'],
      ['DELETED', 'a 1'],
      ['ERROR', 'conversion webhook for stable.example.com/v1beta1, Kind=CronTab failed: not this'],
    ])
  })

  it('cannot begin with what cannot be converted', async () => {
    await create('v1beta1', 'a', { hostPort: 'h:1' })
    webhook.answer = () => ({ result: { status: 'Failure', message: 'no' } })
    expect(await call(`${at('v1')}?watch=1`)).toMatchObject({
      code: 429,
      reason: 'TooManyRequests',
      message:
        'storage is (re)initializing: failed to list stable.example.com/v1, Kind=CronTab: ' +
        'conversion webhook for stable.example.com/v1beta1, Kind=CronTab failed: no',
    })
  })
})

describe('an answer that is none', () => {
  const edited =
    (edit: (object: Loose) => void) =>
    (request: Loose): Loose => {
      const answer = convertAll(request)
      answer.convertedObjects.forEach(edit)
      return answer
    }
  it.each<[string, (request: Loose) => Loose, string]>([
    [
      'with a message',
      () => ({ result: { status: 'Failure', message: 'I will not' } }),
      ' failed: I will not',
    ],
    [
      'without a message',
      () => ({ result: { status: 'Failure' } }),
      " failed: response.result.status was 'Failure', not 'Success'",
    ],
    ['without a status', () => ({ result: {} }), " failed: response.result.status was '', not 'Success'"],
    [
      'of a server in trouble',
      () => ({ code: 500, body: 'boom' }),
      ' failed: an error on the server ("boom") has prevented the request from succeeding',
    ],
    [
      'of another server',
      () => ({ code: 404, body: 'x' }),
      ' failed: the server could not find the requested resource',
    ],
    ['that is forbidden', () => ({ code: 403, body: 'denied' }), ' failed: denied'],
    [
      'that is empty',
      () => ({ body: '' }),
      ' failed: 0-length response with status code: 200 and content type: application/json',
    ],
    [
      'that is no document',
      () => ({ body: 'garbage' }),
      ' failed: couldn\'t get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }',
    ],
    [
      'of another kind',
      () => ({ body: '{"kind":"Foo","apiVersion":"apiextensions.k8s.io/v1"}' }),
      ' failed: no kind "Foo" is registered for version "apiextensions.k8s.io/v1" in scheme "pkg/runtime/scheme.go:110"',
    ],
    [
      'of another version',
      () => ({ body: '{"kind":"ConversionReview","apiVersion":"apiextensions.k8s.io/v1beta1"}' }),
      ' failed: converting (v1beta1.ConversionReview) to (v1.ConversionReview): unknown conversion',
    ],
    [
      'of no kind',
      () => ({ body: '{"response":{}}' }),
      ' failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got /, Kind=',
    ],
    [
      'without a response',
      () => ({ body: '{"kind":"ConversionReview","apiVersion":"apiextensions.k8s.io/v1"}' }),
      ' failed: no response provided',
    ],
    [
      'with too few objects',
      (request) => ({ ...convertAll(request), convertedObjects: [] }),
      ' returned 0 objects, expected 1',
    ],
    [
      'with another kind of object',
      edited((object) => (object.kind = 'Other')),
      ' returned invalid object at index 0: invalid kind (expected CronTab, received Other)',
    ],
    [
      'with an object in another version',
      edited((object) => (object.apiVersion = `${GROUP}/v2`)),
      ' returned invalid object at index 0: invalid groupVersion (expected stable.example.com/v1, received stable.example.com/v2)',
    ],
    [
      'with another name',
      edited((object) => (object.metadata.name = 'z')),
      ' returned invalid object: must have the same name: a != z',
    ],
    [
      'with another namespace',
      edited((object) => (object.metadata.namespace = 'z')),
      ' returned invalid object: must have the same namespace: default != z',
    ],
    [
      'without metadata',
      edited((object) => delete object.metadata),
      ' returned invalid object: must have the same name: a != ',
    ],
    [
      'with a label that is no text',
      edited((object) => (object.metadata.labels = { a: 1 })),
      ' returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object',
    ],
    [
      'with labels that are none',
      edited((object) => (object.metadata.labels = ['a'])),
      ' returned invalid metadata: invalid metadata.labels of type []interface {} in converted object',
    ],
    [
      'with an annotation nobody may have',
      edited((object) => (object.metadata.annotations = { 'a b': '' })),
      ' returned invalid metadata: metadata.annotation: Invalid value: "a b": name part must consist of',
    ],
  ])('%s fails the read', async (_what, answer, message) => {
    await create('v1beta1', 'a', { hostPort: 'h:1' })
    webhook.answer = answer
    const found = await call(at('v1', 'a'))
    expect(found.code).toBe(500)
    expect(found).not.toHaveProperty('reason')
    expect(found.message).toContain(`conversion webhook for ${GROUP}/v1beta1, Kind=CronTab${message}`)
    // Nothing is written that could not be converted, nor taken away.
    expect(await create('v1', 'new', { host: 'h', port: '1' })).toMatchObject({ code: 500 })
    expect((await call(at('v1beta1', 'new'))).code).toBe(404)
    expect((await call(at('v1', 'a'), { method: 'DELETE' })).code).toBe(500)
    expect((await call(at('v1'))).code).toBe(500)
    expect((await call(at('v1beta1', 'a'))).code).toBe(200)
  })

  it.each<[string, string, Loose, string]>([
    ['nobody listens', 'https://127.0.0.1:1/x', {}, 'dial tcp 127.0.0.1:1: connect: connection refused'],
    [
      'nobody vouches for it',
      'https://127.0.0.1:PORT/x',
      { caBundle: null },
      'tls: failed to verify certificate: x509: certificate signed by unknown authority',
    ],
    [
      'it is another',
      'https://[::1]:PORT/x',
      {},
      'tls: failed to verify certificate: x509: certificate is valid for 127.0.0.1, not ::1',
    ],
  ])('for %s fails the read', async (_what, where, more, why) => {
    await create('v1beta1', 'a', { hostPort: 'h:1' })
    const url = where.replace('PORT', String(webhook.port))
    await redefine({
      conversion: conversion('', { clientConfig: { url, caBundle: webhook.caBundle, ...more } }),
    })
    expect((await call(at('v1', 'a'))).message).toBe(
      `conversion webhook for ${GROUP}/v1beta1, Kind=CronTab failed: Post "${url}?timeout=30s": ${why}`,
    )
  })
})

describe('the version that is stored', () => {
  it('can be another: what is written moves to it, and the old one can go', async () => {
    await create('v1beta1', 'a', { hostPort: 'h:1' })
    const stored = async (): Promise<Loose> => (await call(`${CRD}/crontabs.${GROUP}`)).status.storedVersions
    const swapped = [
      { ...V1BETA1, storage: false },
      { ...V1, storage: true },
    ]
    expect((await redefine({ versions: swapped })).code).toBe(200)
    expect(await stored()).toEqual(['v1beta1', 'v1'])
    expect(await redefine({ versions: [{ ...V1, storage: true }] })).toMatchObject({
      code: 422,
      message: expect.stringContaining(
        'status.storedVersions[0]: Invalid value: "v1beta1": missing from spec.versions; v1beta1 was previously a storage version',
      ),
    })
    // kubectl get -o json | kubectl replace -f -: nothing changes but how it is stored.
    const { code: _code, ...same } = await call(at('v1', 'a'))
    const replaced = await call(at('v1', 'a'), { method: 'PUT', body: same })
    expect(replaced).toMatchObject({ code: 200, spec: { host: 'h', port: '1' } })
    expect(replaced.metadata.resourceVersion).not.toBe(same.metadata.resourceVersion)
    webhook.asked.length = 0
    await call(at('v1', 'a'))
    expect(asked()).toEqual([])
    const status = { storedVersions: ['v1'] }
    await call(`${CRD}/crontabs.${GROUP}/status`, { method: 'PATCH', type: MERGE, body: { status } })
    expect(await stored()).toEqual(['v1'])
    expect((await redefine({ versions: [{ ...V1, storage: true }] })).code).toBe(200)
    expect((await call(at('v1', 'a'))).spec).toMatchObject({ host: 'h', port: '1' })
  })

  it('holds objects of several: lists have each in the version asked for', async () => {
    await create('v1beta1', 'old', { hostPort: 'old:1' })
    await redefine({
      versions: [
        { ...V1BETA1, storage: false },
        { ...V1, storage: true },
      ],
    })
    await create('v1beta1', 'new', { hostPort: 'new:1' })
    webhook.asked.length = 0
    const items = async (version: string): Promise<Loose> =>
      (await call(at(version))).items.map((each: Loose) => [
        each.apiVersion,
        each.spec.host ?? each.spec.hostPort,
      ])
    expect(await items('v1')).toEqual([
      [`${GROUP}/v1`, 'new'],
      [`${GROUP}/v1`, 'old'],
    ])
    expect(await items('v1beta1')).toEqual([
      [`${GROUP}/v1beta1`, 'new:1'],
      [`${GROUP}/v1beta1`, 'old:1'],
    ])
    // What the other one is in the older version was the answer to its creation.
    expect(asked()).toEqual(['v1beta1:old -> v1'])
  })
})

describe('owners of fields', () => {
  const apply = (version: string, spec: Loose, manager: string): Promise<Loose> =>
    call(`${at(version, 'a')}?fieldManager=${manager}`, {
      method: 'PATCH',
      type: 'application/apply-patch+yaml',
      body: cronTab(version, 'a', spec),
    })
  const owners = ({ metadata }: Loose): string[] =>
    metadata.managedFields.map(
      (each: Loose) =>
        `${each.manager} ${each.operation} ${each.apiVersion.split('/')[1]} ${Object.keys(each.fieldsV1['f:spec']).join(' ')}`,
    )

  it('lose what others change in another version', async () => {
    const made = await call(`${at('v1')}?fieldManager=m`, {
      method: 'POST',
      body: cronTab('v1', 'a', { host: 'h', port: '1' }),
    })
    expect(owners(made)).toEqual(['m Update v1 . f:d f:host f:port'])
    expect(await apply('v1beta1', { hostPort: 'h:4' }, 'x')).toMatchObject({
      code: 409,
      message: `Apply failed with 1 conflict: conflict with "m" using ${GROUP}/v1: .spec.port`,
    })
    const changed = await call(`${at('v1beta1', 'a')}?fieldManager=up`, {
      method: 'PATCH',
      type: MERGE,
      body: { spec: { hostPort: 'h:7' } },
    })
    expect(owners(changed)).toEqual(['m Update v1 . f:d f:host', 'up Update v1beta1 f:hostPort'])
  })

  it('who apply in another version give up what they do not apply any more, and nothing that others need', async () => {
    await apply('v1', { host: 'h', port: '2', replicas: 3 }, 'x')
    const less = await apply('v1beta1', { hostPort: 'h:2' }, 'x')
    expect([less.spec, owners(less)]).toEqual([
      { b: 'beta', hostPort: 'h:2' },
      ['x Apply v1beta1 f:hostPort'],
    ])
    const shared = await apply('v1', { host: 'h' }, 'y')
    // Who changes nothing has no time, and comes first.
    expect(owners(shared)).toEqual(['y Apply v1 f:host', 'x Apply v1beta1 f:hostPort'])
    const kept = await apply('v1', {}, 'x')
    expect([kept.spec, kept.metadata.generation]).toEqual([
      { host: 'h', port: '2' },
      less.metadata.generation,
    ])
    expect(owners(kept)).toEqual(['y Apply v1 f:host', 'x Apply v1 '])
  })
})

describe('an admission webhook that means another version', () => {
  const HOOKS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
  const rule = { operations: ['CREATE'], apiGroups: [GROUP], apiVersions: ['v1'], resources: ['crontabs'] }
  const configure = (): Promise<Loose> =>
    call(HOOKS, {
      method: 'POST',
      body: {
        metadata: { name: 'hooks' },
        webhooks: [
          {
            name: 'admit.example.org',
            clientConfig: { url: `https://127.0.0.1:${webhook.port}/admit`, caBundle: webhook.caBundle },
            rules: [rule],
            sideEffects: 'None',
            admissionReviewVersions: ['v1'],
          },
        ],
      },
    })

  it('is told of the object as converted, and patches it so', async () => {
    expect((await configure()).code).toBe(201)
    try {
      webhook.answer = (request, path) =>
        path === '/admit' ? patching({ op: 'replace', path: '/spec/host', value: 'z' }) : convertAll(request)
      const made = await create('v1beta1', 'a', { hostPort: 'h:1' })
      expect(made).toMatchObject({ code: 201, spec: { hostPort: 'z:1', b: 'beta' } })
      const [review] = webhook.asked.filter(({ path }) => path === '/admit')
      expect(review?.request).toMatchObject({
        kind: { version: 'v1' },
        requestKind: { version: 'v1beta1' },
        object: { apiVersion: `${GROUP}/v1`, spec: { host: 'h', port: '1' } },
      })
      webhook.answer = () => ({ result: { status: 'Failure', message: 'no' } })
      expect(await create('v1beta1', 'b', { hostPort: 'h:1' })).toMatchObject({
        code: 500,
        message: `Internal error occurred: conversion webhook for ${GROUP}/v1beta1, Kind=CronTab failed: no`,
      })
    } finally {
      await call(`${HOOKS}/hooks`, { method: 'DELETE' })
    }
  })
})
