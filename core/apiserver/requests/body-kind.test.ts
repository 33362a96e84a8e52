/** Bodies of another kind than the one asked for, in the words of kube-apiserver 1.34. */

import { describe, expect, it } from 'vitest'
import { conversionFault, otherKind } from './body-kind.ts'

const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap' }
const SCHEME = 'in scheme "pkg/api/legacyscheme/scheme.go:30"'

describe('otherKind', () => {
  it.each([
    [
      'v1',
      'Foo',
      `Foo in version "v1" cannot be handled as a ConfigMap: no kind "Foo" is registered for version "v1" ${SCHEME}`,
    ],
    [
      'v1',
      'Secret',
      'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
    ],
    [
      'v1',
      'ConfigMapList',
      'ConfigMapList in version "v1" cannot be handled as a ConfigMap: converting (v1.ConfigMapList) to (core.ConfigMap): unknown conversion',
    ],
    [
      'v1',
      'List',
      'List in version "v1" cannot be handled as a ConfigMap: converting (v1.List) to (core.ConfigMap): unknown conversion',
    ],
    [
      'v2',
      'ConfigMap',
      `ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" ${SCHEME}`,
    ],
  ])('%s %s', (apiVersion, kind, message) => {
    expect(otherKind({ apiVersion, kind }, CONFIG_MAP)).toBe(message)
  })

  it('tells the same kind of another version by its version', () => {
    const found = { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler' }
    expect(otherKind(found, { ...found, apiVersion: 'autoscaling/v2' })).toBe(
      'the API version in the data (autoscaling/v1) does not match the expected API version (autoscaling/v2)',
    )
  })
})

describe('conversionFault', () => {
  const decoding = (what: string, type: string): Error =>
    new Error(
      `ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal ${what} into Go struct field ObjectMeta.metadata.x of type ${type}`,
    )
  it.each([
    ['number', 'string', 'cannot convert int64 to string'],
    ['number 1.5', 'int64', 'cannot convert float64 to int64'],
    ['string', 'int64', 'unrecognized type: int64'],
    ['string', 'bool', 'unrecognized type: bool'],
    ['string', 'map[string]string', 'cannot restore map from string'],
    ['array', 'map[string]string', 'cannot restore map from slice'],
    ['string', '[]string', 'cannot restore slice from string'],
    ['array', 'v1.ObjectMeta', 'cannot restore struct from: slice'],
  ])('%s for %s: %s', (what, type, message) => {
    expect(conversionFault(decoding(what, type))).toBe(message)
  })
})
