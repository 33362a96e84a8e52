/** A watch's lines, bookmarks and end, with a clock that stands still. */

import { DEFAULT_PRINTER } from '../columns/printers.ts'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../host/fake/fake-clock.ts'
import { pod } from '../../../test/support/builders.ts'
import { deepFreeze } from '../../api/deep-freeze.ts'
import { PODS } from '../../api/scheme.ts'
import type { RegistryEvent } from '../registry/registry.ts'
import { JsonTexts } from './representation.ts'
import { watchEncoder, watchStream } from './watch-stream.ts'

const view = {
  representation: { mediaType: 'application/json', shape: { kind: 'object' }, pretty: false },
  includeObject: 'Metadata',
  nowMs: 0,
  texts: new JsonTexts(),
  printer: DEFAULT_PRINTER,
} as const

function opened(options: { bookmarks: boolean; timeoutMs: number }) {
  const clock = new FakeClock()
  const client = new AbortController()
  let push: (event: RegistryEvent) => void = () => undefined
  let isStopped = false
  const stream = watchStream({
    encode: watchEncoder(PODS, view),
    open: (onEvent) => {
      push = onEvent
      return () => void (isStopped = true)
    },
    bookmark: options.bookmarks ? () => ({ type: 'BOOKMARK', resourceVersion: '42' }) : undefined,
    timeoutMs: options.timeoutMs,
    clock,
    signal: client.signal,
  })
  const lines: { type: string; object: { metadata: { resourceVersion?: string } } }[] = []
  const reading = (async () => {
    for await (const chunk of stream) {
      for (const line of Buffer.from(chunk).toString().trim().split('\n'))
        lines.push(JSON.parse(line) as (typeof lines)[number])
    }
  })()
  return {
    clock,
    client,
    lines,
    reading,
    push: (event: RegistryEvent) => push(event),
    stopped: () => isStopped,
  }
}

describe('watchEncoder', () => {
  it('gives watchers of the same event the same bytes', () => {
    const [one, two] = [watchEncoder(PODS, view), watchEncoder(PODS, view)]
    const object = deepFreeze(pod('ns1/a'))
    const line = one({ type: 'ADDED', object })
    expect(two({ type: 'ADDED', object })).toBe(line)
    expect(Buffer.from(two({ type: 'DELETED', object })).toString()).toMatch(
      /^{"type":"DELETED","object":{.*}}\n$/,
    )
    expect(one({ type: 'ADDED', object })).toEqual(line)
  })
})

describe('watchStream', () => {
  it('writes one line per event', async () => {
    const watch = opened({ bookmarks: false, timeoutMs: 60_000 })
    watch.push({ type: 'ADDED', object: pod('ns1/a') })
    watch.push({ type: 'DELETED', object: pod('ns1/a') })
    await expect.poll(() => watch.lines.map(({ type }) => type)).toEqual(['ADDED', 'DELETED'])
    watch.client.abort()
    await watch.reading
    expect(watch.stopped()).toBe(true)
    expect(watch.clock.sleeping).toBe(0)
  })

  it('sends a bookmark every minute, one just before the end, and ends', async () => {
    const watch = opened({ bookmarks: true, timeoutMs: 150_000 })
    await watch.clock.untilSleeping(1)
    for (const ms of [60_000, 60_000, 28_000]) await watch.clock.advance(ms)
    expect(watch.lines).toHaveLength(3)
    await watch.clock.advance(2_000)
    await watch.reading
    expect(watch.lines.map(({ type, object }) => `${type} ${object.metadata.resourceVersion}`)).toEqual([
      'BOOKMARK 42',
      'BOOKMARK 42',
      'BOOKMARK 42',
    ])
    expect(watch.stopped()).toBe(true)
  })

  it('sends none to who wants none', async () => {
    const watch = opened({ bookmarks: false, timeoutMs: 70_000 })
    await watch.clock.untilSleeping(1)
    for (const ms of [60_000, 8_000, 2_000]) await watch.clock.advance(ms)
    await watch.reading
    expect(watch.lines).toEqual([])
  })

  it('ends at once when the client was gone before it began', async () => {
    const client = new AbortController()
    client.abort()
    let isStopped = false
    const stream = watchStream({
      encode: watchEncoder(PODS, view),
      open: () => () => void (isStopped = true),
      timeoutMs: 1000,
      clock: new FakeClock(),
      signal: client.signal,
    })
    for await (const _chunk of stream) throw new Error('nothing was pushed')
    expect(isStopped).toBe(true)
  })
})
