/**
 * `timeout=30s` in a query: how long the client would have the server work. Requests here are answered long before, so
 * that it only has to be a duration. Pure.
 *
 * kubernetes/apiserver pkg/endpoints/filters/request_deadline.go.
 */

import { badRequest } from '../../api/api-error.ts'
import { durationFault } from '../../api/json-schema/go-duration.ts'

/** @throws ApiError BadRequest for a `timeout` that is none */
export function refuseTimeout(query: URLSearchParams): void {
  const text = query.get('timeout') ?? ''
  const fault = text === '' ? undefined : durationFault(text)
  if (fault !== undefined) throw badRequest(`invalid timeout specified in the request URL - ${fault}`)
}
