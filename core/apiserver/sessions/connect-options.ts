/**
 * What a connection to a pod, node or Service is asked to be, as admission sees it: PodExecOptions and the like. Pure.
 * kubernetes/apiserver pkg/endpoints/handlers/rest.go (ConnectResource).
 */

import type { KubernetesObject } from '../../api/object.ts'
import { apiVersionOf } from '../../api/resource.ts'
import { booleanOf } from '../query-values.ts'
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
