/**
 * How many requests of each priority level may be under way: its share of all, and what it may lend and borrow. Pure.
 * kubernetes/apiserver pkg/util/flowcontrol/apf_controller.go; KEP-1040.
 */

import type { PriorityLevelConfiguration } from '../../api/generated/flowcontrol-v1.ts'

export interface Seats {
  /** its share of all seats, rounded up */
  readonly nominal: number
  /** of these, what others may use while it does not */
  readonly lendable: number
  /** with all that it may borrow; levels that are not limited may have more */
  readonly most: number
}

/** @returns seats by the level's name when there are `total` of them */
export function seatsOf(
  levels: Iterable<PriorityLevelConfiguration>,
  total: number,
): ReadonlyMap<string, Seats> {
  const all = [...levels]
  const sum = all.reduce((shares, level) => shares + (limitsOf(level).nominalConcurrencyShares ?? 0), 0)
  return new Map(all.map((level) => [level.metadata.name, seats(level, total, sum)]))
}

function seats(level: PriorityLevelConfiguration, total: number, sum: number): Seats {
  const { nominalConcurrencyShares = 0, lendablePercent = 0, borrowingLimitPercent } = limitsOf(level)
  const nominal = sum === 0 ? 0 : Math.ceil((total * nominalConcurrencyShares) / sum)
  const lendable = Math.round((nominal * lendablePercent) / 100)
  const borrowed =
    borrowingLimitPercent === undefined ? total : Math.round((nominal * borrowingLimitPercent) / 100)
  return { nominal, lendable, most: nominal + borrowed }
}

interface Limits {
  readonly nominalConcurrencyShares?: number | undefined
  readonly lendablePercent?: number | undefined
  readonly borrowingLimitPercent?: number | undefined
}

const limitsOf = ({ spec }: PriorityLevelConfiguration): Limits =>
  (spec.type === 'Exempt' ? spec.exempt : spec.limited) ?? {}
