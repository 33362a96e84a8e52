/**
 * portolan as a library: a whole cluster in this process, for tests.
 *
 *     await using cluster = await startCluster()
 *     await cluster.apply(readFileSync('shop.yaml', 'utf8'))
 *     await cluster.ready()
 *     const answer = await cluster.fetch('http://frontend.shop.svc.cluster.local/')
 */

import type { KubernetesObject } from '../core/api/object.ts'
import type { Client } from '../core/client/client.ts'
import type { ApiServerConfig } from './api-server-config.ts'
import { API_SERVER_DEFAULTS, apiServerFaults } from './api-server-config.ts'
import { startApiServer as startAlone } from './api-server.io.ts'
import type { RunningApiServer } from './api-server.io.ts'
import { startCluster as startWhole } from './cluster.io.ts'
import { requestInCluster } from './cluster-request.io.ts'
import type { ClusterResponse } from './cluster-request.io.ts'
import type { ClusterConfig } from './config.ts'
import { configFaults, DEFAULTS } from './config.ts'
import { listed } from './errors.ts'
import { inApplyOrder, parseManifests } from './manifests.ts'

export type { Client, ListOptions, PatchOptions, WatchEvent } from '../core/client/client.ts'
export type { KubernetesObject } from '../core/api/object.ts'
export * from '../core/api/scheme.ts'
export { ApiError, isApiError } from '../core/api/api-error.ts'
export type { RunningApiServer } from './api-server.io.ts'
export type { ClusterResponse } from './cluster-request.io.ts'

export interface StartClusterOptions extends Partial<ClusterConfig> {
  /** aborting it while starting takes everything down again */
  readonly signal?: AbortSignal
}

export interface Cluster extends AsyncDisposable {
  /** everything there is, without a wire in between */
  readonly client: Client
  /** path of a kubeconfig for other programs */
  readonly kubeconfig: string
  /** `https://127.0.0.1:PORT` */
  readonly server: string
  /** YAML or JSON text, or objects. Rejects with every fault; then nothing was applied. */
  apply(manifests: string | readonly KubernetesObject[]): Promise<void>
  /** Resolves when every Deployment and bare pod is ready; rejects after `timeoutMs` (default 30 000) with what is not. */
  ready(timeoutMs?: number): Promise<void>
  /** address of a cluster name; undefined when there is none */
  resolve(name: string): string | undefined
  /** An HTTP request to a cluster name, wherever this process's own resolver and routes lead. */
  fetch(
    url: string,
    options?: {
      readonly method?: string
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    },
  ): Promise<ClusterResponse>
}

/**
 * Starts a cluster with a store in memory, on free ports, in the loopback network, and leaves the host's resolver alone:
 * any number may run side by side. Options change any of that. Rejects when the host does not allow what is asked.
 */
export async function startCluster({ signal, ...given }: StartClusterOptions = {}): Promise<Cluster> {
  const config: ClusterConfig = {
    ...DEFAULTS,
    network: 'loopback',
    port: 0,
    hostDNS: false,
    ingressHTTPPort: 0,
    ingressHTTPSPort: 0,
    ...given,
  }
  const faults = configFaults(config)
  if (faults.length > 0) throw listed(faults)
  const cluster = await startWhole({ config, ...(signal ? { signal } : {}) })
  return {
    client: cluster.client,
    kubeconfig: cluster.kubeconfig,
    server: cluster.instance.server,
    async apply(manifests) {
      const text =
        typeof manifests === 'string'
          ? manifests
          : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests })
      const parsed = parseManifests([{ source: '<manifests>', text }])
      if (parsed.faults.length > 0) throw listed(parsed.faults)
      await cluster.applyObjects(inApplyOrder(parsed.objects))
    },
    async ready(timeoutMs = 30_000) {
      const { waitingFor } = await cluster.settled(timeoutMs)
      if (waitingFor.length > 0)
        throw listed(waitingFor.map((line) => `not ready after ${timeoutMs} ms: ${line}`))
    },
    resolve: (name) => cluster.resolve(name),
    fetch: (url, options) => requestInCluster(cluster.instance.proxyPort, url, options),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  }
}

/**
 * Starts the API server alone, on a free port, with a store in memory: no controllers, no node, ready in well under a
 * second. What envtest is for. Rejects with every fault of the options.
 */
export async function startApiServer(given: Partial<ApiServerConfig> = {}): Promise<RunningApiServer> {
  const config: ApiServerConfig = { ...API_SERVER_DEFAULTS, securePort: 0, ...given }
  const faults = apiServerFaults(config)
  if (faults.length > 0) throw listed(faults)
  return await startAlone(config)
}
