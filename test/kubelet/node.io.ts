/**
 * One node over a registry in memory: controllers, scheduler and node agent. By default pods are on 127/8 addresses of
 * this test alone, which needs no privileges.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pod } from '../../core/api/generated/core-v1.ts'
import type { ExecResult, SessionStreams } from '../../core/api/node-agent.ts'
import { EVENTS, NAMESPACES, PODS } from '../../core/api/scheme.ts'
import { inProcessClient } from '../../core/apiserver/in-process-client.ts'
import { createRegistry } from '../../core/apiserver/object-registry.ts'
import type { Client } from '../../core/client/client.ts'
import { sharedInformers } from '../../core/client/shared-informers.ts'
import { systemNamespaces } from '../../core/controllers/bootstrap.ts'
import { startControllers } from '../../core/controllers/controllers.ts'
import { startKubelet } from '../../core/kubelet/kubelet.io.ts'
import type { Kubelet } from '../../core/kubelet/kubelet.io.ts'
import { openPodNetwork } from '../../core/pod-network/open-pod-network.io.ts'
import type { NetworkName } from '../../core/pod-network/pod-network.ts'
import { startScheduler } from '../../core/scheduler/scheduler.ts'
import { openMemoryStore } from '../../core/store/memory-store.ts'
import { memoryLog } from '../../host/fake/fake-host.ts'
import type { MemoryLog } from '../../host/fake/fake-host.ts'
import type { Host } from '../../host/host.ts'
import { linuxHost } from '../../host/linux/linux-host.io.ts'
import { eventually } from '../support/test-host.io.ts'
import { signingKey } from '../../core/apiserver/authentication/token-keys.ts'
import { serviceAccountKey } from '../support/service-account-key.ts'

export interface TestNode extends AsyncDisposable {
  readonly client: Client
  readonly kubelet: Kubelet
  readonly host: Host
  readonly log: MemoryLog
  /** where the node agent keeps its pods' folders */
  readonly folder: string
  pod(name: string): Promise<Pod>
  /** Resolves with the pod once `check` holds; fails showing the last status. */
  podWhen(name: string, check: (pod: Pod) => boolean, timeoutMs?: number): Promise<Pod>
  /** `REASON MESSAGE` of the events about an object of that name */
  events(name: string): Promise<readonly string[]>
  logs(name: string, options?: { readonly container?: string; readonly previous?: boolean }): Promise<string>
  exec(
    name: string,
    command: readonly string[],
    stdin?: string,
  ): Promise<{ result: ExecResult; output: string }>
}

let made = 0

/** Ranges no other test process uses, as far as process numbers tell. */
function ownRanges() {
  made += 1
  const block = (process.pid * 7 + made) % 20_000
  const third = block % 250
  const second = 160 + (Math.floor(block / 250) % 80)
  return {
    podCIDR: `127.${second}.${third}.0/24`,
    serviceCIDR: `127.64.${third}.0/24`,
    loadBalancerCIDR: `127.65.${third}.0/24`,
  }
}

/** @param network other than `loopback` only in namespaces made for the test */
export async function testNode(network: NetworkName = 'loopback'): Promise<TestNode> {
  await using opened = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'portolan-test-'))
  opened.defer(() => rmSync(folder, { recursive: true, force: true }))
  const log = memoryLog()
  const host = await linuxHost({ ledgerFile: join(folder, 'ledger'), log })
  const { clock, random } = host
  const podNetwork = opened.use(
    await openPodNetwork(network, { host, ...(network === 'loopback' ? { addresses: ownRanges() } : {}) }),
  )
  const store = opened.use(openMemoryStore({ startRevision: 1 }))
  const { serviceCIDR, loadBalancerCIDR } = podNetwork.addresses
  const facts = { serviceCIDRs: [serviceCIDR], nodePortRange: { first: 30_000, last: 32_767 } }
  const registry = opened.use(
    createRegistry({ store, clock, random, facts, tokens: { signingKey: signingKey(serviceAccountKey()) } }),
  )
  const client = inProcessClient(registry, { user: 'test', fieldManager: 'test' })
  for (const namespace of systemNamespaces()) await client.create(NAMESPACES, namespace)
  const informers = opened.use(sharedInformers({ client, clock, log }))
  opened.use(startControllers({ client, informers, clock, log, caCertificate: 'none', loadBalancerCIDR }))
  opened.use(startScheduler({ client, informers, clock, log }))
  const kubelet = opened.use(
    await startKubelet({
      client,
      informers,
      host,
      podNetwork,
      nodeName: 'node-a',
      podsFolder: join(folder, 'pods'),
      dns: {
        clusterDNS: '127.64.0.10',
        clusterDomain: 'cluster.local',
        node: { nameservers: ['192.0.2.53'], searches: [], options: [] },
      },
      honorProbeDelays: false,
      builtInImages: new Map(),
      admitted: () => Promise.resolve(),
    }),
  )
  const own = opened.move()
  return {
    ...reading(client, kubelet),
    client,
    kubelet,
    host,
    log,
    folder,
    [Symbol.asyncDispose]: () => own.disposeAsync(),
  }
}

function reading(
  client: Client,
  kubelet: Kubelet,
): Pick<TestNode, 'pod' | 'podWhen' | 'events' | 'logs' | 'exec'> {
  const pod = (name: string): Promise<Pod> => client.get(PODS, { namespace: 'default', name })
  return {
    pod,
    podWhen: async (name, check, timeoutMs = 10_000) =>
      await eventually(
        `pod ${name}`,
        async () => {
          const seen = await pod(name)
          if (check(seen)) return seen
          throw new Error(JSON.stringify(seen.status, undefined, 1))
        },
        timeoutMs,
      ),
    events: async (name) => {
      const { items } = await client.list(EVENTS, { namespace: 'default' })
      return items
        .filter((event) => event.involvedObject.name === name)
        .map((event) => `${event.reason} ${event.message}`)
    },
    logs: async (name, { container = 'c', previous } = {}) => {
      const chunks = await kubelet.logs(
        await pod(name),
        { container, previous },
        new AbortController().signal,
      )
      return await textOf(chunks)
    },
    exec: async (name, command, stdin) => {
      let output = ''
      const collect = async (chunk: Uint8Array): Promise<void> => {
        output += Buffer.from(chunk).toString('utf8')
      }
      const streams: SessionStreams = {
        ...(stdin === undefined ? {} : { stdin: once(stdin) }),
        stdout: collect,
        stderr: collect,
        signal: new AbortController().signal,
      }
      const result = await kubelet.exec(await pod(name), { container: 'c', command, tty: false }, streams)
      return { result, output }
    },
  }
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

export async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of chunks) text += Buffer.from(chunk).toString('utf8')
  return text
}

export const isReady = (pod: Pod): boolean =>
  (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
