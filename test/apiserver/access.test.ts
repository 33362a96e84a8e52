/** Authentication and authorization over HTTPS: certificates, tokens, impersonation, RBAC, reviews of access. */

import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json, text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PODS, SERVICE_ACCOUNTS } from '../../core/api/scheme.ts'
import type { KeyPair } from '../../core/apiserver/pki/credentials.ts'
import { openPki } from '../../core/apiserver/pki/pki.io.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const CONTEXT = { user: { name: 'test', groups: ['system:masters'] }, warn: () => undefined }

let api: TestApiServer
let jane: KeyPair

interface Ask {
  readonly as?: KeyPair | string
  /** beside a certificate */
  readonly token?: string
  readonly body?: object
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}

/** The parts of the statuses that are looked at. */
interface Status {
  readonly token: string
  readonly allowed: boolean
  readonly authenticated?: boolean
  readonly userInfo: object
  readonly resourceRules: readonly object[]
  readonly incomplete: boolean
}

interface Answer {
  readonly code: number
  readonly body: {
    readonly message?: string
    readonly status: Status
    readonly items?: readonly unknown[]
    readonly [field: string]: unknown
  }
}

/** @param as a certificate (default: the administrator's), a bearer token, or '' for nobody */
async function ask(
  path: string,
  { as = api.pki.admin, token, body, method, headers = {} }: Ask = {},
): Promise<Answer> {
  const proof = typeof as === 'string' ? {} : { cert: as.certificate, key: as.key }
  const bearer = typeof as === 'string' ? as : token
  const authorization = bearer ? { authorization: `Bearer ${bearer}` } : {}
  const sent = request(`${api.config.server}${path}`, {
    ...proof,
    ca: api.config.caCertificate,
    agent: false,
    method: method ?? (body ? 'POST' : 'GET'),
    headers: { 'content-type': 'application/json', ...authorization, ...(headers as Record<string, string>) },
  })
  sent.end(body && JSON.stringify(body))
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  // Where nothing is, not even a Status is.
  const isStatus = /json/.test(answer.headers['content-type'] ?? '')
  const said = isStatus ? await json(answer) : { message: await text(answer) }
  return { code: answer.statusCode ?? 0, body: said as Answer['body'] }
}

const tokenOf = async (account: string, spec: object = {}): Promise<string> => {
  const path = `/api/v1/namespaces/default/serviceaccounts/${account}/token`
  const { code, body } = await ask(path, { body: { spec } })
  expect(code, body.message).toBe(201)
  return String(body.status.token)
}

const role = (name: string, ...rules: object[]): object => ({
  metadata: { name, namespace: 'default' },
  rules,
})
const binding = (name: string, roleName: string, ...subjects: object[]): object => ({
  metadata: { name, namespace: 'default' },
  roleRef: { kind: 'Role', name: roleName },
  subjects,
})

beforeAll(async () => {
  api = await testApiServer()
  jane = await api.pki.issueClient({ name: 'jane', groups: ['dev'] })
  await api.registry.create(SERVICE_ACCOUNTS, 'default', { metadata: { name: 'robot' } }, CONTEXT)
  const reader = role('reader', { apiGroups: [''], resources: ['pods', 'pods/log'], verbs: ['get', 'list'] })
  await ask(`${RBAC}/namespaces/default/roles`, { body: reader })
  const subjects = [
    { kind: 'User', name: 'jane' },
    { kind: 'ServiceAccount', name: 'robot', namespace: 'default' },
  ]
  const bound = await ask(`${RBAC}/namespaces/default/rolebindings`, {
    body: binding('readers', 'reader', ...subjects),
  })
  expect(bound.code, bound.body.message).toBe(201)
})
afterAll(async () => await api[Symbol.asyncDispose]())

describe('RBAC', () => {
  it.each([
    ['/api/v1/namespaces/default/pods', 200],
    ['/api/v1/namespaces/default/pods/none', 404],
    ['/api/v1/pods', 403],
    ['/api/v1/namespaces/kube-system/pods', 403],
    ['/api/v1/namespaces/default/services', 403],
    ['/api/v1/namespaces/default/pods?watch=true&timeoutSeconds=1', 403],
  ])('jane at %s: %i', async (path, code) => {
    expect((await ask(path, { as: jane })).code).toBe(code)
  })

  it('takes effect with the next request, and ends with it', async () => {
    const services = '/api/v1/namespaces/default/services'
    const rule = { apiGroups: [''], resources: ['services'], verbs: ['list'] }
    await ask(`${RBAC}/namespaces/default/roles`, { body: role('svc', rule) })
    const group = { kind: 'Group', name: 'dev' }
    await ask(`${RBAC}/namespaces/default/rolebindings`, { body: binding('svc', 'svc', group) })
    expect((await ask(services, { as: jane })).code).toBe(200)
    await ask(`${RBAC}/namespaces/default/rolebindings/svc`, { method: 'DELETE' })
    expect((await ask(services, { as: jane })).code).toBe(403)
  })

  it('gives view, edit and admin what their parts give', async () => {
    const question = (user: string, verb: string, resource: string): object => ({
      spec: { user, resourceAttributes: { namespace: 'default', verb, resource } },
    })
    const bind = async (name: string): Promise<void> => {
      const roleRef = { kind: 'ClusterRole', name }
      const subjects = [{ kind: 'User', name: `a-${name}` }]
      const body = { metadata: { name, namespace: 'default' }, roleRef, subjects }
      expect((await ask(`${RBAC}/namespaces/default/rolebindings`, { body })).code).toBe(201)
    }
    for (const name of ['view', 'edit', 'admin']) await bind(name)
    const allowed = async (...args: [string, string, string]): Promise<boolean> =>
      (await ask('/apis/authorization.k8s.io/v1/subjectaccessreviews', { body: question(...args) })).body
        .status.allowed
    expect(await allowed('a-view', 'list', 'pods')).toBe(true)
    expect(await allowed('a-view', 'get', 'secrets')).toBe(false)
    expect(await allowed('a-edit', 'get', 'secrets')).toBe(true)
    expect(await allowed('a-edit', 'create', 'pods')).toBe(true)
    expect(await allowed('a-admin', 'create', 'pods')).toBe(true)
  })

  it('lets nobody give away what they do not have', async () => {
    const may = role('may-bind', {
      apiGroups: ['rbac.authorization.k8s.io'],
      resources: ['roles', 'rolebindings'],
      verbs: ['create'],
    })
    await ask(`${RBAC}/namespaces/default/roles`, { body: may })
    const body = binding('may-bind', 'may-bind', { kind: 'User', name: 'jane' })
    await ask(`${RBAC}/namespaces/default/rolebindings`, { body })
    const wider = role('wider', { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list'] })
    const refused = await ask(`${RBAC}/namespaces/default/roles`, { as: jane, body: wider })
    expect(refused.code).toBe(403)
    expect(refused.body.message).toBe(
      'roles.rbac.authorization.k8s.io "wider" is forbidden: user "jane" (groups=["dev" "system:authenticated"]) ' +
        'is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
    )
    const same = role('same', { apiGroups: [''], resources: ['pods'], verbs: ['get'] })
    expect((await ask(`${RBAC}/namespaces/default/roles`, { as: jane, body: same })).code).toBe(201)
    const missing = binding('x', 'no-such-role', { kind: 'User', name: 'jane' })
    const unknown = await ask(`${RBAC}/namespaces/default/rolebindings`, { as: jane, body: missing })
    expect(unknown.body.message).toBe('roles.rbac.authorization.k8s.io "no-such-role" not found')
  })

  it('asks for create where an update or apply would make the object', async () => {
    const rule = { apiGroups: ['', 'coordination.k8s.io'], resources: ['configmaps', 'leases'] }
    const body = role('changes', { ...rule, verbs: ['update', 'patch'] })
    await ask(`${RBAC}/namespaces/default/roles`, { body })
    const changes = binding('changes', 'changes', { kind: 'User', name: 'jane' })
    await ask(`${RBAC}/namespaces/default/rolebindings`, { body: changes })
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'made' } }
    const apply = {
      method: 'PATCH',
      body: configMap,
      headers: { 'content-type': 'application/apply-patch+yaml' },
    }
    const path = '/api/v1/namespaces/default/configmaps/made?fieldManager=t'
    const refused = await ask(path, { ...apply, as: jane })
    expect([refused.code, refused.body.message]).toEqual([403, 'configmaps "made" is forbidden: '])
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'made' } }
    const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases/made'
    expect((await ask(leases, { as: jane, method: 'PUT', body: lease })).code).toBe(403)
    expect((await ask(path, apply)).code).toBe(201)
    expect((await ask(path, { ...apply, as: jane })).code).toBe(200)
  })

  it.each([
    [
      '/apis/none.io/v1/namespaces/default/things/a',
      'things.none.io "a" is forbidden: User "jane" cannot get',
    ],
    [
      '/apis/none.io/v1/things',
      'things.none.io is forbidden: User "jane" cannot list resource "things" in API',
    ],
    [
      '/api/v1/namespaces/default/pods/a/none',
      'pods "a" is forbidden: User "jane" cannot get resource "pods/none"',
    ],
  ])('tells who may not that they may not, though nothing is there: %s', async (path, message) => {
    const refused = await ask(path, { as: jane })
    expect([refused.code, refused.body.message]).toEqual([403, expect.stringContaining(message)])
    expect((await ask(path)).code).toBe(404)
  })

  it.each([
    ['POST', '/pods/a', 'create'],
    ['PUT', '/pods', 'update'],
    ['PATCH', '/pods', 'patch'],
    ['OPTIONS', '/pods', ''],
  ])('names what %s %s would be where it is not served', async (method, path, verb) => {
    const refused = await ask(`/api/v1/namespaces/default${path}`, { as: jane, method })
    expect([refused.code, refused.body.message]).toEqual([
      403,
      expect.stringContaining(`User "jane" cannot ${verb} resource "pods"`),
    ])
    expect((await ask(`/api/v1/namespaces/default${path}`, { method })).code).toBe(405)
  })

  it('counts a list of one name as of that name', async () => {
    const rule = {
      apiGroups: [''],
      resources: ['secrets'],
      resourceNames: ['mine'],
      verbs: ['list', 'watch'],
    }
    await ask(`${RBAC}/namespaces/default/roles`, { body: role('mine', rule) })
    const body = binding('mine', 'mine', { kind: 'User', name: 'jane' })
    await ask(`${RBAC}/namespaces/default/rolebindings`, { body })
    const codeOf = async (query: string): Promise<number> =>
      (await ask(`/api/v1/namespaces/default/secrets${query}`, { as: jane })).code
    expect(await codeOf('?fieldSelector=metadata.name%3Dmine')).toBe(200)
    expect(await codeOf('?fieldSelector=metadata.name%3Dyours')).toBe(403)
    expect(await codeOf('?fieldSelector=metadata.name!%3Dmine')).toBe(403)
    expect(await codeOf('')).toBe(403)
  })

  it('keeps a binding with its role', async () => {
    const path = `${RBAC}/namespaces/default/rolebindings/readers`
    const { body } = await ask(path)
    const changed = await ask(path, {
      method: 'PUT',
      body: { ...body, roleRef: { ...(body['roleRef'] as object), name: 'other' } },
    })
    expect(changed.body.message).toContain('roleRef: Invalid value:')
    expect(changed.body.message).toContain('cannot change roleRef')
  })
})

describe('anonymous and unknown', () => {
  it('may see what is public', async () => {
    const refused = await ask('/api/v1/nodes', { as: '' })
    expect(refused.code).toBe(403)
    expect(refused.body.message).toBe(
      'nodes is forbidden: User "system:anonymous" cannot list resource "nodes" in API group "" at the cluster scope',
    )
  })

  it.each(['nonsense', 'a.b.c', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeXN0ZW06YWRtaW4ifQ.'])(
    'a token that is none is 401: %s',
    async (token) => {
      const { code, body } = await ask('/version', { as: token })
      expect([code, body.message]).toEqual([401, 'Unauthorized'])
    },
  )
})

describe('a certificate of somebody else', () => {
  it('is 401, not nobody', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'portolan-other-'))
    try {
      const other = await openPki({ directory: folder, addresses: [], nowMs: systemClock.now() })
      const { code, body } = await ask('/version', { as: other.admin })
      expect([code, body.message]).toEqual([401, 'Unauthorized'])
      // Another proof that is good is enough.
      expect((await ask('/version', { as: other.admin, token: await tokenOf('robot') })).code).toBe(200)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('service account tokens', () => {
  it('stand for their account', async () => {
    const token = await tokenOf('robot')
    expect((await ask('/api/v1/namespaces/default/pods', { as: token })).code).toBe(200)
    const refused = await ask('/api/v1/namespaces/default/secrets', { as: token })
    expect(refused.body.message).toContain('User "system:serviceaccount:default:robot" cannot list')
    const me = await ask('/apis/authentication.k8s.io/v1/selfsubjectreviews', { as: token, body: {} })
    expect(me.body.status.userInfo).toMatchObject({
      username: 'system:serviceaccount:default:robot',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    })
  })

  it('are for their audience', async () => {
    const token = await tokenOf('robot', { audiences: ['vault'] })
    expect((await ask('/version', { as: token })).code).toBe(401)
    const review = async (audiences: readonly string[]) =>
      (await ask('/apis/authentication.k8s.io/v1/tokenreviews', { body: { spec: { token, audiences } } }))
        .body.status
    expect(await review(['vault', 'other'])).toMatchObject({ authenticated: true, audiences: ['vault'] })
    expect((await review(['other'])).authenticated).toBeUndefined()
  })

  it('end with what they are bound to', async () => {
    const spec = { serviceAccountName: 'robot', containers: [{ name: 'c', image: 'i' }] }
    const pod = await api.registry.create(PODS, 'default', { metadata: { name: 'p' }, spec }, CONTEXT)
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: pod.metadata.uid }
    const token = await tokenOf('robot', { boundObjectRef })
    expect((await ask('/version', { as: token })).code).toBe(200)
    await api.registry.delete(PODS, { namespace: 'default', name: 'p' }, { gracePeriodSeconds: 0 }, CONTEXT)
    expect((await ask('/version', { as: token })).code).toBe(401)
  })

  it('end with their account', async () => {
    await api.registry.create(SERVICE_ACCOUNTS, 'default', { metadata: { name: 'brief' } }, CONTEXT)
    const token = await tokenOf('brief')
    await api.registry.delete(SERVICE_ACCOUNTS, { namespace: 'default', name: 'brief' }, {}, CONTEXT)
    await api.registry.create(SERVICE_ACCOUNTS, 'default', { metadata: { name: 'brief' } }, CONTEXT)
    expect((await ask('/version', { as: token })).code).toBe(401)
  })

  it.each([
    [
      { expirationSeconds: 60 },
      422,
      'spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
    ],
    [{ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'none' } }, 404, 'pods "none" not found'],
    [{ boundObjectRef: { apiVersion: 'v1', kind: 'Service', name: 'x' } }, 400, 'Kind=Service'],
  ])('are refused for %j', async (spec, code, message) => {
    const path = '/api/v1/namespaces/default/serviceaccounts/robot/token'
    const answer = await ask(path, { body: { spec } })
    expect(answer.code).toBe(code)
    expect(answer.body.message).toContain(message)
  })

  it('can be checked elsewhere', async () => {
    const { body: configuration } = await ask('/.well-known/openid-configuration', {
      as: await tokenOf('robot'),
    })
    expect(configuration['issuer']).toBe('https://kubernetes.default.svc.cluster.local')
    const { body: jwks } = await ask(new URL(String(configuration['jwks_uri'])).pathname)
    expect(jwks['keys']).toEqual([expect.objectContaining({ kty: 'EC', alg: 'ES256', use: 'sig' })])
    expect(JSON.stringify(jwks)).not.toContain('"d"')
  })
})

describe('impersonation', () => {
  const as = (name: string, ...groups: string[]) => ({
    headers: { 'impersonate-user': name, ...(groups.length > 0 ? { 'impersonate-group': groups } : {}) },
  })

  it('is acting with the rights of another', async () => {
    expect((await ask('/api/v1/namespaces/default/pods', as('jane'))).code).toBe(200)
    expect((await ask('/api/v1/namespaces/default/pods', as('joe'))).code).toBe(403)
    const { body } = await ask('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      ...as('joe', 'a', 'b'),
      body: {},
    })
    expect(body.status.userInfo).toEqual({ username: 'joe', groups: ['a', 'b', 'system:authenticated'] })
  })

  it('needs permission', async () => {
    const { code, body } = await ask('/version', { ...as('root'), as: jane })
    expect(code).toBe(403)
    expect(body.message).toBe(
      'users "root" is forbidden: User "jane" cannot impersonate resource "users" in API group "" at the cluster scope',
    )
  })
})

describe('reviews of access', () => {
  it('answer for oneself', async () => {
    const review = async (spec: object) =>
      (await ask('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { as: jane, body: { spec } })).body
    const pods = { namespace: 'default', verb: 'list', resource: 'pods' }
    expect((await review({ resourceAttributes: pods })).status).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "readers/default" of Role "reader" to User "jane"',
    })
    expect((await review({ resourceAttributes: { ...pods, verb: 'delete' } })).status).toEqual({
      allowed: false,
    })
    expect((await review({})).message).toContain(
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    )
  })

  it('list what one may do', async () => {
    const { body } = await ask('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
      as: jane,
      body: { spec: { namespace: 'default' } },
    })
    expect(body.status.resourceRules).toContainEqual({
      verbs: ['get', 'list'],
      apiGroups: [''],
      resources: ['pods', 'pods/log'],
    })
    expect(body.status.incomplete).toBe(false)
  })
})
