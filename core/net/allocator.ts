/**
 * Numbers from a range, each given to one owner at a time: the offsets of Service addresses, pod addresses and node
 * ports. No I/O; the draw is passed in.
 *
 * Static and dynamic bands as KEP-3070 (addresses) and KEP-3668 (node ports) have them: drawn numbers come from
 * above `offset` while there are any, so that the lower band stays free for those asked for by name.
 */

export interface AllocatorOptions {
  /** numbers are 0 to size-1 */
  readonly size: number
  /** where the dynamic band begins; 0: no bands */
  readonly offset: number
  /** in [0, 1) */
  readonly draw: () => number
}

export class Allocator {
  readonly #options: AllocatorOptions
  readonly #taken = new Set<number>()

  constructor(options: AllocatorOptions) {
    this.#options = options
  }

  get free(): number {
    return this.#options.size - this.#taken.size
  }

  has(number: number): boolean {
    return this.#taken.has(number)
  }

  /** Takes this very number. @returns whether it was free */
  reserve(number: number): boolean {
    if (number < 0 || number >= this.#options.size || this.#taken.has(number)) return false
    this.#taken.add(number)
    return true
  }

  /** Takes a drawn one, from the dynamic band first. @returns undefined when all are taken */
  allocate(): number | undefined {
    const { size, offset } = this.#options
    const found = this.#freeIn(offset, size) ?? this.#freeIn(0, offset)
    if (found !== undefined) this.#taken.add(found)
    return found
  }

  release(number: number): void {
    this.#taken.delete(number)
  }

  /** The first free number at or after a random place, round the band. */
  #freeIn(first: number, end: number): number | undefined {
    const length = end - first
    if (length <= 0) return undefined
    const start = Math.floor(this.#options.draw() * length)
    for (let step = 0; step < length; step += 1) {
      const number = first + ((start + step) % length)
      if (!this.#taken.has(number)) return number
    }
    return undefined
  }
}

/** Where the dynamic band of `size` Service addresses begins: min(max(16, size/16), 256); 0 below 16 addresses. */
export function addressBandOffset(size: number): number {
  return size < 16 ? 0 : Math.min(Math.max(16, Math.floor(size / 16)), 256)
}

/** Where the dynamic band of `size` node ports begins: min(max(16, size/32), 128); 0 below 16 ports. */
export function portBandOffset(size: number): number {
  return size < 16 ? 0 : Math.min(Math.max(16, Math.floor(size / 32)), 128)
}
