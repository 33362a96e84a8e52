/** nodes/NAME/proxy: the node agent's own pages, and programs on the node. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { NODES } from '../../core/api/scheme.ts'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'

const backend = createServer((incoming, response) => response.end(`backend ${incoming.url}`))
let api: TestApiServer
let port: number

beforeAll(async () => {
  backend.listen(0, '127.0.0.1')
  await once(backend, 'listening')
  port = (backend.address() as AddressInfo).port
  api = await testApiServer()
  const context = { user: { name: 'test', groups: ['system:masters'] }, warn: () => undefined }
  await api.registry.create(NODES, undefined, { metadata: { name: 'n1' } }, context)
  const status = { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }] }
  await api.registry.update(
    NODES,
    { name: 'n1', subresource: 'status' },
    { metadata: { name: 'n1' }, status },
    context,
  )
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
  backend.close()
})

async function get(path: string): Promise<{ code: number | undefined; body: string }> {
  const { caCertificate: ca, clientCertificate: cert, clientKey: key } = api.config
  const sent = request(`${api.config.server}/api/v1/nodes/${path}`, { ca, cert, key })
  sent.end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  return { code: answer.statusCode, body: await text(answer) }
}

it.each(['n1', 'n1:10250', 'https:n1:10250'])('%s is the agent', async (name) => {
  expect(await get(`${name}/proxy/healthz`)).toEqual({ code: 200, body: 'n1 /healthz\n' })
  expect(await get(`${name}/proxy/`)).toEqual({ code: 200, body: 'n1 /\n' })
})

it('a redirect adds the slash', async () => {
  expect((await get('n1/proxy')).code).toBe(301)
})

it('another port is a program on the node', async () => {
  expect(await get(`n1:${port}/proxy/a?b=c`)).toEqual({ code: 200, body: 'backend /a?b=c' })
})

it('no such node, no such port', async () => {
  expect((await get('n2/proxy/healthz')).code).toBe(404)
  expect((await get('n1:http/proxy/x')).body).toContain('invalid port \\"http\\"')
})
