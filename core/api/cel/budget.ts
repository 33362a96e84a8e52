/** What evaluations may cost, and what is left of it. The costs are those of ./metering.ts. */

/** Thrown in the middle of an evaluation; no other is begun after it. */
export class BudgetExceeded extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run')
  }
}

export class Budget {
  #left: number

  constructor(limit: number) {
    this.#left = limit
  }

  /** What may still be spent; negative once too much was. */
  get left(): number {
    return this.#left
  }

  get isSpent(): boolean {
    return this.#left < 0
  }

  /** @throws BudgetExceeded */
  spend(cost: number): void {
    this.#left -= cost
    if (this.#left < 0) throw new BudgetExceeded()
  }
}
