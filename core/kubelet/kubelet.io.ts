/**
 * The node agent: registers the node, keeps its lease, and runs a worker for every pod bound to it. Implements what
 * the API server asks of a node (logs, exec, attach, port-forward).
 */

import { readFileSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { arch, availableParallelism, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { isApiError, notFound } from '../api/api-error.ts'
import type { Lease } from '../api/generated/coordination-v1.ts'
import type { Pod } from '../api/generated/core-v1.ts'
import type { NodeAgent } from '../api/node-agent.ts'
import { CONFIG_MAPS, LEASES, NODES, PODS, SECRETS } from '../api/scheme.ts'
import { microTimestamp } from '../api/timestamp.ts'
import { eventRecorder } from '../client/event-recorder.ts'
import { agentAnswer } from './agent-http.ts'
import { podAgent } from './agent.io.ts'
import type { MachineFacts } from './node-object.ts'
import { nodeObject } from './node-object.ts'
import type { KubeletOptions, PodContext } from './pod-context.ts'
import { PodWorker } from './pod-worker.io.ts'

export interface Kubelet extends NodeAgent, AsyncDisposable {}

const LEASE_INTERVAL_MS = 10_000
const LEASE_DURATION_SECONDS = 40
/** Stopping portolan does not wait out the grace period of every pod. */
const SHUTDOWN_GRACE_MS = 2_000

export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { client, informers, host, podNetwork, nodeName } = options
  const { clock, log } = host
  const events = eventRecorder({ client, clock, log, component: 'kubelet', host: nodeName })
  const node = nodeObject({
    name: nodeName,
    internalIP: podNetwork.node.internalIP,
    podCIDR: podNetwork.addresses.podCIDR,
    machine: machineFacts(),
    nowMs: clock.now(),
  })
  const context: PodContext = {
    ...options,
    events,
    hostIP: podNetwork.node.internalIP,
    nodeNetwork: podNetwork.node.network,
    allocatable: node.status?.allocatable ?? {},
    pods: () =>
      informers
        .of(PODS)
        .list()
        .filter((pod) => pod.spec.nodeName === nodeName && !isOver(pod)),
  }
  // Their caches must be full before a container asks them for its environment.
  informers.of(CONFIG_MAPS)
  informers.of(SECRETS)
  const pods = informers.of(PODS)
  const stop = new AbortController()
  await Promise.all([informers.synced(stop.signal), register(options, node)])
  await removeLeftovers(options.podsFolder, new Set(pods.list().map(({ metadata }) => metadata.uid ?? '')))

  const leases = keepLease(options, stop.signal)
  const workers = new Map<string, PodWorker>()
  const unsubscribe = [
    pods.onChange(({ kind, object }) => {
      if (object.spec.nodeName !== nodeName) return
      podChanged(kind, object, workers, context)
      // What this pod no longer has, others may have waited for.
      for (const worker of workers.values()) worker.reconsider()
    }),
    informers.of(CONFIG_MAPS).onChange(({ kind, object }) => {
      if (kind === 'updated') refresh('ConfigMap', object.metadata, workers, context)
    }),
    informers.of(SECRETS).onChange(({ kind, object }) => {
      if (kind === 'updated') refresh('Secret', object.metadata, workers, context)
    }),
  ]
  return {
    ...podAgent((pod) => workers.get(pod.metadata.uid ?? ''), context),
    async http(name, request) {
      if (name !== nodeName) throw notFound(NODES, name)
      return agentAnswer(request, { nodeName, pods: [...workers.values()].map(({ pod }) => pod) })
    },
    async [Symbol.asyncDispose]() {
      for (const end of unsubscribe) end()
      stop.abort()
      await Promise.all([...workers.values()].map((worker) => worker.abandon(SHUTDOWN_GRACE_MS)))
      await leases
      await events[Symbol.asyncDispose]()
    },
  }
}

/** Folders of pods that went while no agent ran; their names end in the pod's uid. */
async function removeLeftovers(podsFolder: string, known: ReadonlySet<string>): Promise<void> {
  const names = await readdir(podsFolder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const left = names.filter((name) => !known.has(name.slice(name.lastIndexOf('_') + 1)))
  await Promise.all(left.map((name) => rm(join(podsFolder, name), { recursive: true, force: true })))
}

const isOver = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'

function podChanged(kind: string, pod: Pod, workers: Map<string, PodWorker>, context: PodContext): void {
  const uid = pod.metadata.uid ?? ''
  const worker = workers.get(uid)
  if (kind === 'deleted') {
    // Removed by force: what runs must end all the same.
    workers.delete(uid)
    if (worker) finished(worker.end(), worker, context)
    return
  }
  if (worker) {
    worker.update(pod)
    return
  }
  // A pod that ended under an earlier run has nothing to start; deleted, it only needs letting go.
  if (isOver(pod) && pod.metadata.deletionTimestamp === undefined) return
  const fresh = new PodWorker(pod, context)
  workers.set(uid, fresh)
  if (pod.metadata.deletionTimestamp === undefined) fresh.start()
  else finished(fresh.end(), fresh, context)
}

function finished(end: Promise<void>, worker: PodWorker, context: PodContext): void {
  end.catch((error: unknown) => {
    context.host.log.warn('a pod did not end in order', { pod: worker.pod.metadata.name, err: error })
  })
}

function refresh(
  kind: 'ConfigMap' | 'Secret',
  { name, namespace }: { readonly name: string; readonly namespace?: string | undefined },
  workers: ReadonlyMap<string, PodWorker>,
  context: PodContext,
): void {
  for (const worker of workers.values()) {
    if (worker.pod.metadata.namespace !== namespace) continue
    finished(worker.refreshVolumes(kind, name), worker, context)
  }
}

/** Makes the Node, or brings the one of an earlier run up to date. */
async function register({ client }: KubeletOptions, node: ReturnType<typeof nodeObject>): Promise<void> {
  try {
    const created = await client.create(NODES, node)
    await client.updateStatus(NODES, { ...created, status: node.status })
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists')) throw error
    const before = await client.get(NODES, node.metadata)
    const labels = { ...before.metadata.labels, ...node.metadata.labels }
    const updated = await client.update(NODES, {
      ...before,
      metadata: { ...before.metadata, labels },
      spec: { ...before.spec, ...node.spec },
    })
    await client.updateStatus(NODES, { ...updated, status: node.status })
  }
}

async function keepLease({ client, host, nodeName }: KubeletOptions, signal: AbortSignal): Promise<void> {
  const name = { name: nodeName, namespace: 'kube-node-lease' }
  while (!signal.aborted) {
    try {
      await renewLease()
    } catch (error) {
      if (!signal.aborted) host.log.warn('the node lease could not be renewed', { err: error })
    }
    await host.clock.sleep(LEASE_INTERVAL_MS, signal).catch(() => undefined)
  }

  async function renewLease(): Promise<void> {
    const spec = {
      holderIdentity: nodeName,
      leaseDurationSeconds: LEASE_DURATION_SECONDS,
      renewTime: microTimestamp(host.clock.now()),
    }
    const lease: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: name, spec }
    try {
      await client.create(LEASES, lease)
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error
      await client.patch(LEASES, name, { spec }, { type: 'merge' })
    }
  }
}

function machineFacts(): MachineFacts {
  return {
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    architecture: arch(),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(textOf('/etc/os-release'))?.[1] ?? 'Linux',
    machineID: textOf('/etc/machine-id').trim(),
    bootID: textOf('/proc/sys/kernel/random/boot_id').trim(),
  }
}

/** '' for a file this machine does not have. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
