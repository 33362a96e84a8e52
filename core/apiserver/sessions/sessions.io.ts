/**
 * The streams to and from pods: log, exec, attach, portforward, proxy. Finds the pod, checks what is asked for, and
 * hands the connection to whoever speaks the protocol.
 */

import { METHODS } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock, Random } from '../../../host/host.ts'
import { badRequest } from '../../api/api-error.ts'
import type { Node, Pod, Service } from '../../api/generated/core-v1.ts'
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts'
import type { NodeAgent } from '../../api/node-agent.ts'
import { ENDPOINT_SLICES, NODES, PODS, SERVICES } from '../../api/scheme.ts'
import { writeResponse } from '../exchange.io.ts'
import type { Registry } from '../registry/registry.ts'
import type { ApiRequest } from '../requests/request.ts'
import { emptyResponse } from '../requests/request.ts'
import { methodNotAllowed } from '../requests/unrouted.ts'
import type { ExecSession } from './exec-session.ts'
import { EXEC_SPDY_PROTOCOLS, execOverSpdy } from './exec-spdy.ts'
import { EXEC_PROTOCOLS, execOverWebSocket } from './exec-websocket.io.ts'
import {
  CHANNEL_PORT_FORWARD_PROTOCOLS,
  portForwardOverChannels,
  requestedPorts,
} from './port-forward-websocket.io.ts'
import { PORT_FORWARD_PROTOCOL, TUNNELED_PORT_FORWARD_PROTOCOL, portForwardOverSpdy } from './port-forward.ts'
import type { Dial, ProxyRequest } from './proxy.io.ts'
import { proxyRequest, proxyUpgrade } from './proxy.io.ts'
import { isAgentPort, nodeTarget, parseProxyName, podTarget, serviceTarget } from './proxy-target.ts'
import { askedLog, execOptions, logOptions, requireAssigned } from './session-options.ts'
import { connectOptions, withOptions } from './connect-options.ts'
import type { SessionRoute } from './session-route.ts'
import { acceptSpdy, isSpdyUpgrade } from './spdy-upgrade.io.ts'
import type { Upgrade } from './websocket.io.ts'
import { acceptWebSocket, isWebSocketUpgrade, webSocketTransport } from './websocket.io.ts'

export interface SessionsOptions {
  readonly registry: Registry
  readonly nodeAgent: NodeAgent
  readonly dial: Dial
  readonly clock: Clock
  readonly random: Pick<Random, 'next'>
}

interface Plain {
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
}

/** By which methods it is asked for. */
function methodsOf({ subresource }: SessionRoute): readonly string[] {
  if (subresource?.name === 'log') return ['GET']
  return subresource?.name === 'proxy' ? METHODS : ['GET', 'POST']
}

export class Sessions {
  readonly #options: SessionsOptions

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  /** A request without an upgrade: log and proxy. Rejects with ApiError. */
  async request(sent: ApiRequest, route: SessionRoute, { incoming, response }: Plain): Promise<void> {
    if (!methodsOf(route).includes(sent.method)) throw methodNotAllowed()
    const request = await this.#admitted(sent, route)
    switch (route.subresource?.name) {
      case 'log': {
        const asked = askedLog(route.name, request.query)
        const pod = this.#pod(route)
        const options = logOptions(pod, asked)
        // Nobody has written anything yet.
        if (!pod.spec.nodeName) return await writeResponse(incoming, response, emptyResponse(204))
        const chunks = await this.#options.nodeAgent.logs(pod, options, request.signal)
        const headers = { 'Content-Type': 'text/plain' }
        return await writeResponse(incoming, response, { kind: 'stream', headers, chunks })
      }
      case 'proxy':
        if (route.rest === undefined && !request.path.endsWith('/')) {
          // Only to what there is.
          if (route.resource.resource !== NODES.resource) this.#target(route)
          else this.#options.registry.get(NODES, { name: parseProxyName(route.name).name })
          return redirect(request, response)
        }
        if (route.resource.resource === NODES.resource && isAgentPort(parseProxyName(route.name)))
          return await this.#agent(request, route, { incoming, response })
        return await proxyRequest(this.#options.dial, this.#proxied(request, route), { incoming, response })
      default:
        this.#checkSession(request, route)
        throw badRequest('Upgrade request required')
    }
  }

  /** A request to speak another protocol. Rejects with ApiError before the connection is taken over. */
  async upgrade(sent: ApiRequest, route: SessionRoute, upgrade: Upgrade): Promise<void> {
    const request = await this.#admitted(sent, route)
    switch (route.subresource?.name) {
      case 'exec':
      case 'attach':
        return await this.#exec(request, route, upgrade)
      case 'portforward':
        return await this.#portForward(request, route, upgrade)
      case 'proxy':
        return await proxyUpgrade(this.#options.dial, this.#proxied(request, route), upgrade)
      default:
        throw badRequest('this cannot be upgraded')
    }
  }

  /** @returns the request as webhooks want the connection to be. Rejects with ApiError */
  async #admitted(request: ApiRequest, route: SessionRoute): Promise<ApiRequest> {
    const options = connectOptions(route, request)
    if (options === undefined || route.subresource === undefined) return request
    const { resource, namespace, name, subresource } = route
    // A stream has no place for warnings.
    const context = { user: request.user, warn: () => undefined }
    const wanted = await this.#options.registry.connect(
      resource,
      { namespace, name, subresource: subresource.name },
      options,
      context,
    )
    return wanted === options ? request : withOptions(request, wanted)
  }

  /** What is wrong with a session is said before that it is none. */
  #checkSession(request: ApiRequest, route: SessionRoute): void {
    const pod = this.#pod(route)
    const kind = route.subresource?.name
    if (kind === 'exec' || kind === 'attach') execOptions(pod, kind, request.query)
    else requireAssigned(pod)
  }

  #pod({ namespace, name }: SessionRoute): Pod {
    return this.#options.registry.get(PODS, { namespace, name }) as Pod
  }

  async #exec(request: ApiRequest, route: SessionRoute, upgrade: Upgrade): Promise<void> {
    const { nodeAgent, clock } = this.#options
    const kind = route.subresource?.name === 'attach' ? 'attach' : 'exec'
    const pod = this.#pod(route)
    const session: ExecSession = { kind, pod, options: execOptions(pod, kind, request.query) }
    const { signal } = request
    if (isWebSocketUpgrade(upgrade.incoming)) {
      const { webSocket, protocol } = await acceptWebSocket(upgrade, EXEC_PROTOCOLS)
      return await execOverWebSocket(nodeAgent, session, { webSocket, protocol, signal })
    }
    if (!isSpdyUpgrade(upgrade.incoming)) throw badRequest('Upgrade request required')
    const { transport, protocol } = acceptSpdy(upgrade, EXEC_SPDY_PROTOCOLS)
    const sleep = async (ms: number, until: AbortSignal): Promise<void> => await clock.sleep(ms, until)
    await execOverSpdy(nodeAgent, session, { transport, protocol, signal, sleep })
  }

  async #portForward(request: ApiRequest, route: SessionRoute, upgrade: Upgrade): Promise<void> {
    const { nodeAgent } = this.#options
    const pod = this.#pod(route)
    requireAssigned(pod)
    if (!isWebSocketUpgrade(upgrade.incoming)) {
      const { transport } = acceptSpdy(upgrade, [PORT_FORWARD_PROTOCOL])
      return await portForwardOverSpdy(nodeAgent, pod, transport)
    }
    const offered = [TUNNELED_PORT_FORWARD_PROTOCOL, ...CHANNEL_PORT_FORWARD_PROTOCOLS]
    const ports = request.query.has('ports') ? requestedPorts(request.query) : []
    const { webSocket, protocol } = await acceptWebSocket(upgrade, offered)
    if (protocol === TUNNELED_PORT_FORWARD_PROTOCOL) {
      return await portForwardOverSpdy(nodeAgent, pod, webSocketTransport(webSocket))
    }
    await portForwardOverChannels(nodeAgent, pod, { webSocket, ports })
  }

  /** The node agent is in this process: no wire leads to it. */
  async #agent(request: ApiRequest, route: SessionRoute, { incoming, response }: Plain): Promise<void> {
    const { name } = parseProxyName(route.name)
    this.#options.registry.get(NODES, { name })
    const { path } = backendPath(request, route)
    const { code, contentType, body } = await this.#options.nodeAgent.http(name, { ...request, path })
    const headers = { 'Content-Type': contentType }
    return await writeResponse(incoming, response, { kind: 'whole', code, headers, body })
  }

  #proxied(request: ApiRequest, route: SessionRoute): ProxyRequest {
    const { prefix, path } = backendPath(request, route)
    const query = request.query.toString()
    return {
      target: this.#target(route),
      path: query === '' ? path : `${path}?${query}`,
      prefix,
      signal: request.signal,
    }
  }

  #target({ resource, namespace, name }: SessionRoute) {
    const { registry, random } = this.#options
    const wanted = parseProxyName(name)
    const place = { namespace, name: wanted.name }
    if (resource.resource === NODES.resource) return nodeTarget(registry.get(NODES, place) as Node, wanted)
    if (resource.resource === PODS.resource) return podTarget(registry.get(PODS, place) as Pod, wanted)
    const service = registry.get(SERVICES, place) as Service
    const { items } = registry.list(ENDPOINT_SLICES, {
      namespace,
      labelSelector: `kubernetes.io/service-name=${wanted.name}`,
    })
    return serviceTarget(service, items as readonly EndpointSlice[], wanted, (count) =>
      Math.floor(random.next() * count),
    )
  }
}

/** `/api/v1/namespaces/NAMESPACE/pods/NAME/proxy` or `/api/v1/nodes/NAME/proxy`, and what stands behind it. */
function backendPath({ path }: ApiRequest, { namespace }: SessionRoute): { prefix: string; path: string } {
  const prefix = path
    .split('/')
    .slice(0, namespace === undefined ? 6 : 8)
    .join('/')
  return { prefix, path: path.slice(prefix.length) || '/' }
}

/** A relative link on a page needs the slash. */
function redirect(request: ApiRequest, response: ServerResponse): void {
  const query = request.query.toString()
  response.writeHead(301, { Location: `${request.path}/${query === '' ? '' : `?${query}`}` })
  response.end()
}
