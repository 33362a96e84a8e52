/** Admission webhooks: real HTTPS servers on loopback, asked by a real API server. */

import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ResourceInfo } from '../../core/api/resource.ts'
import {
  CONFIG_MAPS,
  ENDPOINT_SLICES,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  NAMESPACES,
  SERVICES,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
} from '../../core/api/scheme.ts'
import { webhookCaller } from '../../core/apiserver/admission/webhooks/call.io.ts'
import { serviceResolver } from '../../core/apiserver/admission/webhooks/resolve-service.ts'
import { createRegistry } from '../../core/apiserver/object-registry.ts'
import type { Registry } from '../../core/apiserver/registry/registry.ts'
import { openMemoryStore } from '../../core/store/memory-store.ts'
import type { Store } from '../../core/store/store.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import { systemRandom } from '../../host/linux/random.io.ts'
import type { WebhookServer } from '../support/webhook-server.io.ts'
import { patching, webhookServer } from '../support/webhook-server.io.ts'
import type { Loose } from './fixture.ts'
import { FACTS } from './fixture.ts'

let webhook: WebhookServer
let registry: Registry & Disposable
let store: Store
let warnings: string[]

beforeAll(async () => {
  webhook = await webhookServer()
})
afterAll(() => webhook[Symbol.dispose]())

beforeEach(async () => {
  webhook.reset()
  warnings = []
  const dial = ({ port: to }: { readonly port: number }) => connect({ host: '127.0.0.1', port: to })
  const resolve = serviceResolver(() => registry, systemRandom)
  store = openMemoryStore({ startRevision: 1 })
  registry = createRegistry({
    store,
    clock: systemClock,
    random: systemRandom,
    facts: FACTS,
    callWebhook: webhookCaller({ dial, resolve }),
  })
  await create(NAMESPACES, { metadata: { name: 'default', labels: { team: 'a' } } })
})

const context = (more: Loose = {}): Loose => ({
  user: { name: 'jane', groups: ['dev'] },
  warn: (text: string) => warnings.push(text),
  ...more,
})

const create = (resource: ResourceInfo, object: Loose, more: Loose = {}): Promise<Loose> =>
  registry.create(resource, resource.namespaced ? 'default' : undefined, object, context(more))

const RULE = {
  operations: ['CREATE', 'UPDATE'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['configmaps'],
}

const hook = (more: Loose = {}): Loose => ({
  name: 'hook.example.org',
  clientConfig: { url: `https://127.0.0.1:${webhook.port}/${more.path ?? ''}`, caBundle: webhook.caBundle },
  rules: [RULE],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  failurePolicy: 'Fail',
  ...more,
})

const configure = (resource: ResourceInfo, ...webhooks: Loose[]): Promise<Loose> =>
  create(resource, {
    metadata: { name: 'hooks' },
    webhooks: webhooks.map(({ path: _path, ...each }) => each),
  })

const map = (name: string, more: Loose = {}): Loose => ({
  metadata: { name, ...more.metadata },
  data: more.data,
})

describe('a validating webhook', () => {
  it('is asked, and may refuse', async () => {
    await configure(VALIDATING_WEBHOOK_CONFIGURATIONS, hook())
    webhook.answer = ({ object }) =>
      object.metadata.name === 'bad'
        ? { allowed: false, status: { message: 'not this one' } }
        : { allowed: true, warnings: ['well then'] }
    await create(CONFIG_MAPS, map('good'))
    expect(warnings).toEqual(['well then'])
    await expect(create(CONFIG_MAPS, map('bad'))).rejects.toMatchObject({
      code: 400,
      message: 'admission webhook "hook.example.org" denied the request: not this one',
    })
    expect(webhook.asked[0]?.request).toMatchObject({
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      resource: { group: '', version: 'v1', resource: 'configmaps' },
      namespace: 'default',
      name: 'good',
      operation: 'CREATE',
      userInfo: { username: 'jane', groups: ['dev'] },
      oldObject: null,
      dryRun: false,
    })
  })

  it.each<[string, Loose, boolean]>([
    ['other operations', { rules: [{ ...RULE, operations: ['DELETE'] }] }, false],
    ['other resources', { rules: [{ ...RULE, resources: ['secrets'] }] }, false],
    ['all resources', { rules: [{ ...RULE, resources: ['*'], apiGroups: ['*'], operations: ['*'] }] }, true],
    ['other scopes', { rules: [{ ...RULE, scope: 'Cluster' }] }, false],
    ['its namespace', { namespaceSelector: { matchLabels: { team: 'a' } } }, true],
    ['other namespaces', { namespaceSelector: { matchLabels: { team: 'b' } } }, false],
    ['other objects', { objectSelector: { matchLabels: { watched: 'yes' } } }, false],
    [
      'what its conditions say',
      { matchConditions: [{ name: 'c', expression: "request.userInfo.username == 'jane'" }] },
      true,
    ],
    [
      'not what its conditions rule out',
      { matchConditions: [{ name: 'c', expression: "object.metadata.name != 'x'" }] },
      false,
    ],
    [
      'what the user may do',
      { matchConditions: [{ name: 'c', expression: 'authorizer.path("/x").check("get").allowed()' }] },
      false,
    ],
    [
      'nothing, when its conditions fail and it may',
      { failurePolicy: 'Ignore', matchConditions: [{ name: 'c', expression: 'object.nope == 1' }] },
      false,
    ],
  ])('is asked about %s: %#', async (_what, more, isAsked) => {
    await configure(VALIDATING_WEBHOOK_CONFIGURATIONS, hook(more))
    await create(CONFIG_MAPS, map('x'))
    expect(webhook.asked.length > 0).toBe(isAsked)
  })

  it('whose conditions fail refuses', async () => {
    const matchConditions = [{ name: 'c', expression: 'object.nope == 1' }]
    await configure(VALIDATING_WEBHOOK_CONFIGURATIONS, hook({ matchConditions }))
    await expect(create(CONFIG_MAPS, map('x'))).rejects.toMatchObject({
      code: 403,
      message:
        'configmaps "x" is forbidden: expression \'object.nope == 1\' resulted in error: no such key: nope',
    })
    expect(webhook.asked).toEqual([])
  })

  it('with conditions that do not compile is refused', async () => {
    const matchConditions = [{ name: 'c', expression: 'foo' }]
    await expect(
      configure(VALIDATING_WEBHOOK_CONFIGURATIONS, hook({ matchConditions })),
    ).rejects.toMatchObject({
      code: 422,
      message: expect.stringContaining(
        'webhooks[0].matchConditions[0].expression: Invalid value: "foo": compilation failed: ERROR: <input>:1:1: undeclared reference to \'foo\'',
      ),
    })
  })

  it('sees changes and deletions', async () => {
    await create(CONFIG_MAPS, map('x', { data: { a: '1' } }))
    const rules = [{ ...RULE, operations: ['UPDATE', 'DELETE'] }]
    await configure(VALIDATING_WEBHOOK_CONFIGURATIONS, hook({ rules }))
    const name = { namespace: 'default', name: 'x' }
    await registry.patch(CONFIG_MAPS, name, { type: 'merge', patch: { data: { a: '2' } } }, context())
    webhook.answer = () => ({ allowed: false })
    await expect(registry.delete(CONFIG_MAPS, name, {}, context())).rejects.toThrow('without explanation')
    expect(
      webhook.asked.map(({ request }) => [
        request.operation,
        request.object?.data.a,
        request.oldObject.data.a,
      ]),
    ).toEqual([
      ['UPDATE', '2', '1'],
      ['DELETE', undefined, '2'],
    ])
  })

  it.each<[string, Loose]>([
    ['that is not there', { clientConfig: { url: 'https://127.0.0.1:1/' } }],
    ['that nobody vouches for', { clientConfig: { url: 'https://127.0.0.1:PORT/' } }],
  ])('%s fails as its policy says', async (_what, more) => {
    const url = more.clientConfig.url.replace('PORT', String(webhook.port))
    await configure(VALIDATING_WEBHOOK_CONFIGURATIONS, hook({ clientConfig: { url } }))
    await expect(create(CONFIG_MAPS, map('x'))).rejects.toMatchObject({
      code: 500,
      message: expect.stringContaining(
        `Internal error occurred: failed calling webhook "hook.example.org": failed to call webhook: Post "${url.replace(/\/$/, '')}`,
      ),
    })
    await registry.delete(VALIDATING_WEBHOOK_CONFIGURATIONS, { name: 'hooks' }, {}, context())
    await configure(
      VALIDATING_WEBHOOK_CONFIGURATIONS,
      hook({ clientConfig: { url }, failurePolicy: 'Ignore' }),
    )
    await expect(create(CONFIG_MAPS, map('x'))).resolves.toBeDefined()
  })

  it('cannot patch', async () => {
    await configure(VALIDATING_WEBHOOK_CONFIGURATIONS, hook())
    webhook.answer = () => patching()
    await expect(create(CONFIG_MAPS, map('x'))).rejects.toMatchObject({
      code: 500,
      message:
        'Internal error occurred: failed calling webhook "hook.example.org": received invalid webhook response: validating webhook may not return response.patch',
    })
  })

  it('that is too slow fails, too', async () => {
    webhook.answer = () => 'silence'
    await configure(VALIDATING_WEBHOOK_CONFIGURATIONS, hook({ timeoutSeconds: 1 }))
    await expect(create(CONFIG_MAPS, map('x'))).rejects.toThrow('context deadline exceeded')
  })

  it('with side effects is not asked for a rehearsal', async () => {
    const made = await configure(VALIDATING_WEBHOOK_CONFIGURATIONS, hook())
    // The API takes no such webhook any more; one may be stored from before.
    const value = { ...made, webhooks: [{ ...made.webhooks[0], sideEffects: 'Some' }] }
    const key = '/registry/validatingwebhookconfigurations/hooks'
    await store.commit({ expect: [], changes: [{ kind: 'put', key, value }] })
    await expect(create(CONFIG_MAPS, map('x'), { dryRun: true })).rejects.toThrow(
      'admission webhook "hook.example.org" does not support dry run',
    )
  })

  it('is found behind its Service', async () => {
    await create(SERVICES, { metadata: { name: 'hook' }, spec: { ports: [{ port: 443 }] } })
    await create(ENDPOINT_SLICES, {
      metadata: { name: 'hook-1', labels: { 'kubernetes.io/service-name': 'hook' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['192.0.2.1'], conditions: { ready: true } }],
      ports: [{ name: '', port: webhook.port }],
    })
    const clientConfig = {
      service: { namespace: 'default', name: 'hook', path: '/validate' },
      caBundle: webhook.caBundle,
    }
    await configure(VALIDATING_WEBHOOK_CONFIGURATIONS, hook({ clientConfig }))
    await create(CONFIG_MAPS, map('x'))
    expect(webhook.asked.map(({ path }) => path)).toEqual(['/validate'])
  })
})

describe('mutating webhooks', () => {
  it('change the object one after another, and once more where they ask for it', async () => {
    const first = hook({ name: 'a.example.org', path: 'a', reinvocationPolicy: 'IfNeeded' })
    await configure(MUTATING_WEBHOOK_CONFIGURATIONS, first, hook({ name: 'b.example.org', path: 'b' }))
    webhook.answer = ({ object }, path) =>
      patching({ op: 'add', path: `/data/${path.slice(1)}`, value: String(Object.keys(object.data).length) })
    const made = await create(CONFIG_MAPS, map('x', { data: { own: '' } }))
    expect(made.data).toEqual({ own: '', a: '3', b: '2' })
    expect(webhook.asked.map(({ path }) => path)).toEqual(['/a', '/b', '/a'])
  })

  it('cannot make what is not valid', async () => {
    await configure(MUTATING_WEBHOOK_CONFIGURATIONS, hook())
    webhook.answer = () => patching({ op: 'add', path: '/data', value: { 'not a key!': '' } })
    await expect(create(CONFIG_MAPS, map('x'))).rejects.toMatchObject({ code: 422 })
  })

  it('may fail, but not patch what is not there', async () => {
    await configure(MUTATING_WEBHOOK_CONFIGURATIONS, hook({ failurePolicy: 'Ignore' }))
    webhook.answer = () => patching({ op: 'remove', path: '/data/a' })
    await expect(create(CONFIG_MAPS, map('x'))).rejects.toMatchObject({
      code: 500,
      message: expect.stringMatching(/^Internal error occurred: /),
    })
  })

  it('are asked about deletions, which they may refuse and cannot change', async () => {
    await create(CONFIG_MAPS, map('x'))
    const remove = () => registry.delete(CONFIG_MAPS, { namespace: 'default', name: 'x' }, {}, context())
    await configure(MUTATING_WEBHOOK_CONFIGURATIONS, hook({ rules: [{ ...RULE, operations: ['DELETE'] }] }))
    webhook.answer = () => patching({ op: 'add', path: '/data', value: {} })
    await expect(remove()).rejects.toMatchObject({
      code: 500,
      message:
        'Internal error occurred: admission webhook "hook.example.org" attempted to modify the object, which is not supported for this operation',
    })
    webhook.answer = () => ({ allowed: false })
    await expect(remove()).rejects.toMatchObject({ code: 400 })
    webhook.answer = () => ({ allowed: true })
    await expect(remove()).resolves.toMatchObject({ kind: 'deleted' })
    expect(webhook.asked.map(({ request }) => [request.operation, request.object])).toEqual(
      Array(3).fill(['DELETE', null]),
    )
  })

  it('are out of reach of themselves', async () => {
    const rules = [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }]
    webhook.answer = () => ({ allowed: false })
    await configure(MUTATING_WEBHOOK_CONFIGURATIONS, hook({ rules }))
    await registry.delete(MUTATING_WEBHOOK_CONFIGURATIONS, { name: 'hooks' }, {}, context())
    expect(webhook.asked).toEqual([])
  })
})
