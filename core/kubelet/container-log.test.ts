import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FakeClock } from '../../host/fake/fake-clock.ts'
import type { LogOptions } from '../api/node-agent.ts'
import { ContainerLog } from './container-log.io.ts'

let folder: string
let clock: FakeClock
let log: ContainerLog

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portolan-log-'))
  clock = new FakeClock()
  log = new ContainerLog(join(folder, 'c', '0.log'), clock)
})

afterEach(async () => {
  await log.close()
  rmSync(folder, { recursive: true, force: true })
})

async function read(
  options: Partial<LogOptions> = {},
  signal = new AbortController().signal,
): Promise<string> {
  let text = ''
  for await (const chunk of log.read({ container: 'c', ...options }, signal))
    text += Buffer.from(chunk).toString()
  return text
}

test('lines are written as container runtimes write them', async () => {
  log.write(Buffer.from('out\n'), 'stdout')
  log.write(Buffer.from('err\n'), 'stderr')
  await log.flush()
  expect(readFileSync(join(folder, 'c', '0.log'), 'utf8')).toBe(
    '2030-01-01T00:00:00.000000000Z stdout F out\n2030-01-01T00:00:00.000000000Z stderr F err\n',
  )
})

test('a line, and a character, may come in pieces', async () => {
  const bytes = Buffer.from('hé')
  log.write(bytes.subarray(0, 2), 'stdout')
  log.write(Buffer.from('other\n'), 'stderr')
  log.write(bytes.subarray(2), 'stdout')
  log.write(Buffer.from('llo\n\nunfinished'), 'stdout')
  expect(await read()).toBe('other\nhéllo\n\n')
  await log.close()
  expect(await read()).toBe('other\nhéllo\n\nunfinished\n')
})

test('what is asked for of it', async () => {
  log.print('one')
  await clock.advance(5_000)
  log.print('two')
  await clock.advance(5_000)
  log.print('three')
  expect(await read({ tailLines: 2 })).toBe('two\nthree\n')
  expect(await read({ tailLines: 0 })).toBe('')
  expect(await read({ sinceSeconds: 6 })).toBe('two\nthree\n')
  expect(await read({ sinceTime: '2030-01-01T00:00:10Z' })).toBe('three\n')
  expect(await read({ limitBytes: 6 })).toBe('one\ntw')
  expect(await read({ tailLines: 1, timestamps: true })).toBe('2030-01-01T00:00:10.000000000Z three\n')
})

test('a follower misses no line and sees none twice, however lines and writes fall together', async () => {
  let expected = ''
  const print = (): void => {
    const line = `line ${expected.length}`
    expected += `${line}\n`
    log.print(line)
  }
  print()
  const followed = read({ follow: true })
  for (let round = 0; round < 200; round += 1) {
    print()
    if (round % 3 === 0) void log.flush()
    if (round % 5 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await log.close()
  expect(await followed).toBe(expected)
})

test('a follower leaves when its client does', async () => {
  const leaving = new AbortController()
  const followed = read({ follow: true }, leaving.signal)
  log.print('one')
  await log.flush()
  leaving.abort()
  await followed
})
