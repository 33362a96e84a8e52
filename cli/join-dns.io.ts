/**
 * Joins DNS to the cluster: the records, the server that plays the image `coredns` in its pod, the host's own access to
 * it, and look-ups inside this process.
 */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Informers } from '../core/client/informer.ts'
import type { PodDnsFacts } from '../core/kubelet/pod-files.ts'
import type { BuiltInImages, StandIn } from '../core/kubelet/stand-in.ts'
import type { PodNetwork } from '../core/pod-network/pod-network.ts'
import { startDnsRecords } from '../dns/dns-records.ts'
import { startForwarder } from '../dns/forward.io.ts'
import { hostNameservers, hostResolver } from '../dns/host-resolver.io.ts'
import { parseResolvConf } from '../dns/resolv-conf.ts'
import { resolveInCluster } from '../dns/resolve-in-cluster.ts'
import type { DnsServerOptions } from '../dns/server.io.ts'
import { serveDns } from '../dns/server.io.ts'
import { usableUpstreams } from '../dns/upstreams.ts'
import { HostError } from '../host/errors.ts'
import type { Host } from '../host/host.ts'
import type { ClusterConfig } from './config.ts'
import type { ResolvedName } from './http-proxy.io.ts'

export interface JoinDnsOptions {
  readonly config: ClusterConfig
  readonly host: Host
  readonly informers: Informers
  readonly network: PodNetwork
  readonly clusterDNS: string
  /** where the host resolver's file is kept */
  readonly folder: string
}

export interface JoinedDns extends AsyncDisposable {
  readonly builtInImages: BuiltInImages
  /** for pods that want the node's own resolver */
  readonly nodeResolver: PodDnsFacts['node']
  lookup(name: string): ResolvedName
  /** Lets the host's programs resolve the cluster's names, where that can be had. */
  joinHost(): Promise<HostDns>
}

export interface HostDns extends AsyncDisposable {
  /** for people: `host resolves cluster.local (restored on exit)` */
  readonly description: string
}

/** Where the host asks: a loopback address of the cluster's own, whatever happens to rules and routes. */
const HOST_ADDRESS = '127.96.0.10'
const DNS_PORT = 53

export async function joinDns(options: JoinDnsOptions): Promise<JoinedDns> {
  const { config, host, informers, clusterDNS } = options
  await using stack = new AsyncDisposableStack()
  const { records, config: zones } = stack.use(
    startDnsRecords({ informers, clock: host.clock, clusterDomain: config.clusterDomain }),
  )
  const nameservers = await hostNameservers()
  const upstreams = usableUpstreams(nameservers, [clusterDNS, HOST_ADDRESS])
  const forward = stack.use(startForwarder({ upstreams, clock: host.clock, log: host.log }))
  const shared = { records, config: zones, forward, clock: host.clock, random: host.random, log: host.log }
  const coredns = async (
    context: Parameters<NonNullable<ReturnType<BuiltInImages['get']>>>[0],
  ): Promise<StandIn> => {
    const { sockets, network, podIP } = context
    const address = network === undefined ? podIP : '0.0.0.0'
    return asStandIn(
      await serveDns({ ...shared, sockets, network, address, port: DNS_PORT, ownAddresses: [podIP] }),
    )
  }
  const owned = stack.move()
  const { search, options: resolverOptions } = parseResolvConf(
    await readFile('/etc/resolv.conf', 'utf8').catch(() => ''),
  )
  return {
    builtInImages: new Map([['coredns', coredns]]),
    nodeResolver: { nameservers, searches: search, options: resolverOptions },
    lookup(name) {
      const found = resolveInCluster(name, { records, config: zones }, [`svc.${config.clusterDomain}`])
      return found
    },
    joinHost: () => joinHost(options, shared),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function asStandIn(server: AsyncDisposable): StandIn {
  const { promise: exited, resolve } = Promise.withResolvers<{ kind: 'exited'; code: number }>()
  return {
    exited,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      resolve({ kind: 'exited', code: 0 })
    },
  }
}

type Shared = Omit<DnsServerOptions, 'sockets' | 'network' | 'address' | 'port'>

async function joinHost(options: JoinDnsOptions, shared: Shared): Promise<HostDns> {
  const { config, host, clusterDNS, network } = options
  const nothing = (why: string): HostDns => ({
    description: why,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
  if (!config.hostDNS) return nothing('host resolver left alone (--no-host-dns)')
  await using stack = new AsyncDisposableStack()
  // In the loopback network the cluster's DNS address is bound already, by the proxy.
  if (clusterDNS !== HOST_ADDRESS) {
    try {
      stack.use(await serveDns({ ...shared, sockets: host.sockets, address: HOST_ADDRESS, port: DNS_PORT }))
    } catch (error) {
      if (!(error instanceof HostError)) throw error
      host.log.info('host resolver left alone', { reason: error.message })
      return nothing('host resolver left alone: use portolan curl')
    }
  }
  const resolver = stack.use(
    await hostResolver({
      commands: host.commands,
      ledger: host.ledger,
      log: host.log,
      nameserver: { address: HOST_ADDRESS, port: DNS_PORT },
      clusterDomain: config.clusterDomain,
      ranges: [network.addresses.podCIDR, network.addresses.serviceCIDR],
      file: join(options.folder, 'resolv.conf'),
    }),
  )
  if (resolver.method === 'none')
    return nothing(`host resolver left alone (${resolver.reason}): use portolan curl`)
  const owned = stack.move()
  return {
    description: `host resolves ${config.clusterDomain} (restored on exit)`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
