/** The wire of the API server over loopback: who may ask, limits, representations, watches, our own client. */

import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer, Ask } from '../../test/support/ask.io.ts'
import { ask as askOf } from '../../test/support/ask.io.ts'
import type { TestApiServer } from '../../test/support/api-server.io.ts'
import { testApiServer } from '../../test/support/api-server.io.ts'
import { isApiError } from '../api/api-error.ts'
import type { ConfigMap } from '../api/generated/core-v1.ts'
import { CONFIG_MAPS, PODS } from '../api/scheme.ts'
import type { WatchEvent } from '../client/client.ts'
import { httpClient } from '../client/http.io.ts'
import type { KeyPair } from './pki/credentials.ts'

let api: TestApiServer
let guest: KeyPair

beforeAll(async () => {
  api = await testApiServer()
  guest = await api.pki.issueClient({ name: 'guest', groups: ['readers'] })
})
afterAll(async () => await api[Symbol.asyncDispose]())

const ask = async (path: string, how: Ask = {}): Promise<Answer> => await askOf(api, path, how)

describe('who may ask', () => {
  const rows = [
    { who: 'nobody', path: '/healthz', code: 200 },
    { who: 'nobody', path: '/version', code: 200 },
    { who: 'nobody', path: '/livez', code: 200 },
    { who: 'nobody', path: '/api', code: 403 },
    { who: 'nobody', path: '/api/v1/pods', code: 403 },
    { who: 'nobody', path: '/metrics', code: 403 },
    { who: 'nobody', path: '/livez/ping', code: 403 },
    { who: 'guest', path: '/apis', code: 200 },
    { who: 'guest', path: '/api/v1/namespaces/default/pods', code: 403 },
    { who: 'guest', path: '/metrics', code: 403 },
    { who: 'admin', path: '/api/v1/namespaces/default/pods', code: 200 },
  ] as const
  for (const { who, path, code } of rows) {
    it(`${who} gets ${code} for ${path}`, async () => {
      const as = who === 'nobody' ? 'nobody' : who === 'guest' ? guest : api.pki.admin
      expect((await ask(path, { as })).code).toBe(code)
    })
  }

  it('says what is forbidden as upstream does', async () => {
    const answer = await ask('/api/v1/namespaces/default/pods', { as: guest })
    expect(answer.json()['message']).toBe(
      'pods is forbidden: User "guest" cannot list resource "pods" in API group "" in the namespace "default"',
    )
  })
})

describe('refusals', () => {
  const pods = '/api/v1/namespaces/default/pods'
  const rows: readonly (Ask & { what: string; path: string; code: number; message: RegExp })[] = [
    {
      what: 'an unknown version',
      path: '/apis/apps/v9',
      code: 404,
      message: /could not find the requested resource/,
    },
    { what: 'an unknown resource', path: '/api/v1/nopes', code: 404, message: /could not find/ },
    { what: 'an object that is not there', path: `${pods}/x`, code: 404, message: /^pods "x" not found$/ },
    {
      what: 'a verb the resource does not have',
      path: `${pods}/x`,
      method: 'POST',
      code: 405,
      message: /^the server does not allow this method on the requested resource$/,
    },
    {
      what: 'an Accept nobody serves',
      path: pods,
      headers: { Accept: 'text/plain' },
      code: 406,
      message: /^406: Not Acceptable\n\nAvailable representations: application\/json, /,
    },
    {
      what: 'a body of an unknown type',
      path: pods,
      method: 'POST',
      headers: { 'Content-Type': 'text/plain' },
      body: 'x',
      code: 415,
      message: /the body of the request was in an unknown format/,
    },
    {
      what: 'a patch of no known type',
      path: `${pods}/x`,
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: '{}',
      code: 415,
      message: /^415: Unsupported Media Type$/,
    },
    {
      what: 'a body that is not JSON',
      path: pods,
      method: 'POST',
      body: '{',
      code: 400,
      message: /^the object provided is unrecognized \(must be of type Pod\)/,
    },
    {
      what: 'a body above the limit',
      path: pods,
      method: 'POST',
      body: Buffer.alloc(3 * 1024 * 1024 + 1),
      code: 413,
      message: /Request entity too large: limit is 3145728/,
    },
    {
      what: 'an unknown dryRun',
      path: `${pods}?dryRun=Some`,
      method: 'POST',
      body: '{}',
      code: 422,
      message: /dryRun/,
    },
    {
      what: 'sendInitialEvents on a list',
      path: `${pods}?sendInitialEvents=true`,
      code: 422,
      message: /sendInitialEvents is forbidden for list/,
    },
    {
      what: 'exec without an upgrade',
      path: `${pods}/x/exec`,
      method: 'POST',
      code: 404,
      message: /not found/,
    },
  ]
  for (const { what, path, code, message, ...how } of rows) {
    it(`${what} is ${code}`, async () => {
      const answer = await ask(path, how)
      expect({ code: answer.code, kind: answer.json()['kind'], status: answer.json()['status'] }).toEqual({
        code,
        kind: 'Status',
        status: 'Failure',
      })
      expect(answer.json()['message']).toMatch(message)
    })
  }

  it('paths outside the API get plain text', async () => {
    const answer = await ask('/nowhere')
    expect([answer.code, answer.bytes.toString()]).toEqual([404, '404 page not found\n'])
  })
})

describe('representations', () => {
  beforeAll(async () => {
    const data = { text: 'x'.repeat(200 * 1024) }
    const body = JSON.stringify({ metadata: { name: 'large', labels: { size: 'large' } }, data })
    await ask('/api/v1/namespaces/default/configmaps', { method: 'POST', body })
  })
  const list = '/api/v1/namespaces/default/configmaps?labelSelector=size=large'

  it('large answers are compressed for those who take gzip', async () => {
    const answer = await ask(list, { headers: { 'Accept-Encoding': 'gzip' } })
    expect(answer.headers['content-encoding']).toBe('gzip')
    expect(JSON.parse(gunzipSync(answer.bytes).toString())).toMatchObject({ kind: 'ConfigMapList' })
  })

  it('small ones are not', async () => {
    const answer = await ask('/version', { headers: { 'Accept-Encoding': 'gzip' } })
    expect(answer.headers['content-encoding']).toBeUndefined()
  })

  it('a Table has rows with metadata', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
    const table = (await ask(list, { headers: { Accept: accept } })).json()
    expect(table).toMatchObject({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      rows: [{ cells: ['large', 1, expect.any(String)], object: { kind: 'PartialObjectMetadata' } }],
    })
  })

  it('metadata alone', async () => {
    const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'
    const found = (await ask(list, { headers: { Accept: accept } })).json()
    expect(found).toMatchObject({
      kind: 'PartialObjectMetadataList',
      items: [{ metadata: { name: 'large' } }],
    })
    expect(JSON.stringify(found)).not.toContain('xxx')
  })

  it('YAML both ways', async () => {
    const body = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-yaml\ndata: {a: b}\n'
    const headers = { 'Content-Type': 'application/yaml', Accept: 'application/yaml' }
    const answer = await ask('/api/v1/namespaces/default/configmaps', { method: 'POST', headers, body })
    expect(answer.code).toBe(201)
    expect(answer.headers['content-type']).toBe('application/yaml')
    expect(answer.bytes.toString()).toContain('  name: from-yaml\n')
  })

  it('people with curl get indented JSON', async () => {
    const answer = await ask('/version', { headers: { 'User-Agent': 'curl/8.1' } })
    expect(answer.bytes.toString()).toContain('\n  "major": "1"')
  })

  it('unknown fields are warned of, once each', async () => {
    const body = JSON.stringify({ metadata: { name: 'warned' }, nope: 1 })
    const answer = await ask('/api/v1/namespaces/default/configmaps', { method: 'POST', body })
    expect(answer.headers['warning']).toBe('299 - "unknown field \\"nope\\""')
    expect(answer.headers['audit-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(answer.headers['cache-control']).toBe('no-cache, private')
  })

  it('discovery is tagged and answered 304 to those who have it', async () => {
    const headers = { Accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' }
    const first = await ask('/apis', { headers })
    expect(first.headers['content-type']).toBe(
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    )
    const again = await ask('/apis', { headers: { ...headers, 'If-None-Match': String(first.headers.etag) } })
    expect(again.code).toBe(304)
  })

  it('metrics count what was answered', async () => {
    await ask('/api/v1/namespaces/default/secrets/none')
    expect((await ask('/metrics')).bytes.toString()).toMatch(
      /apiserver_request_total\{verb="GET",group="",version="v1",resource="secrets",subresource="",code="404"\} 1/,
    )
  })
})

describe('the HTTP client', () => {
  it('writes, reads, patches and deletes', async () => {
    using client = httpClient(api.config)
    const made = await client.create(CONFIG_MAPS, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'default', generateName: 'made-' },
      data: { a: '1' },
    })
    expect(made.metadata.name).toMatch(/^made-/)
    const name = { namespace: 'default', name: made.metadata.name }
    const patched = await client.patch(CONFIG_MAPS, name, { data: { b: '2' } }, { type: 'merge' })
    expect(patched.data).toEqual({ a: '1', b: '2' })
    const { items } = await client.list(CONFIG_MAPS, { fieldSelector: `metadata.name=${name.name}` })
    expect(items).toEqual([await client.get(CONFIG_MAPS, name)])
    await client.delete(CONFIG_MAPS, name)
    const failure = await client.get(CONFIG_MAPS, name).catch((error: unknown) => error)
    expect(isApiError(failure, 'NotFound')).toBe(true)
    expect(Object.isFrozen(items[0]?.metadata)).toBe(true)
  })

  it('tells a stale update from others', async () => {
    using client = httpClient(api.config)
    const metadata = { namespace: 'default', name: 'stale' }
    const first = await client.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
    await client.update(CONFIG_MAPS, { ...first, data: { a: '1' } })
    const stale = { ...first, data: { b: '2' } }
    const failure = await client.update(CONFIG_MAPS, stale).catch((error: unknown) => error)
    expect(isApiError(failure, 'Conflict')).toBe(true)
  })

  it('watches from a revision on until it is told to stop', async () => {
    using client = httpClient(api.config)
    const { resourceVersion } = await client.list(CONFIG_MAPS, { namespace: 'default' })
    const stop = new AbortController()
    const seen: WatchEvent<ConfigMap>[] = []
    const watching = (async () => {
      const options = { namespace: 'default', resourceVersion, signal: stop.signal }
      for await (const event of client.watch(CONFIG_MAPS, options)) {
        seen.push(event)
        if (event.type === 'DELETED') stop.abort()
      }
    })()
    const metadata = { namespace: 'default', name: 'watched' }
    await client.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
    await client.patch(CONFIG_MAPS, metadata, { data: { x: 'y' } }, { type: 'merge' })
    await client.delete(CONFIG_MAPS, metadata)
    await watching
    expect(seen.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
  })

  it('hears that a revision is too old', async () => {
    using client = httpClient(api.config)
    const stop = new AbortController()
    const watching = client.watch(PODS, { resourceVersion: '1', signal: stop.signal })
    const failure = await watching[Symbol.asyncIterator]()
      .next()
      .catch((error: unknown) => error)
    expect(isApiError(failure, 'Expired')).toBe(true)
  })
})

describe('watches on the wire', () => {
  it('end in time, with a bookmark after what there was', async () => {
    const answer = await ask('/api/v1/pods?watch=true&timeoutSeconds=1&allowWatchBookmarks=true')
    const lines = answer.bytes.toString().trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(['BOOKMARK'])
  })

  it('a streaming list ends with its marker', async () => {
    const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1'
    const answer = await ask(
      `/api/v1/namespaces?fieldSelector=metadata.name%3Ddefault&${query}&allowWatchBookmarks=true`,
    )
    const events = answer.bytes
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; object: { metadata: { annotations?: unknown } } })
    expect(events.slice(0, 2).map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK'])
    expect(events[1]?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' })
  })

  it('show Tables with columns in the first event only', async () => {
    const body = (name: string) => JSON.stringify({ metadata: { name, labels: { watch: 'table' } } })
    for (const name of ['t1', 't2']) {
      await ask('/api/v1/namespaces/default/configmaps', { method: 'POST', body: body(name) })
    }
    const headers = { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
    const path = '/api/v1/configmaps?watch=true&timeoutSeconds=1&labelSelector=watch=table'
    const lines = (await ask(path, { headers })).bytes.toString().trim().split('\n')
    const tables = lines.map(
      (line) => (JSON.parse(line) as { object: { columnDefinitions: unknown } }).object,
    )
    expect(tables.map(({ columnDefinitions }) => columnDefinitions !== null)).toEqual([true, false])
  })
})
