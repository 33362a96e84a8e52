/**
 * A whole cluster in this process: the composition root. Everything real is made and joined here, in the order it
 * needs, and taken down in the opposite one.
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inProcessClient } from '../core/apiserver/in-process-client.ts'
import { serveApi } from '../core/apiserver/http.io.ts'
import { createRegistry } from '../core/apiserver/object-registry.ts'
import type { Pki } from '../core/apiserver/pki.io.ts'
import { openPki } from '../core/apiserver/pki.io.ts'
import type { Registry } from '../core/apiserver/registry.ts'
import type { Client } from '../core/client/client.ts'
import type { Informers } from '../core/client/informer.ts'
import { writeKubeconfig } from '../core/client/kubeconfig.io.ts'
import { sharedInformers } from '../core/client/shared-informers.ts'
import { startControllers } from '../core/controllers/controllers.ts'
import type { Kubelet } from '../core/kubelet/kubelet.io.ts'
import { startKubelet } from '../core/kubelet/kubelet.io.ts'
import { parseCidr } from '../core/net/cidr.ts'
import { printIPv4 } from '../core/net/ip.ts'
import { openPodNetwork } from '../core/pod-network/open-pod-network.io.ts'
import type { NetworkName, PodNetwork } from '../core/pod-network/pod-network.ts'
import { startScheduler } from '../core/scheduler/scheduler.ts'
import { DEPLOYMENTS, PODS, SERVICES } from '../core/api/scheme.ts'
import { openMemoryStore } from '../core/store/memory-store.ts'
import { openStore } from '../core/store/open-store.io.ts'
import type { Store } from '../core/store/store.ts'
import { networkAbility } from '../host/capabilities.ts'
import { HostError } from '../host/errors.ts'
import type { Host } from '../host/host.ts'
import { openLog } from '../host/linux/log.io.ts'
import { linuxHost } from '../host/linux/linux-host.io.ts'
import { startNetpol } from '../netpol/netpol.io.ts'
import { applyAll, ensureObjects } from './apply.ts'
import { dnsObjects, ingressClassObject } from './bootstrap.ts'
import { undoLeftovers } from './clean-up.io.ts'
import type { ClusterConfig, ProxyMode } from './config.ts'
import { chooseModes } from './config.ts'
import { CliError, EXIT, listed } from './errors.ts'
import { startHttpProxy } from './http-proxy.io.ts'
import type { Instance } from './instance.ts'
import type { DataDir } from './instance.io.ts'
import { dataDirAt, prepareDataDir, processStart, removeInstance, writeInstance } from './instance.io.ts'
import { joinDns } from './join-dns.io.ts'
import { joinIngress } from './join-ingress.io.ts'
import { joinKubeProxy } from './join-kube-proxy.io.ts'
import type { ManifestObject } from './manifests.ts'
import { readinessOf } from './readiness.ts'
import { rehearse } from './rehearsal.ts'
import type { Readiness } from './summary.ts'
import { VERSION } from './version.io.ts'

export interface StartOptions {
  readonly config: ClusterConfig
  /** told what is being done */
  readonly phase?: (text: string) => void
  /** aborting it while starting takes everything down again */
  readonly signal?: AbortSignal
}

export interface Cluster extends AsyncDisposable {
  readonly instance: Instance
  readonly client: Client
  readonly kubeconfig: string
  /** Rehearses, then applies. Rejects with CliError that lists every fault; then nothing was applied. */
  applyObjects(objects: readonly ManifestObject[]): Promise<void>
  readiness(): Readiness
  /** Resolves when everything is ready, or with what is not after `timeoutMs`. */
  settled(timeoutMs: number, progress?: (now: Readiness) => void): Promise<Readiness>
  /** a Service worth trying with curl, once there are any */
  exampleURL(): string | undefined
  /** address of a cluster name; undefined when there is none */
  resolve(name: string): string | undefined
}

/** Rejects with CliError (the user's to solve) or another Error; then nothing is left running. */
export async function startCluster({
  config,
  phase = () => undefined,
  signal,
}: StartOptions): Promise<Cluster> {
  await using stack = new AsyncDisposableStack()
  const dir = openDataDir(config, stack)
  const log = openLog({ level: config.logLevel })
  const host = await linuxHost({ ledgerFile: dir.ledger, log })
  await undoLeftovers(host)
  const { network: networkName, proxyMode } = await chosenModes(config, host)
  const step = (text: string): void => {
    signal?.throwIfAborted()
    phase(text)
  }

  step('opening the store')
  const store = stack.use(await openTheStore(config, dir, host))
  const network = stack.use(await openPodNetwork(networkName, { host }))
  const addresses = serviceAddresses(network)
  const facts = {
    serviceCIDRs: [network.addresses.serviceCIDR],
    nodePortRange: { first: 30_000, last: 32_767 },
  }
  const registry = stack.use(createRegistry({ store, clock: host.clock, random: host.random, facts }))
  const client = inProcessClient(registry, {
    user: 'system:kube-controller-manager',
    fieldManager: 'portolan',
  })
  const informers = stack.use(sharedInformers({ client, clock: host.clock, log }))

  step('starting the API server')
  const agent = lateBound<Kubelet>('the node agent')
  const api = await joinApi({
    config,
    dir,
    host,
    registry,
    network,
    kubernetesIP: addresses.kubernetes,
    agent: agent.proxy,
    stack,
  })
  await ensureObjects(client, {
    kubernetes: { clusterIP: addresses.kubernetes, address: network.node.gateway, port: api.nodePort },
  })

  step('starting controllers and node agent')
  const { pki } = api
  stack.use(
    startControllers({
      client,
      informers,
      clock: host.clock,
      log,
      caCertificate: pki.caCertificate,
      loadBalancerCIDR: network.addresses.loadBalancerCIDR,
    }),
  )
  stack.use(startScheduler({ client, informers, clock: host.clock, log }))
  const node = {
    name: config.nodeName,
    network: network.node.network,
    internalIP: network.node.internalIP,
    addresses: [...new Set([network.node.internalIP, network.node.gateway, '127.0.0.1'])],
  }
  const ownsHost = networkName === 'host' ? { ledger: host.ledger } : {}
  const proxied =
    proxyMode === 'userspace' ? [network.addresses.serviceCIDR, network.addresses.loadBalancerCIDR] : []
  const netpol = stack.use(
    await startNetpol({
      informers,
      host,
      node,
      enforce: networkName !== 'loopback',
      proxiedCIDRs: proxied,
      ...ownsHost,
    }),
  )
  const dns = stack.use(
    await joinDns({ config, host, informers, network, clusterDNS: addresses.dns, folder: dir.path }),
  )
  const kubelet = stack.use(
    await startKubelet({
      client,
      informers,
      host,
      podNetwork: network,
      nodeName: config.nodeName,
      podsFolder: dir.pods,
      dns: { clusterDNS: addresses.dns, clusterDomain: config.clusterDomain, node: dns.nodeResolver },
      honorProbeDelays: config.honorProbeDelays,
      builtInImages: dns.builtInImages,
      admitted: (pod, ip) => netpol.podAttached(pod, ip),
    }),
  )
  agent.bind(kubelet)

  step('starting proxies')
  const kubeProxy = stack.use(
    await joinKubeProxy({ host, informers, network, node, proxyMode, ...ownsHost, netpol }),
  )
  await applyAll(client, dnsObjects(addresses.dns), 'portolan')
  await applyAll(client, [ingressClassObject()], 'portolan')
  const ingress = stack.use(await joinIngress({ config, client, informers, host, network, pki }))
  const httpProxy = stack.use(
    await startHttpProxy({ sockets: host.sockets, resolve: (name) => dns.lookup(name) }),
  )

  step('starting DNS')
  await ready(informers, {
    signal,
    timeoutMs: 30_000,
    clock: host.clock,
    until: (now) => now.waitingFor.every((line) => !line.includes('kube-system/coredns')),
  })
  await kubeProxy.synced()
  const hostDns = stack.use(await dns.joinHost())
  const instance: Instance = {
    pid: process.pid,
    processStart: processStart(process.pid) ?? '',
    version: VERSION,
    network: networkName,
    proxyMode,
    nodeName: config.nodeName,
    server: api.server,
    kubeconfig: dir.kubeconfig,
    dns: { address: addresses.dns, domain: config.clusterDomain, host: hostDns.description },
    ingress: { http: ingress.httpPort, https: ingress.httpsPort },
    proxyPort: httpProxy.port,
    startedAt: new Date(host.clock.now()).toISOString(),
    phase: 'ready',
  }
  writeInstance(dir, instance)
  stack.defer(() => removeInstance(dir))
  const owned = stack.move()
  const readiness = (): Readiness => readinessOf(informers.of(DEPLOYMENTS).list(), informers.of(PODS).list())
  return {
    instance,
    client,
    kubeconfig: dir.kubeconfig,
    readiness,
    async applyObjects(objects) {
      const faults = await rehearse(objects, {
        current: store,
        facts,
        clock: host.clock,
        random: host.random,
      })
      if (faults.length > 0) throw listed(faults)
      await applyAll(
        client,
        objects.map(({ body, resource }) => ({ ...body, resource })),
        'portolan',
      )
    },
    async settled(timeoutMs, progress) {
      const last = await ready(informers, {
        signal,
        timeoutMs,
        clock: host.clock,
        until: (now) => now.waitingFor.length === 0,
        progress,
      })
      await Promise.all([kubeProxy.synced(), netpol.synced()])
      return last
    },
    exampleURL: () => exampleURL(informers, config.clusterDomain),
    resolve(name) {
      const found = dns.lookup(name)
      return found.kind === 'address' ? found.address : undefined
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** The data dir asked for, or one that lasts as long as the cluster. */
function openDataDir(config: ClusterConfig, stack: AsyncDisposableStack): DataDir {
  if (config.dataDir !== undefined) {
    const dir = dataDirAt(config.dataDir)
    prepareDataDir(dir)
    return dir
  }
  const temporary = mkdtempSync(join(tmpdir(), 'portolan-'))
  stack.defer(() => rmSync(temporary, { recursive: true, force: true }))
  return dataDirAt(temporary)
}

async function openTheStore(config: ClusterConfig, dir: DataDir, host: Host): Promise<Store> {
  if (config.dataDir === undefined) return openMemoryStore({ startRevision: host.clock.now() })
  mkdirSync(dir.store, { recursive: true, mode: 0o700 })
  try {
    return await openStore({
      directory: dir.store,
      nowMs: () => host.clock.now(),
      warn: (message: string) => host.log.warn(message),
    })
  } catch (error) {
    throw new CliError(
      `the store in ${dir.store} cannot be opened: ${error instanceof Error ? error.message : String(error)}`,
      {
        exitCode: EXIT.host,
        cause: error,
      },
    )
  }
}

async function chosenModes(
  config: ClusterConfig,
  host: Host,
): Promise<{ network: NetworkName; proxyMode: ProxyMode }> {
  const choice = chooseModes(config, await networkAbility(host))
  if (choice.kind === 'chosen') return choice
  throw new CliError(
    `the ${config.network} network with proxy mode ${config.proxyMode} cannot be had here: ${choice.reasons.join('; ')}`,
    {
      exitCode: EXIT.host,
      remedy: 'see: portolan doctor; without privileges: portolan up --network loopback',
    },
  )
}

/** The well-known addresses of the Service range: the first is the API server's, the tenth is DNS. */
function serviceAddresses(network: PodNetwork): { readonly kubernetes: string; readonly dns: string } {
  const first = Number(parseCidr(network.addresses.serviceCIDR)?.first ?? 0n)
  return { kubernetes: printIPv4(first + 1), dns: printIPv4(first + 10) }
}

interface ApiOptions {
  readonly config: ClusterConfig
  readonly dir: DataDir
  readonly host: Host
  readonly registry: Registry
  readonly network: PodNetwork
  readonly kubernetesIP: string
  readonly agent: Kubelet
  readonly stack: AsyncDisposableStack
}

/** Listens on 127.0.0.1 for people and on the pods' gateway for pods. */
async function joinApi(
  options: ApiOptions,
): Promise<{ readonly pki: Pki; readonly server: string; readonly nodePort: number }> {
  const { config, dir, host, registry, network, agent, stack } = options
  const { gateway } = network.node
  const pki = await openPki({
    directory: dir.pki,
    addresses: [options.kubernetesIP, gateway, network.node.internalIP],
    names: [config.nodeName],
    nowMs: host.clock.now(),
  })
  const forPods =
    gateway === '127.0.0.1'
      ? []
      : [{ network: network.node.network, address: gateway, port: config.port === 0 ? 6443 : config.port }]
  try {
    const api = stack.use(
      await serveApi({
        registry,
        nodeAgent: agent,
        pki,
        sockets: host.sockets,
        clock: host.clock,
        random: host.random,
        log: host.log,
        listen: [{ address: '127.0.0.1', port: config.port }, ...forPods],
        dial: ({ address, port }) => host.sockets.connect({ network: network.node.network, address, port }),
      }),
    )
    const server = `https://127.0.0.1:${api.port}`
    await writeKubeconfig(dir.kubeconfig, 'portolan', {
      server,
      caCertificate: pki.caCertificate,
      clientCertificate: pki.admin.certificate,
      clientKey: pki.admin.key,
    })
    return { pki, server, nodePort: forPods[0]?.port ?? api.port }
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== 'PORT_IN_USE') throw error
    throw new CliError(`the API server's port ${config.port} on 127.0.0.1 is taken`, {
      exitCode: EXIT.host,
      remedy: 'choose another with --port PORT (0: any free one)',
      cause: error,
    })
  }
}

/** Stands in for something made later. */
function lateBound<T extends object>(what: string): { readonly proxy: T; bind(target: T): void } {
  let bound: T | undefined
  const proxy = new Proxy({} as T, {
    get(_empty, key) {
      if (bound === undefined) throw new Error(`${what} is not started yet`)
      return Reflect.get(bound, key) as unknown
    },
  })
  return { proxy, bind: (target) => void (bound = target) }
}

interface ReadyOptions {
  readonly timeoutMs: number
  readonly clock: Host['clock']
  readonly signal: AbortSignal | undefined
  readonly until: (now: Readiness) => boolean
  readonly progress?: ((now: Readiness) => void) | undefined
}

/** Waits for the caches to show what `until` wants; event-driven. */
async function ready(
  informers: Informers,
  { timeoutMs, clock, signal, until, progress }: ReadyOptions,
): Promise<Readiness> {
  const [deployments, pods] = [informers.of(DEPLOYMENTS), informers.of(PODS)]
  const read = (): Readiness => readinessOf(deployments.list(), pods.list())
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = (): void => {
    const now = read()
    progress?.(now)
    if (until(now)) resolve()
  }
  const ends = [deployments.onChange(look), pods.onChange(look)]
  const timer = new AbortController()
  const late = clock
    .sleep(timeoutMs, signal ? AbortSignal.any([timer.signal, signal]) : timer.signal)
    .catch(() => undefined)
  look()
  await Promise.race([promise, late])
  timer.abort()
  for (const end of ends) end()
  signal?.throwIfAborted()
  return read()
}

/** Prefers a Service called frontend, then any with an HTTP port that is not the system's. */
function exampleURL(informers: Informers, domain: string): string | undefined {
  const system = new Set(['kube-system'])
  const services = informers
    .of(SERVICES)
    .list()
    .filter(
      ({ metadata, spec }) =>
        !system.has(metadata.namespace ?? '') && spec.clusterIP && spec.clusterIP !== 'None',
    )
    .filter(
      ({ metadata, spec }) =>
        metadata.name !== 'kubernetes' && (spec.ports ?? []).some(({ protocol }) => protocol !== 'UDP'),
    )
  const chosen = services.find(({ metadata }) => metadata.name === 'frontend') ?? services[0]
  const port = chosen?.spec.ports?.[0]?.port
  if (chosen === undefined || port === undefined) return undefined
  return `http://${chosen.metadata.name}.${chosen.metadata.namespace}.svc.${domain}${port === 80 ? '' : `:${port}`}`
}
