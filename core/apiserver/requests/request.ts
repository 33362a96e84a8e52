/**
 * A request and an answer as the API server's own code sees them, free of sockets: ../http.io.ts turns Node's into
 * these and back. Types only.
 */

import type { ApiError } from '../../api/api-error.ts'
import { documentText } from './document-text.ts'
import { errorForm } from './negotiate.ts'

/** Who asks. */
export interface User {
  readonly name: string
  readonly groups: readonly string[]
  readonly uid?: string | undefined
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined
}

export const ANONYMOUS: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

export interface ApiRequest {
  readonly method: string
  /** without the query, segments still percent-encoded */
  readonly path: string
  readonly query: URLSearchParams
  /** by lower-case name */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly user: User
  /** the whole body; rejects with ApiError RequestEntityTooLarge */
  readonly body: () => Promise<Uint8Array>
  /** aborted when the client went away or the server stops */
  readonly signal: AbortSignal
}

export type Headers = Readonly<Record<string, string>>

export type ApiResponse =
  | {
      readonly kind: 'whole'
      readonly code: number
      readonly headers: Headers
      readonly body: string | Uint8Array
      readonly warnings?: readonly string[]
    }
  /** written chunk by chunk as they come; whatever `chunks` holds is released when the client goes away */
  | {
      readonly kind: 'stream'
      readonly headers: Headers
      readonly chunks: AsyncIterable<string | Uint8Array>
    }

/** Answers without a body of ours (304). */
export const emptyResponse = (code: number, headers: Headers = {}): ApiResponse => ({
  kind: 'whole',
  code,
  headers,
  body: '',
})

/** @returns the plain-text answer to paths outside the API */
export const textResponse = (code: number, body: string): ApiResponse => ({
  kind: 'whole',
  code,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' },
  body,
})

/** @returns a JSON document */
export const jsonResponse = (code: number, document: unknown, headers: Headers = {}): ApiResponse => ({
  kind: 'whole',
  code,
  headers: { 'Content-Type': 'application/json', ...headers },
  body: `${JSON.stringify(document)}\n`,
})

/** @returns the Status that an ApiError stands for, as the client asked for */
export function errorResponse(
  error: ApiError,
  { query, headers }: Pick<ApiRequest, 'query' | 'headers'>,
): ApiResponse {
  const seconds = error.status.details?.retryAfterSeconds
  const retryAfter: Headers = seconds === undefined ? {} : { 'Retry-After': String(seconds) }
  const form = errorForm(headers['accept'] ?? '', {
    pretty: query.get('pretty'),
    userAgent: headers['user-agent'] ?? '',
  })
  return {
    kind: 'whole',
    code: error.code,
    headers: { 'Content-Type': form.mediaType, ...retryAfter },
    body: documentText(error.status, form),
  }
}
