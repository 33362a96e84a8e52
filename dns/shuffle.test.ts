import { expect, it } from 'vitest'
import type { ResourceRecord } from './message.ts'
import { TYPE } from './message.ts'
import { shuffled } from './shuffle.ts'

const record = (type: number, label: string): ResourceRecord => ({
  name: [label],
  type,
  class: 1,
  ttl: 5,
  data: { kind: 'raw', bytes: Buffer.alloc(0) },
})
const names = (records: readonly ResourceRecord[]): string => records.map(({ name }) => name[0]).join('')
const section = (answers: readonly ResourceRecord[]) => ({ answers, authority: [], additional: [] })

it('puts aliases first, in their order, then others, addresses, mail', () => {
  const answers = [
    record(TYPE.MX, 'm'),
    record(TYPE.A, 'a'),
    record(TYPE.CNAME, '1'),
    record(TYPE.SRV, 's'),
    record(TYPE.CNAME, '2'),
  ]
  expect(names(shuffled(section(answers), () => 0).answers)).toBe('12sam')
})

it('gives every order of three addresses the same chance', () => {
  const answers = ['a', 'b', 'c'].map((label) => record(TYPE.A, label))
  const counts = new Map<string, number>()
  // Every pair of first two draws once: the third has no choice.
  for (const first of [0, 1 / 3, 2 / 3]) {
    for (const second of [0, 0.5]) {
      const draws = [first, second, 0]
      const order = names(shuffled(section(answers), () => draws.shift() ?? 0).answers)
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
  }
  expect([...counts.values()]).toEqual([1, 1, 1, 1, 1, 1])
})
