/** POST bindings: the old way to bind a pod to a node. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Pod } from '../../core/api/generated/core-v1.ts'
import { PODS } from '../../core/api/scheme.ts'
import type { TestApiServer } from '../support/api-server.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import { ask } from '../support/ask.io.ts'

const BINDINGS = '/api/v1/namespaces/default/bindings'
const CONTEXT = { user: { name: 'test', groups: ['system:masters'] }, warn: () => undefined }
let api: TestApiServer

beforeAll(async () => {
  api = await testApiServer()
  const pod = { metadata: { name: 'a' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  await api.registry.create(PODS, 'default', pod, CONTEXT)
})
afterAll(async () => await api[Symbol.asyncDispose]())

const bind = async (name: string, target: object) =>
  await ask(api, BINDINGS, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ apiVersion: 'v1', kind: 'Binding', metadata: { name }, target }),
  })

it.each<[string, string, object, object]>([
  ['without a pod', '', { name: 'n' }, { code: 400, message: 'Name parameter required.' }],
  ['of no such pod', 'b', { name: 'n' }, { code: 404, message: 'pods "b" not found' }],
  ['to nothing', 'a', {}, { code: 422, message: 'Binding "a" is invalid: target.name: Required value' }],
  ['to a node', 'a', { kind: 'Node', name: 'n' }, { code: 201, status: 'Success' }],
  [
    'again',
    'a',
    { kind: 'Node', name: 'm' },
    {
      code: 409,
      message: 'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "n"',
    },
  ],
])('%s', async (_what, name, target, expected) => {
  const { code, json } = await bind(name, target)
  expect({ ...json(), code }).toMatchObject(expected)
})

it('the pod is on the node, and bindings cannot be listed', async () => {
  expect((api.registry.get(PODS, { namespace: 'default', name: 'a' }) as Pod).spec.nodeName).toBe('n')
  expect((await ask(api, BINDINGS)).code).toBe(405)
})

it('a binding of a pod has its name', async () => {
  const path = '/api/v1/namespaces/default/pods/a/binding'
  const headers = { 'content-type': 'application/json' }
  for (const metadata of [{}, { name: 'b' }]) {
    const body = JSON.stringify({ metadata, target: { name: 'n' } })
    expect((await ask(api, path, { method: 'POST', headers, body })).json()).toMatchObject({
      code: 400,
      message: 'name in URL does not match name in Binding object',
    })
  }
})
