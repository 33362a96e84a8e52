import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { openStore } from '../../core/store/open-store.io.ts'

it('a write the disk has no room for is refused, leaves no trace, and smaller ones go on', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'full-'))
  const directory = join(parent, 'data')
  try {
    const writer = join(import.meta.dirname, 'full-disk-writer.io.ts')
    // 64 blocks of 512 bytes
    const command = `ulimit -f 64; exec "${process.execPath}" "${writer}" "${directory}"`
    const { stdout } = await promisify(execFile)('sh', ['-c', command])
    const lines = stdout.trim().split('\n')
    expect(lines.at(-2)).toMatch(/^refused: the write-ahead log cannot be written: EFBIG.*visible: false$/)
    expect(lines.at(-1)).toBe('small')
    const acknowledged = lines.filter((line) => !line.startsWith('refused'))
    await using store = await openStore({ directory })
    const found = store.range('/registry/configmaps/').values.map(({ key }) => key.split('/').at(-1))
    expect(new Set(found)).toEqual(new Set(acknowledged))
    expect(acknowledged.length).toBeGreaterThan(3)
  } finally {
    await rm(parent, { recursive: true })
  }
})
