/**
 * healthCheckNodePorts: tell a load balancer whether this node has endpoints of a Service with policy Local
 * (kubernetes/kubernetes pkg/proxy/healthcheck).
 */

import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { Logger, NetworkNamespace, Sockets } from '../host/host.ts'
import type { ServiceTable } from './service-table.ts'

export interface HealthChecksOptions {
  readonly sockets: Sockets
  readonly log: Logger
  readonly network: NetworkNamespace | undefined
  /** of the node, where load balancers ask */
  readonly address: string
}

/** The servers of all healthCheckNodePorts of a table. */
export class HealthChecks implements AsyncDisposable {
  readonly #options: HealthChecksOptions
  readonly #servers = new Map<
    number,
    { readonly server: Server; service: { namespace: string; name: string }; local: number }
  >()

  readonly #warned = new Set<number>()

  constructor(options: HealthChecksOptions) {
    this.#options = options
  }

  async apply({ entries }: ServiceTable): Promise<void> {
    const wanted = new Map(
      entries
        .filter(({ port }) => port.healthCheckNodePort !== 0)
        .map((entry) => [entry.port.healthCheckNodePort, entry]),
    )
    for (const [port, { server }] of this.#servers) {
      if (!wanted.has(port)) await this.#close(port, server)
    }
    for (const [port, entry] of wanted) {
      const service = { namespace: entry.port.namespace, name: entry.port.name }
      const local = new Set(entry.endpoints.local.map(({ ip }) => ip)).size
      const known = this.#servers.get(port)
      if (known) Object.assign(known, { service, local })
      else await this.#open(port, { service, local })
    }
  }

  async #open(
    port: number,
    facts: { service: { namespace: string; name: string }; local: number },
  ): Promise<void> {
    const { sockets, log, network, address } = this.#options
    const server = createServer((_incoming, outgoing) => {
      const { service, local } = this.#servers.get(port) ?? facts
      outgoing.writeHead(local > 0 ? 200 : 503, {
        'Content-Type': 'application/json',
        'X-Content-Type-Options': 'nosniff',
        'X-Load-Balancing-Endpoint-Weight': String(local),
      })
      outgoing.end(JSON.stringify({ service, localEndpoints: local, serviceProxyHealthy: true }))
    })
    try {
      await sockets.listen(server, { network, address, port })
      this.#servers.set(port, { server, ...facts })
      this.#warned.delete(port)
    } catch (error) {
      if (this.#warned.has(port)) return
      this.#warned.add(port)
      log.warn('a health check node port cannot be served', { port, err: error })
    }
  }

  async #close(port: number, server: Server): Promise<void> {
    this.#servers.delete(port)
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#servers].map(([port, { server }]) => this.#close(port, server)))
  }
}
