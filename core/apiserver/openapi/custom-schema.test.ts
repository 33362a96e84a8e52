import { expect, it } from 'vitest'
import type { Schema as JsonSchema } from '../../api/json-schema/schema.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { CONFIG_MAPS } from '../../api/scheme.ts'
import type { OpenApiVersion } from './custom-schema.ts'
import { customDefinitionsOf } from './custom-schema.ts'

const FOO: ResourceInfo = { ...CONFIG_MAPS, group: 'oapi.example', resource: 'foos', kind: 'Foo' }

function published(schema: JsonSchema, version: OpenApiVersion) {
  const definitions = customDefinitionsOf([FOO], () => ({ schema, selectableFields: ['spec.a'] }), version)
  return Object.fromEntries(definitions)['example.oapi.v1.Foo'] ?? {}
}

const member = (schema: JsonSchema, version: OpenApiVersion) =>
  published({ type: 'object', properties: { x: schema } }, version).properties?.['x']

/** As observed of kube-apiserver 1.34. The member in the schema, in v2, in v3 where that is not the schema. */
it.each<[string, JsonSchema, object, object?]>([
  [
    'limits and values',
    { type: 'string', enum: ['a'], pattern: '^a', minLength: 1, maxLength: 5, format: 'date', title: 'T' },
    { type: 'string', enum: ['a'], pattern: '^a', minLength: 1, maxLength: 5, format: 'date', title: 'T' },
  ],
  [
    'numbers',
    { type: 'integer', minimum: 0, maximum: 9, exclusiveMaximum: true, multipleOf: 2, default: 4 },
    { type: 'integer', minimum: 0, maximum: 9, exclusiveMaximum: true, multipleOf: 2 },
  ],
  [
    'examples and documents are not of the structure',
    { type: 'string', example: 'a', externalDocs: { description: 'b', url: 'http://a.example' } },
    { type: 'string' },
    { type: 'string' },
  ],
  [
    'what combines others',
    {
      type: 'object',
      properties: { a: { type: 'string' } },
      oneOf: [{ required: ['a'] }],
      not: { required: ['b'] },
    },
    { type: 'object', properties: { a: { type: 'string' } } },
  ],
  [
    'int or string',
    { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
    { 'x-kubernetes-int-or-string': true },
  ],
  [
    'what may be null is not required, nor of a type',
    {
      type: 'object',
      required: ['n', 'o'],
      properties: { n: { type: 'string', nullable: true }, o: { type: 'string' } },
    },
    { type: 'object', required: ['o'], properties: { n: {}, o: { type: 'string' } } },
  ],
  [
    'an object that may be null says nothing of its members',
    { type: 'object', nullable: true, properties: { a: { type: 'string' } } },
    {},
  ],
  [
    'values of a map that may be null',
    { type: 'object', required: ['a'], additionalProperties: { type: 'string', nullable: true } },
    { type: 'object', additionalProperties: {} },
  ],
  [
    'unknown members may be kept',
    { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { a: { type: 'string' } } },
    { 'x-kubernetes-preserve-unknown-fields': true },
  ],
  [
    'lists',
    {
      type: 'array',
      items: { type: 'object', properties: { k: { type: 'string' } } },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
    },
    {
      type: 'array',
      items: { type: 'object', properties: { k: { type: 'string' } } },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
    },
  ],
  ['any map', { type: 'object', additionalProperties: true }, { type: 'object', additionalProperties: true }],
])('%s', (_what, schema, v2, v3 = schema) => {
  expect(member(schema, 'v2')).toEqual(v2)
  expect(member(schema, 'v3')).toEqual(v3)
})

it('a whole resource inside of another has what all have', () => {
  const schema: JsonSchema = {
    type: 'object',
    'x-kubernetes-embedded-resource': true,
    properties: { spec: { type: 'object' } },
  }
  const expected = {
    type: 'object',
    required: ['kind', 'apiVersion'],
    properties: { spec: { type: 'object' }, apiVersion: { type: 'string' }, kind: { type: 'string' } },
  }
  expect(member(schema, 'v2')).toMatchObject(expected)
  expect(member(schema, 'v3')).toMatchObject(expected)
})

it('of a resource that keeps everything, v2 says nothing, v3 what it has', () => {
  const schema: JsonSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  expect(published(schema, 'v2')).toEqual({
    type: 'object',
    'x-kubernetes-group-version-kind': [{ group: 'oapi.example', version: 'v1', kind: 'Foo' }],
    'x-kubernetes-selectable-fields': [{ fieldPath: 'spec.a' }],
  })
  expect(Object.keys(published(schema, 'v3').properties ?? {})).toEqual(['apiVersion', 'kind', 'metadata'])
})
