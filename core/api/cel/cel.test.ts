import { describe, expect, it } from 'vitest'
import { fieldErrorMessage } from '../field-error.ts'
import type { ValidationRule } from '../generated/apiextensions-v1.ts'
import type { Schema } from '../json-schema/schema.ts'
import { CelRules } from './rules.ts'
import { celName } from './values.ts'

const rule = (text: string, more: Partial<ValidationRule> = {}): ValidationRule => ({
  rule: text,
  message: '',
  ...more,
})
const ruled = (schema: Schema, ...rules: readonly ValidationRule[]): Schema => ({
  ...schema,
  'x-kubernetes-validations': rules,
})

const INT: Schema = { type: 'integer' }
const TEXT: Schema = { type: 'string' }
const LISTENER: Schema = {
  type: 'object',
  properties: { name: TEXT, port: INT, protocol: TEXT, tls: { type: 'object' } },
}
const LISTENERS: Schema = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
  items: LISTENER,
}

/** What a rule says of a value: true, or the fault. */
function says(schema: Schema, value: unknown, old?: unknown): readonly string[] {
  return new CelRules().faults(value, old, schema, 'spec').map(fieldErrorMessage)
}

describe('rules', () => {
  it.each<[string, Schema, string, unknown, boolean]>([
    ['whole numbers', INT, 'self >= 1 && self <= 65535', 80, true],
    ['whole numbers', INT, 'self >= 1 && self <= 65535', 0, false],
    ['fractions', { type: 'number' }, 'self < 0.5', 0.25, true],
    ['texts', TEXT, "self.startsWith('/') && size(self) < 5", '/a', true],
    ['members', LISTENER, "self.protocol == 'TLS' ? has(self.tls) : true", { protocol: 'TLS' }, false],
    [
      'members',
      LISTENER,
      "self.protocol in ['HTTP', 'TCP'] ? !has(self.tls) : true",
      { protocol: 'TLS', tls: {} },
      true,
    ],
    [
      'pairs',
      LISTENERS,
      'self.all(a, self.exists_one(b, a.port == b.port))',
      [{ port: 1 }, { port: 1 }],
      false,
    ],
    [
      'lists',
      { type: 'array', items: INT },
      'self.isSorted() && self.sum() == 6 && self.max() == 3',
      [1, 2, 3],
      true,
    ],
    ['patterns', TEXT, "self.matches('^v[0-9]+$') && self.find('[0-9]+') == '12'", 'v12', true],
    [
      'URLs',
      TEXT,
      "isURL(self) && url(self).getHost() == 'a.test:8080' && url(self).getPort() == '8080'",
      'http://a.test:8080/x',
      true,
    ],
    [
      'addresses',
      TEXT,
      "isIP(self) && ip(self).family() == 4 && cidr('10.0.0.0/8').containsIP(ip(self))",
      '10.1.2.3',
      true,
    ],
    ['ranges', TEXT, 'isCIDR(self) && cidr(self).prefixLength() == 24', '10.1.2.0/24', true],
    ['quantities', TEXT, "isQuantity(self) && quantity(self).isGreaterThan(quantity('500Mi'))", '1Gi', true],
    ['sets', { type: 'array', items: TEXT }, "sets.contains(['a', 'b'], self)", ['a'], true],
    [
      'names CEL cannot spell',
      { type: 'object', properties: { 'a-b': INT, namespace: INT } },
      'self.a__dash__b == 1 && self.__namespace__ == 2',
      { 'a-b': 1, namespace: 2 },
      true,
    ],
    [
      'maps',
      { type: 'object', additionalProperties: TEXT },
      "self.all(key, key.startsWith('x-'))",
      { 'x-a': '' },
      true,
    ],
    [
      'times',
      { type: 'string', format: 'date-time' },
      "self > timestamp('2020-01-01T00:00:00Z')",
      '2026-01-01T00:00:00Z',
      true,
    ],
    ['optional members', LISTENER, "self.?name.orValue('none') == 'none'", {}, true],
  ])('about %s: %#', (_what, schema, text, value, isFine) => {
    const faults = says(ruled(schema, rule(text)), value)
    expect(faults).toEqual(isFine ? [] : [expect.stringContaining(`failed rule: ${text}`)])
  })

  it('about changes speak of what was there before', () => {
    const schema = ruled(TEXT, rule('self == oldSelf', { message: 'immutable' }))
    expect(says(schema, 'a')).toEqual([])
    expect(says(schema, 'a', 'a')).toEqual([])
    expect(says(schema, 'b', 'a')).toEqual(['spec: Invalid value: "string": immutable'])
  })

  it('about changes may ask to hear of what is new, too', () => {
    const text = 'oldSelf.hasValue() ? self == oldSelf.value() : self != "x"'
    const schema = ruled(TEXT, rule(text, { message: 'no', optionalOldSelf: true }))
    expect(says(schema, 'a')).toEqual([])
    expect(says(schema, 'x')).toEqual(['spec: Invalid value: "string": no'])
    expect(says(schema, 'b', 'a')).toEqual(['spec: Invalid value: "string": no'])
  })

  it('about changes compare optional numbers, and take optional times for texts, as upstream', () => {
    const number = ruled({ type: 'integer' }, rule('oldSelf.value() < self', { optionalOldSelf: true }))
    expect(says(number, 6, 5)).toEqual([])
    expect(says(number, 5, 5)).toEqual([
      'spec: Invalid value: "integer": failed rule: oldSelf.value() < self',
    ])
    const same = rule('oldSelf.value() == self', { message: 'changed', optionalOldSelf: true })
    const time = ruled({ type: 'string', format: 'date-time' }, same)
    const now = '2026-01-01T00:00:00Z'
    expect(says(time, now, now)).toEqual(['spec: Invalid value: "string": changed'])
  })

  it('about changes of items find them by their keys', () => {
    const items = ruled(LISTENER, rule('self.port >= oldSelf.port', { message: 'only up' }))
    const before = [
      { name: 'x', port: 1 },
      { name: 'y', port: 9 },
    ]
    const after = [
      { name: 'y', port: 8 },
      { name: 'x', port: 2 },
      { name: 'z', port: 0 },
    ]
    expect(says({ ...LISTENERS, items }, after, before)).toEqual([
      'spec[0]: Invalid value: "object": only up',
    ])
  })

  it.each([
    [{ message: 'no' }, 'spec: Invalid value: "integer": no'],
    [{ messageExpression: "'got ' + string(self)" }, 'spec: Invalid value: "integer": got 1'],
    [{ message: 'no', reason: 'FieldValueForbidden' }, 'spec: Forbidden: no'],
    [{ message: ' no ', reason: 'FieldValueDuplicate' }, 'spec: Duplicate value: "integer"'],
  ])('say it as they ask: %j', (more, expected) => {
    expect(says(ruled(INT, rule('self > 1', more)), 1)).toEqual([expected])
  })

  it('that fail to run are no pass', () => {
    expect(says(ruled(LISTENER, rule('self.name == "x"')), {})).toEqual([
      'spec: Invalid value: "object": no such key: name evaluating rule: self.name == "x"',
    ])
  })

  it('that would go on too long are stopped', () => {
    const text = 'self.all(a, self.all(b, self.all(c, a + b + c >= 0)))'
    const schema = ruled({ type: 'array', items: INT }, rule(text))
    expect(says(schema, [1, 2, 3])).toEqual([])
    expect(says(schema, Array(1000).fill(1))).toEqual([
      `spec: Invalid value: "array": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: ${text}`,
    ])
    const message = { messageExpression: `${text} ? "a" : "b"` }
    expect(says(ruled(schema, rule('false', message)), Array(1000).fill(1))).toEqual([
      `spec: Invalid value: "array": no further validation rules will be run due to call cost exceeds limit for messageExpression: ${JSON.stringify(message.messageExpression)}`,
    ])
  })

  it('that cost too much together are stopped, and so are those after them', () => {
    const dear = 'self.all(a, self.all(b, a + b >= 0))'
    const schema = ruled({ type: 'array', items: ruled(INT, rule('self > 1')) }, rule(dear))
    const many: Schema = { type: 'array', items: schema }
    expect(says(many, Array(30).fill(Array(300).fill(2)))).toEqual([
      'spec[13]: Invalid value: "array": validation failed due to running out of cost budget, no further validation rules will be run',
    ])
  })

  it('that cannot be understood are named', () => {
    const schema = { type: 'object', properties: { a: ruled(INT, rule('self.frobnicate() > 1')) } }
    const [unsupported] = new CelRules().unsupported(schema, 'at')
    expect(unsupported).toMatchObject({ path: 'at.properties[a].x-kubernetes-validations[0].rule' })
    expect(says(schema, { a: 1 })).toEqual([])
  })
})

it.each([
  ['plain', 'plain'],
  ['a-b', 'a__dash__b'],
  ['a.b/c', 'a__dot__b__slash__c'],
  ['a__b', 'a__underscores__b'],
  ['in', '__in__'],
  ['9x', undefined],
])('a member %s is called %s', (name, expected) => {
  expect(celName(name)).toBe(expected)
})
