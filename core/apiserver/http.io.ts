/**
 * The API server on the wire: HTTPS listeners, who asks, limits, and the way from a request to its answer. What is
 * answered is decided elsewhere (./answers/resource-requests.ts, ./answers/path-requests.ts, ./sessions).
 *
 * The order is kube-apiserver's (kubernetes/apiserver pkg/server/config.go, DefaultBuildHandlerChain). Differs:
 * HTTP/1.1 only, which every client speaks and upgrades (exec, port-forward) need.
 */

import { createServer } from 'node:https'
import type { Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock, Logger, Random, SocketAddress, Sockets } from '../../host/host.ts'
import { ApiError } from '../api/api-error.ts'
import type { NodeAgent } from '../api/node-agent.ts'
import { groupResource } from '../api/resource.ts'
import { isStored } from '../api/scheme.ts'
import { trusting } from '../net/trust.ts'
import { Aggregator } from './aggregation/aggregator.io.ts'
import type { Upkeep } from './registry/upkeep.ts'
import { trackTokens } from './authentication/token-tracking.ts'
import type { ComponentChecks } from './answers/component-statuses.ts'
import { componentCheck } from './answers/component-statuses.ts'
import { addWarnings, apiRequest, endWithStatus, writeError, writeResponse } from './exchange.io.ts'
import { keepFlowControl } from './flow-control/flow-schema-status.ts'
import type { StartHook } from './answers/health.ts'
import { PathRequests } from './answers/path-requests.ts'
import type { ServerCredentials } from './pki/credentials.ts'
import type { Registry } from './registry/registry.ts'
import type { Understood } from './request-gate.io.ts'
import { RequestGate, requestKind } from './request-gate.io.ts'
import { RequestMetrics } from './metrics/request-metrics.ts'
import type { ApiRequest, ApiResponse } from './requests/request.ts'
import { ANONYMOUS } from './requests/request.ts'
import { refuseTimeout } from './requests/request-timeout.ts'
import { ResourceRequests } from './answers/resource-requests.ts'
import type { RequestVerb, Route } from './requests/route.ts'
import { routeOf, verbOf } from './requests/route.ts'
import type { Dial } from './sessions/proxy.io.ts'
import { Sessions } from './sessions/sessions.io.ts'
import { isSessionRoute } from './sessions/session-route.ts'
import { storeFailure } from './registry/store-failure.ts'
import { isReadablePath, methodNotAllowed, nothingAt, unreadablePath } from './requests/unrouted.ts'
import type { VersionInfo } from './answers/version.ts'
import { versionInfo } from './answers/version.ts'

export interface ApiServerOptions {
  readonly registry: Registry
  readonly nodeAgent: NodeAgent
  readonly pki: ServerCredentials
  readonly sockets: Pick<Sockets, 'listen'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** at least one; the first is the one that `port` is of */
  readonly listen: readonly SocketAddress[]
  /** opens a connection to an address of the cluster, for pods/proxy and services/proxy */
  readonly dial: Dial
  readonly version?: VersionInfo | undefined
  /** what of the start is done: it is healthy when all is; default: it is */
  readonly isDone?: ((hook: StartHook) => boolean) | undefined
  /** of the components beside this one and its store */
  readonly components?: ComponentChecks | undefined
}

export interface ApiServer extends AsyncDisposable {
  /** of the first listener */
  readonly port: number
}

const IDLE_TIMEOUT_MS = 90_000
const HEADERS_TIMEOUT_MS = 32_000
/** for answers under way when the server stops; watches end at once */
const GRACE_MS = 5_000

/** Listens on all addresses. Rejects with HostError when one cannot be had; then none is. */
export async function serveApi(options: ApiServerOptions): Promise<ApiServer> {
  const server = new HttpApiServer(options)
  try {
    await server.listen()
    return server
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

class HttpApiServer implements ApiServer {
  readonly #options: ApiServerOptions
  readonly #servers: Server[] = []
  readonly #stopping = new AbortController()
  readonly #exchanges = new Set<Promise<void>>()
  readonly #upgraded = new Set<Duplex>()
  readonly #metrics = new RequestMetrics()
  readonly #gate: RequestGate
  readonly #resources: ResourceRequests
  readonly #paths: PathRequests
  readonly #sessions: Sessions
  readonly #aggregator: Aggregator
  readonly #tracking: Upkeep | undefined
  readonly #flowControl: Upkeep
  #port = 0

  constructor(options: ApiServerOptions) {
    this.#options = options
    this.#gate = new RequestGate(options)
    const { registry, clock } = options
    const etcd = componentCheck(() => registry.storeHealth(), clock)
    const components = { ...options.components, 'etcd-0': etcd }
    this.#resources = new ResourceRequests({ ...options, components })
    this.#sessions = new Sessions(options)
    this.#aggregator = new Aggregator({ ...options, credentials: options.pki.frontProxyClient })
    this.#flowControl = keepFlowControl(options)
    this.#tracking = registry.tokens && trackTokens(options)
    this.#paths = new PathRequests({
      kinds: options.registry.kinds,
      remotes: this.#aggregator,
      tokens: options.registry.tokens,
      version: options.version ?? versionInfo(`linux/${GO_ARCHITECTURES[process.arch] ?? process.arch}`),
      sync: options.registry.sync,
      isDone: options.isDone ?? (() => true),
      clock: options.clock,
      metrics: () => this.#metrics.print(storedObjects(options.registry)) + this.#gate.metrics(),
      serverAddress: () => `${options.listen[0]?.address}:${this.#port}`,
    })
  }

  get port(): number {
    return this.#port
  }

  async listen(): Promise<void> {
    for (const where of this.#options.listen) {
      const server = this.#server()
      this.#servers.push(server)
      // oxlint-disable-next-line no-await-in-loop -- the first listener's port names the server
      const port = await this.#options.sockets.listen(server, where)
      this.#port ||= port
    }
    await Promise.all([this.#aggregator.ready(), this.#tracking?.settled()])
  }

  #server(): Server {
    const { pki } = this.#options
    const server = createServer({
      key: pki.serverKey,
      cert: pki.serverCertificate,
      ...trusting([pki.caCertificate, pki.otherClientCaCertificates ?? []].flat()),
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      headersTimeout: HEADERS_TIMEOUT_MS,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      // Follow-up requests and long uploads; watches are answers and have no limit.
      requestTimeout: 60_000,
    })
    server.on('request', (request, response) => this.#track(this.#exchange(request, response)))
    server.on('upgrade', (request, socket, head) => this.#track(this.#upgrade(request, { socket, head })))
    server.on('tlsClientError', (error) => this.#options.log.debug('TLS handshake failed', { err: error }))
    return server
  }

  #track(exchange: Promise<void>): void {
    const ended = exchange
      .catch((error: unknown) => this.#options.log.error('request failed', { err: error }))
      .finally(() => this.#exchanges.delete(ended))
    this.#exchanges.add(ended)
  }

  async #exchange(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    response.setHeader('Audit-Id', this.#options.random.uuid())
    const signal = AbortSignal.any([gone.signal, this.#stopping.signal])
    const asked = this.#understand(incoming, signal)
    const done = this.#count({ ...asked, code: () => response.statusCode })
    try {
      if (!isReadablePath(asked.request.path))
        return await writeResponse(incoming, response, unreadablePath())
      if (requestKind(asked) !== 'longRunning') refuseTimeout(asked.request.query)
      const known = await this.#gate.identified(incoming, asked, (texts) => addWarnings(response, texts))
      const { request, route, verb } = known
      using seat = await this.#gate.seat(known, response)
      this.#gate.authorize(known)
      if (isSessionRoute(route)) {
        await this.#sessions.request(request, route, { incoming, response })
      } else if (route.kind === 'remote') {
        await this.#aggregator.forward(request, route, { incoming, response })
      } else {
        const answer = await this.#answer(request, route, verb)
        // A watch that has begun costs little.
        if (answer.kind === 'stream') seat?.[Symbol.dispose]()
        await writeResponse(incoming, response, answer)
      }
    } catch (error) {
      const refused = { error: this.#apiError(error, signal), asked: asked.request }
      await writeError(incoming, response, refused)
    } finally {
      done()
    }
  }

  #understand(incoming: IncomingMessage, signal: AbortSignal): Understood {
    const request = apiRequest(incoming, { user: ANONYMOUS, signal })
    const route = routeOf(request.path, this.#options.registry.kinds, this.#aggregator)
    const verb = route.kind === 'resource' ? verbOf(request.method, route, request.query) : undefined
    return { request, route, verb }
  }

  async #answer(request: ApiRequest, route: Route, verb: RequestVerb | undefined): Promise<ApiResponse> {
    switch (route.kind) {
      case 'resource':
        if (verb === undefined) throw methodNotAllowed()
        return await this.#resources.answer(request, route, verb)
      case 'path':
        return await this.#paths.answer(request, route.path)
      case 'unknown':
        return nothingAt(request.path, route.object)
      case 'remote':
        return nothingAt(request.path)
    }
  }

  /** Counts the request as under way; the function returned counts it as answered. */
  #count(exchange: Understood & { readonly code: () => number }): () => void {
    const { request, route, verb } = exchange
    const startMs = this.#options.clock.monotonic()
    const kind = requestKind(exchange)
    const end = this.#metrics.begin(kind)
    const unwatch =
      verb === 'watch' && route.kind === 'resource' ? this.#metrics.watching(route.resource) : undefined
    return () => {
      end()
      unwatch?.()
      const resource = route.kind === 'resource' ? route.resource : undefined
      this.#metrics.count(
        {
          verb: (verb ?? request.method).toUpperCase(),
          group: resource?.group ?? '',
          version: resource?.version ?? '',
          resource: resource?.resource ?? '',
          subresource: route.kind === 'resource' ? (route.subresource?.name ?? '') : '',
          code: String(exchange.code()),
        },
        (this.#options.clock.monotonic() - startMs) / 1000,
      )
    }
  }

  async #upgrade(incoming: IncomingMessage, to: { socket: Duplex; head: Buffer }): Promise<void> {
    const { socket } = to
    const gone = new AbortController()
    socket.once('close', () => {
      gone.abort()
      this.#upgraded.delete(socket)
    })
    // Whoever reads from the socket sees the failure too; without a listener it would end the process.
    socket.on('error', (error) => this.#options.log.debug('connection failed', { err: error }))
    this.#upgraded.add(socket)
    const signal = AbortSignal.any([gone.signal, this.#stopping.signal])
    const asked = this.#understand(incoming, signal)
    const { bytesWritten } = socket as Socket
    let code = 101
    const done = this.#count({ ...asked, code: () => code })
    try {
      const known = await this.#gate.identified(incoming, asked)
      this.#gate.authorize(known)
      const { request, route } = known
      if (route.kind === 'remote') await this.#aggregator.upgrade(request, route, { incoming, ...to })
      else if (isSessionRoute(route)) await this.#sessions.upgrade(request, route, { incoming, ...to })
      else throw methodNotAllowed()
    } catch (error) {
      const refused = this.#apiError(error, signal)
      code = refused.code
      // Once the protocol was switched, an HTTP answer would only confuse.
      if ((socket as Socket).bytesWritten === bytesWritten) endWithStatus(socket, refused)
      else socket.destroy()
    } finally {
      done()
    }
  }

  #apiError(error: unknown, signal: AbortSignal): ApiError {
    const known = storeFailure(error)
    if (known instanceof ApiError) return known
    if (!signal.aborted) this.#options.log.error('request failed', { err: error })
    const message = error instanceof Error ? error.message : String(error)
    return new ApiError('InternalError', `Internal error occurred: ${message}`, {
      details: { causes: [{ message }] },
      cause: error,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    this.#gate[Symbol.dispose]()
    await Promise.all([
      this.#aggregator[Symbol.asyncDispose](),
      this.#tracking?.[Symbol.asyncDispose](),
      this.#flowControl[Symbol.asyncDispose](),
    ])
    const closed = this.#servers.map((server) => closeServer(server))
    for (const socket of this.#upgraded) socket.destroy()
    const grace = new AbortController()
    const tooLong = this.#options.clock.sleep(GRACE_MS, grace.signal).catch(() => undefined)
    await Promise.race([Promise.all(this.#exchanges), tooLong])
    grace.abort()
    for (const server of this.#servers) server.closeAllConnections()
    await Promise.all(closed)
  }
}

/** How many objects there are of each resource, in one of its versions. */
function storedObjects(registry: Registry): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const resource of registry.kinds.resources) {
    if (counts.has(groupResource(resource)) || !isStored(resource)) continue
    counts.set(groupResource(resource), registry.count(resource))
  }
  return counts
}

const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // Never started listening: that is closed, too.
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}
