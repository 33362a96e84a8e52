/**
 * What a request is, as authorization sees it: who wants to do what, to which resource or path. Pure.
 * kubernetes/apiserver pkg/authorization/authorizer, pkg/endpoints/filters/authorization.go.
 */

import { ApiError } from '../../api/api-error.ts'
import type { FieldRequirement } from '../../api/selector-syntax.ts'
import { parsedFields } from './review-selectors.ts'
import type { User } from '../requests/request.ts'
import type { RequestVerb, ResourceRoute, Route } from '../requests/route.ts'
import { verbOf } from '../requests/route.ts'

export interface ResourceTarget {
  readonly kind: 'resource'
  readonly group: string
  readonly version: string
  readonly resource: string
  /** '' for the object itself */
  readonly subresource: string
  /** '' at the cluster scope */
  readonly namespace: string
  /** '' for collections and creations */
  readonly name: string
  /** what a list, watch or deletion of a collection is narrowed to; absent: to nothing that is understood */
  readonly fieldSelector?: readonly FieldRequirement[] | undefined
}

export interface PathTarget {
  readonly kind: 'path'
  readonly path: string
}

export interface Attributes {
  readonly user: User
  /** `get`, `deletecollection`, `impersonate`; for paths the lower-case method */
  readonly verb: string
  readonly target: ResourceTarget | PathTarget
}

/** `reason` says why it is allowed, for whoever reviews access, or why not. */
export interface Decision {
  readonly allowed: boolean
  readonly reason: string
}

export interface Authorizer {
  authorize(attributes: Attributes): Decision
}

export interface Asked {
  readonly method: string
  /** as it was asked for */
  readonly path: string
  readonly query: URLSearchParams
  /** absent for methods that are none */
  readonly verb?: RequestVerb | undefined
}

/** @returns what authorization is to decide about the request */
export function attributesOf(user: User, route: Route, request: Asked): Attributes {
  const method = request.method.toLowerCase()
  const isResource = route.kind === 'remote' && /^\/apis\/[^/]+\/[^/]+\/[^/]/.test(request.path)
  if (route.kind === 'unknown' || isResource) {
    const target = targetOfPath(request.path)
    const { name, subresource } = target
    const parts = { name: name || undefined, subresource: subresource || undefined }
    const verb = verbOf(request.method, parts, request.query)
    return { user, verb: verb ?? unservedVerb(request.method, parts), target }
  }
  if (route.kind !== 'resource') return { user, verb: method, target: { kind: 'path', path: request.path } }
  const { resource, subresource, namespace, name = selectedName(request) } = route
  return {
    user,
    verb: request.verb ?? unservedVerb(request.method, route),
    target: {
      kind: 'resource',
      group: resource.group,
      version: resource.version,
      resource: resource.resource,
      subresource: subresource?.name ?? '',
      namespace: namespaceOf(resource.resource, namespace, route.name),
      name,
      ...selectedFields(request),
    },
  }
}

/** What is asked for where nothing of the kind is served: told by the old paths of watches, else by the method alone. */
function unservedVerb(
  method: string,
  { name, isWatch = false }: Partial<Pick<ResourceRoute, 'name' | 'isWatch'>>,
): string {
  if (isWatch) return 'watch'
  switch (method) {
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'HEAD':
      return name === undefined ? 'list' : 'get'
    default:
      return ''
  }
}

/**
 * The resource a path would be of if it was served: who may not have it is told so, not that there is none
 * (kubernetes/apiserver pkg/endpoints/request/requestinfo.go).
 */
function targetOfPath(path: string): ResourceTarget {
  const segments = path.split('/').slice(1)
  const [group = '', version = '', ...parts] =
    segments[0] === 'api' ? ['', ...segments.slice(1)] : segments.slice(1)
  const isNamespaced = parts[0] === 'namespaces' && parts.length > 2
  const namespace = isNamespaced ? (parts[1] ?? '') : ''
  const [resource = '', name = '', subresource = ''] = isNamespaced ? parts.slice(2) : parts
  return { kind: 'resource', group, version, resource, subresource, namespace, name }
}

const isCollective = (verb: RequestVerb | undefined): boolean =>
  verb === 'list' || verb === 'watch' || verb === 'deletecollection'

function selectedFields({ query, verb }: Asked): Pick<ResourceTarget, 'fieldSelector'> {
  const text = query.get('fieldSelector') ?? ''
  return text === '' || !isCollective(verb) ? {} : { fieldSelector: parsedFields(text) }
}

/**
 * A collection narrowed to one name is asked for by that name, so that rules with resourceNames allow it
 * (kubernetes/apiserver pkg/endpoints/request/requestinfo.go). A creation has no name yet.
 */
function selectedName({ query, verb }: Asked): string {
  if (!isCollective(verb)) return ''
  const terms = (query.get('fieldSelector') ?? '').split(',')
  const names = terms.flatMap((term) => /^metadata\.name==?([^=!\\]+)$/.exec(term)?.[1] ?? [])
  return names[0] ?? ''
}

/** A namespace is in itself, so that a Role in it may speak of it. */
function namespaceOf(resource: string, namespace: string | undefined, name: string | undefined): string {
  return namespace ?? (resource === 'namespaces' ? (name ?? '') : '')
}

/** 403, worded as kubernetes/apiserver pkg/endpoints/handlers/responsewriters/errors.go and storage errors have it. */
export function forbiddenTo({ user, verb, target }: Attributes, reason = ''): ApiError {
  const who = `User ${JSON.stringify(user.name)} cannot ${verb}`
  const because = reason === '' ? '' : `: ${reason}`
  if (target.kind === 'path') {
    const text = withoutMarkup(`${who} path ${JSON.stringify(target.path)}`)
    return new ApiError('Forbidden', `forbidden: ${text}${because}`, { details: {} })
  }
  const { group, resource, subresource, namespace, name } = target
  const qualified = group === '' ? resource : `${resource}.${group}`
  const subject = name === '' ? qualified : `${qualified} ${JSON.stringify(name)}`
  const what = JSON.stringify(subresource === '' ? resource : `${resource}/${subresource}`)
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`
  const text = withoutMarkup(`${who} resource ${what} in API group ${JSON.stringify(group)} ${where}`)
  return new ApiError('Forbidden', `${subject} is forbidden: ${text}${because}`, {
    details: {
      ...(name === '' ? {} : { name }),
      ...(group === '' ? {} : { group }),
      kind: resource,
    },
  })
}

/** What a client said is not to be read as HTML by anybody. */
const withoutMarkup = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
