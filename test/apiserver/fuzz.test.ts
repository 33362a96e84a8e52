/**
 * Whatever a client sends, the server answers with something a client understands, never with a 500, and stays
 * ready: seeded random bodies, patches, queries, headers and paths, and the nastiest known ones by name.
 */

import { connect } from 'node:tls'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import type { Answer, Ask } from '../support/ask.io.ts'
import { ask } from '../support/ask.io.ts'

let api: TestApiServer
beforeAll(async () => {
  api = await testApiServer()
  const body = JSON.stringify({ metadata: { name: 'target' }, data: { a: 'b' } })
  await ask(api, CONFIG_MAPS, { method: 'POST', body })
  await ask(api, PODS, { method: 'POST', body: POD })
})
afterAll(async () => {
  expect((await ask(api, '/readyz')).text).toBe('ok')
  expect(api.log.entries.filter(({ level }) => level === 'error')).toEqual([])
  await api[Symbol.asyncDispose]()
})

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'
const POD = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'target', labels: { app: 'x' } },
  spec: {
    containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }], env: [{ name: 'A', value: '1' }] }],
  },
})
const SERVICE = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'target' },
  spec: { selector: { app: 'x' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
})
const DEPLOYMENT = JSON.stringify({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'target' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'x' } },
    template: {
      metadata: { labels: { app: 'x' } },
      spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: '1' } } }] },
    },
  },
})

const SETTINGS = { seed: 20_260_101, numRuns: 150 }

/** The answer is one a client understands, and says a client's fault is the client's. */
function expectSane(answer: Answer, what: unknown): void {
  const shown = `${JSON.stringify(what)?.slice(0, 500)} -> ${answer.code} ${answer.text.slice(0, 300)}`
  expect(answer.code, shown).toBeLessThan(500)
  if (answer.code < 400) return
  if (String(answer.headers['content-type']).startsWith('text/plain')) return
  expect(answer.json(), shown).toMatchObject({ kind: 'Status', status: 'Failure', code: answer.code })
}

async function sane(path: string, how: Ask): Promise<void> {
  expectSane(await ask(api, path, how), { path, ...how })
}

/** Values that break assumptions. */
const nasty: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0,
    1.5,
    1e308,
    2 ** 53,
    '',
    '\0',
    'ü\uD800',
    '__proto__',
    [],
    {},
    [[]],
    [null],
  ),
  fc.constantFrom<unknown>(
    { __proto__x: 1 },
    'x'.repeat(5000),
    '2020-13-45T99:99:99Z',
    '1Ei',
    '-',
    '../..',
    'a/b/c',
    '%zz',
  ),
  fc.jsonValue({ maxDepth: 2 }),
)

/** A valid body with one value somewhere replaced, removed, or joined by another. */
function mutated(text: string): fc.Arbitrary<string> {
  const root = JSON.parse(text) as object
  const places = pathsOf(root)
  return fc
    .tuple(fc.constantFrom(...places), fc.constantFrom('set', 'remove', 'add'), nasty, fc.string())
    .map(([path, how, value, name]) => {
      const copy = structuredClone(root) as Record<string, unknown>
      let container = copy
      for (const part of path.slice(0, -1)) container = container[part] as Record<string, unknown>
      const last = path.at(-1) ?? ''
      if (how === 'remove') Reflect.deleteProperty(container, last)
      else
        Object.defineProperty(container, how === 'set' ? last : name, {
          value,
          enumerable: true,
          configurable: true,
        })
      return JSON.stringify(copy)
    })
}

function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [[...path, key], ...pathsOf(inner, [...path, key])])
}

const bodies = fc.oneof(
  fc.tuple(fc.constant('pods'), mutated(POD)),
  fc.tuple(fc.constant('services'), mutated(SERVICE)),
  fc.tuple(fc.constant('deployments'), mutated(DEPLOYMENT)),
)
const pathOf = (plural: string): string =>
  plural === 'deployments'
    ? `/apis/apps/v1/namespaces/default/${plural}`
    : `/api/v1/namespaces/default/${plural}`

describe('random requests', () => {
  it('mutated JSON bodies, created', async () => {
    const property = fc.asyncProperty(bodies, async ([plural, body]) => {
      await sane(`${pathOf(plural)}?dryRun=All`, { method: 'POST', body })
    })
    await fc.assert(property, SETTINGS)
  })

  it('mutated bodies, applied and put', async () => {
    const headers = { 'Content-Type': 'application/apply-patch+yaml' }
    const property = fc.asyncProperty(bodies, async ([plural, body]) => {
      const apply = `${pathOf(plural)}/target?fieldManager=fuzz&force=true&dryRun=All`
      await sane(apply, { method: 'PATCH', headers, body })
      await sane(`${pathOf(plural)}/target?dryRun=All`, { method: 'PUT', body })
    })
    await fc.assert(property, SETTINGS)
  })

  it('patches of all types', async () => {
    const types = ['json-patch+json', 'merge-patch+json', 'strategic-merge-patch+json', 'apply-patch+yaml']
    const pointer = fc.constantFrom(
      '',
      '/',
      '/spec',
      '/spec/containers/0',
      '/spec/containers/-',
      '/metadata/labels/a~1b',
      '/~2',
      '/metadata/managedFields',
      '/__proto__/x',
    )
    const operation = fc.record(
      {
        op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'nope'),
        path: pointer,
        from: pointer,
        value: nasty,
      },
      { requiredKeys: ['op', 'path'] },
    )
    const directives = fc.constantFrom<unknown>(
      { spec: { containers: [{ $patch: 'delete' }] } },
      { spec: { containers: [{ $patch: 'what', name: 'c' }] } },
      { spec: { $retainKeys: 'x' } },
      { spec: { $retainKeys: ['containers'] } },
      { spec: { '$setElementOrder/containers': [{ x: 1 }] } },
      { spec: { '$setElementOrder/containers': [null, 1] } },
      { metadata: { '$deleteFromPrimitiveList/finalizers': [{}] } },
      { spec: { containers: { $patch: 'replace' } } },
      { $patch: 'delete' },
      { $patch: 'replace' },
    )
    const patch = fc.oneof(
      fc.array(operation, { maxLength: 4 }),
      mutated(POD).map((text) => JSON.parse(text) as unknown),
      directives,
      nasty,
    )
    const property = fc.asyncProperty(fc.constantFrom(...types), patch, async (type, value) => {
      const headers = { 'Content-Type': `application/${type}` }
      const body = JSON.stringify(value)
      await sane(`${PODS}/target?fieldManager=fuzz&dryRun=All`, { method: 'PATCH', headers, body })
    })
    await fc.assert(property, { ...SETTINGS, numRuns: 300 })
  })

  it('bytes that claim to be JSON, YAML, protobuf or a patch', async () => {
    const protobuf = Buffer.concat([
      Buffer.from('k8s\0'),
      Buffer.from([0x0a, 0x0f, 0x0a, 0x02, 0x76, 0x31, 0x12, 0x09, ...Buffer.from('ConfigMap'), 0x12, 0x07]),
      Buffer.from([0x0a, 0x05, 0x0a, 0x03, ...Buffer.from('new')]),
    ])
    const flipped = fc
      .array(fc.tuple(fc.nat(protobuf.length - 1), fc.nat(255)), { maxLength: 4 })
      .map((flips) => {
        const bytes = Buffer.from(protobuf)
        for (const [at, value] of flips) bytes[at] = value
        return bytes
      })
    const bytes = fc.oneof(
      flipped,
      fc.uint8Array({ maxLength: 200 }).map((each) => Buffer.from(each)),
      fc.string({ unit: 'binary' }).map((each) => Buffer.from(each)),
    )
    const types = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf', '']
    const property = fc.asyncProperty(fc.constantFrom(...types), bytes, async (type, body) => {
      const headers: Record<string, string> = type === '' ? {} : { 'Content-Type': type }
      await sane(`${CONFIG_MAPS}?dryRun=All`, { method: 'POST', headers, body })
      await sane(`${CONFIG_MAPS}/target?dryRun=All`, { method: 'DELETE', headers, body })
    })
    await fc.assert(property, SETTINGS)
  })

  it('selectors and other query parameters', async () => {
    const names = [
      'labelSelector',
      'fieldSelector',
      'limit',
      'continue',
      'resourceVersion',
      'resourceVersionMatch',
      'pretty',
      'sendInitialEvents',
      'allowWatchBookmarks',
      'includeObject',
      'dryRun',
      'fieldValidation',
      'gracePeriodSeconds',
    ]
    const syntax = fc.constantFrom(
      ...'=!,()<>'.split(''),
      ' in ',
      ' notin ',
      'a',
      'metadata.name',
      '/',
      '\0',
      '%',
      '+',
      '-1',
      '0',
      '9'.repeat(30),
    )
    const value = fc.oneof(
      fc.array(syntax, { maxLength: 8 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary', maxLength: 20 }),
    )
    const query = fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 4 })
    const property = fc.asyncProperty(query, async (pairs) => {
      const text = pairs.map(([name, each]) => `${name}=${encodeURIComponent(each.toWellFormed())}`).join('&')
      await sane(`${PODS}?${text}`, {})
      await sane(`${PODS}?${text}&watch=1&timeoutSeconds=1&resourceVersion=1`, {})
      await sane(`${CONFIG_MAPS}?${text}`, { method: 'POST', body: '{"metadata":{"generateName":"x"}}' })
    })
    await fc.assert(property, SETTINGS)
  })

  it('paths and methods', async () => {
    const part = fc.constantFrom(
      'api',
      'apis',
      'v1',
      'apps',
      'namespaces',
      'default',
      'pods',
      'target',
      'log',
      'proxy',
      'status',
      'scale',
      'exec',
      'configmaps',
      'nodes',
      'binding',
      'eviction',
      'token',
      'finalize',
      'watch',
      'openapi',
      'v2',
      'v3',
      'healthz',
      '%2e%2e',
      '%00',
      '%zz',
      '%',
      '',
      '..',
      '%2F',
      'a:b:c',
      '__proto__',
      'constructor',
    )
    const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']
    const property = fc.asyncProperty(
      fc.array(part, { maxLength: 7 }),
      fc.constantFrom(...methods),
      async (parts, method) => {
        const answer = await ask(api, `/${parts.join('/')}?timeoutSeconds=1&dryRun=All`, { method })
        if (method !== 'HEAD') expectSane(answer, { parts, method })
        else expect(answer.code).toBeLessThan(500)
      },
    )
    await fc.assert(property, { ...SETTINGS, numRuns: 400 })
  })

  it('headers', async () => {
    const value = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'aZ/*;,=q.0_ +-"\\'.split('')), maxLength: 30 }),
      fc.constantFrom(
        'application/json;as=Table;v=v9;g=meta.k8s.io',
        'a/b;q=x',
        ',,,',
        ';;;',
        'Bearer ',
        'Bearer a.b.c',
        'Basic x',
      ),
    )
    const names = [
      'Accept',
      'Accept-Encoding',
      'Content-Type',
      'Authorization',
      'Impersonate-User',
      'Impersonate-Group',
      'If-None-Match',
      'User-Agent',
      'Impersonate-Extra-%zz',
      'X-Stream-Protocol-Version',
    ]
    const headers = fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 3 })
    const property = fc.asyncProperty(headers, async (pairs) => {
      const all = Object.fromEntries(pairs.map(([name, each]) => [name, each.trim()]))
      await sane(`${PODS}/target`, { headers: all })
      await sane(`${CONFIG_MAPS}?dryRun=All`, {
        method: 'POST',
        headers: all,
        body: '{"metadata":{"name":"h"}}',
      })
      await sane('/apis', { headers: all })
    })
    await fc.assert(property, SETTINGS)
  })
})

describe('known attacks', () => {
  const yaml = { 'Content-Type': 'application/yaml' }
  const apply = { 'Content-Type': 'application/apply-patch+yaml' }
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...[...'bcdefghi'].map((name, index) => {
      const before = 'abcdefgh'[index] ?? ''
      return `${name}: &${name} [${Array<string>(9).fill(`*${before}`).join(',')}]`
    }),
  ].join('\n')
  const nested = (open: string, close: string, depth: number): string =>
    open.repeat(depth) + close.repeat(depth)
  const rows: readonly [string, string, Ask, number][] = [
    ['a YAML bomb', CONFIG_MAPS, { method: 'POST', headers: yaml, body: bomb }, 400],
    [
      'a YAML bomb, applied',
      `${CONFIG_MAPS}/x?fieldManager=f`,
      { method: 'PATCH', headers: apply, body: bomb },
      400,
    ],
    [
      'a YAML alias to itself',
      CONFIG_MAPS,
      { method: 'POST', headers: yaml, body: 'data: &a\n  x: *a\n' },
      400,
    ],
    ['arrays 400,000 deep', CONFIG_MAPS, { method: 'POST', body: nested('[', ']', 400_000) }, 400],
    [
      'objects 20,000 deep',
      CONFIG_MAPS,
      { method: 'POST', body: `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}` },
      400,
    ],
    ['YAML 20,000 deep', CONFIG_MAPS, { method: 'POST', headers: yaml, body: nested('[', ']', 20_000) }, 400],
    [
      'a merge patch 20,000 deep',
      `${CONFIG_MAPS}/target`,
      {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/merge-patch+json' },
        body: `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
      },
      400,
    ],
    ['a huge number', PODS, { method: 'POST', body: POD.replace('80', '1e999') }, 400],
    [
      'a number with a million digits',
      PODS,
      { method: 'POST', body: POD.replace('80', '9'.repeat(1_000_000)) },
      400,
    ],
    ['NUL in a name', CONFIG_MAPS, { method: 'POST', body: '{"metadata":{"name":"a\\u0000b"}}' }, 422],
    ['NUL in the path', `${CONFIG_MAPS}/a%00b`, {}, 404],
    ['a slash in a name', `${CONFIG_MAPS}/a%2Fb`, {}, 404],
    ['dots as a name', CONFIG_MAPS, { method: 'POST', body: '{"metadata":{"name":".."}}' }, 422],
    ['a bad percent-encoding', `${CONFIG_MAPS}/%zz`, {}, 400],
    ['invalid UTF-8', CONFIG_MAPS, { method: 'POST', body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) }, 400],
    [
      'a body above the limit, chunked',
      CONFIG_MAPS,
      { method: 'POST', chunked: true, body: Buffer.alloc(3 * 1024 * 1024 + 1, 0x20) },
      413,
    ],
    [
      '10,001 operations',
      `${CONFIG_MAPS}/target`,
      {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json-patch+json' },
        body: JSON.stringify(Array(10_001).fill({ op: 'test', path: '/kind', value: 'ConfigMap' })),
      },
      413,
    ],
    [
      'a copy bomb',
      `${CONFIG_MAPS}/target`,
      {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json-patch+json' },
        body: JSON.stringify([
          { op: 'add', path: '/a', value: ['x'] },
          ...Array<object>(40).fill({ op: 'copy', from: '/a', path: '/a/-' }),
        ]),
      },
      422,
    ],
    ['a long selector', `${PODS}?labelSelector=${'a,'.repeat(7000)}a`, {}, 200],
    ['an Accept with many clauses', PODS, { headers: { Accept: 'a/b,'.repeat(3000) } }, 406],
  ]
  for (const [what, path, how, code] of rows) {
    it(`${what} is ${code}`, async () => {
      const answer = await ask(api, path, how)
      expect([answer.code, answer.text.slice(0, 300)]).toEqual([code, expect.any(String)])
      expectSane(answer, what)
    })
  }

  it('__proto__ is a key like any other', async () => {
    const body = '{"metadata":{"name":"proto"},"data":{"__proto__":"a","constructor":"b"}}'
    const made = await ask(api, CONFIG_MAPS, { method: 'POST', body })
    expect(made.text).toContain('"__proto__":"a"')
    const head = '"apiVersion":"v1","kind":"ConfigMap"'
    const patches = [
      ['application/merge-patch+json', '', '{"data":{"__proto__":"c"},"__proto__":{"polluted":true}}', 'c'],
      ['application/strategic-merge-patch+json', '', '{"data":{"__proto__":"d","toString":"e"}}', 'd'],
      [
        'application/apply-patch+yaml',
        '?fieldManager=me&force=true',
        `{${head},"data":{"__proto__":"f","valueOf":"g"}}`,
        'f',
      ],
    ] as const
    for (const [type, query, patch, expected] of patches) {
      const how = { method: 'PATCH', headers: { 'Content-Type': type }, body: patch }
      const patched = await ask(api, `${CONFIG_MAPS}/proto${query}`, how)
      expect(patched.text, type).toContain(`"__proto__":"${expected}"`)
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('headers that never end do not hold others up', async () => {
    const slow = connect({
      host: '127.0.0.1',
      port: api.server.port,
      ca: api.pki.caCertificate,
      rejectUnauthorized: false,
    })
    slow.on('error', () => undefined)
    await new Promise<void>((resolve) => slow.once('secureConnect', () => resolve()))
    slow.write('GET /readyz HTTP/1.1\r\nHost: x\r\nX-Slow: ')
    expect((await ask(api, '/readyz')).text).toBe('ok')
    slow.destroy()
  })
})
