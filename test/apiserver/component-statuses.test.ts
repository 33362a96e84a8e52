/** v1 ComponentStatus: what is measured, and how it is shown. */

import { once } from 'node:events'
import { createServer } from 'node:https'
import type { Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probedComponents } from '../../core/apiserver/answers/component-probe.io.ts'
import { componentCheck } from '../../core/apiserver/answers/component-statuses.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import { ask } from '../support/ask.io.ts'

const PATH = '/api/v1/componentstatuses'
let api: TestApiServer
let component: Server
/** what the controller manager answers; the scheduler's port is closed */
let answer: { code: number; body: string } = { code: 200, body: 'ok' }

async function closedPort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

beforeAll(async () => {
  const closed = await closedPort()
  let port = closed
  const components = probedComponents((to) =>
    connect({ host: '127.0.0.1', port: to.port === 10_257 ? port : closed }),
  )
  api = await testApiServer({ components })
  const { serverKey: key, serverCertificate: cert } = api.pki
  component = createServer({ key, cert }, (request, response) => {
    const isAsked = request.method === 'GET' && request.url === '/healthz'
    response.writeHead(isAsked ? answer.code : 404).end(answer.body)
  })
  await once(component.listen(0, '127.0.0.1'), 'listening')
  port = (component.address() as AddressInfo).port
})
afterAll(async () => {
  component.close()
  await api[Symbol.asyncDispose]()
})

const REFUSED = 'Get "https://127.0.0.1:10259/healthz": dial tcp 127.0.0.1:10259: connect: connection refused'
const of = (name: string, status: string, message: string) => ({
  metadata: { name },
  conditions: [{ type: 'Healthy', status, message }],
})
const STATUSES = [
  of('controller-manager', 'True', 'ok'),
  of('etcd-0', 'True', 'ok'),
  of('scheduler', 'False', REFUSED),
]

describe('component statuses', () => {
  it('are measured when they are asked for, and everybody is warned of them', async () => {
    const { headers, json } = await ask(api, PATH)
    expect(json()).toEqual({ kind: 'ComponentStatusList', apiVersion: 'v1', metadata: {}, items: STATUSES })
    expect(headers['warning']).toBe('299 - "v1 ComponentStatus is deprecated in v1.19+"')
    answer = { code: 500, body: 'secret' }
    const one = await ask(api, `${PATH}/controller-manager`)
    answer = { code: 200, body: 'ok' }
    expect(one.json()).toEqual({
      kind: 'ComponentStatus',
      apiVersion: 'v1',
      ...of('controller-manager', 'False', 'HTTP probe failed with statuscode: 500'),
    })
  })

  it.each([
    ['?fieldSelector=metadata.name%3Detcd-0', ['etcd-0']],
    ['?fieldSelector=metadata.name!%3Detcd-0', ['controller-manager', 'scheduler']],
    ['?labelSelector=a%3Db', []],
    ['?labelSelector=!a&limit=1&resourceVersion=7', ['controller-manager', 'etcd-0', 'scheduler']],
  ])('%s selects', async (query, names) => {
    const { items } = (await ask(api, PATH + query)).json() as {
      items: { metadata: { name: string } }[]
    }
    expect(items.map(({ metadata }) => metadata.name)).toEqual(names)
  })

  const watch = 'watch is not supported on resources of kind "componentstatuses"'
  const method = 'the server does not allow this method on the requested resource'
  const nothing = 'the server could not find the requested resource'
  it.each([
    ['GET', `${PATH}/nope`, 404, 'componentstatus "nope" not found'],
    ['GET', `${PATH}?watch=1`, 405, watch],
    ['GET', '/api/v1/watch/componentstatuses', 404, nothing],
    ['GET', '/api/v1/namespaces/default/componentstatuses', 404, nothing],
    [
      'GET',
      `${PATH}?fieldSelector=spec.x%3D1`,
      400,
      '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ],
    ['POST', PATH, 405, method],
    ['DELETE', `${PATH}/etcd-0`, 405, method],
  ])('%s %s is refused', async (verb, path, code, message) => {
    const refused = await ask(api, path, { method: verb })
    expect({ code: refused.code, message: refused.json()['message'] }).toEqual({ code, message })
  })

  it('have columns of their own', async () => {
    const accept = 'application/json;as=Table;g=meta.k8s.io;v=v1'
    const table = (await ask(api, PATH, { headers: { accept } })).json() as {
      columnDefinitions: { name: string }[]
      rows: { cells: unknown[] }[]
    }
    expect(table.columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Status', 'Message', 'Error'])
    expect(table.rows.map(({ cells }) => cells)).toEqual([
      ['controller-manager', 'Healthy', 'ok', ''],
      ['etcd-0', 'Healthy', 'ok', ''],
      ['scheduler', 'Unhealthy', REFUSED, ''],
    ])
  })
})

describe('a check', () => {
  it('says why something is not well', async () => {
    const check = componentCheck(() => Promise.reject(new Error('the store is closed')), systemClock)
    expect(await check()).toEqual({ status: 'False', error: 'the store is closed' })
  })

  it('waits no longer than a while', async () => {
    const never = (signal: AbortSignal): Promise<void> =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))))
    const check = componentCheck(never, { sleep: () => Promise.resolve() })
    expect(await check()).toEqual({ status: 'False', error: 'context deadline exceeded' })
  })
})
