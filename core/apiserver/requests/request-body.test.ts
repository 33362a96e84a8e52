/** Bodies that are refused before anybody looks at their fields, in the words of kube-apiserver 1.34. */

import { describe, expect, it } from 'vitest'
import { decodeBody, decodePatch, patchTypeOf } from './request-body.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap' }
const UNRECOGNIZED = 'the object provided is unrecognized (must be of type ConfigMap): '
const UNPARSED = `${UNRECOGNIZED}couldn't get version/kind; json parse error: `
const TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'

describe('objects', () => {
  it.each([
    ['', `${UNPARSED}unexpected end of JSON input (<empty>)`],
    ['{"a":}', `${UNPARSED}invalid character '}' looking for beginning of value ({"a":})`],
    ['5', `${UNPARSED}json: cannot unmarshal number into Go value of type ${TYPE_META} (35)`],
    ['[]', `${UNPARSED}json: cannot unmarshal array into Go value of type ${TYPE_META} (5b5d)`],
    [
      '{"kind":5}',
      `${UNPARSED}json: cannot unmarshal number into Go struct field .kind of type string ({"kind":5})`,
    ],
    [
      '{"apiVersion":"a/b/c"}',
      `${UNRECOGNIZED}unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c"})`,
    ],
  ])('%s', (body, message) => {
    expect(() => decodeBody('application/json', bytes(body), CONFIG_MAP)).toThrow(message)
  })

  it('are empty when they are null', () => {
    expect(decodeBody('', bytes('null'), CONFIG_MAP).value).toEqual({})
  })

  it('are no protobuf without its magic', () => {
    expect(() => decodeBody('application/vnd.kubernetes.protobuf', bytes('{}'), CONFIG_MAP)).toThrow(
      `${UNRECOGNIZED}provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({})`,
    )
  })

  it.each(['text/plain', 'application/x-yaml', 'application/merge-patch+json'])(
    'are not read as %s',
    (type) => {
      expect(() => decodeBody(type, bytes('{}'), CONFIG_MAP)).toThrow(
        'accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
      )
    },
  )
})

describe('patches', () => {
  const wrong = (kind: string, type: string) => `json: cannot unmarshal ${kind} into Go value of type ${type}`
  const MAP = 'map[string]interface {}'
  const OPERATIONS = '[]handlers.jsonPatchOp'
  it.each([
    ['merge', '', 'error decoding patch: unexpected end of JSON input'],
    ['merge', 'null', 'Invalid JSON Patch'],
    ['merge', '[]', `error decoding patch: ${wrong('array', MAP)}`],
    ['strategic', '{', 'unexpected end of JSON input'],
    ['strategic', '5', wrong('number', MAP)],
    ['json', '{}', `error decoding patch: ${wrong('object', OPERATIONS)}`],
    ['json', '"x"', `error decoding patch: ${wrong('string', OPERATIONS)}`],
    ['json', '[[]]', `error decoding patch: ${wrong('array', 'handlers.jsonPatchOp')}`],
    ['json', '["x"]', `error decoding patch: ${wrong('string', 'handlers.jsonPatchOp')}`],
    [
      'json',
      '[{"op": "add", "path": 3}]',
      'error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.path of type string',
    ],
    [
      'json',
      '[{"op": true}]',
      'error decoding patch: json: cannot unmarshal bool into Go struct field jsonPatchOp.op of type string',
    ],
    [
      'json',
      '[{"op": "test", "path": "/a", "from": {}}]',
      'error decoding patch: json: cannot unmarshal object into Go struct field jsonPatchOp.from of type string',
    ],
    [
      'apply',
      '[]',
      `error decoding YAML: error unmarshaling JSON: while decoding JSON: ${wrong('array', MAP)}`,
    ],
  ] as const)('%s %s', (type, body, message) => {
    expect(() => decodePatch(type, bytes(body))).toThrow(expect.objectContaining({ message }))
  })

  it.each([
    ['{}', wrong('object', 'jsonpatch.Patch')],
    ['3', wrong('number', 'jsonpatch.Patch')],
    ['[1]', wrong('number', 'jsonpatch.Operation')],
  ])('of operations, whose fields nobody is to look at: %s', (body, message) => {
    expect(() => decodePatch('json', bytes(body), true)).toThrow(expect.objectContaining({ message }))
    expect(decodePatch('json', bytes('[{"op": 3}, null]'), true).value).toEqual([{ op: 3 }, null])
  })

  it.each([
    ['strategic', {}],
    ['json', []],
    ['apply', {}],
  ] as const)('%s takes null for nothing', (type, nothing) => {
    expect(decodePatch(type, bytes('null')).value).toEqual(nothing)
  })

  it('are of a type, for custom resources of three', () => {
    expect(patchTypeOf('application/strategic-merge-patch+json; charset=utf-8', false)).toBe('strategic')
    expect(() => patchTypeOf('application/json', false)).toThrow('415: Unsupported Media Type')
    expect(() => patchTypeOf('application/strategic-merge-patch+json', true)).toThrow(
      'include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    )
  })
})
