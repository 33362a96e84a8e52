/** Bodies of requests for objects, read as the kind that is expected. */

import type { ResourceInfo } from '../../api/resource.ts'
import { apiVersionOf } from '../../api/resource.ts'
import { DELETE_OPTIONS } from './delete-options.ts'
import type { Body } from './request-body.ts'
import { decodeBody } from './request-body.ts'
import type { ApiRequest } from './request.ts'
import { isOwnGroup } from './unrouted.ts'

/** Rejects with ApiError for what cannot be read. */
export async function decodedBody(
  request: ApiRequest,
  expected: Pick<ResourceInfo, 'group' | 'version' | 'kind'>,
): Promise<Body> {
  const { group, kind } = expected
  const kinded = { apiVersion: apiVersionOf(expected), kind, isCustom: !isOwnGroup(group) }
  return decodeBody(request.headers['content-type'] ?? '', await request.body(), kinded)
}

/** DeleteOptions, or undefined without a body. Rejects as decodedBody */
export async function optionalBody(request: ApiRequest): Promise<unknown> {
  const bytes = await request.body()
  if (bytes.length === 0) return undefined
  const kinded = { apiVersion: apiVersionOf(DELETE_OPTIONS), kind: DELETE_OPTIONS.kind }
  return decodeBody(request.headers['content-type'] ?? '', bytes, kinded).value
}
