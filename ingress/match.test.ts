import { expect, it } from 'vitest'
import { endpointSlice, ingress, ingressClass, service } from '../test/support/builders.ts'
import { CONTROLLER_NAME, isOurs } from './class.ts'
import { normalisedHost, normalisedPath } from './host-and-path.ts'
import { match } from './match.ts'
import type { PathType, RouteSnapshot } from './route-table.ts'
import { routeTable } from './route-table.ts'

/** A backend service per name, each with one endpoint. */
function snapshot(ingresses: RouteSnapshot['ingresses'], services: readonly string[]): RouteSnapshot {
  return {
    ingresses,
    classes: [],
    services: services.map((name) => service(`shop/${name}`)),
    slices: services.map((name) => endpointSlice(`shop/${name}`, ['192.0.2.1'])),
    secrets: [],
  }
}

const backend = (name: string) => ({ service: { name, port: { name: 'http' } } })
const path = (type: PathType, spelled: string, name: string) => ({
  path: spelled,
  pathType: type,
  backend: backend(name),
})
const rule = (host: string | undefined, paths: ReturnType<typeof path>[]) => ({ host, http: { paths } })

/** Which service answers, 'none', or why not. */
function answer(
  host: string,
  requestPath: string,
  ingresses: RouteSnapshot['ingresses'],
  services: readonly string[],
): string {
  const found = match(host, requestPath, routeTable(snapshot(ingresses, services)))
  if (found.kind === 'none') return 'none'
  return found.backend.kind === 'endpoints' ? found.backend.service : found.backend.reason
}

it.each<[string, [PathType, string][], string, string]>([
  ['Prefix / matches anything', [['Prefix', '/']], '/any/thing', 's0'],
  ['Exact', [['Exact', '/foo']], '/foo', 's0'],
  ['Exact is case-sensitive', [['Exact', '/foo']], '/FOO', 'none'],
  ['Exact minds the trailing slash', [['Exact', '/foo']], '/foo/', 'none'],
  ['Exact with slash wants it', [['Exact', '/foo/']], '/foo', 'none'],
  ['Prefix itself', [['Prefix', '/foo']], '/foo', 's0'],
  ['Prefix below', [['Prefix', '/foo']], '/foo/x', 's0'],
  ['Prefix is by element', [['Prefix', '/foo']], '/foobar', 'none'],
  ['Prefix with slash matches without', [['Prefix', '/aaa/bbb/']], '/aaa/bbb', 's0'],
  [
    'longer prefix first',
    [
      ['Prefix', '/'],
      ['Prefix', '/aaa'],
      ['Prefix', '/aaa/bbb'],
    ],
    '/aaa/bbb',
    's2',
  ],
  [
    'shorter prefix when the longer misses',
    [
      ['Prefix', '/'],
      ['Prefix', '/aaa'],
    ],
    '/ccc',
    's0',
  ],
  [
    'longer spelling first',
    [
      ['Prefix', '/foo'],
      ['Prefix', '/foo/'],
    ],
    '/foo',
    's1',
  ],
  [
    'Exact before Prefix',
    [
      ['Prefix', '/foo'],
      ['Exact', '/foo'],
    ],
    '/foo',
    's1',
  ],
  [
    'Prefix where Exact misses',
    [
      ['Prefix', '/foo'],
      ['Exact', '/foo'],
    ],
    '/foo/',
    's0',
  ],
])('%s', (_name, paths, requestPath, expected) => {
  const one = ingress('shop/web', {
    rules: [
      rule(
        'a.example.org',
        paths.map(([type, spelled], index) => path(type, spelled, `s${index}`)),
      ),
    ],
  })
  const answered = answer('a.example.org', requestPath, [one], ['s0', 's1', 's2'])
  expect(answered).toBe(expected === 'none' ? 'none' : `shop/${expected}:http`)
})

it.each([
  ['foo.example.org', 'exact'],
  ['bar.example.org', 'wild'],
  ['x.bar.example.org', 'any'],
  ['example.org', 'any'],
  ['', 'any'],
])('host %j is served by %s', (host, expected) => {
  const one = ingress('shop/web', {
    rules: [
      rule('foo.example.org', [path('Prefix', '/', 'exact')]),
      rule('*.example.org', [path('Prefix', '/', 'wild')]),
      rule(undefined, [path('Prefix', '/', 'any')]),
    ],
  })
  expect(answer(host, '/', [one], ['exact', 'wild', 'any'])).toBe(`shop/${expected}:http`)
})

it('does not fall through from a matched host to one less specific', () => {
  const one = ingress('shop/web', {
    rules: [
      rule('a.example.org', [path('Exact', '/only', 's0')]),
      rule(undefined, [path('Prefix', '/', 's1')]),
    ],
  })
  expect(answer('a.example.org', '/other', [one], ['s0', 's1'])).toBe('none')
})

it('gives equal paths to the older Ingress', () => {
  const young = ingress(
    'shop/a',
    { rules: [rule('h', [path('Prefix', '/', 'young')])] },
    { creationTimestamp: '2026-02-01T00:00:00Z' },
  )
  const old = ingress(
    'shop/b',
    { rules: [rule('h', [path('Prefix', '/', 'old')])] },
    { creationTimestamp: '2026-01-01T00:00:00Z' },
  )
  expect(answer('h', '/', [young, old], ['young', 'old'])).toBe('shop/old:http')
})

it.each([
  ['a missing Service', { service: { name: 'gone', port: { number: 80 } } }, 'the Service does not exist'],
  ['a missing port', { service: { name: 's0', port: { number: 81 } } }, 'the Service has no such port'],
  ['no ready endpoint', { service: { name: 'empty', port: { number: 80 } } }, 'no endpoint is ready'],
])('says why %s cannot serve', (_name, defaultBackend, reason) => {
  const one = ingress('shop/web', { defaultBackend })
  const base = snapshot([one], ['s0'])
  const table = routeTable({ ...base, services: [...base.services, service('shop/empty')] })
  const found = match('h', '/', table)
  expect(found.kind === 'route' && found.backend.kind === 'unavailable' ? found.backend.reason : '').toBe(
    reason,
  )
})

it.each([
  [{ ingressClassName: 'ours' }, {}, true],
  [{ ingressClassName: 'theirs' }, {}, false],
  [{ ingressClassName: 'missing' }, {}, false],
  [{}, { 'kubernetes.io/ingress.class': 'ours' }, true],
  [{}, { 'kubernetes.io/ingress.class': 'theirs' }, false],
  [{}, {}, true],
])('class %j %j is ours: %j', (spec, annotations, expected) => {
  const classes = [ingressClass('ours', CONTROLLER_NAME), ingressClass('theirs', 'example.org/other')]
  expect(isOurs(ingress('shop/web', spec, { annotations }), classes)).toBe(expected)
})

it("leaves classless Ingresses to another controller's default class", () => {
  const theirs = ingressClass('theirs', 'example.org/other', {
    'ingressclass.kubernetes.io/is-default-class': 'true',
  })
  expect(isOurs(ingress('shop/web', {}), [theirs])).toBe(false)
})

it.each([
  ['A.Example.ORG:8080', 'a.example.org'],
  ['a.example.org.', 'a.example.org'],
  ['[::1]:80', '::1'],
  ['a.example/x?@b', undefined],
  ['a b', undefined],
  ['a.example:99999', undefined],
  ['[::1', undefined],
  ['.example.org', undefined],
])('host %j is %j', (value, expected) => expect(normalisedHost(value)).toBe(expected))

it.each([
  ['/%66oo?x=/%66', '/foo', '/%66oo?x=/%66'],
  ['/a%2fb', '/a%2Fb', '/a%2fb'],
  ['/a/../b', '/b', '/b'],
  ['/a/%2e%2e/b?q', '/b', '/b?q'],
  ['/./b', '/b', '/b'],
  ['/a/..%2Fb', '/a/..%2Fb', '/a/..%2Fb'],
  ['/a/..', '/', '/'],
])('path %j matches as %j and goes on as %j', (target, matched, forwarded) => {
  expect(normalisedPath(target)).toEqual({ path: matched, forward: forwarded })
})

it.each(['/..', '/a/../../b', '/%', '/%4', '/%zz', 'foo'])('path %j is refused', (target) => {
  expect(normalisedPath(target)).toBeUndefined()
})
