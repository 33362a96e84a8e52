/**
 * Numbers of a range and who has them: by a stored object, or by a write under way. Pure but for its own state.
 *
 * A write holds what it wants while it is under way, whatever becomes of it; what is stored is known from the
 * store. So a number is free again exactly when neither has it, and nothing has to be undone.
 */

import { Allocator } from '../../net/allocator.ts'

export interface OwnedNumbersOptions {
  readonly size: number
  /** where the dynamic band begins */
  readonly offset: number
  /** in [0, 1) */
  readonly draw: () => number
}

interface Hold {
  readonly owner: string
  readonly count: number
}

export class OwnedNumbers {
  readonly #allocator: Allocator
  readonly #stored = new Map<number, string>()
  readonly #held = new Map<number, Hold>()

  constructor(options: OwnedNumbersOptions) {
    this.#allocator = new Allocator(options)
  }

  /** Holds this very number. @returns whether it was free, or the owner's already */
  hold(number: number, owner: string): boolean {
    const holder = this.#stored.get(number) ?? this.#held.get(number)?.owner
    if (holder === undefined ? !this.#allocator.reserve(number) : holder !== owner) return false
    this.#count(number, owner, 1)
    return true
  }

  /** Holds a drawn number. @returns undefined when all are taken */
  holdDrawn(owner: string): number | undefined {
    const number = this.#allocator.allocate()
    if (number !== undefined) this.#count(number, owner, 1)
    return number
  }

  /** Ends one hold. */
  unhold(number: number): void {
    const held = this.#held.get(number)
    if (held === undefined) return
    this.#count(number, held.owner, -1)
    this.#releaseIfFree(number)
  }

  /** A stored object has the number. */
  store(number: number, owner: string): void {
    this.#allocator.reserve(number)
    this.#stored.set(number, owner)
  }

  /** A stored object has the number no more. */
  unstore(number: number, owner: string): void {
    if (this.#stored.get(number) !== owner) return
    this.#stored.delete(number)
    this.#releaseIfFree(number)
  }

  #count(number: number, owner: string, by: 1 | -1): void {
    const count = (this.#held.get(number)?.count ?? 0) + by
    if (count > 0) this.#held.set(number, { owner, count })
    else this.#held.delete(number)
  }

  #releaseIfFree(number: number): void {
    if (!this.#held.has(number) && !this.#stored.has(number)) this.#allocator.release(number)
  }
}
