/**
 * An API server on a loopback port of its own, over a store in memory: what tests of the wire and of real clients
 * talk to. No controllers, no kubelet: what a test wants to be there, it writes.
 */

import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NodeAgent } from '../../core/api/node-agent.ts'
import { NAMESPACES, SERVICE_ACCOUNTS } from '../../core/api/scheme.ts'
import type { WebhookCaller } from '../../core/apiserver/admission/webhooks/webhooks.ts'
import type { ComponentChecks } from '../../core/apiserver/answers/component-statuses.ts'
import type { ApiServer } from '../../core/apiserver/http.io.ts'
import { serveApi } from '../../core/apiserver/http.io.ts'
import { ensureBootstrapPolicy } from '../../core/apiserver/authorization/bootstrap-policy.ts'
import { signingKey } from '../../core/apiserver/authentication/token-keys.ts'
import { inProcessClient } from '../../core/apiserver/in-process-client.ts'
import { createRegistry } from '../../core/apiserver/object-registry.ts'
import type { Pki } from '../../core/apiserver/pki/pki.io.ts'
import { openPki } from '../../core/apiserver/pki/pki.io.ts'
import type { Registry } from '../../core/apiserver/registry/registry.ts'
import type { ClientConfig } from '../../core/client/kubeconfig.ts'
import { writeKubeconfig } from '../../core/client/kubeconfig.io.ts'
import { openMemoryStore } from '../../core/store/memory-store.ts'
import type { Store } from '../../core/store/store.ts'
import type { MemoryLog } from '../../host/fake/fake-host.ts'
import { memoryLog } from '../../host/fake/fake-host.ts'
import type { Clock } from '../../host/host.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import { systemRandom } from '../../host/linux/random.io.ts'
import { localNodeAgent } from './local-node-agent.io.ts'

export interface TestApiServer extends AsyncDisposable {
  readonly server: ApiServer
  readonly registry: Registry
  readonly pki: Pki
  /** as the administrator */
  readonly config: ClientConfig
  /** a file with the same */
  readonly kubeconfig: string
  /** scratch, removed at the end */
  readonly folder: string
  readonly log: MemoryLog
}

export interface TestApiServerOptions {
  readonly nodeAgent?: NodeAgent
  /** where pods/proxy and services/proxy get to, whatever they name */
  readonly backendPort?: number
  /** changes kept for watches that start in the past */
  readonly historyLimit?: number
  /** given up with the server; default: one in memory */
  readonly store?: Store
  /** absent: webhooks are not called */
  readonly callWebhook?: WebhookCaller
  /** how many times faster the server's watches age */
  readonly pace?: number
  /** how the components are that the store is not */
  readonly components?: ComponentChecks
}

const CONTEXT = { user: { name: 'test', groups: ['system:masters'] }, warn: () => undefined }

/** Minutes of a watch in a test's seconds. */
const paced = (pace: number): Clock => ({
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * pace,
  sleep: (ms, signal) => systemClock.sleep(ms / pace, signal),
})

/** Started, with the namespaces default, kube-system and kube-public, a service account, and the roles a cluster is born with. */
export async function testApiServer(options: TestApiServerOptions = {}): Promise<TestApiServer> {
  const folder = await mkdtemp(join(tmpdir(), 'portolan-api-'))
  const pki = await openPki({
    directory: join(folder, 'pki'),
    addresses: ['10.96.0.1'],
    nowMs: systemClock.now(),
  })
  const store = options.store ?? openMemoryStore({ startRevision: 1000, historyLimit: options.historyLimit })
  const registry = createRegistry({
    store,
    clock: systemClock,
    random: systemRandom,
    facts: { serviceCIDRs: ['10.96.0.0/16'], nodePortRange: { first: 30_000, last: 32_767 } },
    tokens: { signingKey: signingKey(pki.serviceAccountKey) },
    callWebhook: options.callWebhook,
  })
  // Another server may have been at the same store.
  if (registry.list(NAMESPACES, {}).items.length === 0) await populate(registry)
  const log = memoryLog()
  const server = await serveApi({
    registry,
    nodeAgent: options.nodeAgent ?? localNodeAgent({ logLines: [], portOf: (port) => port }),
    pki,
    sockets: { listen: listenOnLoopback },
    clock: paced(options.pace ?? 1),
    random: systemRandom,
    log,
    components: options.components,
    listen: [{ address: '127.0.0.1', port: 0 }],
    dial: ({ port }) => connect({ host: '127.0.0.1', port: options.backendPort ?? port }),
  })
  const config = adminConfig(server, pki)
  const kubeconfig = join(folder, 'kubeconfig')
  await writeKubeconfig(kubeconfig, 'test', config)
  return {
    server,
    registry,
    pki,
    config,
    kubeconfig,
    folder,
    log,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      registry[Symbol.dispose]()
      await store[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function populate(registry: Registry): Promise<void> {
  for (const name of ['default', 'kube-system', 'kube-public'])
    await registry.create(NAMESPACES, undefined, { metadata: { name } }, CONTEXT)
  await ensureBootstrapPolicy(inProcessClient(registry, { user: 'test', fieldManager: 'test' }))
  await registry.create(SERVICE_ACCOUNTS, 'default', { metadata: { name: 'default' } }, CONTEXT)
}

const adminConfig = (server: ApiServer, pki: Pki): ClientConfig => ({
  server: `https://127.0.0.1:${server.port}`,
  caCertificate: pki.caCertificate,
  clientCertificate: pki.admin.certificate,
  clientKey: pki.admin.key,
})

async function listenOnLoopback(server: Server, where: { address: string; port: number }): Promise<number> {
  server.listen(where.port, where.address)
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : where.port
}
