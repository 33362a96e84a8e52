/**
 * kill -9 at random moments, again and again: the next start is clean, and no acknowledged object is lost. The
 * moments are drawn from a seed that is printed, so that a failure can be had again.
 */

import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningPortolan } from '../support/portolan.io.ts'
import { hostState, portolanUp } from '../support/portolan.io.ts'
import type { TestHost } from '../support/test-host.io.ts'
import { noTestHost, ROOT, testHost } from '../support/test-host.io.ts'

const ROUNDS = Number(process.env['PORTOLAN_CRASH_ROUNDS'] ?? 50)
const SEED = Number(process.env['PORTOLAN_CRASH_SEED'] ?? 20_261_120)

/** A small generator (mulberry32): reproducible from its seed. */
function draws(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296
  }
}

describe.skipIf(noTestHost)(`crashes${noTestHost ? ` (skipped: ${noTestHost})` : ''}`, () => {
  let host: TestHost
  let before: string
  beforeAll(async () => {
    host = await testHost()
    before = await hostState(host)
  })
  afterAll(async () => await host[Symbol.asyncDispose]())

  it(`survives kill -9 ${ROUNDS} times (seed ${SEED})`, { timeout: ROUNDS * 15_000 }, async () => {
    const draw = draws(SEED)
    const acknowledged = new Set<string>()
    for (let round = 0; round < ROUNDS; round += 1) {
      // Every third round dies while it is still starting.
      const dieStarting = round % 3 === 2
      const up = portolanUp(host, {
        args: ['-f', join(ROOT, 'examples/shop'), '--network', 'host', '--wait', '20'],
        ...(dieStarting ? { until: /starting (controllers|proxies|DNS)|opening/ } : {}),
      })
      const shop: RunningPortolan = await up
      if (dieStarting) {
        await new Promise((later) => setTimeout(later, draw() * 400))
      } else {
        const found = new Set((await shop.get('get', 'configmaps', '-n', 'shop', '-o', 'name')).split('\n'))
        for (const name of acknowledged) expect(found, `round ${round}`).toContain(`configmap/${name}`)
        await writeUntil(shop, round, { acknowledged, untilMs: draw() * 300 })
      }
      shop.process.kill('SIGKILL')
      await new Promise((ended) =>
        shop.process.exitCode === null && shop.process.signalCode === null
          ? shop.process.once('exit', ended)
          : ended(undefined),
      )
    }
    const last = await portolanUp(host, { args: ['--network', 'host'] })
    const found = new Set((await last.get('get', 'configmaps', '-n', 'shop', '-o', 'name')).split('\n'))
    expect(acknowledged.size).toBeGreaterThan(ROUNDS / 3)
    for (const name of acknowledged) expect(found).toContain(`configmap/${name}`)
    expect(await last.stop()).toBe(0)
    expect(await hostState(host)).toBe(before)
    const left = await host.run(['sh', '-c', 'ls /proc/*/ns/net >/dev/null 2>&1; ip -o link | wc -l'])
    expect(left.stdout.trim()).toBe('1')
  })
})

interface Writing {
  readonly acknowledged: Set<string>
  readonly untilMs: number
}

/** Creates objects one after another; each that kubectl says is created counts as acknowledged. */
async function writeUntil(
  shop: RunningPortolan,
  round: number,
  { acknowledged, untilMs }: Writing,
): Promise<void> {
  const end = performance.now() + untilMs
  for (let index = 0; index === 0 || performance.now() < end; index += 1) {
    const name = `crash-${round}-${index}`
    const outcome = await shop.kubectl(
      'create',
      'configmap',
      name,
      '-n',
      'shop',
      `--from-literal=round=${round}`,
    )
    if (outcome.code === 0) acknowledged.add(name)
  }
}
