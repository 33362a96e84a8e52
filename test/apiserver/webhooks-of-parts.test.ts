/** Mutating webhooks and what is never stored, or stored otherwise: scales, bindings, evictions, tokens, connections. */

import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  CONFIG_MAPS,
  DEPLOYMENTS,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  NAMESPACES,
  PODS,
  SERVICE_ACCOUNTS,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
} from '../../core/api/scheme.ts'
import type { ResourceInfo } from '../../core/api/resource.ts'
import { webhookCaller } from '../../core/apiserver/admission/webhooks/call.io.ts'
import { signingKey } from '../../core/apiserver/authentication/token-keys.ts'
import { serviceResolver } from '../../core/apiserver/admission/webhooks/resolve-service.ts'
import { createRegistry } from '../../core/apiserver/object-registry.ts'
import type { Registry } from '../../core/apiserver/registry/registry.ts'
import { openMemoryStore } from '../../core/store/memory-store.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import { systemRandom } from '../../host/linux/random.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import type { WebhookServer } from '../support/webhook-server.io.ts'
import { patching, webhookServer } from '../support/webhook-server.io.ts'
import type { Loose } from './fixture.ts'
import { FACTS } from './fixture.ts'

let webhook: WebhookServer
let registry: Registry & Disposable
let serviceAccountKey: string

const CONTEXT: Loose = { user: { name: 'jane', groups: ['dev'] }, warn: () => undefined }
const create = (resource: ResourceInfo, object: Loose): Promise<Loose> =>
  registry.create(resource, resource.namespaced ? 'default' : undefined, object, CONTEXT)
const named = (name: string): { namespace: string; name: string } => ({ namespace: 'default', name })

beforeAll(async () => {
  webhook = await webhookServer()
  await using api = await testApiServer()
  serviceAccountKey = api.pki.serviceAccountKey
})
afterAll(() => webhook[Symbol.dispose]())

beforeEach(async () => {
  webhook.reset()
  const dial = ({ port }: { readonly port: number }) => connect({ host: '127.0.0.1', port })
  const resolve = serviceResolver(() => registry, systemRandom)
  registry = createRegistry({
    store: openMemoryStore({ startRevision: 1 }),
    clock: systemClock,
    random: systemRandom,
    facts: FACTS,
    tokens: { signingKey: signingKey(serviceAccountKey) },
    callWebhook: webhookCaller({ dial, resolve }),
  })
  await create(NAMESPACES, { metadata: { name: 'default' } })
  await create(SERVICE_ACCOUNTS, { metadata: { name: 'default' } })
  await create(PODS, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'x' }] } })
  await create(DEPLOYMENTS, {
    metadata: { name: 'd' },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'd' } },
      template: { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'x' }] } },
    },
  })
  const all = [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] }]
  for (const [resource, path] of [
    [MUTATING_WEBHOOK_CONFIGURATIONS, 'm'],
    [VALIDATING_WEBHOOK_CONFIGURATIONS, 'v'],
  ] as const)
    await create(resource, {
      metadata: { name: 'hooks' },
      webhooks: [
        {
          name: `${path}.example.org`,
          clientConfig: { url: `https://127.0.0.1:${webhook.port}/${path}`, caBundle: webhook.caBundle },
          rules: all,
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    })
})

/** The mutating webhook answers with a patch; the other one lets everything through. */
const patched = (...operations: Loose[]): void => {
  webhook.answer = (_request, path) => (path === '/m' ? patching(...operations) : { allowed: true })
}
const replace = (path: string, value: unknown): Loose => ({ op: 'replace', path, value })
/** What each was asked about, `v` after `m`. */
const seen = (): Loose[] => webhook.asked.map(({ request: { object } }) => object)

const scaleTo = (replicas: number): Promise<Loose> =>
  registry.patch(
    DEPLOYMENTS,
    named('d'),
    { type: 'merge', subresource: 'scale', patch: { spec: { replicas } } },
    CONTEXT,
  )
const replicas = (): unknown => (registry.get(DEPLOYMENTS, named('d')) as Loose).spec.replicas

describe('a scale', () => {
  it('is what webhooks are told of, and what they change', async () => {
    patched(replace('/spec/replicas', 7))
    expect((await scaleTo(2)).object).toMatchObject({ kind: 'Scale', spec: { replicas: 7 } })
    expect(replicas()).toBe(7)
    const [first, second] = webhook.asked
    expect(first?.request).toMatchObject({
      kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
      resource: { group: 'apps', version: 'v1', resource: 'deployments' },
      subResource: 'scale',
      object: { kind: 'Scale', spec: { replicas: 2 } },
      oldObject: { kind: 'Scale', spec: { replicas: 1 } },
    })
    expect([second?.path, second?.request.object.spec]).toEqual(['/v', { replicas: 7 }])
  })

  it.each<[string, Loose, number, string]>([
    [
      'less than none',
      replace('/spec/replicas', -1),
      422,
      'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'another revision',
      replace('/metadata/resourceVersion', '1'),
      409,
      'Operation cannot be fulfilled on deployments.apps "d": the object has been modified; please apply your changes to the latest version and try again',
    ],
    [
      'text',
      replace('/spec/replicas', 'x'),
      500,
      'Internal error occurred: json: cannot unmarshal string into Go struct field ScaleSpec.spec.replicas of type int32',
    ],
    [
      'what is not there',
      { op: 'remove', path: '/spec/nope' },
      500,
      "Internal error occurred: error in remove for path: '/spec/nope': Unable to remove nonexistent key: nope: missing value",
    ],
    [
      'an unknown kind',
      replace('/kind', 'Foo'),
      500,
      'Internal error occurred: no kind "Foo" is registered for version "autoscaling/v1" in scheme "pkg/runtime/scheme.go:110"',
    ],
    [
      'no metadata',
      replace('/metadata', 5),
      500,
      'Internal error occurred: json: cannot unmarshal number into Go struct field Scale.metadata of type v1.ObjectMeta',
    ],
  ])('cannot be made to say %s', async (_what, operation, code, message) => {
    patched(operation)
    await expect(scaleTo(2)).rejects.toMatchObject({ code, message })
    expect(replicas()).toBe(1)
  })

  it('of another kind is none', async () => {
    patched(replace('/kind', 'Deployment'), replace('/apiVersion', 'apps/v1'))
    const message = 'converting (v1.Deployment) to (autoscaling.Scale): unknown conversion'
    await expect(scaleTo(2)).rejects.toMatchObject({ code: 500, message })
  })

  it('that does not say its kind is one', async () => {
    patched(
      { op: 'remove', path: '/kind' },
      { op: 'remove', path: '/apiVersion' },
      replace('/spec/replicas', 3),
    )
    expect((await scaleTo(2)).object).toMatchObject({ spec: { replicas: 3 } })
  })
})

describe('what is not stored', () => {
  it('is bound to another node', async () => {
    patched(replace('/target/name', 'other'), { op: 'add', path: '/metadata/annotations', value: { x: 'y' } })
    const binding = { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } }
    await registry.bind(named('p'), binding, CONTEXT)
    expect(registry.get(PODS, named('p'))).toMatchObject({
      metadata: { annotations: { x: 'y' } },
      spec: { nodeName: 'other' },
    })
    expect(seen().map(({ kind, target }) => [kind, target.name])).toEqual([
      ['Binding', 'n'],
      ['Binding', 'other'],
    ])
  })

  it('is not bound under another name', async () => {
    patched(replace('/metadata/name', 'z'))
    const binding = { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } }
    await expect(registry.bind(named('p'), binding, CONTEXT)).rejects.toMatchObject({
      code: 400,
      message: 'name in URL does not match name in Binding object',
    })
  })

  it('is evicted as a rehearsal, and its deletion is asked nobody about', async () => {
    patched({ op: 'add', path: '/deleteOptions', value: { dryRun: ['All'] } })
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' } }
    await registry.evict(named('p'), eviction, CONTEXT)
    expect(registry.get(PODS, named('p')).metadata.name).toBe('p')
    webhook.answer = () => ({ allowed: true })
    await registry.evict(named('p'), eviction, CONTEXT)
    expect(() => registry.get(PODS, named('p'))).toThrow('not found')
    expect(new Set(webhook.asked.map(({ request }) => request.operation))).toEqual(new Set(['CREATE']))
  })

  it('is not evicted in place of another, however long one tries', async () => {
    patched({ op: 'add', path: '/deleteOptions', value: { preconditions: { uid: 'x' } } })
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' } }
    await expect(registry.evict(named('p'), eviction, CONTEXT)).rejects.toMatchObject({ code: 409 })
  })

  it('is a token for longer', async () => {
    patched(replace('/spec/expirationSeconds', 800))
    const token: Loose = await registry.requestToken(
      named('default'),
      { spec: { expirationSeconds: 700 } },
      CONTEXT,
    )
    expect(token.spec.expirationSeconds).toBe(800)
    expect(seen()[0]).toEqual({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { namespace: 'default' },
      spec: { audiences: null, boundObjectRef: null, expirationSeconds: 700 },
      status: {},
    })
    expect(seen()[1]).toMatchObject({ metadata: { name: 'default' }, spec: { expirationSeconds: 800 } })
  })

  it('is a connection to another container', async () => {
    patched(replace('/container', 'other'), replace('/command', ['date']))
    const options = {
      apiVersion: 'v1',
      kind: 'PodExecOptions',
      container: 'c',
      command: ['sh'],
      stdout: true,
    }
    const wanted = await registry.connect(PODS, { ...named('p'), subresource: 'exec' }, options, CONTEXT)
    expect(wanted).toEqual({ ...options, container: 'other', command: ['date'] })
    expect(seen()).toEqual([options, wanted])
  })

  it('is a review', async () => {
    const reviews = registry.kinds.forPath('authorization.k8s.io', 'v1', 'subjectaccessreviews')
    if (reviews === undefined) throw new Error('not served')
    patched(replace('/spec/user', 'joe'))
    const review = await create(reviews, {
      spec: { user: 'jane', resourceAttributes: { verb: 'get', resource: 'pods' } },
    })
    expect(review.spec.user).toBe('joe')
    expect(seen().map(({ kind, spec }) => [kind, spec.user])).toEqual([
      ['SubjectAccessReview', 'jane'],
      ['SubjectAccessReview', 'joe'],
    ])
  })
})

describe('an object that a webhook makes another', () => {
  const map = { metadata: { name: 'a' }, data: { a: 'b' } }
  it.each<[string, Loose, number, string]>([
    [
      'an unknown kind',
      replace('/kind', 'Nope'),
      500,
      'Internal error occurred: no kind "Nope" is registered for version "v1" in scheme "pkg/runtime/scheme.go:110"',
    ],
    [
      'an unknown version',
      replace('/apiVersion', 'v2'),
      500,
      'Internal error occurred: no kind "ConfigMap" is registered for version "v2" in scheme "pkg/runtime/scheme.go:110"',
    ],
    [
      'nothing',
      replace('', {}),
      422,
      'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    ],
    [
      'elsewhere',
      replace('/metadata/namespace', 'z'),
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'numbers',
      replace('/data/a', 1),
      500,
      'Internal error occurred: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    ],
    [
      'what it is not',
      { op: 'test', path: '/data/a', value: 'z' },
      500,
      'Internal error occurred: testing value /data/a failed: test failed',
    ],
    ['by no operation', { op: 'foo', path: '/a' }, 500, 'Internal error occurred: Unexpected kind: foo'],
  ])('is refused: %s', async (_what, operation, code, message) => {
    patched(operation)
    await expect(create(CONFIG_MAPS, map)).rejects.toMatchObject({ code, message })
  })

  it('may have another name', async () => {
    patched(replace('/metadata/name', 'z'))
    await create(CONFIG_MAPS, map)
    expect(registry.get(CONFIG_MAPS, named('z')).metadata.name).toBe('z')
    expect(() => registry.get(CONFIG_MAPS, named('a'))).toThrow('not found')
    expect(webhook.asked.map(({ request }) => request.name)).toEqual(['a', 'a'])
  })

  it.each<[string, Loose, string]>([
    [
      'without its type',
      { patch: 'W10=' },
      'received invalid webhook response: webhook returned response.patch but not response.patchType',
    ],
    [
      'that is only a type',
      { patchType: 'JSONPatch' },
      'received invalid webhook response: webhook returned response.patchType but not response.patch',
    ],
    [
      'that is not encoded',
      { patch: '###', patchType: 'JSONPatch' },
      'failed to call webhook: illegal base64 data at input byte 0',
    ],
    [
      'that is no list',
      { patch: 'e30=', patchType: 'JSONPatch' },
      'received undecodable patch in webhook response: json: cannot unmarshal object into Go value of type jsonpatch.Patch',
    ],
  ])('by a patch %s is refused', async (_what, answer, why) => {
    webhook.answer = (_request, path) => (path === '/m' ? { allowed: true, ...answer } : { allowed: true })
    const message = `Internal error occurred: failed calling webhook "m.example.org": ${why}`
    await expect(create(CONFIG_MAPS, map)).rejects.toMatchObject({ code: 500, message })
  })

  it.each<[Loose, number, string | undefined, string]>([
    [undefined, 400, undefined, ' without explanation'],
    [{ message: 'tea', code: 418, reason: 'Foo' }, 418, 'Foo', ': tea'],
    [{ reason: 'Forbidden' }, 400, 'Forbidden', ': Forbidden'],
    [{ code: 200, status: 'Success' }, 400, undefined, ' without explanation'],
  ])('is denied with what the webhook says: %j', async (status, code, reason, why) => {
    webhook.answer = () => ({ allowed: false, status })
    await expect(create(CONFIG_MAPS, map)).rejects.toMatchObject({
      code,
      status: { code, message: `admission webhook "m.example.org" denied the request${why}` },
    })
    const refused = await create(CONFIG_MAPS, map).catch((error: Loose) => error)
    expect(refused.status.reason).toBe(reason)
  })
})
