/** Which requests are streams to and from pods rather than requests for objects. Pure. */

import type { ResourceRoute, Route } from '../requests/route.ts'

export const SESSION_SUBRESOURCES = ['log', 'exec', 'attach', 'portforward', 'proxy'] as const
export type SessionSubresource = (typeof SESSION_SUBRESOURCES)[number]

export type SessionRoute = ResourceRoute & { readonly name: string }

/** Whether the route is one of a named object's stream sub-resources. */
export function isSessionRoute(route: Route): route is SessionRoute {
  return (
    route.kind === 'resource' &&
    route.name !== undefined &&
    SESSION_SUBRESOURCES.some((name) => name === route.subresource?.name)
  )
}
