/**
 * The Ingress controller at work: watches, keeps the route table, listens, and tells each Ingress where it is served.
 */

import type { Ingress } from '../core/api/generated/networking-v1.ts'
import { ENDPOINT_SLICES, INGRESS_CLASSES, INGRESSES, SECRETS, SERVICES } from '../core/api/scheme.ts'
import type { Client } from '../core/client/client.ts'
import { startRunner } from '../core/client/coalescing-runner.ts'
import type { Informers } from '../core/client/informer.ts'
import type { Host, NetworkNamespace } from '../host/host.ts'
import { isBusy, isPermission } from '../host/errors.ts'
import type { RouteTable } from './route-table.ts'
import { routeTable } from './route-table.ts'
import { ingressServers } from './server.io.ts'
import type { Server } from 'node:net'

export interface IngressOptions {
  readonly client: Client
  readonly informers: Informers
  readonly host: Pick<Host, 'sockets' | 'clock' | 'random' | 'log'>
  /** where backends are dialled from: the node */
  readonly nodeNetwork?: NetworkNamespace | undefined
  /** where to listen */
  readonly address: string
  /** ports tried in order; 0 is any free one */
  readonly httpPorts: readonly number[]
  readonly httpsPorts: readonly number[]
  readonly defaultCertificate: { readonly cert: string; readonly key: string }
}

export interface IngressController extends AsyncDisposable {
  readonly httpPort: number
  readonly httpsPort: number
  readonly table: () => RouteTable
}

/** Rejects with HostError when none of the ports can be had. */
export async function startIngress(options: IngressOptions): Promise<IngressController> {
  const { informers, host, client } = options
  const sources = {
    ingresses: informers.of(INGRESSES),
    classes: informers.of(INGRESS_CLASSES),
    services: informers.of(SERVICES),
    slices: informers.of(ENDPOINT_SLICES),
    secrets: informers.of(SECRETS),
  }
  let current: RouteTable | undefined
  const table = (): RouteTable =>
    (current ??= routeTable({
      ingresses: sources.ingresses.list(),
      classes: sources.classes.list(),
      services: sources.services.list(),
      slices: sources.slices.list(),
      secrets: sources.secrets.list(),
    }))

  const servers = ingressServers({
    sockets: host.sockets,
    network: options.nodeNetwork,
    table,
    defaultCertificate: options.defaultCertificate,
    random: host.random,
    log: host.log,
  })
  const httpPort = await listenOnFirst(servers.http, options.httpPorts, options)
  const httpsPort = await listenOnFirst(servers.https, options.httpsPorts, options).catch(
    async (error: unknown) => {
      await servers[Symbol.asyncDispose]()
      throw error
    },
  )

  const ports = [
    { port: httpPort, protocol: 'TCP' },
    { port: httpsPort, protocol: 'TCP' },
  ]
  const published = new Set<string>()
  const runner = startRunner({
    name: 'ingress-status',
    sync: async () => {
      for (const warning of table().certificates.warnings) warnOnce(published, warning, host.log)
      for (const ingress of table().ingresses) await publish(client, ingress, { ip: options.address, ports })
    },
    minIntervalMs: 20,
    retryIntervalMs: 1_000,
    resyncIntervalMs: 300_000,
    clock: host.clock,
    log: host.log,
  })
  const changed = (): void => {
    current = undefined
    runner.trigger()
  }
  const unsubscribe = Object.values(sources).map((source) => source.onChange(changed))

  return {
    httpPort,
    httpsPort,
    table,
    async [Symbol.asyncDispose]() {
      for (const end of unsubscribe) end()
      await runner[Symbol.asyncDispose]()
      await servers[Symbol.asyncDispose]()
    },
  }
}

async function listenOnFirst(
  server: Server,
  ports: readonly number[],
  options: IngressOptions,
): Promise<number> {
  let last: unknown
  for (const port of ports) {
    try {
      return await options.host.sockets.listen(server, { address: options.address, port })
    } catch (error) {
      if (!isBusy(error) && !isPermission(error)) throw error
      last = error
    }
  }
  throw last
}

type LoadBalancerIngress = NonNullable<
  NonNullable<NonNullable<Ingress['status']>['loadBalancer']>['ingress']
>[number]

/** Writes the address into the Ingress' status, only when it is not there. */
async function publish(client: Client, ingress: Ingress, address: LoadBalancerIngress): Promise<void> {
  const wanted = [address]
  if (JSON.stringify(ingress.status?.loadBalancer?.ingress) === JSON.stringify(wanted)) return
  await client.updateStatus(INGRESSES, { ...ingress, status: { loadBalancer: { ingress: wanted } } })
}

function warnOnce(seen: Set<string>, warning: string, log: { warn(message: string): void }): void {
  if (seen.has(warning)) return
  seen.add(warning)
  log.warn(warning)
}
