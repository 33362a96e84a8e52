/**
 * Compresses and decompresses SPDY header blocks. One zlib context per direction lives as long as the connection:
 * blocks must go through in the order of their frames.
 */

import { constants, createDeflate, createInflate } from 'node:zlib'
import { SPDY_DICTIONARY } from './dictionary.ts'
import type { SpdyHeaders } from './frames.ts'
import { SpdyProtocolError, parseHeaders, printHeaders } from './frames.ts'

/** Blocks are a few hundred bytes; more is an attack. */
const MAX_BLOCK_BYTES = 64 * 1024

export class HeaderBlocks implements Disposable {
  readonly #deflate = createDeflate({ dictionary: SPDY_DICTIONARY })
  readonly #inflate = createInflate({ dictionary: SPDY_DICTIONARY, finishFlush: constants.Z_SYNC_FLUSH })
  #deflated: Buffer[] = []
  #inflated: Buffer[] = []

  constructor() {
    this.#deflate.on('data', (chunk: Buffer) => this.#deflated.push(chunk))
    this.#inflate.on('data', (chunk: Buffer) => this.#inflated.push(chunk))
    // Whoever waits for a block listens as well; with nobody waiting the event would end the process.
    this.#inflate.on('error', () => undefined)
  }

  /** @returns the compressed block */
  async compress(headers: SpdyHeaders): Promise<Uint8Array> {
    await new Promise<void>((resolve) => {
      this.#deflate.write(printHeaders(headers))
      this.#deflate.flush(constants.Z_SYNC_FLUSH, resolve)
    })
    return Buffer.concat(this.#deflated.splice(0))
  }

  /** Throws SpdyProtocolError. */
  async decompress(block: Uint8Array): Promise<SpdyHeaders> {
    if (block.length > MAX_BLOCK_BYTES) throw new SpdyProtocolError('header block too long')
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    // Of a block that is no zlib data, the write's callback is never called.
    const fail = (error: Error): void => reject(new SpdyProtocolError(error.message))
    this.#inflate.once('error', fail)
    this.#inflate.write(block, () => resolve())
    await promise
    this.#inflate.off('error', fail)
    const bytes = Buffer.concat(this.#inflated.splice(0))
    if (bytes.length > MAX_BLOCK_BYTES) throw new SpdyProtocolError('header block too long')
    return parseHeaders(bytes)
  }

  [Symbol.dispose](): void {
    this.#deflate.destroy()
    this.#inflate.destroy()
  }
}
