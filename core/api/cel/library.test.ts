/** What the functions and macros of rules give; each of these is what kube-apiserver 1.34.4 takes it for. */

import { describe, expect, it } from 'vitest'
import type { Schema } from '../json-schema/schema.ts'
import { fieldErrorMessage } from '../field-error.ts'
import { CelRules } from './rules.ts'

const text: Schema = { type: 'string' }
const SCHEMA: Schema = {
  type: 'object',
  properties: {
    s: text,
    i: { type: 'integer' },
    l: { type: 'array', items: text },
    m: { type: 'object', additionalProperties: text },
    d: { type: 'string', format: 'duration' },
    t: { type: 'string', format: 'date-time' },
    b: { type: 'string', format: 'byte' },
  },
}
const VALUE = {
  s: 'a,b',
  i: 7,
  l: ['p', 'q'],
  m: { x: 'y', z: 'w' },
  d: '90m',
  t: '2021-06-01T12:00:00Z',
  b: 'YWJj',
}

const said = (rule: string): readonly string[] =>
  new CelRules()
    .faults(VALUE, undefined, { ...SCHEMA, 'x-kubernetes-validations': [{ rule, message: '' }] })
    .map(fieldErrorMessage)

describe('holds:', () => {
  it.each([
    'self.s.charAt(1) == ","',
    'self.s.replace(",", "-") == "a-b"',
    '"aaa".replace("a", "b", 2) == "bba"',
    '"%s is %d, %.2f %x".format([self.s, self.i, 1.5, 255]) == "a,b is 7, 1.50 ff"',
    '"%s %s".format([self.l, {"a": 1}]) == "[\\"p\\", \\"q\\"] {\\"a\\":1}"',
    '!format.dns1123Label().validate("a-b").hasValue()',
    'format.dns1123Label().validate("a_b").hasValue()',
    'format.named("uuid").value().validate("x").value() == ["does not match the UUID format"]',
    'quantity("1").add(quantity("500m")).compareTo(quantity("1500m")) == 0',
    'quantity("2").asInteger() == 2 && !quantity("1.5").isInteger() && sign(quantity("-1")) == -1',
    'self.d == duration("1h30m") && duration(self.d) > duration("1h")',
    'self.t.getFullYear() == 2021',
    'self.b == b"abc"',
    'self.l.all(i, v, i < 2 && v != "")',
    'self.m.exists(k, v, k == "x" && v == "y")',
    'self.m.exists_one(k, v, v == "w") && self.l.existsOne(v, v == "p")',
    '[1, 2].transformList(i, v, v + i) == [1, 3]',
    'self.m.transformList(k, v, k != "x", v) == ["w"]',
    'self.m.transformMap(k, v, v + "!")["x"] == "y!"',
    '{"a": 1}.transformMapEntry(k, v, {"b": v}) == {"b": 1}',
    'self.?s.optMap(v, v + "!").orValue("") == "a,b!"',
    'optional.of(1).optFlatMap(v, optional.of(v + 1)).value() == 2',
    // An error in one place is none where another decides.
    'self.l.exists(i, v, v == "q" || self.l[i + 2] == "")',
  ])('%s', (rule) => {
    expect(said(rule)).toEqual([])
  })
})

describe('fails:', () => {
  it.each([
    ['self.l[5] == ""', 'index out of bounds: 5'],
    ['[].map(x, self.i).min() == 1', 'min called on empty list'],
    [
      'url("abc").getHost() == ""',
      'URL parse error during conversion from string: parse "abc": invalid URI for request',
    ],
    [
      'duration(self.s) > duration("1s")',
      "type conversion error from 'string' to 'google.protobuf.Duration'",
    ],
    ['timestamp(self.s) == self.t', "type conversion error from 'string' to 'google.protobuf.Timestamp'"],
    ['self.s.charAt(9) == ""', 'index out of range: 9'],
  ])('%s', (rule, why) => {
    expect(said(rule)).toEqual([`<nil>: Invalid value: "object": ${why} evaluating rule: ${rule}`])
  })
})
