/** Requests under way are limited, each at the level its FlowSchema names: over the wire. */

import { once } from 'node:events'
import { connect } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import { ask } from '../support/ask.io.ts'
import { eventually } from '../support/test-host.io.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const LEVELS = '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations'
const SCHEMAS = '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas'
const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const SEATS = 2

let api: TestApiServer
/** of the level and the schema that are for the user `slow` */
let level: string
let schema: string

async function post(path: string, body: object): Promise<string> {
  const made = await ask(api, path, { method: 'POST', body: JSON.stringify(body) })
  expect([path, made.code, made.text]).toEqual([path, 201, made.text])
  return (made.json() as unknown as { metadata: { uid: string } }).metadata.uid
}

const levelOf = (name: string, nominalConcurrencyShares: number, limitResponse: object): object => ({
  metadata: { name },
  spec: {
    type: 'Limited',
    limited: { nominalConcurrencyShares, borrowingLimitPercent: 0, limitResponse },
  },
})

beforeAll(async () => {
  api = await testApiServer()
  await post(`${RBAC}/clusterroles`, {
    metadata: { name: 'everything' },
    rules: [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { verbs: ['*'], nonResourceURLs: ['*'] },
    ],
  })
  await post(`${RBAC}/clusterrolebindings`, {
    metadata: { name: 'everything' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'everything' },
    subjects: ['slow', 'other'].map((name) => ({
      kind: 'User',
      name,
      apiGroup: 'rbac.authorization.k8s.io',
    })),
  })
  // With the five of catch-all there are 600 shares, one for each seat.
  level = await post(LEVELS, levelOf('slow', SEATS, { type: 'Reject' }))
  await post(LEVELS, levelOf('rest', 593, { type: 'Reject' }))
  schema = await post(SCHEMAS, {
    metadata: { name: 'slow' },
    spec: {
      priorityLevelConfiguration: { name: 'slow' },
      matchingPrecedence: 50,
      rules: [
        {
          subjects: [{ kind: 'User', user: { name: 'slow' } }],
          resourceRules: [
            { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true },
          ],
        },
      ],
    },
  })
})
afterAll(() => api[Symbol.asyncDispose]())

const as = (user: string) => ({ headers: { 'impersonate-user': user } })

/** Sends the head of a request of `slow`. */
async function sent(line: string, headers = ''): Promise<TLSSocket> {
  const { caCertificate: ca, admin } = api.pki
  const to = { host: '127.0.0.1', port: api.server.port, ca, cert: admin.certificate, key: admin.key }
  const socket = connect(to)
  socket.on('error', () => undefined)
  await once(socket, 'secureConnect')
  socket.write(`${line} HTTP/1.1\r\nHost: x\r\nImpersonate-User: slow\r\n${headers}\r\n`)
  return socket
}

/** Its body never comes. */
const stalled = (): Promise<TLSSocket> => sent(`POST ${MAPS}`, 'Content-Length: 10\r\n')

async function executing(): Promise<number> {
  const { text } = await ask(api, '/metrics')
  const of = 'flow_schema="slow",priority_level="slow"'
  return Number(new RegExp(`current_executing_requests\\{${of}\\} (\\d+)`).exec(text)?.[1] ?? 0)
}

describe('requests', () => {
  it('are told of the flow they are part of, by its identities, also when they are refused', async () => {
    for (const [path, code] of [
      [MAPS, 200],
      [`${MAPS}/nothing`, 404],
    ] as const) {
      const { code: got, headers } = await ask(api, path, as('slow'))
      expect([
        got,
        headers['x-kubernetes-pf-flowschema-uid'],
        headers['x-kubernetes-pf-prioritylevel-uid'],
      ]).toEqual([code, schema, level])
    }
    const nobody = await ask(api, MAPS, { as: 'nobody', headers: { authorization: 'Bearer bad' } })
    expect([nobody.code, nobody.headers['x-kubernetes-pf-flowschema-uid']]).toEqual([401, undefined])
  })

  it('beyond the seats of their level are 429 with Retry-After, while other levels go on', async () => {
    const sockets = await Promise.all(Array.from({ length: SEATS }, stalled))
    await eventually('all seats taken', async () => ((await executing()) === SEATS ? true : undefined))
    const refused = await ask(api, MAPS, as('slow'))
    expect([refused.code, refused.headers['retry-after'], refused.json()]).toEqual([
      429,
      '1',
      expect.objectContaining({
        reason: 'TooManyRequests',
        message: 'Too many requests, please try again later.',
      }),
    ])
    expect(refused.headers['x-kubernetes-pf-prioritylevel-uid']).toBe(level)
    expect((await ask(api, MAPS, as('other'))).code).toBe(200)
    for (const socket of sockets) socket.destroy()
    await eventually('all given up', async () => ((await executing()) === 0 ? true : undefined))
    expect((await ask(api, MAPS, as('slow'))).code).toBe(200)
    const { text } = await ask(api, '/metrics')
    const of = 'flow_schema="slow",priority_level="slow"'
    expect(text).toContain(`rejected_requests_total{${of},reason="concurrency-limit"} 1\n`)
    expect(text).toContain(`nominal_limit_seats{priority_level="slow"} ${SEATS}\n`)
  })

  it('that watch keep no seat once they have begun', async () => {
    const watches = await Promise.all(Array.from({ length: SEATS + 1 }, () => sent(`GET ${MAPS}?watch=1`)))
    await Promise.all(watches.map((watch) => once(watch, 'data')))
    expect((await ask(api, MAPS, as('slow'))).code).toBe(200)
    for (const watch of watches) watch.destroy()
  })
})
