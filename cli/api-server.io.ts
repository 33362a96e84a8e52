/**
 * The API server alone: store, registry, certificates, listener, and the objects a cluster is born with. No
 * controllers, no node: what envtest is used for.
 */

import { absentPlugins, enabledPlugins } from '../core/apiserver/admission/plugins.ts'
import { serviceResolver } from '../core/apiserver/admission/webhooks/resolve-service.ts'
import { webhookCaller } from '../core/apiserver/admission/webhooks/call.io.ts'
import { authorizationModes } from '../core/apiserver/authorization/modes.ts'
import { probedComponents } from '../core/apiserver/answers/component-probe.io.ts'
import { signingKey } from '../core/apiserver/authentication/token-keys.ts'
import type { Registry } from '../core/apiserver/registry/registry.ts'
import type { Dial } from '../core/apiserver/sessions/proxy.io.ts'
import { noNodeAgent } from './no-node-agent.ts'
import type { StartHook } from '../core/apiserver/answers/health.ts'
import { serveApi } from '../core/apiserver/http.io.ts'
import { inProcessClient } from '../core/apiserver/in-process-client.ts'
import { createRegistry } from '../core/apiserver/object-registry.ts'
import type { ServerCredentials } from '../core/apiserver/pki/credentials.ts'
import { openPki } from '../core/apiserver/pki/pki.io.ts'
import type { Client } from '../core/client/client.ts'
import { writeKubeconfig } from '../core/client/kubeconfig.io.ts'
import { HostError } from '../host/errors.ts'
import { linuxHost } from '../host/linux/linux-host.io.ts'
import { openLog } from '../host/linux/log.io.ts'
import type { ApiServerConfig } from './api-server-config.ts'
import { nodePortRangeOf, serviceCIDRsOf } from './api-server-config.ts'
import { ensureObjects } from './apply.ts'
import { CliError, EXIT } from './errors.ts'
import type { GivenCredentials } from './given-credentials.io.ts'
import { givenCredentials, leaveServingPair } from './given-credentials.io.ts'
import { openDataDir, openTheStore } from './open-store.io.ts'
import { addressOf } from './service-address.ts'

export interface RunningApiServer extends AsyncDisposable {
  /** `https://127.0.0.1:6443` */
  readonly server: string
  /** path of the administrator's kubeconfig */
  readonly kubeconfig: string
  /** everything there is, without a wire in between */
  readonly client: Client
}

/** Rejects with CliError (the user's to solve) or another Error; then nothing is left running. */
export async function startApiServer(config: ApiServerConfig): Promise<RunningApiServer> {
  const given = await givenCredentials(config)
  await using stack = new AsyncDisposableStack()
  const dir = openDataDir(config, stack)
  const log = openLog({ level: config.logLevel })
  const host = await linuxHost({ ledgerFile: dir.ledger, log })
  const { clock, random, sockets } = host
  const store = stack.use(await openTheStore(config, dir, host))
  const serviceCIDRs = serviceCIDRsOf(config)
  const facts = { serviceCIDRs, nodePortRange: nodePortRangeOf(config) }
  const clusterIP = addressOf(serviceCIDRs[0] ?? '', 1)
  const pki = await openPki({
    directory: dir.pki,
    addresses: [clusterIP, config.bindAddress],
    nowMs: clock.now(),
  })
  const credentials = { ...pki, ...servedCredentials(given) }
  if (config.certDir !== undefined && given.serving === undefined)
    await leaveServingPair(config.certDir, { certificate: pki.serverCertificate, key: pki.serverKey })
  const tokens = {
    signingKey: given.signingKey ?? signingKey(pki.serviceAccountKey),
    verificationKeys: given.verificationKeys,
    issuers: config.serviceAccountIssuers,
  }
  const dial: Dial = (to) => sockets.connect(to)
  const callWebhook = webhookCaller({ dial, resolve: serviceResolver((): Registry => registry, random) })
  const { admissionPlugins: choice = { enabled: [], disabled: [] } } = config
  const plugins = enabledPlugins(choice)
  for (const plugin of absentPlugins(choice)) log.warn('admission plugin has no effect here', { plugin })
  const failed = (error: unknown): void => log.error('cleaning up failed', { err: error })
  const registry = stack.use(
    createRegistry({
      ...{ store, clock, random, facts, tokens, callWebhook, failed, plugins },
      authorizationModes: authorizationModes(config.authorizationMode),
      staticTokens: given.staticTokens,
      // Where everybody may do everything, nobody is to be taken for somebody: as upstream.
      admitsAnonymous: config.anonymousAuth && !config.authorizationMode.includes('AlwaysAllow'),
    }),
  )
  const client = inProcessClient(registry, { user: 'system:apiserver', fieldManager: 'kube-apiserver' })
  const listen = [{ address: config.bindAddress, port: config.securePort }]
  const done = new Set<StartHook>()
  const api = stack.use(
    await serveApi({
      isDone: (hook) => done.has(hook),
      registry,
      nodeAgent: noNodeAgent(),
      pki: credentials,
      sockets,
      clock,
      random,
      log,
      listen,
      dial,
      components: probedComponents(dial),
    }).catch((error: unknown) => {
      throw portTaken(error, config)
    }),
  )
  const { port } = api
  const isUnspecified = ['0.0.0.0', '::'].includes(config.bindAddress)
  const address = isUnspecified ? '127.0.0.1' : config.bindAddress
  const advertised = config.advertiseAddress ?? address
  await ensureObjects(client, {
    kubernetes: { clusterIP, serviceCIDRs, address: advertised, port },
    pki: credentials,
    done: (hook) => done.add(hook),
  })
  const server = `https://${address.includes(':') ? `[${address}]` : address}:${port}`
  const kubeconfig = config.kubeconfig ?? dir.kubeconfig
  const { certificate: clientCertificate, key: clientKey } = pki.admin
  // Who signed a certificate that was given is not known: it is trusted for itself.
  const caCertificate = given.serving?.certificate ?? pki.caCertificate
  await writeKubeconfig(kubeconfig, 'portolan', { server, caCertificate, clientCertificate, clientKey })
  const owned = stack.move()
  return { server, kubeconfig, client, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const servedCredentials = ({ serving, clientCA }: GivenCredentials): Partial<ServerCredentials> => ({
  ...(serving ? { serverCertificate: serving.certificate, serverKey: serving.key } : {}),
  ...(clientCA === undefined ? {} : { otherClientCaCertificates: clientCA }),
})

function portTaken(error: unknown, { bindAddress, securePort }: ApiServerConfig): unknown {
  if (!(error instanceof HostError) || error.code !== 'PORT_IN_USE') return error
  return new CliError(`port ${securePort} on ${bindAddress} is taken`, {
    exitCode: EXIT.host,
    remedy: 'choose another with --secure-port PORT (0: any free one)',
    cause: error,
  })
}
