import { describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../api/object.ts'
import { SchemaTypes } from '../registry/schema-type.ts'
import { fieldsOfClientSideApply, rememberingApplied } from './client-side-apply.ts'
import { memberPaths, printedPath } from './field-set.ts'

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
const TYPE = new SchemaTypes().ofKind('v1', 'ConfigMap')

const map = (data: Record<string, string>, annotations?: Record<string, string>): KubernetesObject =>
  ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'm', namespace: 'n', ...(annotations ? { annotations } : {}) },
    data,
  }) as KubernetesObject
const remembering = (data: Record<string, string>, applied: string): KubernetesObject =>
  map(data, { [LAST_APPLIED]: applied })

describe('fields that kubectl applied by itself', () => {
  const of = (live: KubernetesObject | undefined, manager = 'kubectl'): readonly string[] =>
    [...memberPaths(fieldsOfClientSideApply(live, TYPE, { manager, apiVersion: 'v1' }))]
      .map(printedPath)
      .filter((path) => path.startsWith('.data'))
  const applied = JSON.stringify(map({ a: '1', b: '2', c: '3' }))

  const rows: readonly [string, KubernetesObject | undefined, readonly string[]][] = [
    ['are those that are still so', remembering({ a: '1', b: 'changed', d: '4' }, applied), ['.data.a']],
    ['are none of an object yet to be made', undefined, []],
    ['are none without the annotation', map({ a: '1' }), []],
    ['are none when it is empty', remembering({ a: '1' }, ''), []],
    ['are none when it is no JSON', remembering({ a: '1' }, '{'), []],
    ['are none when it is no object', remembering({ a: '1' }, '[1]'), []],
    ['are none when it is of another version', remembering({ a: '1' }, applied.replace('"v1"', '"v2"')), []],
    ['are none where it is not of the kind', remembering({ a: '1' }, '{"apiVersion":"v1","data":"x"}'), []],
  ]
  for (const [name, live, expected] of rows) it(name, () => expect(of(live)).toEqual(expected))

  it('are for nobody else', () => expect(of(remembering({ a: '1' }, applied), 'other')).toEqual([]))
})

describe('the configuration that is remembered', () => {
  const config = map({ b: '2', a: '1' }, { x: 'y', [LAST_APPLIED]: 'old' })

  it('is the newest, with its keys in order, and without itself', () => {
    const next = rememberingApplied(remembering({ a: '1' }, '{}'), config, 'kubectl')
    expect(next.metadata.annotations?.[LAST_APPLIED]).toBe(
      '{"apiVersion":"v1","data":{"a":"1","b":"2"},"kind":"ConfigMap",' +
        '"metadata":{"annotations":{"x":"y"},"name":"m","namespace":"n"}}\n',
    )
  })

  it('is none where none was, and for other managers', () => {
    const plain = map({ a: '1' })
    const other = remembering({ a: '1' }, '{}')
    expect(rememberingApplied(plain, config, 'kubectl')).toBe(plain)
    expect(rememberingApplied(other, config, 'other')).toBe(other)
  })

  it('is given up when it is too long for an annotation', () => {
    const long = map({ a: 'x'.repeat(256 * 1024) })
    const next = rememberingApplied(map({}, { x: 'y', [LAST_APPLIED]: '{}' }), long, 'kubectl')
    expect(next.metadata.annotations).toEqual({ x: 'y' })
  })
})
