import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openStore } from '../../core/store/open-store.io.ts'

const ROUNDS = 20
const WRITER = join(import.meta.dirname, 'crash-writer.io.ts')

/** Runs a writer and kills it after `acknowledged` writes and a few bytes. @returns the lines it printed */
async function writeUntilKilled(directory: string, round: number, acknowledged: number): Promise<string[]> {
  const child = spawn(process.execPath, [WRITER, directory, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((done) => child.once('exit', done))
  let output = ''
  for await (const chunk of child.stdout) {
    output += String(chunk)
    if (output.split('\n').length > acknowledged) child.kill('SIGKILL')
  }
  await ended
  // What follows the last newline was not fully said.
  return output.split('\n').slice(0, -1)
}

it('has every acknowledged write after kill -9, and revisions only grow', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'crash-'))
  const directory = join(parent, 'data')
  const expected = new Map<string, { payload: string; revision: number }>()
  let highest = 0
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const lines = await writeUntilKilled(directory, round, Math.floor(Math.random() * 400))
      expect(lines.length).toBeGreaterThan(0)
      for (const line of lines) {
        const [key = '', payload = '', revision = ''] = line.split(' ')
        expect(Number(revision), 'never used before this round').toBeGreaterThan(highest)
        expected.set(key, { payload, revision: Number(revision) })
      }
      highest = Math.max(highest, ...lines.map((line) => Number(line.split(' ')[2])))
      await using store = await openStore({ directory })
      for (const [key, { payload, revision }] of expected) {
        const found = store.get(key)
        if (found?.modRevision === revision) {
          expect(found.value.metadata.annotations?.['payload']).toBe(payload)
        } else {
          // A later write of the same key was durable, but its acknowledgement was lost with the writer.
          expect(found?.modRevision ?? 0, key).toBeGreaterThan(revision)
        }
      }
      expect(store.revision).toBeGreaterThan(highest)
      highest = store.revision
    }
  } finally {
    await rm(parent, { recursive: true })
  }
}, 60_000)
