/** Accept headers as real clients send them. */

import { describe, expect, it } from 'vitest'
import type { Negotiation, RouteKind } from './negotiate.ts'
import { aggregatedDiscovery, errorForm, negotiate, refuseOtherNumber } from './negotiate.ts'

const V1_TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const DISCOVERY = (version: string): string =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`

describe('negotiate', () => {
  const rows: readonly [string, string][] = [
    ['', 'application/json object'],
    ['*/*', 'application/json object'],
    ['application/json, */*', 'application/json object'],
    ['application/vnd.kubernetes.protobuf,application/json', 'application/json object'],
    ['application/vnd.kubernetes.protobuf, */*', 'application/json object'],
    ['application/yaml', 'application/yaml object'],
    ['application/json;q=0.5, application/yaml', 'application/yaml object'],
    [`${V1_TABLE},${V1_TABLE.replace('v1', 'v1beta1')},application/json`, 'application/json Table v1'],
    [`${V1_TABLE.replace('v1', 'v1beta1')},application/json`, 'application/json Table v1beta1'],
    [`${V1_TABLE.replace('v1', 'v2')},application/json`, 'application/json object'],
    [
      'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
      'application/json PartialObjectMetadata v1',
    ],
  ]
  for (const [accept, expected] of rows) {
    it(`${accept || '(none)'} gives ${expected}`, () => {
      const { mediaType, shape } = negotiate(accept, {
        pretty: null,
        userAgent: 'kubectl/v1.32',
        route: 'object',
      })
      expect([mediaType, ...Object.values(shape)].join(' ')).toBe(expected)
    })
  }

  it('has Tables only of what is stored', () => {
    const review = { pretty: null, userAgent: '', hasNoShapes: true, route: 'object' } as const
    expect(() => negotiate(V1_TABLE, review)).toThrow('only the following media types are accepted')
    expect(negotiate(`${V1_TABLE},application/json`, review).shape).toEqual({ kind: 'object' })
  })

  const OFFERED = 'application/json, application/yaml, application/vnd.kubernetes.protobuf'
  const STREAMED = 'application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch'
  const UNROUTED = '406: Not Acceptable\n\nAvailable representations: '
  const ACCEPTED = 'only the following media types are accepted'
  const of = (route: RouteKind, isWatch = false): Negotiation => ({
    pretty: null,
    userAgent: '',
    route,
    isWatch,
  })
  it.each([
    ['text/html', of('object'), UNROUTED + OFFERED],
    ['text/yaml', of('object'), UNROUTED + OFFERED],
    ['application/*', of('object'), UNROUTED + OFFERED],
    ['text/html', of('collection'), `${UNROUTED}${OFFERED}, ${STREAMED}`],
    ['text/html', of('custom'), `${ACCEPTED}: ${OFFERED}`],
    [`${V1_TABLE.replace('v1', 'v2')}`, of('object'), `${ACCEPTED}: ${OFFERED}`],
    ['application/yaml', of('collection', true), `${ACCEPTED}: ${STREAMED}`],
    [
      V1_TABLE.replace('json', 'vnd.kubernetes.protobuf'),
      of('object'),
      `${ACCEPTED} when converting to meta.k8s.io/v1, Kind=Table: ${OFFERED}`,
    ],
  ])('refuses %s, naming what is served', (accept, request, message) => {
    expect(() => negotiate(accept, request)).toThrow(expect.objectContaining({ message }))
  })

  it('has metadata of one object or of many, as there are', () => {
    const one = { kind: 'PartialObjectMetadata', version: 'v1' } as const
    expect(() => refuseOtherNumber(one, false, '*core.ConfigMap')).not.toThrow()
    expect(() => refuseOtherNumber(one, true, '*core.ConfigMapList')).toThrow(
      'you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)',
    )
  })

  it.each([
    ['application/yaml', 'application/yaml'],
    ['text/html', 'application/json'],
    [`${V1_TABLE},application/yaml`, 'application/yaml'],
  ])('shows refusals to who asks for %s as %s', (accept, mediaType) => {
    expect(errorForm(accept, { pretty: null, userAgent: '' })).toEqual({ mediaType, pretty: false })
  })

  it('is pretty for people', () => {
    const pretty = (userAgent: string, wish: string | null): boolean =>
      negotiate('', { pretty: wish, userAgent, route: 'object' }).pretty
    expect([
      pretty('curl/8', null),
      pretty('curl/8', 'false'),
      pretty('kubectl', null),
      pretty('x', 'true'),
    ]).toEqual([true, false, false, true])
  })
})

describe('aggregatedDiscovery', () => {
  const rows: readonly [string, string | undefined][] = [
    ['application/json', undefined],
    ['', undefined],
    [`${DISCOVERY('v2')},${DISCOVERY('v2beta1')},application/json`, 'v2'],
    [`${DISCOVERY('v2beta1')},application/json`, 'v2beta1'],
    [`${DISCOVERY('v3')},application/json`, undefined],
  ]
  for (const [accept, expected] of rows) it(accept, () => expect(aggregatedDiscovery(accept)).toBe(expected))
})
