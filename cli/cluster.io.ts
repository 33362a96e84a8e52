/**
 * A whole cluster in this process: the composition root. Everything real is made and joined here and in the files named
 * `join-*`, in the order it needs, and taken down in the opposite one.
 */

import type { Client } from '../core/client/client.ts'
import { startKubelet } from '../core/kubelet/kubelet.io.ts'
import type { IngressController } from '../ingress/ingress.io.ts'
import type { KubeProxy } from '../kube-proxy/kube-proxy.io.ts'
import type { Netpol } from '../netpol/netpol.io.ts'
import { startNetpol } from '../netpol/netpol.io.ts'
import { applyAll, namespaceOf } from './apply.ts'
import { awaitReadiness, currentReadiness } from './await-ready.ts'
import { dnsObjects, ingressClassObject } from './bootstrap.ts'
import type { ClusterConfig } from './config.ts'
import type { ControlPlane, Making } from './control-plane.io.ts'
import { startControlPlane } from './control-plane.io.ts'
import { listed } from './errors.ts'
import { exampleURL } from './example-url.ts'
import type { HttpProxy } from './http-proxy.io.ts'
import { startHttpProxy } from './http-proxy.io.ts'
import type { Instance } from './instance.ts'
import { processStart, removeInstance, writeInstance } from './instance.io.ts'
import type { JoinedDns } from './join-dns.io.ts'
import { joinDns } from './join-dns.io.ts'
import { joinIngress } from './join-ingress.io.ts'
import { joinKubeProxy } from './join-kube-proxy.io.ts'
import { withLastApplied } from './last-applied.ts'
import type { ManifestObject } from './manifests.ts'
import { rehearse } from './rehearsal.ts'
import type { Readiness } from './summary.ts'
import { VERSION } from './version.io.ts'

const FIELD_MANAGER = 'portolan'
/** DNS is a pod like any other; it takes some tens of milliseconds. */
const DNS_TIMEOUT_MS = 30_000

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
  const step = (text: string): void => {
    signal?.throwIfAborted()
    phase(text)
  }
  const plane = await startControlPlane({ config, stack, step })
  const node = await startNode(plane, { config, stack, step })
  const { informers, client, dir } = plane
  const { clock, random } = plane.host

  step('starting DNS')
  const until = ({ waitingFor }: Readiness): boolean =>
    waitingFor.every((line) => !line.includes('kube-system/coredns'))
  await awaitReadiness(informers, { signal, timeoutMs: DNS_TIMEOUT_MS, clock, until })
  await node.kubeProxy.synced()
  const hostDns = stack.use(await node.dns.joinHost())
  const instance = describe(config, plane, { ...node, hostDns: hostDns.description })
  writeInstance(dir, instance)
  stack.defer(() => removeInstance(dir))
  const owned = stack.move()
  return {
    instance,
    client,
    kubeconfig: dir.kubeconfig,
    readiness: () => currentReadiness(informers),
    async applyObjects(objects) {
      const faults = await rehearse(objects, { current: plane.store, facts: plane.facts, clock, random })
      if (faults.length > 0) throw listed(faults)
      const bodies = objects.map(({ body, resource }) => ({
        ...withLastApplied(body, namespaceOf(body, resource)),
        resource,
      }))
      await applyAll(client, bodies, FIELD_MANAGER)
    },
    async settled(timeoutMs, progress) {
      const all = ({ waitingFor }: Readiness): boolean => waitingFor.length === 0
      const last = await awaitReadiness(informers, { signal, timeoutMs, clock, until: all, progress })
      await Promise.all([node.kubeProxy.synced(), node.netpol.synced()])
      return last
    },
    exampleURL: () => exampleURL(informers, config.clusterDomain),
    resolve(name) {
      const found = node.dns.lookup(name)
      return found.kind === 'address' ? found.address : undefined
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface RunningNode {
  readonly netpol: Netpol
  readonly dns: JoinedDns
  readonly kubeProxy: KubeProxy
  readonly ingress: IngressController
  readonly httpProxy: HttpProxy
}

/** The node: policies, DNS records, pods, proxies, Ingress. */
async function startNode(plane: ControlPlane, { config, stack, step }: Making): Promise<RunningNode> {
  const { host, informers, network, proxyMode, client, addresses } = plane
  const { internalIP, gateway, network: nodeNetwork } = network.node
  const node = {
    name: config.nodeName,
    network: nodeNetwork,
    internalIP,
    addresses: [...new Set([internalIP, gateway, '127.0.0.1'])],
  }
  // Only what is written into the host's own namespace outlives a crash.
  const recorded = network.name === 'host' ? { ledger: host.ledger } : {}
  const { serviceCIDR, loadBalancerCIDR } = network.addresses
  const proxiedCIDRs = proxyMode === 'userspace' ? [serviceCIDR, loadBalancerCIDR] : []
  const enforce = network.name !== 'loopback'
  const netpol = stack.use(await startNetpol({ informers, host, node, enforce, proxiedCIDRs, ...recorded }))
  const dns = stack.use(
    await joinDns({ config, host, informers, network, clusterDNS: addresses.dns, folder: plane.dir.path }),
  )
  const kubelet = await startKubelet({
    client,
    informers,
    host,
    podNetwork: network,
    nodeName: config.nodeName,
    podsFolder: plane.dir.pods,
    dns: { clusterDNS: addresses.dns, clusterDomain: config.clusterDomain, node: dns.nodeResolver },
    honorProbeDelays: config.honorProbeDelays,
    builtInImages: dns.builtInImages,
    admitted: (pod, ip) => netpol.podAttached(pod, ip),
  })
  plane.bindAgent(stack.use(kubelet))

  step('starting proxies')
  const kubeProxy = stack.use(
    await joinKubeProxy({ host, informers, network, node, proxyMode, ...recorded, netpol }),
  )
  await applyAll(client, [...dnsObjects(addresses.dns), ingressClassObject()], FIELD_MANAGER)
  const ingress = stack.use(await joinIngress({ config, client, informers, host, network, pki: plane.pki }))
  const httpProxy = stack.use(
    await startHttpProxy({ sockets: host.sockets, resolve: (name) => dns.lookup(name) }),
  )
  return { netpol, dns, kubeProxy, ingress, httpProxy }
}

function describe(
  config: ClusterConfig,
  plane: ControlPlane,
  node: RunningNode & { readonly hostDns: string },
): Instance {
  return {
    pid: process.pid,
    processStart: processStart(process.pid) ?? '',
    version: VERSION,
    network: plane.network.name,
    proxyMode: plane.proxyMode,
    nodeName: config.nodeName,
    server: plane.server,
    kubeconfig: plane.dir.kubeconfig,
    dns: { address: plane.addresses.dns, domain: config.clusterDomain, host: node.hostDns },
    ingress: { http: node.ingress.httpPort, https: node.ingress.httpsPort },
    proxyPort: node.httpProxy.port,
    startedAt: new Date(plane.host.clock.now()).toISOString(),
    phase: 'ready',
  }
}
