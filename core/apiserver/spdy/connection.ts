/**
 * The server's side of a SPDY/3.1 connection: streams opened by the client, each a two-way byte stream, over any
 * transport of bytes (a socket, or binary WebSocket messages). No I/O of its own.
 *
 * Windows are not kept: kubectl's library ignores them (moby/spdystream). A stream whose reader is slow holds up the
 * whole connection instead, as it does there.
 */

import { AsyncQueue } from '../async-queue.ts'
import type { SpdyFrame, SpdyHeaders } from './frames.ts'
import { RST_CANCEL, RST_REFUSED_STREAM, SpdyFrameReader, printFrame } from './frames.ts'
import { HeaderBlocks } from './header-blocks.ts'

/** Bytes both ways, in order. */
export interface ByteTransport {
  readonly incoming: AsyncIterable<Uint8Array>
  /** resolves when there is room for more */
  write(bytes: Uint8Array): Promise<void>
  /** no more will be written */
  end(): void
}

export interface SpdyStream {
  readonly headers: SpdyHeaders
  /** ends with the client's half; fails when the stream or the connection is torn down */
  readonly incoming: AsyncIterable<Uint8Array>
  write(bytes: Uint8Array): Promise<void>
  /** half-close */
  end(): Promise<void>
  reset(): Promise<void>
}

/** Go's library cannot take larger frames than it sends without more copying. */
const MAX_DATA_BYTES = 16 * 1024
const MAX_PENDING_BYTES = 4 * 1024 * 1024
const MAX_STREAMS = 1000

interface OpenStream {
  readonly incoming: AsyncQueue<Uint8Array>
  isClientDone: boolean
  isServerDone: boolean
  /** wakes the connection when the reader has caught up */
  drained: (() => void) | undefined
}

export class SpdyConnection {
  readonly #transport: ByteTransport
  readonly #onStream: (stream: SpdyStream) => boolean
  readonly #blocks = new HeaderBlocks()
  readonly #streams = new Map<number, OpenStream>()
  /** Frames go out one after another: header blocks must be sent in the order they were compressed. */
  #sending: Promise<void> = Promise.resolve()
  #lastStreamId = 0

  /** @param onStream called for each stream the client opens; false refuses it */
  constructor(transport: ByteTransport, onStream: (stream: SpdyStream) => boolean) {
    this.#transport = transport
    this.#onStream = onStream
  }

  /** Serves the connection until the client ends it. Rejects with SpdyProtocolError or the transport's failure. */
  async run(): Promise<void> {
    const reader = new SpdyFrameReader()
    let failure: unknown = new Error('the connection was closed')
    try {
      for await (const bytes of this.#transport.incoming) {
        // oxlint-disable-next-line no-await-in-loop -- frames are handled in order
        for (const frame of reader.push(bytes)) await this.#receive(frame)
      }
    } catch (error) {
      failure = error
      throw error
    } finally {
      for (const stream of this.#streams.values()) stream.incoming.end(failure)
      this.#streams.clear()
      this.#blocks[Symbol.dispose]()
    }
  }

  /** Says goodbye and ends the transport once all that was written is out. */
  async close(): Promise<void> {
    for (const stream of this.#streams.values()) wake(stream)
    await this.#send(() => printFrame({ kind: 'goaway', lastStreamId: this.#lastStreamId, status: 0 }))
    this.#transport.end()
  }

  async #receive(frame: SpdyFrame): Promise<void> {
    switch (frame.kind) {
      case 'syn-stream':
        return await this.#open(frame.streamId, await this.#blocks.decompress(frame.block), frame.isFinal)
      case 'syn-reply':
      case 'headers':
        // Nothing in them matters here, but the context of the next block does.
        await this.#blocks.decompress(frame.block)
        return
      case 'data':
        return await this.#data(frame.streamId, frame.bytes, frame.isFinal)
      case 'rst-stream':
        this.#streams.get(frame.streamId)?.incoming.end(new Error('the stream was reset'))
        this.#streams.delete(frame.streamId)
        return
      case 'ping':
        // Odd ones are the client's; an even one would be the answer to ours.
        if (frame.id % 2 === 1) await this.#send(() => printFrame(frame))
        return
      case 'goaway':
      case 'other':
        return
    }
  }

  async #open(streamId: number, headers: SpdyHeaders, isFinal: boolean): Promise<void> {
    this.#lastStreamId = streamId
    const incoming = new AsyncQueue<Uint8Array>((bytes) => bytes.length)
    const stream: OpenStream = { incoming, isClientDone: isFinal, isServerDone: false, drained: undefined }
    if (isFinal) incoming.end()
    this.#streams.set(streamId, stream)
    const isAccepted =
      this.#streams.size <= MAX_STREAMS && this.#onStream(this.#handle(streamId, stream, headers))
    if (!isAccepted) {
      this.#streams.delete(streamId)
      await this.#send(() => printFrame({ kind: 'rst-stream', streamId, status: RST_REFUSED_STREAM }))
      return
    }
    await this.#send(async () => {
      const block = await this.#blocks.compress(new Map())
      return printFrame({ kind: 'syn-reply', streamId, isFinal: false, block })
    })
  }

  #handle(streamId: number, stream: OpenStream, headers: SpdyHeaders): SpdyStream {
    return {
      headers,
      incoming: read(stream),
      write: async (bytes) => {
        for (let at = 0; at < bytes.length; at += MAX_DATA_BYTES) {
          if (stream.isServerDone) return
          const part = bytes.subarray(at, at + MAX_DATA_BYTES)
          // oxlint-disable-next-line no-await-in-loop -- parts go out in order
          await this.#send(() => printFrame({ kind: 'data', streamId, isFinal: false, bytes: part }))
        }
      },
      end: async () => {
        if (stream.isServerDone) return
        stream.isServerDone = true
        const bytes = new Uint8Array()
        await this.#send(() => printFrame({ kind: 'data', streamId, isFinal: true, bytes }))
        this.#forgetIfDone(streamId, stream)
      },
      reset: async () => {
        stream.isServerDone = true
        stream.incoming.end()
        wake(stream)
        if (!this.#streams.delete(streamId)) return
        await this.#send(() => printFrame({ kind: 'rst-stream', streamId, status: RST_CANCEL }))
      },
    }
  }

  async #data(streamId: number, bytes: Uint8Array, isFinal: boolean): Promise<void> {
    const stream = this.#streams.get(streamId)
    if (stream === undefined) return
    if (bytes.length > 0) stream.incoming.push(bytes)
    if (isFinal) {
      stream.isClientDone = true
      stream.incoming.end()
      this.#forgetIfDone(streamId, stream)
    } else if (stream.incoming.weight > MAX_PENDING_BYTES) {
      await new Promise<void>((resolve) => {
        stream.drained = resolve
      })
    }
  }

  #forgetIfDone(streamId: number, stream: OpenStream): void {
    if (stream.isClientDone && stream.isServerDone) this.#streams.delete(streamId)
  }

  #send(frame: () => Uint8Array | Promise<Uint8Array>): Promise<void> {
    const sent = this.#sending.then(async () => await this.#transport.write(await frame()))
    // Each sender sees its own failure; the next one must not see it too.
    this.#sending = sent.catch(() => undefined)
    return sent
  }
}

function wake(stream: OpenStream): void {
  stream.drained?.()
  stream.drained = undefined
}

async function* read(stream: OpenStream): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunks = await stream.incoming.takeAll()
    wake(stream)
    if (chunks === undefined) return
    yield* chunks
  }
}
