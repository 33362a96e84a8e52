/**
 * What clients are told on the wire that ask for what is not there, by methods that are not served, or with bodies
 * that are not of the kind: codes, reasons and texts of kube-apiserver 1.34.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  DEPLOYMENTS as DEPLOYMENT_RESOURCE,
  PODS,
} from '../../core/api/scheme.ts'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import type { Ask } from '../support/ask.io.ts'
import { ask } from '../support/ask.io.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const THINGS = '/apis/example.org/v1/namespaces/default/things'
const CONTEXT = { user: { name: 'test', groups: ['system:masters'] }, warn: () => undefined }
const DEFINITION = {
  metadata: { name: 'things.example.org' },
  spec: {
    group: 'example.org',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
}
let api: TestApiServer
let uid: string

beforeAll(async () => {
  api = await testApiServer()
  const map = { metadata: { name: 'a', labels: { x: 'a' } }, data: { k: 'v' } }
  const made = await api.registry.create(CONFIG_MAPS, 'default', map, CONTEXT)
  uid = made.metadata.uid ?? ''
  await api.registry.create(CUSTOM_RESOURCE_DEFINITIONS, undefined, DEFINITION, CONTEXT)
  const things = api.registry.kinds.forPath('example.org', 'v1', 'things')
  if (things) await api.registry.create(things, 'default', { metadata: { name: 'x' } }, CONTEXT)
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  await api.registry.create(PODS, 'default', { ...template, metadata: { name: 'p' } }, CONTEXT)
  const deployment = { metadata: { name: 'd' }, spec: { selector: { matchLabels: { a: 'b' } }, template } }
  await api.registry.create(DEPLOYMENT_RESOURCE, 'default', deployment, CONTEXT)
})
afterAll(async () => {
  expect(api.log.entries.filter(({ level }) => level === 'error')).toEqual([])
  await api[Symbol.asyncDispose]()
})

/** `404 NotFound: ...` of a Status, `404 ...` of a line of text */
async function said(path: string, how: Ask = {}): Promise<string> {
  const { code, headers, text, json } = await ask(api, path, how)
  if (headers['content-type'] !== 'application/json') return `${code} ${text}`
  const { kind, reason, message } = json() as { kind: string; reason?: string; message?: string }
  return kind === 'Status' && reason ? `${code} ${reason}: ${message}` : `${code} ${kind}`
}

const sent = (method: string, type: string) => (body: unknown) => ({
  method,
  headers: { 'Content-Type': type },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
const post = sent('POST', 'application/json')
const put = sent('PUT', 'application/json')
const merge = sent('PATCH', 'application/merge-patch+json')
const strategic = sent('PATCH', 'application/strategic-merge-patch+json')
const jsonPatch = sent('PATCH', 'application/json-patch+json')
const apply = sent('PATCH', 'application/apply-patch+yaml')
const APPLIED = '?fieldManager=m&dryRun=All'

const NOT_ALLOWED = '405 MethodNotAllowed: the server does not allow this method on the requested resource'
const NOT_SERVED = '404 NotFound: the server could not find the requested resource'
const NO_PAGE = '404 404 page not found\n'

describe('paths and methods', () => {
  it.each([
    ['GET', '/apis/apps/v9', NOT_SERVED],
    ['GET', '/api/v1/nopes', NOT_SERVED],
    ['GET', `${MAPS}/a/b`, NOT_SERVED],
    ['GET', `${MAPS}/a%2Fb`, NOT_SERVED],
    ['GET', '/apis/nope.example', NO_PAGE],
    ['GET', '/apis/example.org/v2', NO_PAGE],
    ['GET', '/apis/example.org/v1/nopes', NO_PAGE],
    ['GET', '/healthz/', NO_PAGE],
    ['GET', '/metrics/x', NO_PAGE],
    ['GET', '//api/v1', NO_PAGE],
    ['GET', '/openapi/v4', NO_PAGE],
    ['GET', '/openapi/v3/apis/none/v1', '404 '],
    ['GET', `${MAPS}/%zz`, '400 400 Bad Request'],
    ['GET', `${MAPS}/..`, `400 BadRequest: Name parameter invalid: "..": may not be '..'`],
    ['GET', `${MAPS}/a%25b`, `400 BadRequest: Name parameter invalid: "a%b": may not contain '%'`],
    ['GET', '/api/v1/namespaces/default/services/none/proxy', '404 NotFound: services "none" not found'],
    ['GET', '/api/v1/namespaces/default/pods/x/eviction', NOT_ALLOWED],
    ['POST', '/api/v1/configmaps', NOT_ALLOWED],
    ['DELETE', '/api/v1/configmaps', NOT_ALLOWED],
    ['PUT', MAPS, NOT_ALLOWED],
    ['POST', `${MAPS}/a`, NOT_ALLOWED],
    ['DELETE', '/apis/authorization.k8s.io/v1/subjectaccessreviews', NOT_ALLOWED],
    ['POST', '/version', NOT_ALLOWED],
    ['PUT', '/apis/apps', NOT_ALLOWED],
    ['POST', '/healthz', '200 ok'],
    ['PUT', '/nowhere', NO_PAGE],
    ['GET', `${MAPS}/a?watch=true`, '200 ConfigMap'],
  ])('%s %s: %s', async (method, path, outcome) => {
    expect(await said(path, { method, ...(method === 'GET' ? {} : { body: '{}' }) })).toBe(outcome)
  })

  it.each([
    ['/livez', 200],
    [`${MAPS}/a`, 405],
    ['/api/v1', 405],
    ['/apis/apps/v9', 404],
  ])('HEAD %s: %i', async (path, code) => {
    expect((await ask(api, path, { method: 'HEAD' })).code).toBe(code)
  })

  it('answers 405 and 404 of the router with empty details', async () => {
    expect((await ask(api, MAPS, { method: 'PUT', body: '{}' })).json()['details']).toEqual({})
    expect((await ask(api, '/api/v1/nopes')).json()['details']).toEqual({})
  })

  it('shows refusals as YAML to who asks for it, and indented to people', async () => {
    const yaml = await ask(api, `${MAPS}/none`, { headers: { Accept: 'application/yaml' } })
    expect([yaml.headers['content-type'], yaml.text]).toEqual([
      'application/yaml',
      'apiVersion: v1\ncode: 404\ndetails:\n  kind: configmaps\n  name: none\nkind: Status\n' +
        'message: configmaps "none" not found\nmetadata: {}\nreason: NotFound\nstatus: Failure\n',
    ])
    const pretty = await ask(api, `${MAPS}/none`, { headers: { 'User-Agent': 'curl/8' } })
    expect(pretty.text).toContain('{\n  "kind": "Status"')
  })
})

describe('patches', () => {
  const INVALID = '422 Invalid:  "" is invalid: patch: Invalid value: '
  it.each([
    ['a merge patch of null', merge('null'), '400 BadRequest: Invalid JSON Patch'],
    ['a strategic patch of null', strategic('null'), '200 ConfigMap'],
    ['a JSON patch of null', jsonPatch('null'), '200 ConfigMap'],
    [
      'a JSON patch that is an object',
      jsonPatch({}),
      '400 BadRequest: error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    ],
    [
      'a JSON patch that fails',
      jsonPatch([{ op: 'remove', path: '/data/none' }]),
      '422 Invalid: the server rejected our request due to an error in our request',
    ],
    [
      'a JSON patch that replaces what is not there',
      jsonPatch([{ op: 'replace', path: '/data/x', value: 'y' }]),
      '200 ConfigMap',
    ],
    [
      'a strategic patch of the wrong type',
      strategic({ data: 5 }),
      `${INVALID}"map[data:5]": cannot restore map from int64`,
    ],
    ['a strategic patch of another kind', strategic({ kind: 'Secret', apiVersion: 'v2' }), '200 ConfigMap'],
    [
      'a strategic patch whose kind is a number',
      strategic({ kind: 5 }),
      `${INVALID}"map[kind:5]": cannot convert int64 to string`,
    ],
    [
      'another uid',
      merge({ metadata: { uid: 'x' } }),
      '422 Invalid: ConfigMap "a" is invalid: metadata.uid: Invalid value: "x": field is immutable',
    ],
    [
      'a deletion',
      merge({ metadata: { deletionTimestamp: '2020-01-01T00:00:00Z' } }),
      '422 Invalid: ConfigMap "a" is invalid: metadata.deletionTimestamp: Invalid value: "2020-01-01T00:00:00Z": field is immutable',
    ],
    [
      'a beginning of names that no name has',
      merge({ metadata: { generateName: `a${'b'.repeat(253)}` } }),
      `422 Invalid: ConfigMap "a" is invalid: metadata.generateName: Invalid value: "a${'b'.repeat(253)}": must be no more than 253 characters`,
    ],
    [
      'an owner of no version',
      merge({ metadata: { ownerReferences: [{ apiVersion: 'a/b/c', kind: 'K', name: 'n', uid: 'u' }] } }),
      '422 Invalid: ConfigMap "a" is invalid: metadata.ownerReferences.apiVersion: Invalid value: "a/b/c": version must not be empty',
    ],
    [
      'a manager that cannot be printed',
      merge({
        metadata: {
          managedFields: [
            {
              manager: '\u0001',
              operation: 'Update',
              apiVersion: 'v1',
              fieldsType: 'FieldsV1',
              fieldsV1: { 'f:data': {} },
            },
          ],
        },
      }),
      '422 Invalid: ConfigMap "a" is invalid: metadata.managedFields[0].manager: Invalid value: "\\x01": invalid character U+0001 (at position 0)',
    ],
    [
      'force',
      merge({}),
      '422 Invalid: PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
      '?force=true',
    ],
  ] as const)('%s', async (_, how, outcome, query: string = '?dryRun=All') => {
    expect(await said(`${MAPS}/a${query}`, how)).toBe(outcome)
  })

  it('show what they made with the keys they touched in order', async () => {
    const message = await said(`${MAPS}/a`, merge({ data: 5, metadata: { labels: { c: '1', b: '2' } } }))
    expect(message).toMatch(
      /^422 Invalid:  "" is invalid: patch: Invalid value: "{\\"apiVersion\\":\\"v1\\",\\"data\\":5,\\"kind\\":/,
    )
    expect(message).toContain('\\"labels\\":{\\"b\\":\\"2\\",\\"c\\":\\"1\\",\\"x\\":\\"a\\"}')
  })
})

describe('apply', () => {
  const TYPED = '400 BadRequest: failed to create typed patch object (/; apps/v1, Kind=Deployment): '
  const container = { name: 'c', image: 'i' }
  const deployment = (more: object): object => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: { template: { spec: { containers: [{ ...container, ...more }] } } },
  })
  it.each([
    ['nothing', {}, '400 BadRequest: invalid object type: /, Kind='],
    ['no kind', { apiVersion: 'apps/v1' }, '400 BadRequest: invalid object type: apps/v1, Kind='],
    ['no version', { kind: 'Deployment' }, '400 BadRequest: invalid object type: /, Kind=Deployment'],
    ['another kind', { apiVersion: 'v1', kind: 'Pod' }, '400 BadRequest: invalid object type: /v1, Kind=Pod'],
    [
      'what is said twice',
      deployment({
        env: [{ name: 'A' }, { name: 'A' }, { name: 'B' }],
        ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'TCP' }],
      }),
      `${TYPED}errors:\n` +
        '  .spec.template.spec.containers[name="c"].env: duplicate entries for key [name="A"]\n' +
        '  .spec.template.spec.containers[name="c"].ports: duplicate entries for key [containerPort=80,protocol="TCP"]',
    ],
    [
      'a member of a set twice',
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { finalizers: ['a/b', 'a/b'] } },
      `${TYPED}.metadata.finalizers: duplicate entries for key [="a/b"]`,
    ],
    [
      'a uid of nothing that is there',
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { uid: 'u' } },
      '409 Conflict: Operation cannot be fulfilled on deployments.apps "none": uid mismatch: ' +
        'the provided object specified uid u, and no existing object was found',
    ],
  ])('%s', async (_, body, outcome) => {
    expect(await said(`${DEPLOYMENTS}/none${APPLIED}`, apply(body))).toBe(outcome)
  })
})

describe('objects', () => {
  it('of another uid are a conflict in the words of the store', async () => {
    const other = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', uid: 'x' } }
    expect(await said(`${MAPS}/a`, put(other))).toBe(
      '409 Conflict: Operation cannot be fulfilled on configmaps "a": StorageError: invalid object, Code: 4, ' +
        'Key: /configmaps/default/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ' +
        `UID in precondition: x, UID in object meta: ${uid}`,
    )
  })

  it('are deleted under the conditions named, which are told with the kind', async () => {
    const condition = { method: 'DELETE', headers: { 'Content-Type': 'application/json' } }
    expect(await said(`${MAPS}/a`, { ...condition, body: '{"preconditions":{"uid":""}}' })).toBe(
      '409 Conflict: Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition () does not match ' +
        `the UID in record (${uid}). The object might have been deleted and then recreated`,
    )
    expect(await said(`${MAPS}/a`, { ...condition, body: '{"apiVersion":"v1","kind":"ConfigMap"}' })).toMatch(
      /^400 BadRequest: no kind "ConfigMap" is registered for version "v1" in scheme/,
    )
  })

  it('in no namespace lose the one they name', async () => {
    const namespace = { metadata: { name: 'lost', namespace: 'default' } }
    const { json } = await ask(api, '/api/v1/namespaces?dryRun=All', post(namespace))
    expect((json()['metadata'] as { namespace?: string }).namespace).toBeUndefined()
  })

  it.each([
    [
      '{}',
      "400 BadRequest: the object provided is unrecognized (must be of type Thing): Object 'Kind' is missing in '{}' ({})",
    ],
    [
      '{"kind":"Thing"}',
      '400 BadRequest: the API version in the data () does not match the expected API version (example.org/v1)',
    ],
    [
      '{"apiVersion":"example.org/v2","kind":"Thing"}',
      '400 BadRequest: the API version in the data (example.org/v2) does not match the expected API version (example.org/v1)',
    ],
    [
      '{"apiVersion":"example.org/v1","kind":"Other","metadata":{"name":"x"}}',
      '422 Invalid: Other.example.org "x" is invalid: kind: Invalid value: "Other": must be Thing',
    ],
  ])('that are custom resources say what they are: %s', async (body, outcome) => {
    expect(await said(THINGS, post(body))).toBe(outcome)
  })

  it.each([
    [
      'PUT without a revision',
      '/x',
      put({ apiVersion: 'example.org/v1', kind: 'Thing', metadata: { name: 'x' } }),
      '422 Invalid: things.example.org "x" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    ],
    [
      'a patch to another kind',
      '/x',
      merge({ kind: 'Other', apiVersion: 'v1' }),
      '422 Invalid: Other "x" is invalid: [kind: Invalid value: "Other": must be Thing, apiVersion: Invalid value: "v1": must be example.org/v1]',
    ],
    [
      'metadata of the wrong type',
      '',
      post({ apiVersion: 'example.org/v1', kind: 'Thing', metadata: { name: 5 } }),
      '400 BadRequest: Thing in version "v1" cannot be handled as a Thing: json: cannot unmarshal number into Go struct field ObjectMeta.name of type string',
    ],
    [
      'metadata that is none',
      '',
      post({ apiVersion: 'example.org/v1', kind: 'Thing', metadata: 'x' }),
      '400 BadRequest: Thing in version "v1" cannot be handled as a Thing: json: cannot unmarshal string into Go value of type v1.ObjectMeta',
    ],
    ['a status they do not have', '/x/status', merge({}), '404 NotFound: things.example.org "x" not found'],
    [
      'a field nobody selects by',
      '?fieldSelector=spec.n=1',
      {},
      '400 BadRequest: field label not supported: spec.n',
    ],
  ] as const)('that are custom resources: %s', async (_, path, how, outcome) => {
    expect(await said(THINGS + path, how)).toBe(outcome)
  })

  it('that are custom resources may have finalizers of no domain, with a warning', async () => {
    const thing = { apiVersion: 'example.org/v1', kind: 'Thing', metadata: { name: 'y', finalizers: ['f'] } }
    const { code, headers } = await ask(api, `${THINGS}?dryRun=All`, post(thing))
    expect([code, headers['warning']]).toEqual([
      201,
      expect.stringContaining('prefer a domain-qualified finalizer'),
    ])
  })

  it('are told from lists of them by who asks for their metadata alone', async () => {
    const as = (kind: string) => ({ headers: { Accept: `application/json;as=${kind};v=v1;g=meta.k8s.io` } })
    expect(await said(MAPS, as('PartialObjectMetadata'))).toBe(
      '406 NotAcceptable: you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)',
    )
    expect(await said(THINGS, as('PartialObjectMetadata'))).toContain('(*unstructured.UnstructuredList)')
    expect(await said(`${MAPS}/none`, as('PartialObjectMetadataList'))).toContain('404 NotFound')
  })
})

describe('sub-resources', () => {
  const POD = '/api/v1/namespaces/default/pods/p'
  const SCALE = `${DEPLOYMENTS}/d/scale`
  const TOKEN = '/api/v1/namespaces/default/serviceaccounts/default/token'
  const as = (what: string, kind: string): string =>
    `400 BadRequest: ${what} cannot be handled as a ${kind}: `
  it.each([
    [
      'binding',
      post({}),
      `${POD}/binding`,
      '400 BadRequest: name in URL does not match name in Binding object',
    ],
    [
      'binding of another kind',
      post({ apiVersion: 'v1', kind: 'Secret' }),
      `${POD}/binding`,
      `${as('Secret in version "v1"', 'Binding')}converting (v1.Secret) to (core.Binding): unknown conversion`,
    ],
    [
      'binding elsewhere',
      post({ metadata: { name: 'p', namespace: 'other' } }),
      `${POD}/binding`,
      '400 BadRequest: the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'eviction with a field it does not have',
      post({ metadata: { name: 'p' }, zzz: 1 }),
      `${POD}/eviction?fieldValidation=Strict`,
      `${as('Eviction in version "v1"', 'Eviction')}strict decoding error: unknown field "zzz"`,
    ],
    [
      'eviction in the older version',
      post({ apiVersion: 'policy/v1beta1', kind: 'Eviction', metadata: { name: 'p' } }),
      `${POD}/eviction?dryRun=All`,
      '201 Status',
    ],
    [
      'token of another account',
      post({ metadata: { name: 'other' } }),
      TOKEN,
      '422 Invalid: TokenRequest.authentication.k8s.io "default" is invalid: metadata.name: Invalid value: "other": must match the service account name if specified',
    ],
    [
      'scale without a name',
      put({ spec: { replicas: 1 } }),
      SCALE,
      '400 BadRequest: the name of the object (d based on URL) was undeterminable: name must be provided',
    ],
    [
      'scale of another version',
      put({ apiVersion: 'v9', kind: 'Scale' }),
      SCALE,
      `${as('Scale in version "v9"', 'Scale')}no kind "Scale" is registered for version "v9" in scheme "pkg/api/legacyscheme/scheme.go:30"`,
    ],
    [
      'scale that is applied',
      apply({ spec: { replicas: 1 } }),
      `${SCALE}${APPLIED}`,
      '400 BadRequest: invalid object type: /, Kind=',
    ],
    [
      'scale by a text',
      strategic({ spec: { replicas: 'x' } }),
      SCALE,
      '422 Invalid:  "" is invalid: patch: Invalid value: "map[spec:map[replicas:x]]": unrecognized type: int32',
    ],
    [
      'scale of nothing',
      merge('{'),
      `${DEPLOYMENTS}/none/scale`,
      '404 NotFound: deployments.apps "none" not found',
    ],
    ['a patch of nothing', jsonPatch({}), `${MAPS}/none`, '404 NotFound: configmaps "none" not found'],
    [
      'exec of no container',
      { method: 'POST' },
      `${POD}/exec?container=x`,
      '400 BadRequest: container x is not valid for pod p',
    ],
    [
      'exec before there is a node',
      { method: 'POST' },
      `${POD}/exec`,
      '400 BadRequest: pod p does not have a host assigned',
    ],
    ['exec by PUT', { method: 'PUT' }, `${POD}/exec`, NOT_ALLOWED],
    ['log before there is a node', {}, `${POD}/log`, '204 '],
    [
      'log of lines',
      {},
      `${POD}/log?tailLines=`,
      '400 BadRequest: strconv.ParseInt: parsing "": invalid syntax',
    ],
    [
      'log of nothing',
      {},
      `${POD}/log?limitBytes=0&tailLines=-1`,
      '422 Invalid: PodLogOptions "p" is invalid: [tailLines: Invalid value: -1: must be greater than or equal to 0, ' +
        'limitBytes: Invalid value: 0: must be greater than 0]',
    ],
    [
      'a review with a name',
      post({ metadata: { name: 'x' }, spec: { user: 'u', nonResourceAttributes: { path: '/' } } }),
      '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      '422 Invalid: .authorization.k8s.io "" is invalid: metadata: Invalid value: {"name":"x"}: must be empty',
    ],
  ] as const)('%s', async (_, how, path, outcome) => {
    expect(await said(path, how)).toBe(outcome)
  })

  it.each([
    ['/api/v1/nodes', 'metadata.namespace=x', 'field label not supported: metadata.namespace'],
    ['/apis/batch/v1/jobs', 'foo=bar', 'field label "foo" not supported for Job'],
    [
      '/apis/apps/v1/replicasets',
      'status.replicas=0',
      '"status.replicas" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ],
  ])('%s cannot be selected by %s', async (path, selector, message) => {
    expect(await said(`${path}?fieldSelector=${selector}`)).toBe(`400 BadRequest: ${message}`)
  })

  it('a Scale of none says nothing of replicas', async () => {
    const none = { metadata: { name: 'd' }, spec: {} }
    expect((await ask(api, `${SCALE}?dryRun=All`, put(none))).json()['spec']).toEqual({})
  })
})
