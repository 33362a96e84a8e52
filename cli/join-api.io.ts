/** Joins the API server to the cluster: its listeners, the kubeconfig, and the node agent behind it. */

import type { ComponentChecks } from '../core/apiserver/answers/component-statuses.ts'
import { serveApi } from '../core/apiserver/http.io.ts'
import type { Pki } from '../core/apiserver/pki/pki.io.ts'
import type { Registry } from '../core/apiserver/registry/registry.ts'
import type { NodeAgent } from '../core/api/node-agent.ts'
import { writeKubeconfig } from '../core/client/kubeconfig.io.ts'
import type { PodNetwork } from '../core/pod-network/pod-network.ts'
import { HostError } from '../host/errors.ts'
import type { Host } from '../host/host.ts'
import type { ClusterConfig } from './config.ts'
import { CliError, EXIT } from './errors.ts'
import type { DataDir } from './instance.io.ts'

export interface ApiOptions {
  readonly config: ClusterConfig
  readonly dir: DataDir
  readonly host: Host
  readonly registry: Registry
  readonly network: PodNetwork
  readonly pki: Pki
  readonly agent: NodeAgent
  readonly components: ComponentChecks
  readonly stack: AsyncDisposableStack
}

/** Listens on 127.0.0.1 for people and on the pods' gateway for pods. */
export async function joinApi(
  options: ApiOptions,
): Promise<{ readonly server: string; readonly nodePort: number }> {
  const { config, dir, host, registry, network, agent, stack, pki } = options
  const { gateway } = network.node
  const forPods =
    gateway === '127.0.0.1'
      ? []
      : [{ network: network.node.network, address: gateway, port: config.port === 0 ? 6443 : config.port }]
  try {
    const api = stack.use(
      await serveApi({
        registry,
        nodeAgent: agent,
        components: options.components,
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
    return { server, nodePort: forPods[0]?.port ?? api.port }
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
export function lateBound<T extends object>(
  what: string,
): { readonly proxy: T; readonly bind: (target: T) => void } {
  let bound: T | undefined
  const proxy = new Proxy({} as T, {
    get(_empty, key) {
      if (bound === undefined) throw new Error(`${what} is not started yet`)
      return Reflect.get(bound, key) as unknown
    },
  })
  return { proxy, bind: (target) => void (bound = target) }
}
