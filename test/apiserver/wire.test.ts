/**
 * What a client-go reflector and other raw clients rely on: representations, health, metrics, and every cell
 * of the table of resourceVersion and resourceVersionMatch.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CONFIG_MAPS } from '../../core/api/scheme.ts'
import { START_HOOKS } from '../../core/apiserver/answers/health.ts'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import type { Ask } from '../support/ask.io.ts'
import { ask } from '../support/ask.io.ts'

const STARTED = START_HOOKS.map((hook) => `[+]poststarthook/${hook} ok\n`).join('')

const MAPS = '/api/v1/namespaces/default/configmaps'
const CONTEXT = { user: { name: 'test', groups: ['system:masters'] }, warn: () => undefined }
let api: TestApiServer
/** revisions: two objects, then a third */
let before: string
let after: string

beforeAll(async () => {
  api = await testApiServer({ historyLimit: 50 })
  for (const name of ['a', 'b']) await make(name)
  before = api.registry.list(CONFIG_MAPS, {}).resourceVersion
  await make('c')
  after = api.registry.list(CONFIG_MAPS, {}).resourceVersion
})
afterAll(async () => {
  expect(api.log.entries.filter(({ level }) => level === 'error')).toEqual([])
  await api[Symbol.asyncDispose]()
})

const make = async (name: string) =>
  await api.registry.create(CONFIG_MAPS, 'default', { metadata: { name }, data: { k: name } }, CONTEXT)

interface List {
  readonly items: readonly { readonly metadata: { readonly name: string } }[]
  readonly metadata: { readonly continue?: string; readonly remainingItemCount?: number }
}
const namesOf = (list: unknown): string => (list as List).items.map(({ metadata }) => metadata.name).join('')

const invalidOptions = (field: string, text: string) => ({
  code: 422,
  message: `ListOptions.meta.k8s.io "" is invalid: ${field}: ${text}`,
})

describe('lists by resourceVersion', () => {
  const RV_NEEDED = invalidOptions(
    'resourceVersionMatch',
    'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
  )
  const EXACT_ZERO = invalidOptions(
    'resourceVersionMatch',
    'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
  )
  const rows: readonly [string, string | { code: number; message: string }][] = [
    // limit unset, match unset
    ['', 'abc'],
    ['resourceVersion=0', 'abc'],
    ['resourceVersion=OLD', 'abc'],
    // limit set, match unset: the old meaning is exactly
    ['limit=10', 'abc'],
    ['limit=10&resourceVersion=0', 'abc'],
    ['limit=10&resourceVersion=OLD', 'ab'],
    // NotOlderThan
    ['resourceVersionMatch=NotOlderThan', RV_NEEDED],
    ['resourceVersionMatch=NotOlderThan&resourceVersion=0', 'abc'],
    ['resourceVersionMatch=NotOlderThan&resourceVersion=OLD', 'abc'],
    ['limit=10&resourceVersionMatch=NotOlderThan&resourceVersion=OLD', 'abc'],
    // Exact
    ['resourceVersionMatch=Exact', RV_NEEDED],
    ['resourceVersionMatch=Exact&resourceVersion=0', EXACT_ZERO],
    ['resourceVersionMatch=Exact&resourceVersion=OLD', 'ab'],
    ['limit=1&resourceVersionMatch=Exact&resourceVersion=OLD', 'a'],
    ['resourceVersionMatch=Exact&resourceVersion=00', 'abc'],
    [
      'resourceVersionMatch=Exact&resourceVersion=900',
      { code: 410, message: 'The resourceVersion for the provided list is too old.' },
    ],
    // continue
    [
      'continue=x&resourceVersionMatch=Exact&resourceVersion=OLD',
      invalidOptions(
        'resourceVersionMatch',
        'Forbidden: resourceVersionMatch is forbidden when continue is provided',
      ),
    ],
    [
      'continue=TOKEN&resourceVersion=OLD',
      { code: 400, message: 'specifying resource version is not allowed when using continue' },
    ],
    ['continue=TOKEN&resourceVersion=0', 'bc'],
    ['continue=TOKEN', 'bc'],
    // the future
    [
      'resourceVersion=999999',
      { code: 504, message: 'Timeout: Too large resource version: 999999, current: NEW' },
    ],
    [
      'resourceVersionMatch=Nope&resourceVersion=1',
      invalidOptions(
        'resourceVersionMatch',
        'Unsupported value: "Nope": supported values: "Exact", "NotOlderThan", ""',
      ),
    ],
  ]
  for (const [query, expected] of rows) {
    it(query === '' ? 'nothing' : query, async () => {
      const first = (await ask(api, `${MAPS}?limit=1`)).json() as unknown as List
      const filled = query.replace('OLD', before).replace('TOKEN', first.metadata.continue ?? '')
      const answer = await ask(api, `${MAPS}?${filled}`)
      if (typeof expected === 'string') expect(namesOf(answer.json())).toBe(expected)
      else {
        const { code, message } = answer.json()
        expect({ code, message }).toEqual({ ...expected, message: expected.message.replace('NEW', after) })
      }
    })
  }

  it.each([
    [`${MAPS}?timeout=1s`, 200, undefined],
    [`${MAPS}?watch=1&timeoutSeconds=1&timeout=x`, 200, undefined],
    [
      '/version?timeout=1',
      400,
      'invalid timeout specified in the request URL - time: missing unit in duration "1"',
    ],
    [
      '/api/v1/watch/namespaces/default/configmaps?sendInitialEvents=1',
      422,
      'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
    ],
  ])('%s', async (path, code, message) => {
    const answer = await ask(api, path)
    expect(answer.code).toBe(code)
    if (message !== undefined) expect(answer.json()['message']).toBe(message)
  })

  it('a revision yet to come says when to come back, for single objects too', async () => {
    for (const path of [`${MAPS}?resourceVersion=999999`, `${MAPS}/a?resourceVersion=999999`]) {
      const answer = await ask(api, path)
      expect([answer.code, answer.headers['retry-after']]).toEqual([504, '1'])
      expect(answer.json()).toMatchObject({ details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } })
    }
    // What only the store can say it says to nobody.
    for (const more of ['limit=1', 'resourceVersionMatch=Exact']) {
      const path = `${MAPS}?fieldSelector=metadata.name%3Da&resourceVersion=999999&${more}`
      const answer = await ask(api, path)
      expect([answer.code, answer.headers['retry-after']]).toEqual([504, undefined])
    }
    expect((await ask(api, `${MAPS}/a?resourceVersion=0`)).code).toBe(200)
    expect((await ask(api, `${MAPS}/a?resourceVersion=${before}`)).code).toBe(200)
  })
})

describe('watches', () => {
  interface Event {
    readonly type: string
    readonly object: {
      readonly code?: number
      readonly reason?: string
      readonly metadata: {
        readonly name?: string
        readonly annotations?: unknown
        readonly resourceVersion: string
      }
    }
  }
  const watched = async (query: string, path = MAPS): Promise<Event[]> => {
    const { text } = await ask(api, `${path}?watch=true&timeoutSeconds=1&${query}`)
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Event)
  }
  const said = (events: readonly Event[]): string[] =>
    events.map(({ type, object }) => `${type} ${object.metadata.name}`)

  it('streams a list as a reflector asks for it', async () => {
    const query =
      'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&resourceVersion='
    const events = await watched(query)
    expect(said(events).slice(0, 4)).toEqual(['ADDED a', 'ADDED b', 'ADDED c', 'BOOKMARK undefined'])
    expect(events[3]?.object.metadata).toMatchObject({
      annotations: { 'k8s.io/initial-events-end': 'true' },
      resourceVersion: after,
    })
  })

  it.each([
    ['resourceVersion=OLD', ['ADDED c']],
    ['resourceVersion=0', ['ADDED a', 'ADDED b', 'ADDED c']],
    ['', ['ADDED a', 'ADDED b', 'ADDED c']],
    ['resourceVersion=OLD&fieldSelector=metadata.name%3Da', []],
  ])('%s begins with %j', async (query, expected) => {
    expect(said(await watched(query.replace('OLD', before)))).toEqual(expected)
  })

  it('of the old paths', async () => {
    expect(said(await watched('', '/api/v1/watch/namespaces/default/configmaps'))).toHaveLength(3)
    expect(said(await watched('', '/api/v1/watch/namespaces/default/configmaps/b'))).toEqual(['ADDED b'])
    expect((await ask(api, '/api/v1/watch/configmaps', { method: 'POST', body: '{}' })).code).toBe(405)
    expect((await ask(api, '/api/v1/watch/watch/configmaps')).code).toBe(404)
  })

  it.each([
    [
      'sendInitialEvents=true',
      'resourceVersionMatch',
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    ],
    [
      'resourceVersionMatch=NotOlderThan&resourceVersion=1',
      'resourceVersionMatch',
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ],
  ])('%s is refused', async (query, field, text) => {
    const answer = await ask(api, `${MAPS}?watch=true&${query}`)
    const { code, message } = answer.json()
    expect({ code, message }).toEqual(invalidOptions(field, `Forbidden: ${text}`))
  })

  it('from a revision that is gone are Expired', async () => {
    const answer = await ask(api, `${MAPS}?watch=true&resourceVersion=900`)
    expect(answer.code).toBe(200)
    expect(answer.json()).toMatchObject({
      type: 'ERROR',
      object: {
        kind: 'Status',
        code: 410,
        reason: 'Expired',
        message: expect.stringMatching(/^too old resource version: 900 \(\d+\)$/),
      },
    })
  })
})

describe('representations', () => {
  const as = (kind: string, version = 'v1') => `application/json;as=${kind};v=${version};g=meta.k8s.io`
  const rows: readonly [string, string, Ask, object][] = [
    [
      'protobuf or anything',
      MAPS,
      { headers: { Accept: 'application/vnd.kubernetes.protobuf, */*' } },
      { kind: 'ConfigMapList' },
    ],
    [
      'a Table of one',
      `${MAPS}/a`,
      { headers: { Accept: as('Table') } },
      { kind: 'Table', rows: [{ cells: ['a', 1, expect.any(String)] }] },
    ],
    [
      'an old Table',
      MAPS,
      { headers: { Accept: as('Table', 'v1beta1') } },
      { apiVersion: 'meta.k8s.io/v1beta1', kind: 'Table' },
    ],
    [
      'the best it can have',
      MAPS,
      { headers: { Accept: `${as('Table', 'v9')},${as('PartialObjectMetadataList')};q=0.5` } },
      { kind: 'PartialObjectMetadataList' },
    ],
    [
      'metadata of one',
      `${MAPS}/a`,
      { headers: { Accept: as('PartialObjectMetadata') } },
      { kind: 'PartialObjectMetadata' },
    ],
    [
      'a charset',
      `${MAPS}?dryRun=All`,
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/json; charset=utf-8' },
        body: '{"metadata":{"name":"x"}}',
      },
      { kind: 'ConfigMap' },
    ],
    [
      'no Content-Type',
      `${MAPS}?dryRun=All`,
      { method: 'POST', body: '{"metadata":{"name":"x"}}' },
      { kind: 'ConfigMap' },
    ],
    [
      'protobuf alone',
      MAPS,
      { headers: { Accept: 'application/vnd.kubernetes.protobuf' } },
      {
        code: 406,
        message:
          'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
      },
    ],
    [
      'CBOR bodies',
      MAPS,
      { method: 'POST', headers: { 'Content-Type': 'application/cbor' }, body: 'x' },
      {
        code: 415,
        message: expect.stringMatching(
          /^the body of the request was in an unknown format - accepted media types include: application\/json, application\/yaml/,
        ),
      },
    ],
  ]
  for (const [what, path, how, expected] of rows) {
    it(what, async () => {
      expect((await ask(api, path, how)).json()).toMatchObject(expected)
    })
  }

  it('watch events are metadata alone for those who ask', async () => {
    const { text } = await ask(api, `${MAPS}?watch=1&timeoutSeconds=1&resourceVersion=${before}`, {
      headers: { Accept: as('PartialObjectMetadata') },
    })
    expect(JSON.parse(text)).toMatchObject({
      type: 'ADDED',
      object: { kind: 'PartialObjectMetadata', metadata: { name: 'c' } },
    })
  })

  it('YAML has its lists where Go puts them', async () => {
    const { text } = await ask(api, MAPS, { headers: { Accept: 'application/yaml' } })
    expect(text).toMatch(/^items:\n- apiVersion: v1$|^items:\n- /m)
  })

  it('HEAD has the headers of GET and no body', async () => {
    const [head, get] = [await ask(api, '/', { method: 'HEAD' }), await ask(api, '/')]
    expect([head.code, head.bytes.length, head.headers['content-length']]).toEqual([
      200,
      0,
      get.headers['content-length'],
    ])
  })
})

describe('health and metrics', () => {
  const rows: readonly [string, number, string][] = [
    ['/livez', 200, 'ok'],
    ['/readyz', 200, 'ok'],
    ['/readyz?verbose', 200, `[+]ping ok\n${STARTED}readyz check passed\n`],
    ['/readyz?verbose&exclude=ping', 200, `[+]ping excluded: ok\n${STARTED}readyz check passed\n`],
    ['/readyz/ping', 200, 'ok'],
    ['/readyz/nope', 404, '404 page not found\n'],
    [
      '/livez?verbose&exclude=nope',
      200,
      `[+]ping ok\n${STARTED}warn: some health checks cannot be excluded: no matches for "nope"\nlivez check passed\n`,
    ],
  ]
  for (const [path, code, body] of rows) {
    it(path, async () => {
      const answer = await ask(api, path)
      expect([answer.code, answer.text]).toEqual([code, body])
    })
  }

  it('metrics are well-formed and count what there is', async () => {
    await ask(api, `${MAPS}/a`)
    const { text, headers } = await ask(api, '/metrics')
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8; escaping=underscores')
    expect(text.endsWith('\n')).toBe(true)
    const sample = /^[a-z_]+(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? \d+(\.\d+)?(e-?\d+)?$/
    for (const line of text.trimEnd().split('\n')) if (!line.startsWith('# ')) expect(line).toMatch(sample)
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`)
    expect(types).toEqual([
      'apiserver_request_total counter',
      'apiserver_request_duration_seconds histogram',
      'apiserver_current_inflight_requests gauge',
      'apiserver_longrunning_requests gauge',
      'apiserver_registered_watchers gauge',
      'apiserver_storage_objects gauge',
      'apiserver_flowcontrol_nominal_limit_seats gauge',
      'apiserver_flowcontrol_lower_limit_seats gauge',
      'apiserver_flowcontrol_upper_limit_seats gauge',
      'apiserver_flowcontrol_current_executing_requests gauge',
      'apiserver_flowcontrol_current_inqueue_requests gauge',
      'apiserver_flowcontrol_dispatched_requests_total counter',
      'apiserver_flowcontrol_rejected_requests_total counter',
    ])
    const exempt = 'flow_schema="exempt",priority_level="exempt"'
    expect(text).toContain(`apiserver_flowcontrol_current_executing_requests{${exempt}} 1\n`)
    expect(text).toContain('apiserver_storage_objects{resource="configmaps"} 4\n')
    expect(text).toContain('apiserver_registered_watchers{group="",version="v1",kind="ConfigMap"} 0\n')
    expect(text).toContain('apiserver_current_inflight_requests{request_kind="readOnly"} 1\n')
  })
})
