/**
 * What evaluating the rules of one value may cost: every item of a list or key of a map that an expression looks at
 * counts. Upstream estimates the cost before and counts it after (kubernetes/apiserver pkg/cel, RuntimeCELCostBudget).
 */

/** About a second's work. */
const ITEMS = 1_000_000

/** Thrown in the middle of an evaluation; no other rule is evaluated after it. */
export class BudgetExceeded extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run')
  }
}

export class Budget {
  #left: number

  constructor(items = ITEMS) {
    this.#left = items
  }

  /** What may still be spent; negative once too much was. */
  get left(): number {
    return this.#left
  }

  get isSpent(): boolean {
    return this.#left < 0
  }

  /** @throws BudgetExceeded */
  spend(items: number): void {
    this.#left -= items
    if (this.#left < 0) throw new BudgetExceeded()
  }

  /** @returns the list or map, counted when it is read */
  counted<T extends object>(value: T): T {
    const isList = Array.isArray(value)
    return new Proxy(value, {
      get: (target, key) => {
        if (isList && typeof key === 'string' && key !== 'length') this.spend(1)
        return Reflect.get(target, key) as unknown
      },
      ownKeys: (target) => {
        const keys = Reflect.ownKeys(target)
        this.spend(keys.length)
        return keys
      },
    })
  }
}
