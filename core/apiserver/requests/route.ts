/**
 * What a request asks for, by its method and URL: which resource, object, sub-resource and verb. Pure.
 *
 * As kubernetes/apiserver pkg/endpoints/request/requestinfo.go, over the scheme's resources. Differs: a resource
 * the scheme does not have is `unknown` here and not later.
 */

import { isReadable } from '../../api/scheme.ts'
import type { ResourceInfo, Subresource } from '../../api/resource.ts'
import type { Remotes } from '../aggregation/remotes.ts'
import type { ServedKinds } from '../registry/kinds.ts'
import { booleanOf } from './query-values.ts'

export type RequestVerb =
  | 'create'
  | 'delete'
  | 'deletecollection'
  | 'get'
  | 'list'
  | 'patch'
  | 'update'
  | 'watch'

/** A request for an object or a collection of a resource. */
export interface ResourceRoute {
  readonly kind: 'resource'
  readonly resource: ResourceInfo
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly subresource: Subresource | undefined
  /** what follows `/proxy/`, without the slash; undefined when the path ends with `/proxy` */
  readonly rest: string | undefined
  /** by the old path, `/api/v1/watch/...` */
  readonly isWatch?: boolean | undefined
}

/** What a sub-resource is asked of that its resource does not have. */
export interface UnknownPart {
  readonly resource: ResourceInfo
  readonly name: string
}

export type Route =
  | ResourceRoute
  /** below a group-version that another API server serves */
  | { readonly kind: 'remote'; readonly group: string; readonly version: string }
  /** `/version`, `/openapi/v2` and the like, discovery included */
  | { readonly kind: 'path'; readonly path: string }
  /** below /api or /apis, but nothing that is served */
  | { readonly kind: 'unknown'; readonly object?: UnknownPart | undefined }

/** @param path decoded segments are taken from it; no query */
export function routeOf(path: string, kinds: ServedKinds, remotes?: Pick<Remotes, 'serves'>): Route {
  const segments = path.split('/').slice(1)
  const prefix = segments[0]
  const remote = remotes && groupVersionOf(segments)
  if (remote && remotes.serves(remote.group, remote.version)) return { kind: 'remote', ...remote }
  if (prefix === 'api' && segments.length > 2 && segments[2] !== '') {
    return resourceRoute(kinds, '', segments[1] ?? '', segments.slice(2))
  }
  if (prefix === 'apis' && segments.length > 3 && segments[3] !== '') {
    return resourceRoute(kinds, segments[1] ?? '', segments[2] ?? '', segments.slice(3))
  }
  return { kind: 'path', path }
}

/** Of `/apis/G/V`, of what is below it, and of its OpenAPI document. */
function groupVersionOf(
  segments: readonly string[],
): { readonly group: string; readonly version: string } | undefined {
  const at = segments[0] === 'openapi' && segments[1] === 'v3' ? 2 : 0
  const [prefix, group = '', version = ''] = segments.slice(at)
  return prefix === 'apis' && group !== '' && version !== '' ? { group, version } : undefined
}

function resourceRoute(
  kinds: ServedKinds,
  group: string,
  version: string,
  segments: readonly string[],
): Route {
  if (segments[0] === 'watch' && kinds.forPath(group, version, 'watch') === undefined) {
    const route = resourceRoute(kinds, group, version, segments.slice(1))
    const isWatchable =
      route.kind === 'resource' &&
      !route.isWatch &&
      route.subresource === undefined &&
      // How components are can be asked for, and never watched.
      !(isReadable(route.resource) && !route.resource.verbs.includes('watch'))
    return isWatchable ? { ...route, isWatch: true } : { kind: 'unknown' }
  }
  const isNamespaced = segments[0] === 'namespaces' && segments.length > 2 && !isNamespacePart(segments)
  const namespace = isNamespaced ? segments[1] : undefined
  const [plural = '', name, sub, ...rest] = isNamespaced ? segments.slice(2) : segments
  const resource = kinds.forPath(group, version, plural)
  if (resource === undefined || (!resource.namespaced && isNamespaced)) return { kind: 'unknown' }
  const isObject = name !== undefined && name !== ''
  // Across namespaces there are only lists.
  if (resource.namespaced && !isNamespaced && !resource.verbs.includes('list')) return { kind: 'unknown' }
  // Encoded or not, a slash parts segments.
  if (decoded(name)?.includes('/')) return { kind: 'unknown' }
  if (isObject && resource.namespaced && !isNamespaced) return { kind: 'unknown' }
  const subresource = resource.subresources.find((row) => row.name === sub)
  if (isObject && sub !== undefined && sub !== '' && subresource === undefined) {
    return { kind: 'unknown', object: { resource, name: decoded(name) ?? '' } }
  }
  if (rest.length > 0 && subresource?.name !== 'proxy') return { kind: 'unknown' }
  return {
    kind: 'resource',
    resource,
    namespace: decoded(namespace),
    name: isObject ? decoded(name) : undefined,
    subresource,
    rest: rest.length > 0 ? rest.join('/') : undefined,
  }
}

/** `namespaces/x/status` is a part of the namespace, not a resource in it. */
function isNamespacePart(segments: readonly string[]): boolean {
  return segments.length === 3 && ['status', 'finalize', ''].includes(segments[2] ?? '')
}

function decoded(segment: string | undefined): string | undefined {
  if (segment === undefined) return undefined
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** @returns the verb of a request; undefined when the method is none that is served there */
export function verbOf(
  method: string,
  route: Partial<Pick<ResourceRoute, 'name' | 'isWatch'>> & { readonly subresource?: unknown },
  query: URLSearchParams,
): RequestVerb | undefined {
  const isCollection = route.name === undefined
  if (route.isWatch) return method === 'GET' ? 'watch' : undefined
  switch (method) {
    case 'GET':
      if (!isCollection) return 'get'
      return booleanOf(query, 'watch') ? 'watch' : 'list'
    case 'POST':
      return isCollection || route.subresource !== undefined ? 'create' : undefined
    case 'PUT':
      return isCollection ? undefined : 'update'
    case 'PATCH':
      return isCollection ? undefined : 'patch'
    case 'DELETE':
      return isCollection ? 'deletecollection' : 'delete'
    default:
      return undefined
  }
}
