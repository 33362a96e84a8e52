/** Extension API servers behind APIServices: what they serve is found and reached through ours, as who asks. */

import { once } from 'node:events'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer, request } from 'node:https'
import type { Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import type { APIService } from '../../core/api/generated/apiregistration-v1.ts'
import {
  API_SERVICES,
  CLUSTER_ROLES,
  CLUSTER_ROLE_BINDINGS,
  CUSTOM_RESOURCE_DEFINITIONS,
  ENDPOINT_SLICES,
  SERVICES,
} from '../../core/api/scheme.ts'
import { issueCertificate, makeAuthority } from '../../core/apiserver/pki/certificates.io.ts'
import type { KeyPair } from '../../core/apiserver/pki/credentials.ts'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import { ask } from '../support/ask.io.ts'

const CONTEXT = { user: { name: 'test', groups: ['system:masters'] }, warn: () => undefined }
const NAME = 'v1.things.example'
const VALIDITY = { fromMs: Date.now() - 60_000, untilMs: Date.now() + 3_600_000 }

let api: TestApiServer
let authority: KeyPair
let extension: Server
/** what the extension API server answers below its group-version */
let answer: RequestListener
let seen: { method: string; url: string; headers: IncomingMessage['headers']; peer: string }[] = []

beforeAll(async () => {
  api = await testApiServer()
  authority = await makeAuthority({ commonName: 'extension-ca', organizations: [] }, VALIDITY)
  const { certificate: cert, key } = await issueCertificate(authority, {
    subject: { commonName: 'extension', organizations: [] },
    usages: ['server'],
    validity: VALIDITY,
    names: ['things.default.svc'],
  })
  const tls = { cert, key, ca: api.pki.frontProxyCaCertificate, requestCert: true, rejectUnauthorized: true }
  extension = createServer(tls, (incoming, response) => {
    const { method = '', url = '', headers } = incoming
    const peer = String((incoming.socket as TLSSocket).getPeerCertificate().subject.CN)
    if (headers['x-remote-user'] !== 'system:kube-aggregator') seen.push({ method, url, headers, peer })
    if (url === '/apis/things.example/v1') return void response.end(JSON.stringify(RESOURCES))
    if (url === '/openapi/v3') return void response.end(JSON.stringify(OPENAPI))
    if (url === '/openapi/v2') return void response.end(JSON.stringify(OPENAPI_V2))
    answer(incoming, response)
  })
  extension.on('upgrade', (incoming: IncomingMessage, socket: Socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    socket.end(`hello ${String(incoming.headers['x-remote-user'])}`)
  })
  extension.listen(0, '127.0.0.1')
  await once(extension, 'listening')
  const { port } = extension.address() as AddressInfo
  await api.registry.create(SERVICES, 'default', SERVICE, CONTEXT)
  await api.registry.create(ENDPOINT_SLICES, 'default', slice(port), CONTEXT)
})

afterAll(async () => {
  extension.close()
  await api[Symbol.asyncDispose]()
})

afterEach(async () => {
  seen = []
  await api.registry.delete(API_SERVICES, { name: NAME }, {}, CONTEXT).catch(() => undefined)
})

const RESOURCES = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: 'things.example/v1',
  resources: [
    { name: 'things', singularName: 'thing', namespaced: true, kind: 'Thing', verbs: ['get', 'list'] },
    { name: 'things/status', singularName: '', namespaced: true, kind: 'Thing', verbs: ['get'] },
    { name: 7, kind: 'Nonsense' },
  ],
}
const OPENAPI = {
  paths: {
    'apis/things.example/v1': { serverRelativeURL: '/openapi/v3/apis/things.example/v1?hash=1' },
    'api/v1': { serverRelativeURL: '/openapi/v3/api/v1?hash=2' },
  },
}

const THING = 'example.things.v1.Thing'
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const KINDS = 'x-kubernetes-group-version-kind'
const OPENAPI_V2 = {
  swagger: '2.0',
  info: { title: 'things', version: '1' },
  paths: {
    '/apis/things.example/v1/things': {
      get: {
        operationId: 'listThing',
        responses: { '200': { description: 'OK', schema: { $ref: `#/definitions/${THING}` } } },
        [KINDS]: { group: 'things.example', version: 'v1', kind: 'Thing' },
      },
      parameters: [{ $ref: '#/parameters/limit' }, { $ref: '#/parameters/nowhere' }],
    },
    '/apis/other.example/v1/things': { get: { responses: {} } },
    '/version/': { get: { responses: {} } },
  },
  parameters: { limit: { name: 'limit', in: 'query', type: 'integer', uniqueItems: true } },
  definitions: {
    [THING]: {
      type: 'object',
      properties: {
        when: { $ref: `#/definitions/${META}.Time` },
        delete: { $ref: `#/definitions/${META}.DeleteOptions` },
      },
    },
    [`${META}.Time`]: { type: 'string', format: 'date-time', description: 'in other words' },
    [`${META}.DeleteOptions`]: { type: 'string' },
    unused: { type: 'string' },
  },
}

const SERVICE = { metadata: { name: 'things' }, spec: { ports: [{ port: 443 }] } }
const slice = (port: number) => ({
  metadata: { name: 'things-1', labels: { 'kubernetes.io/service-name': 'things' } },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['192.0.2.1'], conditions: { ready: true } }],
  ports: [{ port }],
})

async function register(spec: object = {}): Promise<void> {
  const { certificate } = authority
  const body = {
    metadata: { name: NAME },
    spec: {
      group: 'things.example',
      version: 'v1',
      groupPriorityMinimum: 17_900,
      versionPriority: 10,
      caBundle: Buffer.from(certificate).toString('base64'),
      service: { namespace: 'default', name: 'things' },
      ...spec,
    },
  }
  await api.registry.create(API_SERVICES, undefined, body, CONTEXT)
}

const condition = () =>
  (api.registry.get(API_SERVICES, { name: NAME }) as APIService).status?.conditions?.find(
    ({ type }) => type === 'Available',
  )

const becomes = async (status: string, reason: string): Promise<void> =>
  await vi.waitFor(() => expect(condition()).toMatchObject({ status, reason }), { timeout: 10_000 })

function send(path: string, headers: Readonly<Record<string, string>> = {}) {
  const { caCertificate: ca, clientCertificate: cert, clientKey: key } = api.config
  return request(`${api.config.server}${path}`, { ca, cert, key, headers })
}

const AGGREGATED = { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' }

it('what it serves is discovered, in the order its priority says', async () => {
  await register()
  await becomes('True', 'Passed')
  const { items } = (await ask(api, '/apis', { headers: AGGREGATED })).json() as {
    items: {
      metadata: { name: string }
      versions: { version: string; freshness: string; resources: object[] }[]
    }[]
  }
  const names = items.map(({ metadata }) => metadata.name)
  expect(names.slice(0, 3)).toEqual(['apiregistration.k8s.io', 'things.example', 'apps'])
  expect(items[1]?.versions).toMatchObject([
    {
      version: 'v1',
      freshness: 'Current',
      resources: [
        {
          resource: 'things',
          scope: 'Namespaced',
          responseKind: { group: 'things.example', version: 'v1', kind: 'Thing' },
          subresources: [{ subresource: 'status', verbs: ['get'] }],
        },
      ],
    },
  ])
  const group = (await ask(api, '/apis/things.example')).json() as object
  expect(group).toMatchObject({ preferredVersion: { groupVersion: 'things.example/v1', version: 'v1' } })
  expect((await ask(api, '/apis/things.example/v1')).json()).toEqual(RESOURCES)
  const { paths } = (await ask(api, '/openapi/v3')).json() as typeof OPENAPI
  expect(paths['apis/things.example/v1']).toEqual(OPENAPI.paths['apis/things.example/v1'])
  expect(paths['api/v1'].serverRelativeURL).not.toContain('hash=2')
})

it('its OpenAPI v2 document is part of ours: definitions that say something else get another name', async () => {
  const swagger = async (accept = 'application/json') => {
    const { headers, bytes, json } = await ask(api, '/openapi/v2', { headers: { accept } })
    return { etag: headers.etag, bytes, json }
  }
  const before = await swagger()
  await register()
  await becomes('True', 'Passed')
  const after = await swagger()
  expect(after.etag).not.toBe(before.etag)
  const { paths, definitions } = after.json() as typeof OPENAPI_V2
  const own = before.json() as typeof OPENAPI_V2
  expect(paths['/apis/things.example/v1/things']).toMatchObject({
    get: { operationId: 'listThing', responses: { '200': { schema: { $ref: `#/definitions/${THING}` } } } },
    parameters: [OPENAPI_V2.parameters.limit],
  })
  expect(Object.keys(paths).length).toBe(Object.keys(own.paths).length + 1)
  const added = Object.keys(definitions).filter((name) => !Object.hasOwn(own.definitions, name))
  expect(added.toSorted()).toEqual([THING, `${META}.DeleteOptions_v2`])
  expect(definitions[THING]?.properties).toEqual({
    when: { $ref: `#/definitions/${META}.Time` },
    delete: { $ref: `#/definitions/${META}.DeleteOptions_v2` },
  })
  const protobuf = await swagger('application/com.github.proto-openapi.spec.v2@v1.0+protobuf')
  expect(protobuf.bytes.includes('/apis/things.example/v1/things')).toBe(true)
  expect((await ask(api, '/openapi/v2', { headers: { 'if-none-match': after.etag ?? '' } })).code).toBe(304)
  await api.registry.delete(API_SERVICES, { name: NAME }, {}, CONTEXT)
  await expect.poll(async () => (await swagger()).etag).toBe(before.etag)
})

it('requests are passed on with who asks, and nothing the client says about that', async () => {
  await register()
  await becomes('True', 'Passed')
  answer = (incoming, response) => {
    response.writeHead(418, { 'content-type': 'text/x-thing', warning: '299 - "hot"' })
    incoming.pipe(response)
  }
  const path = '/apis/things.example/v1/namespaces/default/things/a?x=1'
  const lies = { 'x-remote-user': 'root', 'x-remote-group': 'system:masters', 'x-remote-extra-a': 'b' }
  const as = {
    'impersonate-user': 'jane',
    'impersonate-group': 'system:masters',
    'impersonate-extra-scopes': 'x',
  }
  const headers = { ...lies, ...as, authorization: 'Bearer x', 'content-type': 'text/plain' }
  const response = await ask(api, path, { method: 'PUT', body: 'body', headers })
  expect(response).toMatchObject({
    code: 418,
    text: 'body',
    headers: { 'content-type': 'text/x-thing', warning: '299 - "hot"' },
  })
  const [got, ...more] = seen
  expect(more).toEqual([])
  expect(got).toMatchObject({ method: 'PUT', url: path, peer: 'front-proxy-client' })
  expect(got?.headers).toMatchObject({
    'x-remote-user': 'jane',
    'x-remote-group': 'system:masters, system:authenticated',
    'x-remote-extra-scopes': 'x',
    'content-type': 'text/plain',
  })
  expect(
    Object.keys(got?.headers ?? {}).filter((name) => /^(auth|impersonate|x-remote-extra-a)/.test(name)),
  ).toEqual([])
})

it('who may not ask is refused here', async () => {
  await register()
  await becomes('True', 'Passed')
  const path = '/apis/things.example/v1/namespaces/default/things'
  const headers = { 'impersonate-user': 'jane' }
  const refused = await ask(api, path, { headers })
  expect(refused.code).toBe(403)
  expect(refused.text).toContain(
    'things.things.example is forbidden: User \\"jane\\" cannot list resource \\"things\\" in API group \\"things.example\\" in the namespace \\"default\\"',
  )
  const rules = [{ apiGroups: ['things.example'], resources: ['things'], verbs: ['list'] }]
  await api.registry.create(CLUSTER_ROLES, undefined, { metadata: { name: 'things' }, rules }, CONTEXT)
  const binding = {
    metadata: { name: 'things' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'things' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' }],
  }
  await api.registry.create(CLUSTER_ROLE_BINDINGS, undefined, binding, CONTEXT)
  answer = (_incoming, response) => void response.end('fine')
  expect(await ask(api, path, { headers })).toMatchObject({ code: 200, text: 'fine' })
})

it('answers come as they are written, and end with the client', async () => {
  await register()
  await becomes('True', 'Passed')
  let closed: Promise<unknown> | undefined
  answer = (_incoming, response) => {
    closed = once(response, 'close')
    response.write('first\n')
  }
  const sent = send('/apis/things.example/v1/things?watch=true')
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  expect(String((await once(response, 'data'))[0])).toBe('first\n')
  sent.destroy()
  await closed
})

it('upgrades are passed on', async () => {
  await register()
  await becomes('True', 'Passed')
  const headers = { connection: 'Upgrade', upgrade: 'echo' }
  const sent = send('/apis/things.example/v1/things/a/connect', headers)
  sent.end()
  const [, socket, head] = (await once(sent, 'upgrade')) as [IncomingMessage, Socket, Buffer]
  const rest = head.length > 0 ? '' : String((await once(socket, 'data'))[0])
  expect(head.toString() + rest).toBe('hello kubernetes-admin')
})

it.each<[string, object, string, string]>([
  [
    'no such Service',
    { service: { namespace: 'default', name: 'nothing' } },
    'ServiceNotFound',
    'service/nothing in "default" is not present',
  ],
  [
    'no such port',
    { service: { namespace: 'default', name: 'things', port: 8 } },
    'ServicePortError',
    'service/things in "default" is not listening on port 8',
  ],
  [
    'a certificate of another authority',
    { caBundle: undefined },
    'FailedDiscoveryCheck',
    'failing or missing response from https://things.default.svc:443/apis/things.example/v1: ',
  ],
])('unavailable: %s', async (_what, spec, reason, message) => {
  await register(spec)
  await becomes('False', reason)
  expect(condition()?.message).toContain(message)
  const refused = await ask(api, '/apis/things.example/v1/things')
  expect(refused.code).toBe(503)
  expect(refused.text).toContain('service unavailable')
  expect(seen).toEqual([])
  const { items } = (await ask(api, '/apis', { headers: AGGREGATED })).json() as {
    items: { metadata: { name: string }; versions: { freshness: string; resources: object[] }[] }[]
  }
  expect(items.find(({ metadata }) => metadata.name === 'things.example')?.versions).toMatchObject([
    { freshness: 'Stale', resources: [] },
  ])
})

it('a Service that comes later makes it available; one that goes ends that', async () => {
  await register({ service: { namespace: 'kube-system', name: 'late' } })
  await becomes('False', 'ServiceNotFound')
  const late = { metadata: { name: 'late' }, spec: { ports: [{ port: 443 }] } }
  await api.registry.create(SERVICES, 'kube-system', late, CONTEXT)
  await becomes('False', 'EndpointsNotFound')
  await api.registry.delete(SERVICES, { namespace: 'kube-system', name: 'late' }, {}, CONTEXT)
  await becomes('False', 'ServiceNotFound')
})

it('built-in groups have APIServices, and definitions for as long as they are there', async () => {
  const names = () => api.registry.list(API_SERVICES, {}).items.map(({ metadata }) => metadata.name)
  expect(names()).toEqual(expect.arrayContaining(['v1.', 'v1.apps', 'v2.autoscaling']))
  expect(names()).not.toContain('v1.apiregistration.k8s.io')
  const plural = { plural: 'apples', singular: 'apple', kind: 'Apple', listKind: 'AppleList' }
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }
  const definition = {
    metadata: { name: 'apples.fruit.example' },
    spec: { group: 'fruit.example', scope: 'Namespaced', names: plural, versions: [version] },
  }
  await api.registry.create(CUSTOM_RESOURCE_DEFINITIONS, undefined, definition, CONTEXT)
  await vi.waitFor(() => expect(names()).toContain('v1.fruit.example'))
  await api.registry.delete(API_SERVICES, { name: 'v1.fruit.example' }, {}, CONTEXT)
  await vi.waitFor(() => expect(names()).toContain('v1.fruit.example'))
  await api.registry.delete(CUSTOM_RESOURCE_DEFINITIONS, { name: 'apples.fruit.example' }, {}, CONTEXT)
  await vi.waitFor(() => expect(names()).not.toContain('v1.fruit.example'))
})
