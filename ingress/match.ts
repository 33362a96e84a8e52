/** Which backend a request goes to: `match(request, table)`. Pure; host by map, paths in order of precedence. */

import type { RouteBackend } from './backend.ts'
import type { HostRoutes, PathRoute, RouteTable } from './route-table.ts'

export type RouteMatch =
  | { readonly kind: 'route'; readonly backend: RouteBackend; readonly ingress: string | undefined }
  | { readonly kind: 'none' }

/**
 * @param host normalised; '' when the request named none
 * @param path normalised, without the query
 */
export function match(host: string, path: string, table: RouteTable): RouteMatch {
  const routes = hostRoutesFor(host, table)
  const route = routes?.paths.find((one) => pathMatches(one, path))
  if (route) return { kind: 'route', backend: route.backend, ingress: route.ingress }
  const backend = routes?.defaultBackend ?? table.fallback
  return backend ? { kind: 'route', backend, ingress: undefined } : { kind: 'none' }
}

/** Exact name, else the wildcard one label up, else the rules without a host. */
function hostRoutesFor(host: string, table: RouteTable): HostRoutes | undefined {
  const dot = host.indexOf('.')
  const parent = dot > 0 ? table.wildcard.get(host.slice(dot + 1)) : undefined
  return table.exact.get(host) ?? parent ?? table.anyHost
}

function pathMatches(route: PathRoute, path: string): boolean {
  switch (route.type) {
    case 'Exact':
      return path === route.path
    case 'Prefix':
    case 'ImplementationSpecific':
      return isElementPrefix(route.path, path)
  }
}

/** `/foo` and `/foo/` match `/foo`, `/foo/` and `/foo/x`, not `/foobar`. */
function isElementPrefix(rule: string, path: string): boolean {
  if (rule === '/') return true
  const stem = rule.endsWith('/') ? rule.slice(0, -1) : rule
  return path === stem || path.startsWith(`${stem}/`)
}
