/**
 * The order of records in a reply: aliases first, then the rest, then the addresses in random order. Pure; the draw is
 * passed in.
 *
 * coredns/coredns plugin/loadbalance (round_robin, which is a uniform shuffle and no rotation).
 */

import type { ResourceRecord, Sections } from './message.ts'
import { TYPE } from './message.ts'

/** @param draw in [0, 1) */
export function shuffled(sections: Sections, draw: () => number): Sections {
  return {
    answers: shuffledSection(sections.answers, draw),
    authority: shuffledSection(sections.authority, draw),
    additional: shuffledSection(sections.additional, draw),
  }
}

function shuffledSection(records: readonly ResourceRecord[], draw: () => number): readonly ResourceRecord[] {
  if (records.length < 2) return records
  const ofKind = (wanted: Rank): readonly ResourceRecord[] =>
    records.filter(({ type }) => rank(type) === wanted)
  return [
    ...ofKind('alias'),
    ...ofKind('other'),
    ...permuted(ofKind('address'), draw),
    ...permuted(ofKind('mail'), draw),
  ]
}

type Rank = 'alias' | 'other' | 'address' | 'mail'

function rank(type: number): Rank {
  if (type === TYPE.CNAME) return 'alias'
  if (type === TYPE.MX) return 'mail'
  return type === TYPE.A || type === TYPE.AAAA ? 'address' : 'other'
}

/** Fisher and Yates. */
function permuted<T>(values: readonly T[], draw: () => number): readonly T[] {
  const left = [...values]
  return values.flatMap(() => left.splice(Math.floor(draw() * left.length), 1))
}
