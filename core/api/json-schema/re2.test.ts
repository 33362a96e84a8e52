import { expect, it } from 'vitest'
import { compiledPattern } from './re2.ts'

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
])('%s: %s is %s', (pattern, text, expected) => {
  expect(compiledPattern(pattern)?.test(text)).toBe(expected)
})

it.each(['(', '[a', 'a**'])('%s is no pattern', (pattern) => {
  expect(compiledPattern(pattern)).toBeUndefined()
})
