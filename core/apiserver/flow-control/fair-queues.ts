/**
 * What waits at one priority level: queues that are served in turn, so that a flow that asks for much makes others wait
 * little. Each flow has a hand of queues and joins the shortest of them ("shuffle sharding"): two flows hardly ever
 * share all. Pure. KEP-1040; kubernetes/apiserver pkg/util/shufflesharding.
 */

import { createHash } from 'node:crypto'
import type { QueuingConfiguration } from '../../api/generated/flowcontrol-v1.ts'

/** sha512 has 21 of these; validation allows no hand near that */
const BYTES_PER_CARD = 3

/** @returns numbers of different queues, the same ones whenever the flow asks */
export function handOf(flow: string, { queues = 1, handSize = 1 }: QueuingConfiguration): readonly number[] {
  const digest = createHash('sha512').update(flow).digest()
  const hand: number[] = []
  for (let card = 0; card < Math.min(handSize, queues, digest.length / BYTES_PER_CARD - 1); card += 1) {
    let queue = digest.readUIntBE(card * BYTES_PER_CARD, BYTES_PER_CARD) % (queues - card)
    // The number among those not dealt yet.
    for (const dealt of hand.toSorted((a, b) => a - b)) if (queue >= dealt) queue += 1
    hand.push(queue)
  }
  return hand
}

export class FairQueues<T> {
  /** those in which somebody waits, the one whose turn it is first */
  readonly #queues = new Map<number, T[]>()
  #length = 0

  get length(): number {
    return this.#length
  }

  /** @returns false when the shortest queue of the flow is full */
  push(value: T, flow: string, configuration: QueuingConfiguration): boolean {
    const lengthOf = (queue: number): number => this.#queues.get(queue)?.length ?? 0
    const [first = 0, ...others] = handOf(flow, configuration)
    const shortest = others.reduce((best, queue) => (lengthOf(queue) < lengthOf(best) ? queue : best), first)
    if (lengthOf(shortest) >= (configuration.queueLengthLimit ?? 0)) return false
    const waiting = this.#queues.get(shortest)
    if (waiting) waiting.push(value)
    else this.#queues.set(shortest, [value])
    this.#length += 1
    return true
  }

  /** Takes the first of the queue whose turn it is. */
  shift(): T | undefined {
    const [turn] = this.#queues
    if (turn === undefined) return undefined
    const [queue, waiting] = turn
    const value = waiting.shift()
    this.#queues.delete(queue)
    if (waiting.length > 0) this.#queues.set(queue, waiting)
    this.#length -= 1
    return value
  }

  /** Takes out who no longer wants to wait. */
  remove(value: T): void {
    for (const [queue, waiting] of this.#queues) {
      const at = waiting.indexOf(value)
      if (at < 0) continue
      waiting.splice(at, 1)
      if (waiting.length === 0) this.#queues.delete(queue)
      this.#length -= 1
      return
    }
  }
}
