/** Accept headers as real clients send them. */

import { describe, expect, it } from 'vitest'
import { aggregatedDiscovery, negotiate } from './negotiate.ts'

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
      const { mediaType, shape } = negotiate(accept, { pretty: null, userAgent: 'kubectl/v1.32' })
      expect([mediaType, ...Object.values(shape)].join(' ')).toBe(expected)
    })
  }

  it('has Tables only of what is stored', () => {
    const review = { pretty: null, userAgent: '', hasNoShapes: true }
    expect(() => negotiate(V1_TABLE, review)).toThrow('only the following media types are accepted')
    expect(negotiate(`${V1_TABLE},application/json`, review).shape).toEqual({ kind: 'object' })
  })

  it('refuses what is not served, naming what is', () => {
    const nothing = { pretty: null, userAgent: '' }
    expect(() => negotiate('text/html', nothing)).toThrow(
      'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    )
    expect(() => negotiate(V1_TABLE.replace('json', 'cbor'), nothing)).toThrow(
      'only the following media types are accepted when converting to meta.k8s.io/v1, Kind=Table: ',
    )
  })

  it('is pretty for people', () => {
    const pretty = (userAgent: string, wish: string | null): boolean =>
      negotiate('', { pretty: wish, userAgent }).pretty
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
