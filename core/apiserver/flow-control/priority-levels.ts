/**
 * Lets requests begin, each at its priority level: at once while the level has seats or can borrow some, after a wait
 * in its queues, or not at all. Pure but for the counts it holds. KEP-1040; kubernetes/apiserver
 * pkg/util/flowcontrol/fairqueuing. Differs: every request takes one seat, and what is lent comes back when the
 * borrower's request ends instead of every ten seconds.
 */

import type { Clock } from '../../../host/host.ts'
import { ApiError } from '../../api/api-error.ts'
import type { PriorityLevelConfiguration } from '../../api/generated/flowcontrol-v1.ts'
import { FairQueues } from './fair-queues.ts'
import type { Flow } from './flow.ts'
import type { Seats } from './seats.ts'
import { seatsOf } from './seats.ts'

/** A quarter of what a request may last, as upstream waits. */
const MAX_WAIT_MS = 15_000

export type Refusal = 'queue-full' | 'concurrency-limit' | 'time-out' | 'cancelled'

/** Of the requests of one schema at one level. */
export interface FlowCounts {
  readonly level: string
  readonly schema: string
  executing: number
  waiting: number
  dispatched: number
  readonly refused: Map<Refusal, number>
}

interface Level {
  readonly configuration: PriorityLevelConfiguration
  readonly seats: Seats
  readonly waiting: FairQueues<Waiter>
  executing: number
}

interface Waiter {
  hasBegun: boolean
  readonly begin: () => void
}

export class PriorityLevels {
  readonly #clock: Pick<Clock, 'sleep'>
  readonly #total: number
  readonly #levels = new Map<string, Level>()
  readonly #counts = new Map<string, FlowCounts>()

  /** @param total seats of all levels together */
  constructor(clock: Pick<Clock, 'sleep'>, total: number) {
    this.#clock = clock
    this.#total = total
  }

  /** From now on these are the levels. What is under way, or waits, at one that is gone comes to its end. */
  configure(configurations: readonly PriorityLevelConfiguration[]): void {
    const seats = seatsOf(configurations, this.#total)
    for (const [name, level] of this.#levels) if (!seats.has(name) && isIdle(level)) this.#levels.delete(name)
    for (const configuration of configurations) {
      const { name } = configuration.metadata
      const { executing = 0, waiting = new FairQueues<Waiter>() } = this.#levels.get(name) ?? {}
      const own = seats.get(name) ?? { nominal: 0, lendable: 0, most: 0 }
      this.#levels.set(name, { configuration, seats: own, waiting, executing })
    }
    this.#beginWaiting()
  }

  /**
   * Resolves when the request may begin; whoever was let in says when it has ended by disposing of what it got.
   * Rejects with ApiError TooManyRequests when it may not, and when `signal` aborts.
   */
  async enter(flow: Flow, signal: AbortSignal): Promise<Disposable> {
    const name = flow.level.metadata.name
    const counts = this.#countsOf(name, flow.schema.metadata.name)
    if (this.#mayBegin(name)) this.#begin(name)
    else await this.#turn(flow, counts, signal)
    counts.executing += 1
    counts.dispatched += 1
    let hasEnded = false
    return {
      [Symbol.dispose]: () => {
        if (hasEnded) return
        hasEnded = true
        counts.executing -= 1
        this.#end(name)
      },
    }
  }

  /** for metrics */
  seats(): ReadonlyMap<string, Seats> {
    return new Map([...this.#levels].map(([name, level]) => [name, level.seats]))
  }

  /** for metrics */
  counts(): Iterable<FlowCounts> {
    return this.#counts.values()
  }

  #countsOf(level: string, schema: string): FlowCounts {
    const key = `${level}/${schema}`
    const known = this.#counts.get(key)
    if (known) return known
    const counts = { level, schema, executing: 0, waiting: 0, dispatched: 0, refused: new Map() }
    this.#counts.set(key, counts)
    return counts
  }

  #mayBegin(name: string): boolean {
    const level = this.#levels.get(name)
    if (level === undefined) return false
    const { executing, seats } = level
    if (isExempt(level) || executing < seats.nominal) return true
    return executing < seats.most && this.#spare() > 0
  }

  /** Seats that levels could lend, less those that are lent. */
  #spare(): number {
    let spare = 0
    for (const { executing, seats } of this.#levels.values())
      spare += Math.min(seats.lendable, seats.nominal - executing)
    return spare
  }

  #begin(name: string): void {
    const level = this.#levels.get(name)
    if (level) level.executing += 1
  }

  #end(name: string): void {
    const level = this.#levels.get(name)
    if (level) level.executing -= 1
    this.#beginWaiting()
  }

  /** Whoever can begin now does. */
  #beginWaiting(): void {
    for (const [name, { waiting }] of this.#levels) {
      while (waiting.length > 0 && this.#mayBegin(name)) {
        this.#begin(name)
        waiting.shift()?.begin()
      }
    }
  }

  async #turn(
    { level, schema, distinguisher }: Flow,
    counts: FlowCounts,
    signal: AbortSignal,
  ): Promise<void> {
    const refuse = (why: Refusal): ApiError => {
      counts.refused.set(why, (counts.refused.get(why) ?? 0) + 1)
      return tooManyRequests()
    }
    const queuing = level.spec.limited?.limitResponse.queuing
    const waiting = this.#levels.get(level.metadata.name)?.waiting
    if (queuing === undefined || waiting === undefined) throw refuse('concurrency-limit')
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiter: Waiter = {
      hasBegun: false,
      begin() {
        this.hasBegun = true
        resolve()
      },
    }
    if (!waiting.push(waiter, `${schema.metadata.name}/${distinguisher}`, queuing)) throw refuse('queue-full')
    counts.waiting += 1
    const over = new AbortController()
    const tooLong = this.#clock
      .sleep(MAX_WAIT_MS, AbortSignal.any([signal, over.signal]))
      // Only an abort ends it early, and that is looked at below.
      .catch(() => undefined)
    await Promise.race([promise, tooLong])
    over.abort()
    counts.waiting -= 1
    if (waiter.hasBegun) return
    waiting.remove(waiter)
    throw refuse(signal.aborted ? 'cancelled' : 'time-out')
  }
}

const isIdle = ({ executing, waiting }: Level): boolean => executing === 0 && waiting.length === 0
const isExempt = ({ configuration }: Level): boolean => configuration.spec.type === 'Exempt'

const tooManyRequests = (): ApiError =>
  new ApiError('TooManyRequests', 'Too many requests, please try again later.', {
    details: { retryAfterSeconds: 1 },
  })
