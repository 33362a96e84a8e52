/**
 * Values pushed by one side and awaited by the other, in order. Pure (no clock, no I/O).
 *
 * One reader at a time. The total weight of what waits is known, so that the pushing side can give up on a reader
 * that does not keep up.
 */

export class AsyncQueue<T> implements AsyncIterable<T> {
  readonly #waiting: T[] = []
  readonly #weigh: (value: T) => number
  #weight = 0
  #isEnded = false
  #error: unknown
  #wake: (() => void) | undefined

  /** @param weigh what a value counts towards `weight`; default 1 */
  constructor(weigh: (value: T) => number = () => 1) {
    this.#weigh = weigh
  }

  /** Of the values nobody has read yet. */
  get weight(): number {
    return this.#weight
  }

  /** Adds a value; dropped after the end. */
  push(value: T): void {
    if (this.#isEnded) return
    this.#waiting.push(value)
    this.#weight += this.#weigh(value)
    this.#wakeReader()
  }

  /** No value will follow; the reader finishes after those that wait, or fails with `error`. */
  end(error?: unknown): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#error = error
    this.#wakeReader()
  }

  #wakeReader(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  /** @returns all values that wait, at least one; undefined after the end */
  async takeAll(): Promise<readonly T[] | undefined> {
    while (this.#waiting.length === 0) {
      if (this.#isEnded) {
        if (this.#error !== undefined) throw this.#error
        return undefined
      }
      // oxlint-disable-next-line no-await-in-loop -- each turn waits for the next push
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#weight = 0
    return this.#waiting.splice(0)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (;;) {
      const values = await this.takeAll()
      if (values === undefined) return
      yield* values
    }
  }
}
