import { expect, it } from 'vitest'
import { compiledPattern, patternFault } from './re2.ts'

it.each([
  ['^a$', 'a', true],
  ['(?i)^a$', 'A', true],
  ['^(?i)a(b)$', 'AB', true],
  ['^((?i)a)b$', 'Ab', true],
  ['^((?i)a)b$', 'AB', false],
  ['^(?i:a)b$', 'Ab', true],
  ['(?s)a.b', 'a\nb', true],
  ['\\Aa\\z', 'a', true],
  ['^[[:alpha:]_]+$', 'a_B', true],
  ['^[[:alpha:]_]+$', 'a1', false],
  ['^[]a]+$', ']a', true],
  ['^[(]a[)]$', '(a)', true],
  ['^(?P<year>\\d+)$', '2020', true],
  ['^[-A-Za-z0-9/._~]+$', 'a-b/c', true],
  ['^\\(a\\)$', '(a)', true],
  ['[[:^alpha:]]', 'a', false],
  ['[[:^alpha:]]', 'é', true],
  ['[:alpha:]', ':', true],
  ['^.$', '\u2028', true],
  ['\\s', '\u00a0', false],
  ['^\\pL$', 'é', true],
  ['\\p{Greek}', 'α', true],
  ['\\p{^L}', 'a', false],
  ['\\Qa.b\\E', 'axb', false],
  ['\\x{41}', 'A', true],
  ['\\101', 'A', true],
  ['^*a', 'a', true],
  ['(?i)(?-i)a', 'A', false],
  ['(?U)a+', 'a', true],
  ['(?P<1>a)(?P<1>b)', 'ab', true],
  ['\\-\\_\\"', '-_"', true],
])('%s: %s is %s', (pattern, text, expected) => {
  expect(compiledPattern(pattern)?.test(text)).toBe(expected)
})

it.each(['(', '[a', 'a**'])('%s is no pattern', (pattern) => {
  expect(compiledPattern(pattern)).toBeUndefined()
})

// What kube-apiserver 1.34.4 says of definitions with these.
it.each([
  ['[a-\\d]', 'invalid escape sequence: `\\d`'],
  ['\\C', 'invalid escape sequence: `\\C`'],
  ['\\x{110000}', 'invalid escape sequence: `\\x{110000`'],
  ['\\p{Foo}', 'invalid character class range: `\\p{Foo}`'],
  ['\\p{Grek}', 'invalid character class range: `\\p{Grek}`'],
  ['(?<=a)', 'invalid named capture: `(?<=a)`'],
  ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
  ['(?i', 'invalid or unsupported Perl syntax: `(?i`'],
  ['a{1001}', 'invalid repeat count: `{1001}`'],
  ['(a{1000}){2}', 'invalid repeat count: `{2}`'],
  ['a**', 'invalid nested repetition operator: `**`'],
  ['(', 'missing closing ): `(`'],
  ['a)', 'unexpected ): `a)`'],
  ['[a', 'missing closing ]: `[a`'],
  ['*a', 'missing argument to repetition operator: `*`'],
])('%s is refused', (pattern, expected) => {
  expect(patternFault(pattern)).toBe(expected)
})

it.each(['(?P<n>a)(?P<n>b)', '\\p{greek}', '\\p{Letter}', '\\p{Han}', '\\b+', 'a{', '[]a]', '\\A*x'])(
  '%s is a pattern',
  (pattern) => {
    expect(patternFault(pattern)).toBeUndefined()
  },
)
