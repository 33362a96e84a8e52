import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../host/fake/fake-clock.ts'
import { isApiError } from '../../api/api-error.ts'
import {
  MANDATORY_PRIORITY_LEVELS,
  SUGGESTED_FLOW_SCHEMAS,
  SUGGESTED_PRIORITY_LEVELS,
} from '../../api/flow-control-defaults.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '../../api/generated/flowcontrol-v1.ts'
import { FairQueues, handOf } from './fair-queues.ts'
import { PriorityLevels } from './priority-levels.ts'
import { seatsOf } from './seats.ts'

const [SCHEMA] = SUGGESTED_FLOW_SCHEMAS as readonly [FlowSchema]
type Limited = NonNullable<PriorityLevelConfiguration['spec']['limited']>

const level = (name: string, limited: Partial<Limited> = {}): PriorityLevelConfiguration => ({
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
  kind: 'PriorityLevelConfiguration',
  metadata: { name },
  spec: {
    type: 'Limited',
    limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' }, ...limited },
  },
})
const queue = (queueLengthLimit: number, queues = 1, handSize = 1): Limited['limitResponse'] => ({
  type: 'Queue',
  queuing: { queues, handSize, queueLengthLimit },
})
const flow = (which: PriorityLevelConfiguration, distinguisher = '') => ({
  schema: SCHEMA,
  level: which,
  distinguisher,
})
const forever = new AbortController().signal

/** What became of each of some requests: `-` waits, `1` has begun, `429`. */
function follow(requests: readonly Promise<Disposable>[]): () => Promise<readonly string[]> {
  const states = requests.map(() => '-')
  for (const [index, request] of requests.entries()) {
    request.then(
      () => (states[index] = '1'),
      (error: unknown) => (states[index] = isApiError(error, 'TooManyRequests') ? '429' : String(error)),
    )
  }
  return async () => {
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
    return states
  }
}

describe('seats', () => {
  it('of a new cluster are those of kube-apiserver', () => {
    const seats = seatsOf([...MANDATORY_PRIORITY_LEVELS, ...SUGGESTED_PRIORITY_LEVELS], 600)
    const rows = [...seats].map(([name, { nominal, lendable, most }]) => [
      name,
      nominal,
      nominal - lendable,
      most,
    ])
    expect(rows).toEqual([
      ['exempt', 0, 0, 600],
      ['catch-all', 13, 13, 613],
      ['system', 74, 50, 674],
      ['node-high', 98, 73, 698],
      ['leader-election', 25, 25, 625],
      ['workload-high', 98, 49, 698],
      ['workload-low', 245, 24, 845],
      ['global-default', 49, 24, 649],
    ])
  })

  it('are none where there are no shares', () => {
    expect([...seatsOf([level('a', { nominalConcurrencyShares: 0 })], 600).values()]).toEqual([
      { nominal: 0, lendable: 0, most: 600 },
    ])
  })
})

describe('queues', () => {
  it('a hand is of different queues, and always the same', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 1, max: 128 }),
        fc.integer({ min: 1, max: 12 }),
        (name, queues, wish) => {
          const handSize = Math.min(wish, queues)
          const hand = handOf(name, { queues, handSize, queueLengthLimit: 1 })
          expect(new Set(hand).size).toBe(handSize)
          expect(hand.every((one) => one >= 0 && one < queues)).toBe(true)
          expect(handOf(name, { queues, handSize, queueLengthLimit: 1 })).toEqual(hand)
        },
      ),
    )
  })

  it('are served in turn, and each in order', () => {
    const queues = new FairQueues<string>()
    const shape = { queues: 64, handSize: 1, queueLengthLimit: 5 }
    const other = 'bcdefgh'.split('').find((name) => handOf(name, shape)[0] !== handOf('a', shape)[0]) ?? ''
    for (const value of ['a1', 'a2', 'a3']) queues.push(value, 'a', shape)
    queues.push('b1', other, shape)
    expect([queues.length, ...Array.from({ length: 5 }, () => queues.shift())]).toEqual([
      4,
      'a1',
      'b1',
      'a2',
      'a3',
      undefined,
    ])
  })

  it('are full at their limit, and have room again when one gives up', () => {
    const queues = new FairQueues<string>()
    const shape = { queues: 1, handSize: 1, queueLengthLimit: 2 }
    expect(['x', 'y', 'z'].map((value) => queues.push(value, 'a', shape))).toEqual([true, true, false])
    queues.remove('x')
    expect([queues.push('z', 'a', shape), queues.shift(), queues.shift(), queues.length]).toEqual([
      true,
      'y',
      'z',
      0,
    ])
  })
})

describe('requests', () => {
  const two = { borrowingLimitPercent: 0 }

  it('beyond the seats are refused where nothing waits', async () => {
    const one = level('one', two)
    const levels = new PriorityLevels(new FakeClock(), 2)
    levels.configure([one])
    const states = follow([1, 2, 3].map(() => levels.enter(flow(one), forever)))
    expect(await states()).toEqual(['1', '1', '429'])
  })

  it('wait for a seat, and get it when another ends', async () => {
    const one = level('one', { ...two, limitResponse: queue(1) })
    const levels = new PriorityLevels(new FakeClock(), 1)
    levels.configure([one])
    const first = await levels.enter(flow(one), forever)
    const states = follow([1, 2].map(() => levels.enter(flow(one), forever)))
    expect(await states()).toEqual(['-', '429'])
    first[Symbol.dispose]()
    // Said twice, it counts once.
    first[Symbol.dispose]()
    expect(await states()).toEqual(['1', '429'])
    expect([...levels.counts()]).toMatchObject([{ executing: 1, waiting: 0, dispatched: 2 }])
  })

  it('wait no longer than 15 seconds, nor for who went away', async () => {
    const one = level('one', { ...two, limitResponse: queue(5) })
    const clock = new FakeClock()
    const levels = new PriorityLevels(clock, 1)
    levels.configure([one])
    const first = await levels.enter(flow(one), forever)
    const gone = new AbortController()
    const states = follow([levels.enter(flow(one), gone.signal), levels.enter(flow(one), forever)])
    gone.abort()
    expect(await states()).toEqual(['429', '-'])
    await clock.advance(15_000)
    expect(await states()).toEqual(['429', '429'])
    expect([...levels.counts()].map(({ refused }) => [...refused])).toEqual([
      [
        ['cancelled', 1],
        ['time-out', 1],
      ],
    ])
    first[Symbol.dispose]()
    expect(await follow([levels.enter(flow(one), forever)])()).toEqual(['1'])
  })

  it('borrow what another level lends and does not use, and it never waits for that', async () => {
    const lender = level('lender', { lendablePercent: 50 })
    const other = level('other')
    const levels = new PriorityLevels(new FakeClock(), 8)
    levels.configure([lender, other])
    const states = follow(Array.from({ length: 7 }, () => levels.enter(flow(other), forever)))
    expect(await states()).toEqual(['1', '1', '1', '1', '1', '1', '429'])
    const own = follow(Array.from({ length: 5 }, () => levels.enter(flow(lender), forever)))
    expect(await own()).toEqual(['1', '1', '1', '1', '429'])
  })

  it('that are exempt always begin', async () => {
    const [exempt] = MANDATORY_PRIORITY_LEVELS as readonly [PriorityLevelConfiguration]
    const levels = new PriorityLevels(new FakeClock(), 1)
    levels.configure([exempt, level('one')])
    const states = follow(Array.from({ length: 100 }, () => levels.enter(flow(exempt), forever)))
    expect(new Set(await states())).toEqual(new Set(['1']))
  })

  it('begin when their level is given more seats, and end when it is gone', async () => {
    const one = level('one', { ...two, limitResponse: queue(5) })
    const two_ = level('two', { nominalConcurrencyShares: 3, borrowingLimitPercent: 0 })
    const levels = new PriorityLevels(new FakeClock(), 4)
    levels.configure([one, two_])
    const first = await levels.enter(flow(one), forever)
    const states = follow([levels.enter(flow(one), forever)])
    expect(await states()).toEqual(['-'])
    levels.configure([one])
    expect(await states()).toEqual(['1'])
    levels.configure([two_])
    first[Symbol.dispose]()
    expect([...levels.counts()]).toMatchObject([{ executing: 1 }])
  })

  it('are never more than the seats of all, whatever comes and goes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ end: fc.boolean(), level: fc.nat(2), user: fc.nat(5) }), { maxLength: 60 }),
        async (steps) => {
          const all = ['a', 'b', 'c'].map((name) =>
            level(name, { limitResponse: queue(3, 8, 2), lendablePercent: name === 'a' ? 0 : 50 }),
          )
          const levels = new PriorityLevels(new FakeClock(), 9)
          levels.configure(all)
          const running: Disposable[] = []
          for (const step of steps) {
            const which = all[step.level]
            if (step.end) running.shift()?.[Symbol.dispose]()
            else if (which)
              levels.enter(flow(which, `u${step.user}`), forever).then(
                (seat) => running.push(seat),
                () => undefined,
              )
            await new Promise((resolve) => setImmediate(resolve))
            // What is taken back while it is lent comes on top: two levels lend two seats each.
            expect(running.length).toBeLessThanOrEqual(9 + 4)
          }
          // All that waits begins in the end, and nothing is left behind.
          while (running.length > 0) {
            running.shift()?.[Symbol.dispose]()
            await new Promise((resolve) => setImmediate(resolve))
          }
          for (const { executing, waiting } of levels.counts()) expect([executing, waiting]).toEqual([0, 0])
        },
      ),
      { numRuns: 50 },
    )
  })
})
