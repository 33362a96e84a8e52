import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFieldSelector, parseLabelSelector, printSelector } from './selector-syntax.ts'
import type { Requirement } from './selectors.ts'
import { SELECTOR_OPERATORS } from './selectors.ts'

describe('label selectors', () => {
  it.each([
    ['', []],
    ['  ', []],
    ['a', ['a Exists']],
    ['!a', ['a DoesNotExist']],
    ['! a', ['a DoesNotExist']],
    ['a=b', ['a In b']],
    ['a==b', ['a In b']],
    ['a = b', ['a In b']],
    ['a!=b', ['a NotIn b']],
    ['a=', ['a In ']],
    ['a!=,b', ['a NotIn ', 'b Exists']],
    ['a in (x,y)', ['a In x y']],
    ['a in(y, x , x)', ['a In x y']],
    ['a notin (x)', ['a NotIn x']],
    ['a in ()', ['a In ']],
    ['a in (,x)', ['a In  x']],
    ['in in (in,notin)', ['in In in notin']],
    ['in', ['in Exists']],
    ['a>1,b<2', ['a GreaterThan 1', 'b LessThan 2']],
    ['example.org/a=b,c', ['example.org/a In b', 'c Exists']],
  ])('%j', (text, expected) => {
    const read = parseLabelSelector(text)
    expect(read.map(({ key, operator, values }) => [key, operator, ...values].join(' '))).toEqual(expected)
  })

  it.each([
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a in', "unable to parse requirement: found '' expected: '('"],
    ['a in x', "unable to parse requirement: found 'x' expected: '('"],
    ['a in (', "unable to parse requirement: found '', expected: ',', ')' or identifier"],
    ['a in (x', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a==!b', "unable to parse requirement: found '!', expected: identifier"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
    ['a,', "found '', expected: identifier after ','"],
    ['a,,b', "found ',', expected: identifier after ','"],
    [',a', "found ',', expected: !, identifier, or 'end of string'"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    [
      '-a=b',
      'unable to parse requirement: <nil>: Invalid value: "-a": name part must consist of alphanumeric ' +
        "characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  " +
        "or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
    [
      'a=b@',
      'unable to parse requirement: values[0][a]: Invalid value: "b@": a valid label must be an empty string ' +
        "or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " +
        "character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
        "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
    [
      'a>b',
      'unable to parse requirement: values[0]: Invalid value: "b": ' +
        "for 'Gt', 'Lt' operators, the value must be an integer",
    ],
  ])('refuses %j', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(expect.objectContaining({ message, code: 400 }))
  })

  it('reads what it prints', () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,8}$/)
    const requirement: fc.Arbitrary<Requirement> = fc
      .record({
        key: label,
        operator: fc.constantFrom(...SELECTOR_OPERATORS),
        values: fc.uniqueArray(label, { minLength: 1, maxLength: 3 }),
      })
      .map(({ key, operator, values }): Requirement => {
        if (operator === 'Exists' || operator === 'DoesNotExist') return { key, operator, values: [] }
        if (operator === 'GreaterThan' || operator === 'LessThan') return { key, operator, values: ['7'] }
        return { key, operator, values: values.toSorted() }
      })
    fc.assert(
      fc.property(fc.array(requirement), (selector) => {
        expect(parseLabelSelector(printSelector(selector))).toEqual(selector)
      }),
    )
  })
})

describe('field selectors', () => {
  it.each([
    ['', []],
    ['metadata.name=a', [['metadata.name', '=', 'a']]],
    ['metadata.name==a', [['metadata.name', '=', 'a']]],
    [
      'a!=b,c=',
      [
        ['a', '!=', 'b'],
        ['c', '=', ''],
      ],
    ],
    [',a=b,', [['a', '=', 'b']]],
    ['a=b\\,c\\=d\\\\e', [['a', '=', 'b,c=d\\e']]],
  ])('%j', (text, expected) => {
    const read = parseFieldSelector(text)
    expect(read.map(({ field, operator, value }) => [field, operator, value])).toEqual(expected)
  })

  it.each([
    ['a', "invalid selector: 'a'; can't understand 'a'"],
    ['a=b,c', "invalid selector: 'a=b,c'; can't understand 'c'"],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
    ['a=\\b', 'invalid field selector: invalid escape sequence: \\b'],
    ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
  ])('refuses %j', (text, message) => {
    expect(() => parseFieldSelector(text)).toThrow(expect.objectContaining({ message, code: 400 }))
  })
})
