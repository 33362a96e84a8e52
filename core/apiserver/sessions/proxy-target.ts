/**
 * Where a pods/proxy, services/proxy or nodes/proxy request goes. Pure.
 * kubernetes/kubernetes pkg/registry/core/{pod/strategy.go ResourceLocation, service/storage}; names are
 * `[scheme:]name[:port]`. Differs: a Service's endpoints are read from its EndpointSlices.
 */

import { ApiError, badRequest } from '../../api/api-error.ts'
import type { Node, Pod, Service } from '../../api/generated/core-v1.ts'
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts'

export interface ProxyName {
  readonly scheme: 'http' | 'https'
  readonly name: string
  /** number or name; '' when the URL has none */
  readonly port: string
}

export interface ProxyTarget {
  readonly scheme: 'http' | 'https'
  readonly address: string
  readonly port: number
}

/** `https:web:443`, `web:http`, `web`. Throws ApiError BadRequest. */
export function parseProxyName(text: string): ProxyName {
  const parts = text.split(':')
  const [first = '', second = '', third = ''] = parts
  if (parts.length === 1) return { scheme: 'http', name: first, port: '' }
  if (parts.length === 2) return { scheme: 'http', name: first, port: second }
  const isScheme = first === '' || first === 'http' || first === 'https'
  if (parts.length > 3 || !isScheme) throw badRequest(`invalid service request ${JSON.stringify(text)}`)
  return { scheme: first === 'https' ? 'https' : 'http', name: second, port: third }
}

/** Without a port: the pod's first. Throws ApiError BadRequest. */
export function podTarget(pod: Pod, { scheme, port }: ProxyName): ProxyTarget {
  const address = pod.status?.podIP
  if (!address) throw badRequest(`address not allowed`)
  const ports = pod.spec.containers.flatMap((container) => container.ports ?? [])
  const number = port === '' ? ports[0]?.containerPort : Number(port)
  const chosen = number ?? (scheme === 'https' ? 443 : 80)
  if (!isPort(chosen)) throw badRequest(`invalid port ${JSON.stringify(port)}`)
  return { scheme, address, port: chosen }
}

const KUBELET_PORT = '10250'

/** Whether the node agent itself is meant, and not a program on the node. */
export function isAgentPort({ port }: ProxyName): boolean {
  return port === '' || port === KUBELET_PORT
}

/** A program on the node. Throws ApiError BadRequest. */
export function nodeTarget(node: Node, { scheme, port }: ProxyName): ProxyTarget {
  const address = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
  if (!address) throw badRequest('address not allowed')
  if (!isPort(Number(port))) throw badRequest(`invalid port ${JSON.stringify(port)}`)
  return { scheme, address, port: Number(port) }
}

/**
 * @param pick chooses among the ready endpoints: an index below its argument
 * @throws ApiError ServiceUnavailable when none is ready
 */
export function serviceTarget(
  service: Service,
  slices: readonly EndpointSlice[],
  wanted: ProxyName,
  pick: (count: number) => number,
): ProxyTarget {
  const name = service.metadata.name
  const portName = portNameOf(service, wanted.port)
  if (portName === undefined) {
    throw new ApiError(
      'ServiceUnavailable',
      `no service port ${JSON.stringify(wanted.port)} found for service "${name}"`,
    )
  }
  const targets = slices.flatMap(({ endpoints, ports }) => {
    const port = (ports ?? []).find((each) => (each.name ?? '') === portName)?.port
    const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false)
    if (port === undefined) return []
    return ready.map(({ addresses }) => ({ address: addresses[0] ?? '', port }))
  })
  const target = targets[pick(targets.length)]
  if (target === undefined) {
    throw new ApiError('ServiceUnavailable', `no endpoints available for service "${name}"`)
  }
  return { scheme: wanted.scheme, ...target }
}

/** The name of the Service's port that is meant; '' for an unnamed one, undefined when there is none. */
function portNameOf({ spec }: Service, wanted: string): string | undefined {
  const ports = spec.ports ?? []
  const found =
    wanted === '' ? ports[0] : ports.find((port) => port.name === wanted || String(port.port) === wanted)
  return found === undefined ? undefined : (found.name ?? '')
}

const isPort = (port: number): boolean => Number.isInteger(port) && port > 0 && port < 65_536

/** A redirect of the backend to its own path leads back through the proxy. @returns the Location to send on */
export function proxiedLocation(
  location: string,
  at: { readonly prefix: string; readonly backend: string },
): string {
  const own = [`http://${at.backend}`, `https://${at.backend}`].find((origin) => location.startsWith(origin))
  const path = own === undefined ? location : location.slice(own.length) || '/'
  return path.startsWith('/') && !path.startsWith('//') ? at.prefix + path : location
}
