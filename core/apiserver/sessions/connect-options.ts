/**
 * What a connection to a pod, node or Service is asked to be, as admission sees it: PodExecOptions and the like. Pure.
 * kubernetes/apiserver pkg/endpoints/handlers/rest.go (ConnectResource).
 */

import type { KubernetesObject } from '../../api/object.ts'
import { apiVersionOf } from '../../api/resource.ts'
import { booleanOf } from '../requests/query-values.ts'
import type { SessionRoute } from './session-route.ts'

const FLAGS = ['stdin', 'stdout', 'stderr', 'tty']

/** @returns the options, an object without metadata; undefined for what is no connection (logs) */
export function connectOptions(
  route: SessionRoute,
  { path, query }: { readonly path: string; readonly query: URLSearchParams },
): KubernetesObject | undefined {
  const { subresource, resource } = route
  if (subresource === undefined || subresource.name === 'log') return undefined
  const options = {
    apiVersion: apiVersionOf(resource),
    kind: subresource.kind,
    ...partsOf(subresource.name, query),
    ...(subresource.name === 'proxy' ? proxyPath(route, path) : {}),
  }
  // Options are no objects of their own: nothing is known of them but their kind.
  return options as unknown as KubernetesObject
}

/**
 * @param options of a session, changed. @returns the request as if it had asked for them. Where a proxy leads to is not
 * changed: upstream goes by the URL, too
 */
export function withOptions<T extends { readonly query: URLSearchParams }>(request: T, options: object): T {
  const { kind, command = [], ports = [], container, ...flags } = options as Readonly<Record<string, unknown>>
  if (String(kind).endsWith('ProxyOptions')) return request
  const query = new URLSearchParams(request.query)
  for (const name of ['command', 'ports', 'container', ...FLAGS]) query.delete(name)
  if (typeof container === 'string') query.set('container', container)
  for (const name of FLAGS) if (flags[name] === true) query.set(name, 'true')
  for (const each of Array.isArray(command) ? command : []) query.append('command', String(each))
  for (const each of Array.isArray(ports) ? ports : []) query.append('ports', String(each))
  return { ...request, query }
}

function partsOf(subresource: string, query: URLSearchParams): object {
  if (subresource === 'portforward') {
    const ports = query
      .getAll('ports')
      .flatMap((text) => text.split(','))
      .map(Number)
    return ports.length > 0 ? { ports } : {}
  }
  if (subresource === 'proxy') return {}
  const flags = FLAGS.filter((name) => booleanOf(query, name))
  const container = query.get('container')
  const command = subresource === 'exec' ? query.getAll('command') : []
  return {
    ...Object.fromEntries(flags.map((name) => [name, true])),
    ...(container ? { container } : {}),
    ...(command.length > 0 ? { command } : {}),
  }
}

function proxyPath({ rest }: SessionRoute, path: string): object {
  if (rest !== undefined) return { path: `/${rest.replace(/^\//, '')}` }
  return path.endsWith('/') ? { path: '/' } : {}
}
