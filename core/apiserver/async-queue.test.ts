/** Pushed values reach the reader in order, in whatever rhythm. */

import { describe, expect, it } from 'vitest'
import { AsyncQueue } from './async-queue.ts'

describe('AsyncQueue', () => {
  it('hands over what was pushed before and while reading', async () => {
    const queue = new AsyncQueue<number>()
    queue.push(1)
    queue.push(2)
    const seen: number[] = []
    const reading = (async () => {
      for await (const value of queue) seen.push(value)
    })()
    await Promise.resolve()
    queue.push(3)
    queue.end()
    queue.push(4)
    await reading
    expect(seen).toEqual([1, 2, 3])
  })

  it('weighs what waits', async () => {
    const queue = new AsyncQueue<string>((text) => text.length)
    queue.push('abc')
    queue.push('de')
    expect(queue.weight).toBe(5)
    expect(await queue.takeAll()).toEqual(['abc', 'de'])
    expect(queue.weight).toBe(0)
  })

  it('fails after the values that were there', async () => {
    const queue = new AsyncQueue<number>()
    queue.push(1)
    queue.end(new Error('lost'))
    expect(await queue.takeAll()).toEqual([1])
    await expect(queue.takeAll()).rejects.toThrow('lost')
  })
})
