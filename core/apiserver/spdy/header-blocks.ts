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
    // The write that failed hears of it by its callback; without a listener the event would end the process.
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
    await new Promise<void>((resolve, reject) => {
      this.#inflate.write(block, (error) => {
        if (error) reject(new SpdyProtocolError(error.message))
        else resolve()
      })
    })
    const bytes = Buffer.concat(this.#inflated.splice(0))
    if (bytes.length > MAX_BLOCK_BYTES) throw new SpdyProtocolError('header block too long')
    return parseHeaders(bytes)
  }

  [Symbol.dispose](): void {
    this.#deflate.destroy()
    this.#inflate.destroy()
  }
}
