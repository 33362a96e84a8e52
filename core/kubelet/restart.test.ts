import { expect, test } from 'vitest'
import { backoffMs, shouldRestart } from './restart.ts'

test('the first restart is at once, then 10 s doubled up to 300 s', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 7, 60].map(backoffMs)).toEqual([
    0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000,
  ])
})

test.each([
  ['Always', 0, true],
  ['Always', 1, true],
  ['OnFailure', 0, false],
  ['OnFailure', 1, true],
  ['Never', 0, false],
  ['Never', 1, false],
])('%s after exit code %i: %s', (policy, exitCode, expected) => {
  expect(shouldRestart(policy, exitCode)).toBe(expected)
})
