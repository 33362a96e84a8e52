/**
 * What a cluster is without its node: data dir, store, API, controllers, scheduler. Made in this order on a stack that
 * takes it down in the opposite one.
 */

import { serviceResolver } from '../core/apiserver/admission/webhooks/resolve-service.ts'
import { webhookCaller } from '../core/apiserver/admission/webhooks/call.io.ts'
import { signingKey } from '../core/apiserver/authentication/token-keys.ts'
import type { Registry } from '../core/apiserver/registry/registry.ts'
import type { Dial } from '../core/apiserver/sessions/proxy.io.ts'
import { inProcessClient } from '../core/apiserver/in-process-client.ts'
import { createRegistry } from '../core/apiserver/object-registry.ts'
import { openPki } from '../core/apiserver/pki/pki.io.ts'
import type { Pki } from '../core/apiserver/pki/pki.io.ts'
import type { ClusterFacts } from '../core/api/rules.ts'
import type { SecretTokenGrant } from '../core/api/token-secret.ts'
import { componentCheck } from '../core/apiserver/answers/component-statuses.ts'
import type { Client } from '../core/client/client.ts'
import type { Informers } from '../core/client/informer.ts'
import { sharedInformers } from '../core/client/shared-informers.ts'
import type { Healthy } from '../core/client/worker-health.ts'
import { startControllers } from '../core/controllers/controllers.ts'
import type { Kubelet } from '../core/kubelet/kubelet.io.ts'
import { openPodNetwork } from '../core/pod-network/open-pod-network.io.ts'
import type { NetworkName, PodNetwork } from '../core/pod-network/pod-network.ts'
import { startScheduler } from '../core/scheduler/scheduler.ts'
import type { Store } from '../core/store/store.ts'
import { networkAbility } from '../host/capabilities.ts'
import type { Host } from '../host/host.ts'
import { openLog } from '../host/linux/log.io.ts'
import { linuxHost } from '../host/linux/linux-host.io.ts'
import { ensureObjects } from './apply.ts'
import { undoLeftovers } from './clean-up.io.ts'
import type { ClusterConfig, ProxyMode } from './config.ts'
import { chooseModes } from './config.ts'
import { CliError, EXIT } from './errors.ts'
import type { DataDir } from './instance.io.ts'
import { joinApi, lateBound } from './join-api.io.ts'
import { openDataDir, openTheStore } from './open-store.io.ts'
import { addressOf } from './service-address.ts'

/** Where things are made: each is taken down with the stack, and told of by the step. */
export interface Making {
  readonly config: ClusterConfig
  readonly stack: AsyncDisposableStack
  /** names what is being done; throws when starting was aborted */
  readonly step: (text: string) => void
}

export interface ControlPlane {
  readonly dir: DataDir
  readonly host: Host
  readonly proxyMode: ProxyMode
  readonly network: PodNetwork
  /** well-known addresses of the Service range */
  readonly addresses: { readonly kubernetes: string; readonly dns: string }
  readonly facts: ClusterFacts
  readonly store: Store
  readonly client: Client
  readonly informers: Informers
  readonly pki: Pki
  /** `https://127.0.0.1:6443` */
  readonly server: string
  /** the API server asks the node agent from now on */
  readonly bindAgent: (agent: Kubelet) => void
}

export async function startControlPlane({ config, stack, step }: Making): Promise<ControlPlane> {
  const dir = openDataDir(config, stack)
  const log = openLog({ level: config.logLevel })
  const host = await linuxHost({ ledgerFile: dir.ledger, log })
  await undoLeftovers(host)
  const { network: networkName, proxyMode } = await chosenModes(config, host)
  const { clock, random } = host

  step('opening the store')
  const store = stack.use(await openTheStore(config, dir, host))
  const network = stack.use(await openPodNetwork(networkName, { host }))
  const addresses = serviceAddresses(network)
  const facts = { serviceCIDRs: [network.addresses.serviceCIDR], nodePortRange: NODE_PORTS }
  const kubernetesIP = addresses.kubernetes
  const { gateway, internalIP } = network.node
  const pki = await openPki({
    directory: dir.pki,
    addresses: [kubernetesIP, gateway, internalIP],
    names: [config.nodeName],
    nowMs: clock.now(),
  })
  const tokens = { signingKey: signingKey(pki.serviceAccountKey) }
  const nodeNetwork = network.node.network
  const dial: Dial = ({ address, port }) => host.sockets.connect({ network: nodeNetwork, address, port })
  const callWebhook = webhookCaller({ dial, resolve: serviceResolver((): Registry => registry, random) })
  const failed = (error: unknown): void => log.error('cleaning up failed', { err: error })
  const registry = stack.use(createRegistry({ store, clock, random, facts, tokens, callWebhook, failed }))
  const client = inProcessClient(registry, {
    user: 'system:kube-controller-manager',
    fieldManager: 'portolan',
  })
  const informers = stack.use(sharedInformers({ client, clock, log }))

  step('starting the API server')
  const agent = lateBound<Kubelet>('the node agent')
  const scheduler = lateBound<Healthy>('the scheduler')
  const controllers = lateBound<Healthy>('the controllers')
  const components = {
    'controller-manager': componentCheck(async (signal) => controllers.proxy.healthy(signal), clock),
    scheduler: componentCheck(async (signal) => scheduler.proxy.healthy(signal), clock),
  }
  const joining = { config, dir, host, registry, network, pki, agent: agent.proxy, components, stack }
  const { server, nodePort } = await joinApi(joining)
  await ensureObjects(client, {
    pki,
    kubernetes: {
      clusterIP: kubernetesIP,
      serviceCIDRs: facts.serviceCIDRs,
      address: network.node.gateway,
      port: nodePort,
    },
  })

  step('starting controllers and node agent')
  const shared = { client, informers, clock, log }
  const { loadBalancerCIDR } = network.addresses
  const { caCertificate } = pki
  const { tokens: signer } = registry
  const signToken = signer && ((grant: SecretTokenGrant) => signer.secretToken(grant))
  controllers.bind(stack.use(startControllers({ ...shared, caCertificate, loadBalancerCIDR, signToken })))
  scheduler.bind(stack.use(startScheduler(shared)))
  return {
    dir,
    host,
    proxyMode,
    network,
    addresses,
    facts,
    store,
    client,
    informers,
    pki,
    server,
    bindAgent: agent.bind,
  }
}

const NODE_PORTS = { first: 30_000, last: 32_767 }

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
  const { serviceCIDR } = network.addresses
  return { kubernetes: addressOf(serviceCIDR, 1), dns: addressOf(serviceCIDR, 10) }
}
