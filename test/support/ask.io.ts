/** One raw HTTPS request to a test API server and its whole answer: for tests of what is on the wire. */

import { request } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { trusting } from '../../core/net/trust.ts'
import type { KeyPair } from '../../core/apiserver/pki/credentials.ts'
import type { Pki } from '../../core/apiserver/pki/pki.io.ts'

/** Where it listens on loopback, and who asks. */
export interface Asked {
  readonly server: { readonly port: number }
  readonly pki: Pick<Pki, 'admin' | 'caCertificate'>
}

export interface Answer {
  readonly code: number
  readonly headers: IncomingMessage['headers']
  readonly bytes: Buffer
  readonly text: string
  readonly json: () => { readonly [name: string]: unknown }
}

export interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** default: the administrator */
  readonly as?: KeyPair | 'nobody'
  /** send the body in chunks, without saying how long it is */
  readonly chunked?: boolean
}

/** Rejects when the connection breaks before the answer is whole. */
export async function ask(api: Asked, path: string, how: Ask = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body, as: pair = api.pki.admin } = how
  return await new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: api.server.port,
        path,
        method,
        headers: { ...headers, ...framing(how) },
        ...trusting(api.pki.caCertificate),
        agent: false,
        ...(pair === 'nobody' ? {} : { cert: pair.certificate, key: pair.key }),
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.once('error', reject)
        response.on('end', () => resolve(answerOf(response, Buffer.concat(chunks))))
      },
    )
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

/** Node frames no body of its own accord where a method usually has none. */
function framing({ body, chunked }: Ask): Readonly<Record<string, string>> {
  if (chunked) return { 'Transfer-Encoding': 'chunked' }
  return body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
}

function answerOf(response: IncomingMessage, bytes: Buffer): Answer {
  const text = bytes.toString()
  return {
    code: response.statusCode ?? 0,
    headers: response.headers,
    bytes,
    text,
    json: () => JSON.parse(text) as { [name: string]: unknown },
  }
}
