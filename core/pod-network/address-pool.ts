/**
 * Pod addresses, each given to one pod at a time. No I/O.
 *
 * The next free one after the last given, as the host-local IPAM plugin does: an address rests as long as possible
 * before another pod gets it, so that late packets of the former do not reach the latter.
 */

import { parseIPv4, printIPv4 } from '../net/ip.ts'

export class AddressPool {
  readonly #first: number
  readonly #count: number
  readonly #taken = new Set<number>()
  #next = 0

  constructor({ first, count }: { readonly first: string; readonly count: number }) {
    this.#first = parseIPv4(first) ?? 0
    this.#count = count
  }

  /** @returns undefined when all are taken */
  allocate(): string | undefined {
    for (let step = 0; step < this.#count; step += 1) {
      const offset = (this.#next + step) % this.#count
      if (this.#taken.has(offset)) continue
      this.#taken.add(offset)
      this.#next = offset + 1
      return printIPv4(this.#first + offset)
    }
    return undefined
  }

  release(address: string): void {
    this.#taken.delete((parseIPv4(address) ?? 0) - this.#first)
  }
}
