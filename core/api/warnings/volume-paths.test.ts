import { describe, expect, it } from 'vitest'
import type { PodSpec } from '../generated/core-v1.ts'
import { volumePathWarnings } from './volume-paths.ts'

const items = (...paths: string[]): object => ({ items: paths.map((path) => ({ key: path, path })) })
const warnings = (volume: object): readonly string[] =>
  volumePathWarnings({ containers: [], volumes: [{ name: 'v', ...volume }] } as unknown as PodSpec)

describe('files of a volume', () => {
  it.each<[string, object, readonly string[]]>([
    ['apart', { configMap: { name: 'c', ...items('a', 'b/c', 'ab') } }, []],
    [
      'in each other',
      { configMap: { name: 'c', ...items('a', 'a/b', 'a/') } },
      ['"a/b" with "a"', '"a" with "a"', '"a" with "a/b"'].map(
        (text) => `volume "v" (ConfigMap "c"): overlapping paths: ${text}`,
      ),
    ],
    [
      'of a secret',
      { secret: { secretName: 's', ...items('x', 'x') } },
      ['volume "v" (Secret "s"): overlapping paths: "x" with "x"'],
    ],
    [
      'of several sources',
      {
        projected: {
          sources: [
            { configMap: { name: 'c', ...items('t') } },
            {},
            { serviceAccountToken: { path: 't/u' } },
            { downwardAPI: items('d') },
          ],
        },
      },
      [
        'volume "v" (Projected) has no sources provided',
        'volume "v" (Projected): overlapping paths: "t/u" (ServiceAccountToken) with "t" (ConfigMap "c")',
      ],
    ],
  ])('%s', (_, volume, expected) => expect(warnings(volume)).toEqual(expected))
})
