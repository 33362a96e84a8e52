/**
 * What the API answers when it does not do what was asked: a Kubernetes `Status`, thrown as an ApiError.
 * Reasons, codes and texts are kube-apiserver's (kubernetes/apimachinery pkg/api/errors/errors.go). Pure.
 */

import type { FieldError } from './field-error.ts'
import { FIELD_ERROR_TYPES, fieldErrorBody, fieldErrorMessage } from './field-error.ts'
import type { Status, StatusDetails } from './generated/meta-v1.ts'
import type { ResourceInfo } from './resource.ts'
import { groupResource } from './resource.ts'

export const REASON_CODES = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  /** what the storage backend says: without a reason on the wire */
  Unknown: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const
export type Reason = keyof typeof REASON_CODES

/** A failed request. `status` is the body that goes over the wire. */
export class ApiError extends Error {
  readonly reason: Reason
  readonly code: number
  readonly status: Status & { readonly apiVersion: 'v1'; readonly kind: 'Status' }

  /** @param options.said code and reason of somebody else, which go over the wire in place of the usual ones */
  constructor(
    reason: Reason,
    message: string,
    options: {
      details?: StatusDetails
      cause?: unknown
      said?: { readonly code: number; readonly reason?: string | undefined }
    } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'ApiError'
    this.reason = reason
    const { said } = options
    this.code = said?.code ?? REASON_CODES[reason]
    const shown = said === undefined ? (reason === 'Unknown' ? undefined : reason) : said.reason
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(shown ? { reason: shown } : {}),
      ...(options.details ? { details: options.details } : {}),
      code: this.code,
    }
  }
}

type Named = Pick<ResourceInfo, 'group' | 'resource'>

const detailsOf = (resource: Named, name: string): StatusDetails => ({
  ...(name ? { name } : {}),
  ...(resource.group ? { group: resource.group } : {}),
  kind: resource.resource,
})

/** 404 `pods "x" not found` */
export function notFound(resource: Named, name: string): ApiError {
  return new ApiError('NotFound', `${groupResource(resource)} "${name}" not found`, {
    details: detailsOf(resource, name),
  })
}

/** 409 `services "x" already exists` */
export function alreadyExists(resource: Named, name: string): ApiError {
  return new ApiError('AlreadyExists', `${groupResource(resource)} "${name}" already exists`, {
    details: detailsOf(resource, name),
  })
}

export const MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again'

/** 409 `Operation cannot be fulfilled on deployments.apps "x": the object has been modified; ...` */
export function conflict(resource: Named, name: string, detail: string = MODIFIED): ApiError {
  const message = `Operation cannot be fulfilled on ${groupResource(resource)} "${name}": ${detail}`
  return new ApiError('Conflict', message, { details: detailsOf(resource, name) })
}

/** 403 `services "x" is forbidden: ...` */
export function forbidden(resource: Named, name: string, detail: string): ApiError {
  const subject = name ? `${groupResource(resource)} "${name}"` : groupResource(resource)
  return new ApiError('Forbidden', `${subject} is forbidden: ${detail}`, {
    details: detailsOf(resource, name),
  })
}

/** 422 `Service "x" is invalid: spec.ports: Required value`, one cause per error. */
export function invalid(
  kind: Pick<ResourceInfo, 'group' | 'kind'>,
  name: string,
  errors: readonly FieldError[],
): ApiError {
  // Said once, however often it was found.
  const messages = [...new Set(errors.map(fieldErrorMessage))]
  const list = messages.length === 1 ? messages[0] : `[${messages.join(', ')}]`
  const qualified = kind.group ? `${kind.kind}.${kind.group}` : kind.kind
  return new ApiError('Invalid', `${qualified} "${name}" is invalid: ${list}`, {
    details: {
      ...(name ? { name } : {}),
      ...(kind.group ? { group: kind.group } : {}),
      ...(kind.kind ? { kind: kind.kind } : {}),
      causes: errors.map((error) => ({
        reason: FIELD_ERROR_TYPES[error.type].reason,
        message: fieldErrorBody(error),
        field: error.field,
      })),
    },
  })
}

/** 400 with the given text. */
export function badRequest(message: string): ApiError {
  return new ApiError('BadRequest', message)
}

/** @returns whether `error` is an ApiError of that reason */
export function isApiError(error: unknown, reason?: Reason): error is ApiError {
  return error instanceof ApiError && (reason === undefined || error.reason === reason)
}

/** 500: what the server, or what it depends on, could not do. */
export function internalError(message: string, cause?: unknown): ApiError {
  return new ApiError('InternalError', `Internal error occurred: ${message}`, {
    details: { causes: [{ message }] },
    cause,
  })
}
