/** Ages, at each of the borders. */

import { expect, it } from 'vitest'
import { humanDuration } from './human-duration.ts'

const S = 1000
const M = 60 * S
const H = 60 * M
const D = 24 * H
const rows: readonly [number, string][] = [
  [-5 * S, '<invalid>'],
  [-1 * S, '0s'],
  [0, '0s'],
  [119 * S, '119s'],
  [2 * M, '2m'],
  [2 * M + 5 * S, '2m5s'],
  [10 * M - S, '9m59s'],
  [10 * M + 5 * S, '10m'],
  [3 * H - M, '179m'],
  [3 * H, '3h'],
  [3 * H + 5 * M, '3h5m'],
  [8 * H + 5 * M, '8h'],
  [48 * H - M, '47h'],
  [48 * H, '2d'],
  [2 * D + 3 * H, '2d3h'],
  [8 * D + 3 * H, '8d'],
  [729 * D, '729d'],
  [730 * D, '2y'],
  [733 * D, '2y3d'],
  [8 * 365 * D + 3 * D, '8y'],
]
for (const [ms, expected] of rows)
  it(`${ms} ms is ${expected}`, () => expect(humanDuration(ms)).toBe(expected))
