/** The ApiError that a server's answer stands for: a Status body, or whatever a proxy put in its place. Pure. */

import type { Reason } from '../api/api-error.ts'
import { ApiError, REASON_CODES } from '../api/api-error.ts'
import type { Status } from '../api/generated/meta-v1.ts'

/**
 * @param code the HTTP status
 * @param body the answer's text; if it is no Status, its beginning becomes the message
 */
export function statusError(code: number, body: string): ApiError {
  const status = parsedStatus(body)
  const reason = reasonOf(status?.reason, code)
  const text = body.slice(0, 2048).trim()
  const message = status?.message ?? (text === '' ? `the server answered with HTTP status ${code}` : text)
  return new ApiError(reason, message, status?.details ? { details: status.details } : {})
}

function parsedStatus(body: string): Status | undefined {
  try {
    const value = JSON.parse(body) as { readonly kind?: unknown } | null
    return value?.kind === 'Status' ? (value as Status) : undefined
  } catch {
    return undefined
  }
}

/** Reasons upstream has and we do not are told apart by their code alone. */
function reasonOf(reason: string | undefined, code: number): Reason {
  const entries = Object.entries(REASON_CODES) as [Reason, number][]
  const byName = entries.find(([name]) => name === reason)
  const byCode = entries.find(([, each]) => each === code)
  return byName?.[0] ?? byCode?.[0] ?? 'InternalError'
}
