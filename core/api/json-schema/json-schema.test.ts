import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fieldErrorMessage } from '../field-error.ts'
import { Correlation } from './correlation.ts'
import { withDefaults } from './defaults.ts'
import { hasFormat } from './formats.ts'
import { listTypeFaults } from './list-types.ts'
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
      'of what is in maps of anything',
      object({ m: { type: 'object', additionalProperties: true } }),
      { m: { x: { y: [1] } } },
      { m: { x: {} } },
      ['m.x.y'],
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
      ['spec: Too many: 2: must have at most 1 item'],
    ],
    [
      { type: 'array', items: text, minItems: 1 },
      [],
      ['spec: Invalid value: 0: spec in body should have at least 1 items'],
    ],
    [object({ a: text }, { required: ['a'] }), {}, ['spec.a: Required value']],
    [
      { type: 'object', additionalProperties: { type: 'integer' } },
      { x: 'y' },
      ['spec.x: Invalid value: "string": spec.x in body must be of type integer: "string"'],
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
        '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found none valid',
        'spec.a: Required value',
      ],
    ],
    [
      object({ a: text, b: text }, { oneOf: [{ required: ['a'] }, { required: ['b'] }] }),
      { a: '', b: '' },
      [
        '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives',
      ],
    ],
    [
      { type: 'string', allOf: [{ minLength: 2 }, { pattern: '^a' }] },
      'b',
      [
        'spec: Invalid value: "b": spec in body should be at least 2 chars long',
        'spec: Invalid value: "b": spec in body should match \'^a\'',
        '<nil>: Invalid value: "": "spec" must validate all the schemas (allOf). None validated',
      ],
    ],
    [
      // The clause that fits best is told of.
      object(
        { a: text, b: text },
        { anyOf: [{ required: ['a', 'b'] }, { properties: { b: { minLength: 9 } } }] },
      ),
      { a: '', b: '' },
      [],
    ],
    [
      { type: 'integer', multipleOf: 0.5, minimum: 1.5 },
      1,
      ['spec: Invalid value: 0: factor MultipleOf declared for spec must be positive: 0'],
    ],
    [
      { type: 'integer', enum: [1] },
      1.5,
      ['spec: Invalid value: "number": spec in body must be of type integer: "number"'],
    ],
    [
      { type: 'string', enum: ['a', null] },
      '',
      ['spec: Unsupported value: "": supported values: "a", "null"'],
    ],
    [
      { type: 'string', nullable: true, enum: ['a', null] },
      null,
      ['spec: Unsupported value: null: supported values: "a", "null"'],
    ],
    [{ type: 'string', format: 'no-such' }, 'x', []],
    [
      { type: 'object', format: 'date' },
      'x',
      ['spec: Invalid value: "x": spec in body must be of type date: "x"'],
    ],
    [object({ a: text, b: text }, { anyOf: [{ required: ['a'] }, { required: ['b'] }] }), { b: '' }, []],
    [
      object({}, { not: { required: ['a'] } }),
      { a: 1 },
      ['<nil>: Invalid value: "": "spec" must not validate the schema (not)'],
    ],
    [{ type: 'string', nullable: true }, null, []],
    [text, null, ['spec: Invalid value: "null": spec in body must be of type string: "null"']],
  ])('%j of %j', (schema, value, expected) => {
    const faults = schemaFaults({ spec: value }, object({ spec: schema }))
    expect(faults.map(fieldErrorMessage)).toEqual(expected)
  })
})

describe('formats', () => {
  it.each<[string, string[], string[]]>([
    ['date', ['2020-02-29', '0000-01-01'], ['2020-02-30', '2020-13-01', 'x']],
    [
      'date-time',
      ['2020-01-01T00:00:00Z', '2020-01-01t00:00:00.5+01:00'],
      ['2020-01-01T24:00:00Z', '2020-01-01', '2020-01-01 00:00:00Z'],
    ],
    ['duration', ['1h', '22 ns', '1d', '0', '-1.5h', '3 weeks'], ['x', '1', '5 x']],
    ['ipv4', ['1.2.3.4', '01.2.3.4', '::ffff:1.2.3.4'], ['1.2.3', '::1']],
    ['ipv6', ['::1', '::ffff:1.2.3.4'], ['1.2.3.4', 'fe80::1%eth0', 'x']],
    ['cidr', ['10.0.0.0/8', '10.0.0.1/8', '010.0.0.0/8', '::/0'], ['10.0.0.0', '10.0.0.0/33']],
    [
      'uri',
      ['http://a', '/a', '//a', 'mailto:x', '*', 'a:b'],
      ['a', 'http://a b', 'http://[::1', 'http://a:x', 'http://a/%zz', '1:2', ''],
    ],
    ['email', ['a@b', 'A <a@b>', '"x y"@b', '<a@b>'], ['a', 'a@b c', 'a@', 'a..b@c', 'a@b.']],
    ['hostname', ['A.com', 'é', 'a-'], ['a.b', 'a_b', '-a', 'a..b', 'x'.repeat(64)]],
    ['uuid', ['123e4567-e89b-12d3-a456-426614174000', '123e4567e89b12d3a456426614174000'], ['x']],
    ['uuid4', ['123e4567-e89b-42d3-a456-426614174000'], ['123e4567-e89b-12d3-a456-426614174000']],
    [
      'mac',
      ['01:23:45:67:89:ab', '01-23-45-67-89-ab', '0123.4567.89ab', '01:23:45:67:89:ab:cd:ef'],
      ['01:23:45:67:89', '01:23-45:67:89:ab'],
    ],
    ['byte', ['aGVsbG8=', 'YQ=='], ['a', '', 'aGVsbG8', '!!!!']],
    ['creditcard', ['4111 1111 1111 1111'], ['4111111111111112']],
    ['isbn', ['0321751043', '978-0321751041'], ['1']],
    ['ssn', ['123-45-6789'], ['123456789']],
    ['hexcolor', ['#fff', 'ffffff'], ['#ff']],
    ['rgbcolor', ['rgb(1,2,3)', 'rgb(1, 2, 3)'], ['rgb(256,2,3)']],
    ['bsonobjectid', ['507f1f77bcf86cd799439011'], ['x']],
    // Known to 1.34, and not yet used by it.
    ['k8s-short-name', ['A_'], []],
  ])('%s', (format, good, bad) => {
    expect(good.filter((text) => !hasFormat(text, format))).toEqual([])
    expect(bad.filter((text) => hasFormat(text, format))).toEqual([])
  })
})

describe('sets, and lists with keys', () => {
  const keyed = (...keys: string[]): Schema => ({
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': keys,
    items: object({ k: text, v: text }),
  })
  const set: Schema = { type: 'array', items: text, 'x-kubernetes-list-type': 'set' }
  it.each<[Schema, unknown, string[]]>([
    [set, ['a', 'a'], ['l[1]: Duplicate value: "a"']],
    [set, ['a', 'a', 'a'], ['l[1]: Duplicate value: "a"']],
    [
      { ...set, items: object({}) },
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      ['l[1]: Duplicate value: {"a":1,"b":2}'],
    ],
    [keyed('k'), [{ k: '1' }, { k: '1' }], ['l[1]: Duplicate value: {"k":"1"}']],
    [keyed('k'), [{}, { v: '' }], ['l[1]: Duplicate value: {}']],
    [keyed('k', 'v'), [{ k: '1', v: '1' }, { k: '1' }], []],
    [keyed('k'), ['x'], ['l[0]: Invalid value: "x": must be an object for an array of list-type map']],
  ])('%j of %j', (schema, value, expected) => {
    expect(listTypeFaults({ l: value }, object({ l: schema })).map(fieldErrorMessage)).toEqual(expected)
  })
})

describe('what was wrong before and has not changed', () => {
  const schema = object({
    a: { type: 'integer', maximum: 5 },
    l: { type: 'array', items: { type: 'integer', maximum: 5 } },
    m: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: object({ k: text, v: { type: 'integer', maximum: 5 } }),
    },
  })
  it.each<[unknown, unknown, string[]]>([
    [{ a: 9 }, { a: 9 }, []],
    [{ a: 9 }, { a: 8 }, ['a: Invalid value: 9: a in body should be less than or equal to 5']],
    [{ l: [9] }, { l: [9] }, []],
    [{ l: [9, 1] }, { l: [9] }, ['l[0]: Invalid value: 9: l[0] in body should be less than or equal to 5']],
    [
      {
        m: [
          { k: 'b', v: 9 },
          { k: 'a', v: 1 },
        ],
      },
      {
        m: [
          { k: 'a', v: 7 },
          { k: 'b', v: 9 },
        ],
      },
      [],
    ],
    [
      { m: [{ k: 'c', v: 9 }] },
      { m: [{ k: 'a', v: 9 }] },
      ['m[0].v: Invalid value: 9: m[0].v in body should be less than or equal to 5'],
    ],
  ])('%j after %j', (value, old, expected) => {
    const before = new Correlation(value, old, schema)
    expect(schemaFaults(value, schema, { before }).map(fieldErrorMessage)).toEqual(expected)
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
