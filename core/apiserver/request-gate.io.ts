/**
 * What every request passes before it is answered: who sends it, and as whom; when it may begin; whether it may at all.
 * The order is kube-apiserver's (kubernetes/apiserver pkg/server/config.go, DefaultBuildHandlerChain).
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../host/host.ts'
import { Authenticator } from './authentication/authenticator.io.ts'
import { impersonated } from './authentication/impersonation.ts'
import type { Attributes } from './authorization/attributes.ts'
import { attributesOf, forbiddenTo } from './authorization/attributes.ts'
import { FlowControl, flowHeaders } from './flow-control/flow-control.ts'
import { booleanOf } from './requests/query-values.ts'
import type { Registry } from './registry/registry.ts'
import type { ApiRequest } from './requests/request.ts'
import type { RequestKind } from './metrics/request-metrics.ts'
import type { RequestVerb, Route } from './requests/route.ts'
import { isSessionRoute } from './sessions/session-route.ts'

/** A request, and what it asks for. */
export interface Understood {
  readonly request: ApiRequest
  readonly route: Route
  readonly verb: RequestVerb | undefined
}

/** One whose user is known. */
export interface Identified extends Understood {
  readonly attributes: Attributes
}

export class RequestGate implements Disposable {
  readonly #registry: Registry
  readonly #authenticator: Authenticator
  readonly #flowControl: FlowControl

  constructor({ registry, clock }: { readonly registry: Registry; readonly clock: Clock }) {
    this.#registry = registry
    this.#authenticator = new Authenticator(registry)
    this.#flowControl = new FlowControl(registry, clock)
  }

  /** @param warn told of what is to be said about the token. Rejects with ApiError: 401, or 403 for an impersonation */
  async identified(
    incoming: IncomingMessage,
    asked: Understood,
    warn: (texts: readonly string[]) => void = () => undefined,
  ): Promise<Identified> {
    const sender = await this.#authenticator.userOf(incoming)
    warn(sender.warnings)
    const user = impersonated(sender.user, incoming.rawHeaders, this.#registry.access)
    const { method, path, query } = asked.request
    const attributes = attributesOf(user, asked.route, { method, path, query, verb: asked.verb })
    return { ...asked, request: { ...asked.request, user }, attributes }
  }

  /** Waits until the request may begin. Rejects with ApiError TooManyRequests */
  async seat(known: Identified, response: ServerResponse): Promise<Disposable | undefined> {
    const { request, verb, attributes } = known
    // Streams last as long as they like.
    if (verb !== 'watch' && requestKind(known) === 'longRunning') return undefined
    const flow = this.#flowControl.flowOf(attributes)
    if (flow === undefined) return undefined
    for (const [name, value] of Object.entries(flowHeaders(flow))) response.setHeader(name, value)
    return await this.#flowControl.enter(flow, request.signal)
  }

  /** @throws ApiError Forbidden */
  authorize({ attributes }: Identified): void {
    const { allowed, reason } = this.#registry.access.authorize(attributes)
    if (!allowed) throw forbiddenTo(attributes, reason)
  }

  /** Prometheus text of priority and fairness */
  metrics(): string {
    return this.#flowControl.metrics()
  }

  [Symbol.dispose](): void {
    this.#flowControl[Symbol.dispose]()
  }
}

/** Watches and streams are not counted as under way. */
export function requestKind({ request, route, verb }: Understood): RequestKind | 'longRunning' {
  if (verb === 'watch' || isSessionRoute(route) || isRemoteWatch(request, route)) return 'longRunning'
  return ['GET', 'HEAD'].includes(request.method) ? 'readOnly' : 'mutating'
}

const isRemoteWatch = ({ query }: ApiRequest, route: Route): boolean =>
  route.kind === 'remote' && booleanOf(query, 'watch') === true
