/**
 * What is answered where nothing is served, by path or by method. Pure.
 *
 * kubernetes/apiserver pkg/server/handler.go and the router under it: below the groups that come with Kubernetes a
 * Status is answered, elsewhere a line of text.
 */

import { ApiError, notFound } from '../../api/api-error.ts'
import { SCHEME } from '../../api/scheme.ts'
import type { ApiResponse } from './request.ts'
import { textResponse } from './request.ts'
import type { UnknownPart } from './route.ts'

/** 404 below a group of Kubernetes. */
function notServed(): ApiError {
  return new ApiError('NotFound', 'the server could not find the requested resource', { details: {} })
}

/** 404 in plain text. */
export const pageNotFound = (): ApiResponse => textResponse(404, '404 page not found\n')

const OWN_GROUPS: ReadonlySet<string> = new Set(SCHEME.map(({ group }) => group))

/** Whether a group comes with Kubernetes; else its resources are custom ones. */
export const isOwnGroup = (group: string): boolean => OWN_GROUPS.has(group)

/**
 * @param path below /api or /apis
 * @param object whose sub-resource is not served: of a custom one, itself is said not to be there
 * @returns the answer in plain text
 * @throws ApiError NotFound below a group of Kubernetes
 */
export function nothingAt(path: string, object?: UnknownPart): ApiResponse {
  const [root, group = ''] = path.split('/').slice(1)
  if (object && !isOwnGroup(object.resource.group)) throw notFound(object.resource, object.name)
  if (root === 'apis' && !isOwnGroup(group)) return pageNotFound()
  throw notServed()
}

/** 405: the path is served, but not by this method. */
export function methodNotAllowed(): ApiError {
  return new ApiError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {
    details: {},
  })
}

/** Whether a path can be read: each % begins two hexadecimal digits. */
export const isReadablePath = (path: string): boolean => !/%(?![0-9a-fA-F]{2})/.test(path)

/** 400, as Go's HTTP server says it to who sends what is no request. */
export const unreadablePath = (): ApiResponse => ({
  kind: 'whole',
  code: 400,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' },
  body: '400 Bad Request',
})
