import { expect, it } from 'vitest'
import { faulty } from '../wrap/faulty.ts'
import { traced } from '../wrap/traced.ts'
import { FakeClock } from './fake-clock.ts'
import { fakeHost, recordedCommands, seededRandom } from './fake-host.ts'

it('wakes sleepers at their time, in order, and waits for what they do next', async () => {
  const clock = new FakeClock(0)
  const seen: string[] = []
  const loop = async (name: string, ms: number): Promise<void> => {
    for (let round = 1; round <= 3; round += 1) {
      await clock.sleep(ms)
      seen.push(`${name}${round}@${clock.now()}`)
    }
  }
  const both = Promise.all([loop('a', 10), loop('b', 15)])
  await clock.untilSleeping(2)
  await clock.advance(30)
  expect(seen).toEqual(['a1@10', 'b1@15', 'a2@20', 'b2@30', 'a3@30'])
  expect(clock.sleeping).toBe(1)
  await clock.advance(15)
  await both
})

it('ends a sleep with the signal’s reason', async () => {
  const clock = new FakeClock()
  const stop = new AbortController()
  const sleeping = clock.sleep(10, stop.signal)
  stop.abort(new Error('stopped'))
  await expect(sleeping).rejects.toThrow('stopped')
  expect(clock.sleeping).toBe(0)
})

it('draws the same numbers for the same seed', () => {
  const draws = (seed: number): number[] => {
    const random = seededRandom(seed)
    return Array.from({ length: 5 }, () => random.next())
  }
  expect(draws(7)).toEqual(draws(7))
  expect(draws(7)).not.toEqual(draws(8))
  expect(seededRandom(7).uuid()).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
})

it('records commands and answers for them', async () => {
  const commands = recordedCommands(([program]) => (program === 'nft' ? 'table ip x\n' : undefined))
  expect((await commands.run(['nft', 'list', 'tables'])).stdout).toBe('table ip x\n')
  await expect(commands.run(['ipset'])).rejects.toMatchObject({ code: 'COMMAND_NOT_FOUND' })
  expect(commands.ran.map(({ argv }) => argv.join(' '))).toEqual(['nft list tables', 'ipset'])
})

it('tells each effect as a shell line', async () => {
  const lines: string[] = []
  const host = traced(fakeHost(), (line) => lines.push(line))
  const network = await host.namespaces.createNetwork()
  await host.links.apply([{ kind: 'veth', name: 'v', peer: { name: 'eth0', network } }])
  await host.links.apply([{ kind: 'up', link: 'eth0' }], network)
  await host.commands.run(['nft', '-f', '-'], { stdin: 'flush ruleset', network })
  await host.commands.run(['echo', `it's`])
  expect(lines).toEqual([
    'unshare --net # /proc/1/fd/1',
    'ip link add v type veth peer name eth0 netns /proc/1/fd/1',
    'nsenter --net=/proc/1/fd/1 ip link set eth0 up',
    `nsenter --net=/proc/1/fd/1 nft -f - <<'EOF'\nflush ruleset\nEOF`,
    `echo 'it'\\''s'`,
  ])
})

it('fails the same calls for the same seed, some of them after they were made', async () => {
  const outcomes = async (seed: number): Promise<string[]> => {
    const inner = fakeHost()
    const random = seededRandom(seed)
    const host = faulty(inner, { draw: () => random.next(), rate: 0.5 })
    const said: string[] = []
    for (let call = 0; call < 20; call += 1) {
      said.push(
        await host.commands.run(['x']).then(
          () => 'ok',
          (error: Error) => error.message,
        ),
      )
    }
    return [...said, String(inner.commands.ran.length)]
  }
  expect(await outcomes(3)).toEqual(await outcomes(3))
  expect(new Set((await outcomes(3)).slice(0, -1)).size).toBe(3)
})
