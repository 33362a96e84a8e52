/**
 * Between Node's HTTP objects and ours: reads a body within its limit, writes an answer whole or as it comes.
 */

import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import { ApiError } from '../api/api-error.ts'
import { limitedBody } from './limited-body.io.ts'
import { acceptClauses } from './requests/negotiate.ts'
import type { ApiRequest, ApiResponse, User } from './requests/request.ts'
import { errorResponse } from './requests/request.ts'

/** kube-apiserver's limit for a request's body */
const MAX_BODY_BYTES = 3 * 1024 * 1024
const MIN_COMPRESSED_BYTES = 128 * 1024

const compress = promisify(gzip)

/** @returns the request as the rest of the server sees it; its body is not read yet */
export function apiRequest(
  incoming: IncomingMessage,
  { user, signal }: { readonly user: User; readonly signal: AbortSignal },
): ApiRequest {
  const url = incoming.url ?? '/'
  const mark = url.indexOf('?')
  return {
    method: incoming.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    headers: singleHeaders(incoming),
    user,
    body: bodyReader(incoming),
    signal,
  }
}

function singleHeaders(incoming: IncomingMessage): ApiRequest['headers'] {
  const entries = Object.entries(incoming.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ])
  return Object.fromEntries(entries) as ApiRequest['headers']
}

/** Reads the body once; later calls give the same. */
function bodyReader(incoming: IncomingMessage): () => Promise<Uint8Array> {
  let reading: Promise<Uint8Array> | undefined
  return () => (reading ??= readBody(incoming))
}

async function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  const announced = Number(incoming.headers['content-length'] ?? 0)
  if (announced > MAX_BODY_BYTES) throw tooLarge()
  return await limitedBody(incoming, MAX_BODY_BYTES, tooLarge)
}

const tooLarge = (): ApiError =>
  new ApiError('RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY_BYTES}`)

/** Resolves when the answer is written, or the client is gone. */
export async function writeResponse(
  incoming: IncomingMessage,
  response: ServerResponse,
  answer: ApiResponse,
): Promise<void> {
  response.setHeader('Cache-Control', 'no-cache, private')
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value)
  if (answer.kind === 'stream') return await writeStream(response, answer.chunks)
  addWarnings(response, answer.warnings ?? [])
  // A body nobody read would be taken for the next request.
  if (hasBody(incoming) && !incoming.complete) response.setHeader('Connection', 'close')
  const body = Buffer.from(answer.body)
  const isCompressed = body.length >= MIN_COMPRESSED_BYTES && acceptsGzip(incoming)
  if (isCompressed) response.setHeader('Content-Encoding', 'gzip')
  const bytes = isCompressed ? await compress(body, { level: constants.Z_BEST_SPEED }) : body
  if (response.destroyed) return
  response.writeHead(answer.code, { 'Content-Length': bytes.length })
  response.end(bytes)
}

/** Says each text once, whoever says it. */
export function addWarnings(response: ServerResponse, texts: readonly string[]): void {
  if (texts.length === 0 || response.headersSent) return
  const before = [response.getHeader('Warning') ?? []].flat().map(String)
  const added = texts.map((text) => headerText(`299 - "${text.replace(/[\\"]/g, '\\$&')}"`))
  response.setHeader('Warning', [...new Set([...before, ...added])])
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** Headers carry one line of visible characters. */
const headerText = (text: string): string => text.replace(/[^\x20-\x7e]+/g, ' ')

function acceptsGzip(incoming: IncomingMessage): boolean {
  const header = String(incoming.headers['accept-encoding'] ?? '')
  return acceptClauses(header).some(({ type, quality }) => type === 'gzip' && quality > 0)
}

async function writeStream(
  response: ServerResponse,
  chunks: AsyncIterable<string | Uint8Array>,
): Promise<void> {
  response.writeHead(200)
  response.flushHeaders()
  for await (const chunk of chunks) {
    if (response.destroyed) return
    if (!response.write(chunk)) await drained(response)
  }
  response.end()
}

/** Resolves when the client took what was written, or went away. */
async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return
  const settled = new AbortController()
  const options = { signal: settled.signal }
  try {
    await Promise.race([once(response, 'drain', options), once(response, 'close', options)])
  } finally {
    settled.abort()
  }
}

/** Writes a Status; ends the connection when an answer had already begun. */
export async function writeError(
  incoming: IncomingMessage,
  response: ServerResponse,
  { error, asked }: { readonly error: ApiError; readonly asked: Pick<ApiRequest, 'query' | 'headers'> },
): Promise<void> {
  if (response.headersSent) {
    response.destroy()
    return
  }
  await writeResponse(incoming, response, errorResponse(error, asked))
}

/** A refused upgrade is answered by hand: Node gives no response object for it. */
export function endWithStatus(socket: Duplex, error: ApiError): void {
  if (socket.destroyed || !socket.writable) return
  const body = JSON.stringify(error.status)
  socket.end(
    [
      `HTTP/1.1 ${error.code} ${error.reason}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}
