/** From URLs to resources and verbs. */

import { builtInKinds } from '../registry/kinds.ts'
import { describe, expect, it } from 'vitest'
import type { ResourceRoute } from './route.ts'
import { routeOf, verbOf } from './route.ts'

describe('resources', () => {
  const rows: readonly [string, string][] = [
    ['/api/v1/pods', 'pods'],
    ['/api/v1/namespaces', 'namespaces'],
    ['/api/v1/namespaces/', 'namespaces'],
    ['/api/v1/namespaces/ns1', 'namespaces name=ns1'],
    ['/api/v1/namespaces/ns1/status', 'namespaces name=ns1 sub=status'],
    ['/api/v1/namespaces/ns1/finalize', 'namespaces name=ns1 sub=finalize'],
    ['/api/v1/namespaces/ns1/pods', 'pods ns=ns1'],
    ['/api/v1/namespaces/ns1/pods/a', 'pods ns=ns1 name=a'],
    ['/api/v1/namespaces/ns1/pods/a%20b', 'pods ns=ns1 name=a b'],
    ['/api/v1/namespaces/ns1/pods/a/log', 'pods ns=ns1 name=a sub=log'],
    ['/api/v1/namespaces/ns1/pods/a/proxy', 'pods ns=ns1 name=a sub=proxy'],
    ['/api/v1/namespaces/ns1/pods/a/proxy/', 'pods ns=ns1 name=a sub=proxy rest='],
    [
      '/api/v1/namespaces/ns1/services/https:web:443/proxy/x/y',
      'services ns=ns1 name=https:web:443 sub=proxy rest=x/y',
    ],
    ['/api/v1/nodes/n1', 'nodes name=n1'],
    ['/apis/apps/v1/deployments', 'deployments'],
    ['/apis/apps/v1/namespaces/ns1/deployments/d/scale', 'deployments ns=ns1 name=d sub=scale'],
  ]
  for (const [path, expected] of rows) {
    it(`${path} is ${expected}`, () => expect(shown(path)).toBe(expected))
  }
})

describe('what is not served', () => {
  const rows = [
    '/api/v1/nopes',
    '/api/v2/pods',
    '/apis/apps/v2/deployments',
    '/apis/nope/v1/deployments',
    '/api/v1/pods/a',
    '/api/v1/namespaces/ns1/nodes/n1',
    '/api/v1/namespaces/ns1/pods/a/nope',
    '/api/v1/namespaces/ns1/pods/a/log/more',
  ]
  for (const path of rows) it(path, () => expect(routeOf(path, builtInKinds()).kind).toBe('unknown'))
})

describe('paths', () => {
  for (const path of [
    '/',
    '/version',
    '/api',
    '/api/v1',
    '/apis',
    '/apis/apps',
    '/apis/apps/v1',
    '/openapi/v3',
  ]) {
    it(path, () => expect(routeOf(path, builtInKinds())).toEqual({ kind: 'path', path }))
  }
})

describe('verbs', () => {
  const collection = '/api/v1/namespaces/ns1/pods'
  const rows: readonly [string, string, string | undefined][] = [
    ['GET', collection, 'list'],
    ['GET', `${collection}?watch=1`, 'watch'],
    ['GET', `${collection}?watch=true`, 'watch'],
    ['GET', `${collection}?watch=false`, 'list'],
    ['GET', `${collection}/a`, 'get'],
    ['GET', `${collection}/a?watch=true`, 'get'],
    ['GET', `${collection}?watch=x`, 'watch'],
    ['GET', `${collection}?watch=FALSE`, 'list'],
    ['HEAD', `${collection}/a`, undefined],
    ['POST', collection, 'create'],
    ['POST', `${collection}/a`, undefined],
    ['POST', `${collection}/a/eviction`, 'create'],
    ['PUT', `${collection}/a`, 'update'],
    ['PUT', collection, undefined],
    ['PATCH', `${collection}/a/status`, 'patch'],
    ['DELETE', `${collection}/a`, 'delete'],
    ['DELETE', collection, 'deletecollection'],
    ['TRACE', collection, undefined],
  ]
  for (const [method, url, expected] of rows) {
    it(`${method} ${url} is ${expected}`, () => {
      const [path = '', query = ''] = url.split('?')
      expect(verbOf(method, routeOf(path, builtInKinds()) as ResourceRoute, new URLSearchParams(query))).toBe(
        expected,
      )
    })
  }
})

function shown(path: string): string {
  const route = routeOf(path, builtInKinds())
  if (route.kind !== 'resource') return route.kind
  const { resource, namespace, name, subresource, rest } = route
  const parts = { ns: namespace, name, sub: subresource?.name, rest }
  const set = Object.entries(parts).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${value}`],
  )
  return [resource.resource, ...set].join(' ')
}
