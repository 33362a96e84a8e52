/** SPDY/3.1: the codec in any cut of the bytes, header compression, and streams over a transport in memory. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AsyncQueue } from '../async-queue.ts'
import type { ByteTransport, SpdyStream } from './connection.ts'
import { SpdyConnection } from './connection.ts'
import { SPDY_DICTIONARY } from './dictionary.ts'
import type { SpdyFrame } from './frames.ts'
import { SpdyFrameReader, parseHeaders, printFrame, printHeaders } from './frames.ts'
import { HeaderBlocks } from './header-blocks.ts'

const streamId = fc.integer({ min: 1, max: 0x7fffffff })
const bytes = fc.uint8Array({ maxLength: 300 })
type Printed = Exclude<SpdyFrame, { kind: 'other' }>
const frame: fc.Arbitrary<Printed> = fc.oneof(
  fc.record({ kind: fc.constant('data' as const), streamId, isFinal: fc.boolean(), bytes }),
  fc.record({ kind: fc.constant('syn-stream' as const), streamId, isFinal: fc.boolean(), block: bytes }),
  fc.record({
    kind: fc.constantFrom('syn-reply' as const, 'headers' as const),
    streamId,
    isFinal: fc.boolean(),
    block: bytes,
  }),
  fc.record({ kind: fc.constant('rst-stream' as const), streamId, status: fc.integer({ min: 0, max: 11 }) }),
  fc.record({ kind: fc.constant('ping' as const), id: fc.integer({ min: 0, max: 0xffffffff }) }),
  fc.record({ kind: fc.constant('goaway' as const), lastStreamId: streamId, status: fc.constant(0) }),
)

/** Plain arrays compare by value whatever kind of buffer they came in. */
const plain = (of: SpdyFrame): unknown =>
  JSON.parse(
    JSON.stringify(of, (_key, value: unknown) =>
      value instanceof Uint8Array ? [...value] : bufferJson(value),
    ),
  )
const bufferJson = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'data' in value && 'type' in value ? value.data : value

describe('frames', () => {
  it('come back however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), fc.integer({ min: 1, max: 40 }), (frames, size) => {
        const all = Buffer.concat(frames.map(printFrame))
        const reader = new SpdyFrameReader()
        const back: SpdyFrame[] = []
        for (let at = 0; at < all.length; at += size) back.push(...reader.push(all.subarray(at, at + size)))
        expect(back.map(plain)).toEqual(frames.map(plain))
      }),
    )
  })

  it('refuse another version and absurd lengths', () => {
    expect(() => new SpdyFrameReader().push(Buffer.from('8002000100000000', 'hex'))).toThrow(/version 2/)
    expect(() => new SpdyFrameReader().push(Buffer.from('0000000100ffffff', 'hex'))).toThrow(
      /frame of 16777215/,
    )
    expect(() => new SpdyFrameReader().push(Buffer.from('8003000100000002ffff', 'hex'))).toThrow(/too short/)
  })

  it('headers come back', () => {
    const headers = new Map([
      ['streamtype', 'data'],
      ['port', '80'],
    ])
    expect(parseHeaders(printHeaders(headers))).toEqual(headers)
    expect(() => parseHeaders(Buffer.from('00000001000000ff', 'hex'))).toThrow(/too short/)
  })
})

describe('header blocks', () => {
  it('know the dictionary by its length and its place in the zlib head', async () => {
    expect(SPDY_DICTIONARY).toHaveLength(1423)
    using blocks = new HeaderBlocks()
    const block = Buffer.from(await blocks.compress(new Map([['method', 'get']])))
    // The id of the SPDY/3 dictionary: what every other implementation expects behind CMF and FLG.
    expect(block.subarray(2, 6).toString('hex')).toBe('e3c6a7c2')
  })

  it('go on from one to the next', async () => {
    using sender = new HeaderBlocks()
    using receiver = new HeaderBlocks()
    for (const value of ['error', 'stdin', 'stdout']) {
      const headers = new Map([['streamtype', value]])
      expect(await receiver.decompress(await sender.compress(headers))).toEqual(headers)
    }
    await expect(receiver.decompress(Buffer.from('not zlib'))).rejects.toThrow(/SPDY/)
  })
})

/** The client's side of a connection in memory. */
class Client {
  readonly #toServer = new AsyncQueue<Uint8Array>()
  readonly #reader = new SpdyFrameReader()
  readonly #blocks = new HeaderBlocks()
  readonly received: SpdyFrame[] = []
  isEnded = false
  readonly transport: ByteTransport = {
    incoming: this.#toServer,
    write: async (chunk) => void this.received.push(...this.#reader.push(chunk)),
    end: () => {
      this.isEnded = true
      this.#toServer.end()
    },
  }

  send(of: Printed): void {
    this.#toServer.push(printFrame(of))
  }
  async open(id: number, headers: Record<string, string>): Promise<void> {
    const block = await this.#blocks.compress(new Map(Object.entries(headers)))
    this.send({ kind: 'syn-stream', streamId: id, isFinal: false, block })
  }
  hangUp(): void {
    this.#toServer.end()
  }
}

async function collected(stream: SpdyStream | undefined): Promise<string> {
  let text = ''
  for await (const chunk of stream?.incoming ?? []) text += Buffer.from(chunk).toString()
  return text
}

describe('connections', () => {
  it('give each stream its bytes, and answer', async () => {
    const client = new Client()
    const streams: SpdyStream[] = []
    const connection = new SpdyConnection(client.transport, (stream) => streams.push(stream) > 0)
    const running = connection.run()
    await client.open(1, { streamType: 'error' })
    await client.open(3, { streamType: 'data', port: '80' })
    client.send({ kind: 'data', streamId: 3, isFinal: false, bytes: Buffer.from('hel') })
    client.send({ kind: 'data', streamId: 3, isFinal: true, bytes: Buffer.from('lo') })
    client.send({ kind: 'ping', id: 7 })
    await expect.poll(() => streams.length).toBe(2)
    expect(streams.map(({ headers }) => headers.get('streamtype'))).toEqual(['error', 'data'])
    expect(await collected(streams[1])).toBe('hello')
    await streams[1]?.write(Buffer.alloc(40_000))
    await streams[1]?.end()
    await connection.close()
    await running
    const sizes = client.received.flatMap((one) =>
      one.kind === 'data' ? [[one.streamId, one.bytes.length]] : [],
    )
    expect(sizes).toEqual([
      [3, 16_384],
      [3, 16_384],
      [3, 7_232],
      [3, 0],
    ])
    expect(client.received.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['syn-reply', 'ping', 'goaway']),
    )
    expect(client.isEnded).toBe(true)
  })

  it('refuse what nobody wants, and fail the rest when the client hangs up', async () => {
    const client = new Client()
    const streams: SpdyStream[] = []
    const connection = new SpdyConnection(client.transport, (stream) => {
      if (stream.headers.get('streamtype') !== 'data') return false
      streams.push(stream)
      return true
    })
    const running = connection.run()
    await client.open(1, { streamType: 'other' })
    await client.open(3, { streamType: 'data' })
    await expect.poll(() => streams.length).toBe(1)
    client.hangUp()
    await running
    await expect(collected(streams[0])).rejects.toThrow(/closed/)
    expect(client.received).toContainEqual({ kind: 'rst-stream', streamId: 1, status: 3 })
  })
})
