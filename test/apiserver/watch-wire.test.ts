/** Lists and watches as their bytes: what kube-apiserver 1.34 sends where a client could tell the difference. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CONFIG_MAPS, PODS } from '../../core/api/scheme.ts'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import type { Answer } from '../support/ask.io.ts'
import { ask } from '../support/ask.io.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const CONTEXT = { user: { name: 'test', groups: ['system:masters'] }, warn: () => undefined }
let api: TestApiServer

beforeAll(async () => {
  api = await testApiServer({ historyLimit: 20, pace: 10 })
  for (const name of ['a', 'b', 'c']) await make(name)
})
afterAll(async () => {
  expect(api.log.entries.filter(({ level }) => level === 'error')).toEqual([])
  await api[Symbol.asyncDispose]()
})

const make = async (name: string) =>
  await api.registry.create(CONFIG_MAPS, 'default', { metadata: { name } }, CONTEXT)
const current = (): number => Number(api.registry.list(CONFIG_MAPS, {}).resourceVersion)
const token = (rv: number, start: string): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start })).toString('base64url')
const decoded = (answer: Answer): unknown => {
  const { metadata } = answer.json() as { metadata: { continue?: string } }
  return JSON.parse(Buffer.from(metadata.continue ?? '', 'base64url').toString())
}
const as = (kind: string): Readonly<Record<string, string>> => ({
  Accept: `application/json;as=${kind};v=v1;g=meta.k8s.io`,
})

describe('lists', () => {
  const itemsOf = (answer: Answer): readonly { readonly metadata: { readonly name: string } }[] =>
    (answer.json() as { items: readonly { metadata: { name: string } }[] }).items
  const names = (answer: Answer): string =>
    itemsOf(answer)
      .map(({ metadata }) => metadata.name)
      .join('')

  it('do not repeat apiVersion and kind in their items, in JSON and in YAML', async () => {
    const json = await ask(api, MAPS)
    expect(Object.keys(itemsOf(json)[0] ?? {})).toEqual(['metadata'])
    const { text } = await ask(api, MAPS, { headers: { Accept: 'application/yaml' } })
    expect(text.match(/kind: ConfigMap/g)).toEqual(['kind: ConfigMap'])
    expect((await ask(api, `${MAPS}/a`)).json()).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' })
  })

  it('of the metadata of nothing have null for items, all others have []', async () => {
    const none = `${MAPS}?labelSelector=none`
    expect((await ask(api, none, { headers: as('PartialObjectMetadataList') })).json()['items']).toBeNull()
    expect((await ask(api, none)).json()['items']).toEqual([])
    expect((await ask(api, none, { headers: as('Table') })).json()['rows']).toEqual([])
  })

  it('go on from a token that is relative to what is listed', async () => {
    const rv = current()
    expect(decoded(await ask(api, `${MAPS}?limit=2`))).toEqual({ v: 'meta.k8s.io/v1', rv, start: '/b\0' })
    const everywhere = `/api/v1/configmaps?fieldSelector=metadata.namespace%3Ddefault&limit=1`
    expect(decoded(await ask(api, everywhere))).toMatchObject({ start: '/a\0' })
    for (const start of ['/b', 'b', '/b\0', 'b\0']) {
      const answer = await ask(api, `${MAPS}?continue=${token(rv, start)}`)
      expect(names(answer), start).toBe(start.endsWith('\0') ? 'c' : 'bc')
    }
    expect(names(await ask(api, `${MAPS}?continue=${token(-1, '/c')}`))).toBe('c')
  })

  it('with a token of a revision yet to come are refused like the revision', async () => {
    const answer = await ask(api, `${MAPS}?continue=${token(current() + 1000, '/b')}`)
    expect([answer.code, answer.headers['retry-after'], answer.json()['reason']]).toEqual([
      504,
      '1',
      'Timeout',
    ])
  })

  it('of one name are of now, whatever the limit: there are no pages of one object', async () => {
    const old = current()
    await api.registry.patch(
      CONFIG_MAPS,
      { namespace: 'default', name: 'a' },
      { type: 'merge', patch: { data: { x: '1' } } },
      CONTEXT,
    )
    const named = `${MAPS}?fieldSelector=metadata.name%3Da&limit=1&resourceVersion=${old}`
    expect(itemsOf(await ask(api, named))[0]).toMatchObject({ data: { x: '1' } })
    expect(itemsOf(await ask(api, `${named}&resourceVersionMatch=Exact`))[0]).not.toHaveProperty('data')
  })

  it.each([
    ['/api/v1/nodes', 'metadata.namespace=x', 'field label not supported: metadata.namespace'],
    ['/apis/batch/v1/jobs', 'spec.x=1', 'field label "spec.x" not supported for Job'],
    [
      '/apis/apps/v1/replicasets',
      'status.replicas=1',
      '"status.replicas" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ],
  ])('%s by %s: 400 %s', async (path, selector, message) => {
    const answer = await ask(api, `${path}?fieldSelector=${encodeURIComponent(selector)}`)
    expect(answer.json()).toMatchObject({ code: 400, message })
  })
})

describe('watches', () => {
  type Event = { readonly type: string; readonly object: Readonly<Record<string, unknown>> }
  const watched = async (path: string, query: string, headers = {}): Promise<readonly Event[]> => {
    const { code, text } = await ask(api, `${path}?watch=1&timeoutSeconds=1&${query}`, { headers })
    expect(code, text).toBe(200)
    const lines = text.split('\n').filter((line) => line !== '')
    return lines.map((line) => JSON.parse(line) as Event)
  }
  const STREAMED = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'

  it.each(['object', 'Table', 'PartialObjectMetadata'])(
    'from a revision that is gone are one ERROR event: as %s',
    async (kind) => {
      const headers = kind === 'object' ? {} : as(kind)
      const [event, ...more] = await watched(MAPS, 'resourceVersion=1', headers)
      expect(more).toEqual([])
      expect(event).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })
    },
  )

  it('of a streamed list at a revision yet to come are one ERROR event', async () => {
    const [event] = await watched(MAPS, `${STREAMED}&resourceVersion=${current() + 1000}`)
    expect(event).toMatchObject({
      type: 'ERROR',
      object: { code: 504, reason: 'Timeout', details: { retryAfterSeconds: 1 } },
    })
  })

  it('of less than no time are over at once', async () => {
    const answer = await ask(api, `${MAPS}?watch=1&resourceVersion=${current()}&timeoutSeconds=-1`)
    expect([answer.code, answer.text]).toEqual([200, ''])
  })

  it('after a revision yet to come wait for it, without a bookmark from before', async () => {
    const ahead = current() + 1000
    const query = `resourceVersion=${ahead}&allowWatchBookmarks=true&timeoutSeconds=3`
    expect((await ask(api, `${MAPS}?watch=1&${query}`)).text).toBe('')
  })

  it('have a last bookmark two seconds before their end, if there is something new to tell', async () => {
    const start = current()
    const query = `watch=1&resourceVersion=${start}&allowWatchBookmarks=true&timeoutSeconds=3`
    const quiet = ask(api, `/api/v1/namespaces/default/secrets?${query}&resourceVersion=${start}`)
    const told = ask(
      api,
      `/api/v1/namespaces/default/secrets?${query.replace(String(start), String(start - 1))}`,
    )
    expect((await quiet).text).toBe('')
    expect(JSON.parse((await told).text)).toEqual({
      type: 'BOOKMARK',
      object: { kind: 'Secret', apiVersion: 'v1', metadata: { resourceVersion: String(start) } },
    })
  })

  it('show a bookmark as an empty object of the kind, in every representation', async () => {
    const query = `${STREAMED}&labelSelector=none`
    const path = '/api/v1/namespaces/default/pods'
    const annotations = { 'k8s.io/initial-events-end': 'true' }
    const metadata = { annotations, resourceVersion: String(current()) }
    const [whole] = await watched(path, query)
    expect(whole?.object).toEqual({
      kind: 'Pod',
      apiVersion: 'v1',
      metadata,
      spec: { containers: null },
      status: {},
    })
    const [partial] = await watched(path, query, as('PartialObjectMetadata'))
    expect(partial?.object).toEqual({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata })
    const [table] = await watched(path, `${query}&includeObject=None`, as('Table'))
    expect(table?.object).toMatchObject({
      columnDefinitions: [{ name: 'Name' }, {}, {}, {}, {}, {}, {}, {}, {}],
      rows: [
        {
          cells: ['', '0/0', '', '0', '<unknown>', '<none>', '<none>', '<none>', '<none>'],
          object: { kind: 'PartialObjectMetadata', metadata: { annotations } },
        },
      ],
    })
  })

  it('of an object by the old path take a selector of the same name, and no other', async () => {
    const path = '/api/v1/watch/namespaces/default/configmaps/b'
    const bySame = await watched(path, 'fieldSelector=metadata.name%3Db')
    expect(bySame.map(({ type }) => type)).toEqual(['ADDED'])
    expect((await ask(api, `${path}?fieldSelector=metadata.name%3Da`)).json()).toMatchObject({
      code: 400,
      message: "fieldSelector metadata.name doesn't match requested name",
    })
  })

  it('show what leaves a selector as it last was in it, at the revision of its leaving', async () => {
    const start = current()
    const body = { metadata: { name: 'x' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
    const made = await api.registry.create(PODS, 'default', body, CONTEXT)
    const query = `resourceVersion=${start}&fieldSelector=spec.nodeName%3D`
    const binding = { metadata: { name: 'x' }, target: { kind: 'Node', name: 'n1' } }
    await api.registry.bind({ namespace: 'default', name: 'x' }, binding, CONTEXT)
    const events = await watched('/api/v1/namespaces/default/pods', query)
    expect(events).toMatchObject([
      { type: 'ADDED', object: { metadata: { resourceVersion: made.metadata.resourceVersion } } },
      { type: 'DELETED', object: { metadata: { resourceVersion: String(start + 2) } } },
    ])
    expect(events[1]?.object['spec']).not.toHaveProperty('nodeName')
  })
})
