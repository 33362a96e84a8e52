/**
 * Resolves names that are not the cluster's by asking the servers the host asks. Answers are cached, the same question
 * is asked once at a time, and the number of questions under way is limited.
 *
 * As coredns/coredns plugin/forward and plugin/loop, with kubeadm's settings. Differences: upstreams are tried in the
 * order of resolv.conf, as libc does, not at random; cut UDP replies are fetched over TCP here, not by the client; a
 * server that is down is given half a second only, so that an offline laptop fails fast; a loop disables the server it
 * goes through instead of ending the process.
 */

import { randomInt } from 'node:crypto'
import type { Clock, Logger } from '../host/host.ts'
import { AnswerCache, cacheKey } from './cache.ts'
import { exchange } from './exchange.io.ts'
import type { Forwarder, ForwardFlags } from './handler.ts'
import type { Message, Question } from './message.ts'
import { CLASS_IN, NO_RECORDS, OPCODE, RCODE, TYPE } from './message.ts'
import type { Name } from './names.ts'
import { nameText } from './names.ts'
import type { Upstream, UpstreamHealth } from './upstreams.ts'
import { inOrderOfTrial, isDown } from './upstreams.ts'

export interface ForwarderOptions {
  readonly upstreams: readonly Upstream[]
  readonly clock: Pick<Clock, 'monotonic'>
  readonly log: Logger
}

/** Serves any number of DNS servers. Disposing it ends what is under way. */
export interface RunningForwarder extends Forwarder, AsyncDisposable {}

const OVERALL_TIMEOUT_MS = 5_000
const UPSTREAM_TIMEOUT_MS = 2_000
const DOWN_TIMEOUT_MS = 500
const ROUNDS = 2
const MAX_CONCURRENT = 1_000
/** what fits everywhere without fragments: https://dnsflagday.net/2020/ */
const EDNS_OCTETS = 1_232

const HEALTHY: UpstreamHealth = { failures: 0, isLoop: false }

export function startForwarder(options: ForwarderOptions): RunningForwarder {
  const forwarder = new CachingForwarder(options)
  forwarder.probe()
  return forwarder
}

class CachingForwarder implements RunningForwarder {
  readonly #options: ForwarderOptions
  readonly #cache = new AnswerCache()
  readonly #underWay = new Map<string, Promise<Message | undefined>>()
  readonly #health = new Map<Upstream, UpstreamHealth>()
  readonly #probes = new Map<string, Upstream>()
  readonly #stop = new AbortController()
  #probing: Promise<unknown> = Promise.resolve()

  constructor(options: ForwarderOptions) {
    this.#options = options
  }

  async resolve(question: Question, flags: ForwardFlags): Promise<Message | undefined | 'busy'> {
    const key = cacheKey({ ...question, ...flags })
    const cached = this.#cache.get(key, this.#options.clock.monotonic())
    if (cached !== undefined) return cached
    const same = this.#underWay.get(key)
    if (same !== undefined) return await same
    if (this.#underWay.size >= MAX_CONCURRENT) return 'busy'
    const asking = this.#askAll(queryFor(question, flags)).then((reply) =>
      reply === undefined ? undefined : this.#cache.put(key, reply, this.#options.clock.monotonic()),
    )
    this.#underWay.set(key, asking)
    try {
      return await asking
    } finally {
      this.#underWay.delete(key)
    }
  }

  recogniseProbe({ name }: Question): boolean {
    const upstream = this.#probes.get(nameText(name).toLowerCase())
    if (upstream === undefined) return false
    if (!this.#healthOf(upstream).isLoop) {
      this.#options.log.error(
        'DNS loop: this server sends our questions back to us; it is not asked any more',
        {
          upstream: upstream.address,
        },
      )
    }
    this.#health.set(upstream, { ...this.#healthOf(upstream), isLoop: true })
    return true
  }

  /** Sends each upstream a question nobody else would ask, to see whether it comes back. */
  probe(): void {
    this.#probing = Promise.all(this.#options.upstreams.map((upstream) => this.#probeOne(upstream)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the forwarder is stopped'))
    await Promise.all([this.#probing, ...this.#underWay.values()])
  }

  async #probeOne(upstream: Upstream): Promise<void> {
    const name: Name = [String(randomInt(2 ** 47)), String(randomInt(2 ** 47))]
    this.#probes.set(nameText(name), upstream)
    const question = { name, type: TYPE.HINFO, class: CLASS_IN }
    const flags = { recursionDesired: true, checkingDisabled: false, dnssecOk: false }
    await this.#askOne(upstream, queryFor(question, flags), UPSTREAM_TIMEOUT_MS)
  }

  async #askAll(query: Message): Promise<Message | undefined> {
    const { clock, upstreams } = this.#options
    const deadline = clock.monotonic() + OVERALL_TIMEOUT_MS
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const upstream of inOrderOfTrial(upstreams, (one) => this.#healthOf(one))) {
        const leftMs = deadline - clock.monotonic()
        if (leftMs <= 0 || this.#stop.signal.aborted) return undefined
        const limitMs = isDown(this.#healthOf(upstream)) ? DOWN_TIMEOUT_MS : UPSTREAM_TIMEOUT_MS
        const reply = await this.#askOne(upstream, query, Math.min(limitMs, leftMs))
        if (reply !== undefined) return reply
      }
      if (upstreams.every((upstream) => isDown(this.#healthOf(upstream)))) return undefined
    }
    return undefined
  }

  /** @returns undefined when it did not answer, which is remembered */
  async #askOne(upstream: Upstream, query: Message, timeoutMs: number): Promise<Message | undefined> {
    const tooLate = new AbortController()
    const timer = setTimeout(
      () => tooLate.abort(new Error(`${upstream.address} did not answer in ${timeoutMs} ms`)),
      timeoutMs,
    )
    try {
      const reply = await exchange(upstream, query, AbortSignal.any([this.#stop.signal, tooLate.signal]))
      this.#health.set(upstream, { ...this.#healthOf(upstream), failures: 0 })
      return reply
    } catch (err) {
      if (!this.#stop.signal.aborted) this.#failed(upstream, err)
      return undefined
    } finally {
      clearTimeout(timer)
    }
  }

  #failed(upstream: Upstream, err: unknown): void {
    const before = this.#healthOf(upstream)
    const now = { ...before, failures: before.failures + 1 }
    this.#health.set(upstream, now)
    if (isDown(now) && !isDown(before)) {
      this.#options.log.warn('DNS server does not answer', { upstream: upstream.address, err })
    }
  }

  #healthOf(upstream: Upstream): UpstreamHealth {
    return this.#health.get(upstream) ?? HEALTHY
  }
}

function queryFor(question: Question, flags: ForwardFlags): Message {
  const edns = { udpSize: EDNS_OCTETS, version: 0, dnssecOk: true, options: [] }
  return {
    ...NO_RECORDS,
    id: randomInt(0x10000),
    isResponse: false,
    opcode: OPCODE.query,
    isAuthoritative: false,
    isTruncated: false,
    recursionDesired: flags.recursionDesired,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: flags.checkingDisabled,
    rcode: RCODE.NOERROR,
    questions: [question],
    edns: flags.dnssecOk ? edns : undefined,
  }
}
