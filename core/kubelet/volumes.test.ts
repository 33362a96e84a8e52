import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { meta, pod, secret } from '../../test/support/builders.ts'
import type { ConfigMap, Volume } from '../api/generated/core-v1.ts'
import type { VolumeContent, VolumeSources } from './volume-files.ts'
import { volumeContent } from './volume-files.ts'
import { PodVolumes } from './volumes.io.ts'

const subject = pod('ns1/p', { labels: { app: 'web', tier: 'front' } })
const colours: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: meta('ns1/colours'),
  data: { sky: 'blue', grass: 'green' },
  binaryData: { raw: 'AAE=' },
}
const sources: VolumeSources = {
  configMap: (name) => (name === 'colours' ? colours : undefined),
  secret: (name) => (name === 'keys' ? secret('ns1/keys', { door: 'swordfish' }) : undefined),
  token: ({ audience }) => (audience === 'late' ? undefined : `token for ${audience ?? 'the cluster'}`),
  podIP: '192.0.2.1',
  hostIP: '192.0.2.9',
}

/** `PATH MODE TEXT` of each file, or why there are none. */
function shown(volume: Omit<Volume, 'name'>): readonly string[] | string {
  const content = volumeContent({ name: 'v', ...volume }, subject, sources)
  if (content.kind === 'missing' || content.kind === 'unsupported')
    return `${content.kind}: ${content.message}`
  if (content.kind !== 'files') return content.kind
  return content.files.map(
    (file) => `${file.path} ${file.mode.toString(8)} ${Buffer.from(file.content).toString('latin1')}`,
  )
}

describe('what is in a volume', () => {
  const rows: readonly [string, Omit<Volume, 'name'>, readonly string[] | string][] = [
    [
      'a ConfigMap',
      { configMap: { name: 'colours' } },
      ['sky 644 blue', 'grass 644 green', 'raw 644 \0\u0001'],
    ],
    [
      'chosen keys, with paths and modes',
      {
        configMap: {
          name: 'colours',
          defaultMode: 0o400,
          items: [
            { key: 'sky', path: 'a/b', mode: 0o600 },
            { key: 'grass', path: 'g' },
          ],
        },
      },
      ['a/b 600 blue', 'g 400 green'],
    ],
    ['a Secret', { secret: { secretName: 'keys', defaultMode: 0o400 } }, ['door 400 swordfish']],
    [
      'a token',
      { projected: { sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3607 } }] } },
      ['token 644 token for the cluster'],
    ],
    [
      'a token not issued yet',
      { projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'late' } }] } },
      'missing: the service account token is not issued yet',
    ],
    ['no such ConfigMap', { configMap: { name: 'no' } }, 'missing: configmap "no" not found'],
    ['no such Secret', { secret: { secretName: 'no' } }, 'missing: secret "no" not found'],
    ['none, but optional', { secret: { secretName: 'no', optional: true } }, []],
    [
      'no such key of a ConfigMap',
      { configMap: { name: 'colours', items: [{ key: 'x', path: 'x' }] } },
      'missing: configmap references non-existent config key: x',
    ],
    [
      'no such key of a Secret',
      { secret: { secretName: 'keys', items: [{ key: 'x', path: 'x' }] } },
      'missing: references non-existent secret key: x',
    ],
    [
      'the pod itself',
      { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      ['labels 644 app="web"\ntier="front"'],
    ],
    [
      'several in one',
      {
        projected: {
          defaultMode: 0o444,
          sources: [
            { configMap: { name: 'colours', items: [{ key: 'sky', path: 'sky' }] } },
            { secret: { name: 'keys' } },
            { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
          ],
        },
      },
      ['sky 444 blue', 'door 444 swordfish', 'name 444 p'],
    ],
    [
      'a token and the CA',
      {
        projected: {
          sources: [
            { serviceAccountToken: { path: 'token', audience: 'vault' } },
            { configMap: { name: 'colours', items: [{ key: 'sky', path: 'ca.crt' }] } },
          ],
        },
      },
      ['token 644 token for vault', 'ca.crt 644 blue'],
    ],
    ['an empty folder', { emptyDir: {} }, 'empty'],
    [
      'a claim',
      { persistentVolumeClaim: { claimName: 'c' } },
      'unsupported: volumes of type persistentVolumeClaim are not supported',
    ],
  ]
  test.each(rows)('%s', (_name, volume, expected) => {
    expect(shown(volume)).toEqual(expected)
  })
})

describe('on disk', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'portolan-volumes-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  const files = (texts: Readonly<Record<string, string>>): VolumeContent => ({
    kind: 'files',
    files: Object.entries(texts).map(([path, text]) => ({ path, content: Buffer.from(text), mode: 0o640 })),
  })
  const names = (volume: string): readonly string[] =>
    readdirSync(volume)
      .filter((name) => !name.startsWith('..'))
      .toSorted()

  test('files are reached through ..data, by name', async () => {
    const volume = await new PodVolumes(folder).mounted('v', () => files({ sky: 'blue', 'a/b/c': 'deep' }))
    expect(volume).toBe(join(folder, 'volumes', 'v'))
    expect(names(volume)).toEqual(['a', 'sky'])
    expect(readlinkSync(join(volume, 'sky'))).toBe('..data/sky')
    expect(readFileSync(join(volume, 'a/b/c'), 'utf8')).toBe('deep')
    expect(statSync(join(volume, 'sky')).mode & 0o777).toBe(0o640)
    expect(readdirSync(join(folder, 'volumes'))).toEqual(['v'])
  })

  test('a change replaces all files at once and leaves nothing of the old', async () => {
    const volumes = new PodVolumes(folder)
    const volume = await volumes.mounted('v', () => files({ kept: 'old', gone: 'x' }))
    await volumes.refresh('v', files({ kept: 'new', fresh: 'y' }))
    expect(names(volume)).toEqual(['fresh', 'kept'])
    expect(readFileSync(join(volume, 'kept'), 'utf8')).toBe('new')
    expect(readdirSync(volume).filter((name) => name.startsWith('..'))).toHaveLength(2)
  })

  test('containers that mount it at the same time get one volume', async () => {
    const volumes = new PodVolumes(folder)
    let written = 0
    const content = (): VolumeContent => {
      written += 1
      return files({ sky: 'blue' })
    }
    const made = await Promise.all(Array.from({ length: 8 }, () => volumes.mounted('v', content)))
    expect(new Set(made).size).toBe(1)
    expect(written).toBe(1)
  })

  test('what nobody mounted is not refreshed, and what went missing stays', async () => {
    const volumes = new PodVolumes(folder)
    await volumes.refresh('v', files({ sky: 'blue' }))
    expect(readdirSync(folder)).toEqual([])
    const volume = await volumes.mounted('v', () => files({ sky: 'blue' }))
    await volumes.refresh('v', { kind: 'missing', message: 'configmap "x" not found' })
    expect(names(volume)).toEqual(['sky'])
  })

  test('a path out of the volume is refused', async () => {
    const volumes = new PodVolumes(folder)
    await expect(volumes.mounted('v', () => files({ '../escape': 'x' }))).rejects.toThrow(
      'outside of its volume',
    )
  })
})
