import { describe, expect, it } from 'vitest'
import { AnswerCache, cacheKey } from './cache.ts'
import type { Message, ResourceRecord } from './message.ts'
import { NO_RECORDS, RCODE, TYPE } from './message.ts'

const name = ['www', 'example', 'org']
const key = cacheKey({ name, type: TYPE.A, class: 1, dnssecOk: false, checkingDisabled: false })

const a = (ttl: number): ResourceRecord => ({
  name,
  type: TYPE.A,
  class: 1,
  ttl,
  data: { kind: 'address', address: '192.0.2.1' },
})
const soa = (ttl: number): ResourceRecord => ({
  name,
  type: TYPE.SOA,
  class: 1,
  ttl,
  data: { kind: 'raw', bytes: Buffer.alloc(0) },
})
const reply = (more: Partial<Message>): Message => ({
  ...NO_RECORDS,
  id: 1,
  isResponse: true,
  opcode: 0,
  isAuthoritative: false,
  isTruncated: false,
  recursionDesired: true,
  recursionAvailable: true,
  authenticData: false,
  checkingDisabled: false,
  rcode: RCODE.NOERROR,
  questions: [{ name, type: TYPE.A, class: 1 }],
  ...more,
})

describe('how long an answer is kept', () => {
  it.each<[string, Partial<Message>, number | undefined]>([
    ['an address', { answers: [a(10)] }, 10],
    ['at least five seconds', { answers: [a(0)] }, 5],
    ['at most thirty', { answers: [a(3600)] }, 30],
    ['the shortest of all records', { answers: [a(20)], additional: [a(7)] }, 7],
    ['NXDOMAIN by the TTL of its SOA', { rcode: RCODE.NXDOMAIN, authority: [soa(15)] }, 15],
    ['NXDOMAIN without SOA: not', { rcode: RCODE.NXDOMAIN }, undefined],
    ['NODATA', { authority: [soa(15)] }, 15],
    ['NODATA without SOA: not', {}, undefined],
    ['SERVFAIL for five seconds', { rcode: RCODE.SERVFAIL }, 5],
    ['REFUSED: not', { rcode: RCODE.REFUSED }, undefined],
    ['what was cut: not', { isTruncated: true, answers: [a(10)] }, undefined],
  ])('%s', (_what, message, seconds) => {
    const cache = new AnswerCache()
    cache.put(key, reply(message), 0)
    if (seconds === undefined) return expect(cache.get(key, 0)).toBeUndefined()
    expect(cache.get(key, seconds * 1000 - 1)).toBeDefined()
    expect(cache.get(key, seconds * 1000)).toBeUndefined()
  })
})

describe('AnswerCache', () => {
  it('counts down all TTLs together and is authoritative', () => {
    const cache = new AnswerCache()
    const first = cache.put(key, reply({ answers: [a(60), a(20)] }), 0)
    expect(first.answers.map(({ ttl }) => ttl)).toEqual([20, 20])
    expect(first.isAuthoritative).toBe(false)
    const later = cache.get(key, 12_500)
    expect(later?.answers.map(({ ttl }) => ttl)).toEqual([8, 8])
    expect(later?.isAuthoritative).toBe(true)
  })

  it('has one answer per question, the latest', () => {
    const cache = new AnswerCache()
    cache.put(key, reply({ answers: [a(20)] }), 0)
    cache.put(key, reply({ rcode: RCODE.NXDOMAIN, authority: [soa(20)] }), 1)
    expect(cache.get(key, 2)?.rcode).toBe(RCODE.NXDOMAIN)
  })

  it('gives up the oldest when it is full', () => {
    const cache = new AnswerCache(2)
    for (const other of ['a', 'b', 'c']) cache.put(other, reply({ answers: [a(20)] }), 0)
    expect(['a', 'b', 'c'].map((one) => cache.get(one, 1) !== undefined)).toEqual([false, true, true])
  })

  it('does not tell letter case apart, but DO and CD', () => {
    const base = { name, type: TYPE.A, class: 1, dnssecOk: false, checkingDisabled: false }
    expect(cacheKey({ ...base, name: ['WWW', 'Example', 'ORG'] })).toBe(key)
    expect(cacheKey({ ...base, dnssecOk: true })).not.toBe(key)
    expect(cacheKey({ ...base, checkingDisabled: true })).not.toBe(key)
    expect(cacheKey({ ...base, type: TYPE.AAAA })).not.toBe(key)
  })
})
