/**
 * Whether a user may do what they ask. Pure.
 *
 * Until RBAC is served: members of system:masters may do everything, other users read discovery, and whoever is not
 * authenticated reads health and version, as upstream's system:discovery and system:public-info-viewer allow.
 */

import { ApiError } from '../api/api-error.ts'
import type { User } from './request.ts'
import type { RequestVerb, Route } from './route.ts'

const PUBLIC_PATHS = /^\/(healthz|livez|readyz|version)(\/.*)?$/
const DISCOVERY_PATHS = /^\/(api|apis|openapi)(\/.*)?$/

/** @throws ApiError Unauthorized or Forbidden */
export function authorize(user: User, route: Route, request: { method: string; verb?: RequestVerb }): void {
  if (user.groups.includes('system:masters')) return
  if (route.kind === 'path' && PUBLIC_PATHS.test(route.path)) return
  if (user.groups.includes('system:unauthenticated')) throw new ApiError('Unauthorized', 'Unauthorized')
  if (route.kind === 'path' && DISCOVERY_PATHS.test(route.path) && request.method === 'GET') return
  throw forbiddenTo(user, route, request)
}

function forbiddenTo(user: User, route: Route, request: { method: string; verb?: RequestVerb }): ApiError {
  if (route.kind !== 'resource') {
    const path = route.kind === 'path' ? route.path : '/'
    const message = `forbidden: User "${user.name}" cannot ${request.method.toLowerCase()} path "${path}"`
    return new ApiError('Forbidden', message, { details: {} })
  }
  const { resource, name, namespace } = route
  const qualified = resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`
  const subject = name === undefined ? qualified : `${qualified} "${name}"`
  const what = route.subresource ? `${resource.resource}/${route.subresource.name}` : resource.resource
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const verb = request.verb ?? request.method.toLowerCase()
  return new ApiError(
    'Forbidden',
    `${subject} is forbidden: User "${user.name}" cannot ${verb} resource "${what}" in API group "${resource.group}" ${where}`,
    {
      details: {
        ...(name === undefined ? {} : { name }),
        ...(resource.group === '' ? {} : { group: resource.group }),
        kind: resource.resource,
      },
    },
  )
}
