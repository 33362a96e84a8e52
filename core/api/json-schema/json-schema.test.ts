import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fieldErrorMessage } from '../field-error.ts'
import { withDefaults } from './defaults.ts'
import { pruned } from './prune.ts'
import type { Schema } from './schema.ts'
import { schemaFaults } from './validate.ts'

const text: Schema = { type: 'string' }
const object = (properties: Record<string, Schema>, more: Schema = {}): Schema => ({
  type: 'object',
  properties,
  ...more,
})

describe('pruning', () => {
  const OPEN: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  it.each<[string, Schema, unknown, unknown, string[]]>([
    ['unknown members', object({ a: text }), { a: '1', b: 2 }, { a: '1' }, ['b']],
    [
      'inside of lists',
      object({ l: { type: 'array', items: object({ a: text }) } }),
      { l: [{ a: '1' }, { x: 1 }] },
      { l: [{ a: '1' }, {}] },
      ['l[1].x'],
    ],
    [
      'nothing of maps',
      object({ m: { type: 'object', additionalProperties: text } }),
      { m: { a: 'b' } },
      { m: { a: 'b' } },
      [],
    ],
    ['nothing where all is kept', object({ o: OPEN }), { o: { a: { b: 1 } } }, { o: { a: { b: 1 } } }, []],
    [
      'what is known inside of what is kept',
      object({ o: { ...OPEN, properties: { k: object({ a: text }) } } }),
      { o: { k: { a: '1', b: 1 }, z: 1 } },
      { o: { k: { a: '1' }, z: 1 } },
      ['o.k.b'],
    ],
    [
      'not what every resource has',
      object({}),
      { apiVersion: 'v', kind: 'k', metadata: {}, x: 1 },
      { apiVersion: 'v', kind: 'k', metadata: {} },
      ['x'],
    ],
  ])('takes %s', (_what, schema, value, expected, unknown) => {
    expect(pruned(value, schema)).toEqual({ value: expected, unknown })
  })
})

describe('defaults', () => {
  const SCHEMA = object({
    a: { type: 'integer', default: 1 },
    o: object({ b: { type: 'string', default: 'x' } }),
    d: { ...object({ e: { type: 'boolean', default: true } }), default: {} },
    n: { type: 'string', default: 'y', nullable: true },
    l: { type: 'array', items: object({ p: { type: 'string', default: 'TCP' } }) },
  })
  it.each([
    [{}, { a: 1, d: { e: true }, n: 'y' }],
    [{ o: {} }, { a: 1, d: { e: true }, n: 'y', o: { b: 'x' } }],
    [
      { a: 5, n: null, l: [{}, { p: 'UDP' }] },
      { a: 5, d: { e: true }, n: null, l: [{ p: 'TCP' }, { p: 'UDP' }] },
    ],
    [{ a: null }, { a: 1, d: { e: true }, n: 'y' }],
    [{ o: null }, { a: 1, d: { e: true }, n: 'y' }],
  ])('of %j', (given, expected) => {
    expect(withDefaults(given, SCHEMA)).toEqual(expected)
  })
})

describe('validation', () => {
  it.each<[Schema, unknown, string[]]>([
    [
      { type: 'integer' },
      'x',
      ['spec: Invalid value: "string": spec in body must be of type integer: "string"'],
    ],
    [
      { type: 'integer', minimum: 1 },
      0,
      ['spec: Invalid value: 0: spec in body should be greater than or equal to 1'],
    ],
    [
      { type: 'integer', maximum: 9, exclusiveMaximum: true },
      9,
      ['spec: Invalid value: 9: spec in body should be less than 9'],
    ],
    [{ type: 'number', multipleOf: 0.5 }, 1.5, []],
    [{ type: 'string', enum: ['a', 'b'] }, 'c', ['spec: Unsupported value: "c": supported values: "a", "b"']],
    [{ type: 'string', maxLength: 2 }, 'abc', ['spec: Too long: may not be more than 2 bytes']],
    [
      { type: 'string', minLength: 1 },
      '',
      ['spec: Invalid value: "": spec in body should be at least 1 chars long'],
    ],
    [
      { type: 'string', pattern: '^[[:lower:]]+$' },
      'A',
      ['spec: Invalid value: "A": spec in body should match \'^[[:lower:]]+$\''],
    ],
    [
      { type: 'string', format: 'ipv4' },
      'x',
      ['spec: Invalid value: "x": spec in body must be of type ipv4: "x"'],
    ],
    [
      { type: 'array', items: text, maxItems: 1 },
      ['a', 'b'],
      ['spec: Too many: 2: must have at most 1 items'],
    ],
    [
      { type: 'array', items: text, minItems: 1 },
      [],
      ['spec: Invalid value: []: spec in body should have at least 1 items'],
    ],
    [
      { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
      ['a', 'a'],
      ['spec[1]: Duplicate value: "a"'],
    ],
    [
      {
        type: 'array',
        items: object({ k: text }),
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
      },
      [{ k: '1' }, { k: '1' }],
      ['spec[1]: Duplicate value: {"k":"1"}'],
    ],
    [object({ a: text }, { required: ['a'] }), {}, ['spec.a: Required value']],
    [
      { type: 'object', additionalProperties: { type: 'integer' } },
      { x: 'y' },
      ['spec[x]: Invalid value: "string": spec[x] in body must be of type integer: "string"'],
    ],
    [
      { 'x-kubernetes-int-or-string': true },
      true,
      ['spec: Invalid value: "boolean": spec in body must be of type integer,string: "boolean"'],
    ],
    [{ 'x-kubernetes-int-or-string': true }, '80%', []],
    [
      object({}, { oneOf: [{ required: ['a'] }, { required: ['b'] }] }),
      {},
      [
        'spec: Invalid value: {}: spec in body must validate one and only one schema (oneOf). Found none valid',
      ],
    ],
    [object({ a: text, b: text }, { anyOf: [{ required: ['a'] }, { required: ['b'] }] }), { b: '' }, []],
    [
      object({}, { not: { required: ['a'] } }),
      { a: 1 },
      ['spec: Invalid value: {"a":1}: spec in body must not validate the schema (not)'],
    ],
    [{ type: 'string', nullable: true }, null, []],
    [text, null, ['spec: Invalid value: "null": spec in body must be of type string: "null"']],
  ])('%j of %j', (schema, value, expected) => {
    expect(schemaFaults(value, schema, 'spec').map(fieldErrorMessage)).toEqual(expected)
  })
})

const anySchema: fc.Arbitrary<Schema> = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Schema>(
      { type: 'string', default: 'x' },
      { type: 'integer' },
      { type: 'boolean', nullable: true },
    ),
    fc
      .dictionary(fc.constantFrom('a', 'b', 'c'), tie('schema'), { maxKeys: 3 })
      .map((properties) => object(properties)),
    tie('schema').map((items): Schema => ({ type: 'array', items })),
    tie('schema').map((additionalProperties): Schema => ({ type: 'object', additionalProperties })),
  ),
})).schema
const anyValue = fc.object({
  key: fc.constantFrom('a', 'b', 'c', 'd'),
  maxDepth: 4,
  withNullPrototype: false,
})

it('pruning and defaulting do it once, and agree with each other', () => {
  fc.assert(
    fc.property(anySchema, anyValue, (schema, value) => {
      const { value: once } = pruned(value, schema)
      expect(pruned(once, schema)).toEqual({ value: once, unknown: [] })
      const filled = withDefaults(once, schema)
      expect(withDefaults(filled, schema)).toEqual(filled)
      expect(pruned(filled, schema).unknown).toEqual([])
    }),
    { numRuns: 300 },
  )
})
