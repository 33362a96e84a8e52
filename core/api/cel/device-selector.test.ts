/** What kube-apiserver 1.34 was seen to say of expressions that choose devices. */

import { describe, expect, it } from 'vitest'
import { deviceSelector } from './device-selector.ts'

const MAX_COST = 1_000_000

const GOOD: readonly string[] = [
  "device.driver == 'x'",
  "device.attributes['a.b'].x",
  "device.attributes['a.b'].x == 'y'",
  "device.attributes['a.b'].x > 5",
  "device.attributes['a.b'].x",
  'device.attributes.foo.bar == 1',
  "device.capacity['a.b'].mem.compareTo(quantity('1Gi')) >= 0",
  "cel.bind(dra, device.attributes['dra.example.com'], dra.oneBool && dra.anotherBool)",
  "cel.bind(dra, device.attributes['dra.example.com'], dra.oneBool)",
  'device.attributes.all(k, v, true)',
  "device.attributes.all(k, device.attributes[k].all(n, device.attributes[k][n] == 'x'))",
  "device.attributes['a'].x.matches('^a.*')",
  "device.attributes['a'].v.isGreaterThan(semver('1.2.3'))",
  "semver('1.2.3').isLessThan(device.attributes['a'].v)",
  "'a' in device.attributes",
  "'a' in device.attributes['b']",
  'has(device.attributes.x)',
  "has(device.attributes['x'].y)",
  "device.attributes['a'].?x.orValue(false)",
  "device.attributes[?'a'].orValue({}).x == 1",
  "device.attributes['a'].x + 1 == 2",
  "device.attributes['a']['x'] == 1 || device.attributes['a']['y'] == 2",
  'size(device.attributes) > 0',
  'device.driver.size() < 5',
  'device.driver.contains(device.driver)',
  "device.attributes['a'].x.lowerAscii() == 'x'",
  "device.attributes['a'].x ? true : false",
  "!device.attributes['a'].x",
  "-device.attributes['a'].x == 1",
  "device.attributes['a'].x in ['a', 'b']",
  "string(device.attributes['a'].x) == 'a'",
  "url('x').getHost() == 'x'",
  "ip('1.2.3.4').family() == 4",
  "device.capacity.exists(k, device.capacity[k].exists(n, device.capacity[k][n].isGreaterThan(quantity('1'))))",
  'device.attributes == {}',
  "device.attributes['a'].x == device.attributes['a'].y",
  "device.attributes['a'].x.substring(1) == 'a'",
  'device.attributes.exists(k, device.attributes[k].exists(n, string(device.attributes[k][n]).contains(k)))',
  "device.attributes.exists_one(k, k == 'a')",
  "device.attributes.filter(k, k == 'a').size() > 0",
]

const TOO_DEAR: readonly string[] = [
  'device.attributes.all(a, device.attributes.all(b, device.attributes.all(c, device.attributes.all(d, a.matches(b)))))',
  "type(device.attributes['a'].x) == int",
  "device.attributes.map(k, k).join('') == 'x'",
  "device.attributes['a'].s.split(',').all(x, x.matches(device.driver))",
]

/** with the first line of what is said of each */
const BAD: readonly (readonly [string, string])[] = [
  [
    '',
    "compilation failed: ERROR: <input>:1:0: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
  ],
  [
    ' ',
    "compilation failed: ERROR: <input>:1:2: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
  ],
  ['device', 'must evaluate to bool or the unknown type, not kubernetes.DRADevice'],
  ['device.driver', 'must evaluate to bool or the unknown type, not string'],
  [
    'device.attributes',
    'must evaluate to bool or the unknown type, not map(string, map(string, google.protobuf.Any))',
  ],
  [
    "device.capacity['a.b'].mem > 5",
    "compilation failed: ERROR: <input>:1:28: found no matching overload for '_>_' applied to '(kubernetes.Quantity, int)'",
  ],
  ["device.capacity['a.b'].mem", 'must evaluate to bool or the unknown type, not kubernetes.Quantity'],
  [
    'device.allowMultipleAllocations',
    "compilation failed: ERROR: <input>:1:7: undefined field 'allowMultipleAllocations'",
  ],
  ['self == 1', "compilation failed: ERROR: <input>:1:1: undeclared reference to 'self' (in container '')"],
  ['device.nosuch', "compilation failed: ERROR: <input>:1:7: undefined field 'nosuch'"],
  ['dyn(device.driver)', 'must evaluate to bool or the unknown type, not dyn'],
  ['dyn(true)', 'must evaluate to bool or the unknown type, not dyn'],
  ["int('x') == 1", "program instantiation failed: type conversion error from 'string' to 'int'"],
  ["device.attributes['a'].x + 1", 'must evaluate to bool or the unknown type, not int'],
  [
    "[device.attributes['a'].x, 1].exists(z, z == 2)",
    "compilation failed: ERROR: <input>:1:28: expected type 'any' but found 'int'",
  ],
  ["device.attributes['a'].x.foo.bar.baz", 'must evaluate to bool or the unknown type, not dyn'],
  ["device.attributes['a'].x ? 1 : 2", 'must evaluate to bool or the unknown type, not int'],
  [
    "authorizer.path('x').check('get').allowed()",
    "compilation failed: ERROR: <input>:1:1: undeclared reference to 'authorizer' (in container '')",
  ],
  [
    "device.driver.startsWith('a'",
    "compilation failed: ERROR: <input>:1:29: Syntax error: missing ')' at '<EOF>'",
  ],
  [
    'device.driver ==',
    "compilation failed: ERROR: <input>:1:17: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
  ],
  [
    "device.driver = 'x'",
    "compilation failed: ERROR: <input>:1:15: Syntax error: token recognition error at: '= '",
  ],
  ['true && 5', "compilation failed: ERROR: <input>:1:9: expected type 'bool' but found 'int'"],
  ['null', 'must evaluate to bool or the unknown type, not null_type'],
  ["'x'", 'must evaluate to bool or the unknown type, not string'],
  ["{'a': 1}", 'must evaluate to bool or the unknown type, not map(string, int)'],
  [
    "device.attributes['a'].list.exists(x, x == 1)",
    "compilation failed: ERROR: <input>:1:23: expression of type 'any' cannot be range of a comprehension (must be list, map, or dynamic)",
  ],
  [
    "'%s'.format([device.attributes['a'].x]) == 'a'",
    'compilation failed: ERROR: <input>:1:36: error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given google.protobuf.Any',
  ],
  ["device.driver.matches('[')", 'compilation failed: ERROR: <input>:1:23: invalid matches argument'],
  ["duration('x') == duration('1s')", 'compilation failed: ERROR: <input>:1:10: invalid duration argument'],
  ['(device.driver)', 'must evaluate to bool or the unknown type, not string'],
  ['optional.of(true)', 'must evaluate to bool or the unknown type, not optional_type(bool)'],
]

describe('expressions that choose devices', () => {
  it.each(GOOD)('%s is one', (source) => {
    const outcome = deviceSelector(source)
    expect(outcome).toHaveProperty('maxCost')
    expect('maxCost' in outcome && outcome.maxCost).toBeLessThanOrEqual(MAX_COST)
  })

  it.each(TOO_DEAR)('%s costs too much', (source) => {
    const outcome = deviceSelector(source)
    expect('maxCost' in outcome && outcome.maxCost).toBeGreaterThan(MAX_COST)
  })

  it.each(BAD)('%s is none', (source, expected) => {
    const outcome = deviceSelector(source)
    expect('fault' in outcome && outcome.fault.split('\n')[0]).toBe(expected)
  })
})
