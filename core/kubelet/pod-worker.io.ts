/**
 * One pod's life on this node: address, files, init containers in order, containers side by side, status, end.
 */

import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BindMount, Sandbox } from '../../host/host.ts'
import { isApiError } from '../api/api-error.ts'
import { isSameValue } from '../api/equality.ts'
import type { Container, Pod, Volume } from '../api/generated/core-v1.ts'
import { objectKey } from '../api/object.ts'
import { CONFIG_MAPS, PODS, SECRETS } from '../api/scheme.ts'
import { parseTimestamp } from '../api/timestamp.ts'
import type { ContainerList } from './container-runner.io.ts'
import { ContainerRunner, removePodFolder } from './container-runner.io.ts'
import type { PodContext } from './pod-context.ts'
import { hostname, hostsFile, resolvConf } from './pod-files.ts'
import type { Allocation, PendingResize } from './resize.ts'
import { allocationOf, decideResize, resizeCompletedMessage } from './resize.ts'
import { podPhase, podStatus } from './status.ts'
import { PodTokens } from './pod-tokens.io.ts'
import type { VolumeSources } from './volume-files.ts'
import { volumeContent } from './volume-files.ts'
import { PodVolumes } from './volumes.io.ts'

const RETRY_MS = 1_000
const SIDECAR_GRACE_MS = 30_000

export class PodWorker {
  readonly #context: PodContext
  readonly #stop = new AbortController()
  readonly #folder: string
  readonly #volumes: PodVolumes
  readonly #tokens: PodTokens
  #pod: Pod
  #podIP: string | undefined
  #startedAtMs: number
  #init: readonly ContainerRunner[] = []
  #containers: readonly ContainerRunner[] = []
  /** those that joined the pod later */
  #ephemeral: readonly ContainerRunner[] = []
  #newRunner: ((container: Container, list: ContainerList) => ContainerRunner) | undefined
  #sandbox: Sandbox | undefined
  #allocation: Allocation
  #pendingResize: PendingResize | undefined
  #dirty = false
  #isAbandoned = false
  #writing: Promise<void> | undefined
  #ending: Promise<void> | undefined
  #running: Promise<void> | undefined

  constructor(pod: Pod, context: PodContext) {
    this.#pod = pod
    this.#allocation = allocationOf(pod)
    this.#context = context
    this.#startedAtMs = parseTimestamp(pod.status?.startTime) ?? context.host.clock.now()
    this.#folder = join(
      context.podsFolder,
      `${pod.metadata.namespace}_${pod.metadata.name}_${pod.metadata.uid}`,
    )
    this.#volumes = new PodVolumes(this.#folder)
    const { client, host } = context
    const { clock, log } = host
    this.#tokens = new PodTokens({
      client,
      clock,
      log,
      pod: () => this.#pod,
      renewed: (volume) => this.#rewrite(volume),
    })
  }

  get pod(): Pod {
    return this.#pod
  }

  start(): void {
    this.#running = this.#run()
  }

  /** The object changed in the API. */
  update(pod: Pod): void {
    this.#pod = pod
    if (pod.metadata.deletionTimestamp !== undefined) return void this.end()
    this.#join()
    this.#resize()
    // That the newest state of the object has been seen is told, too.
    if (pod.metadata.generation !== pod.status?.observedGeneration && this.#newRunner) this.#changed()
  }

  /** Looks again whether the node has what the pod waits for. */
  reconsider(): void {
    if (this.#pendingResize) this.#resize()
  }

  /** Gives containers what they ask for, if the node has it. */
  #resize(): void {
    const context = this.#context
    const { allocatable, events } = context
    const { uid } = this.#pod.metadata
    const others = context.pods().filter(({ metadata }) => metadata.uid !== uid)
    const decision = decideResize(this.#pod, this.#allocation, { allocatable, others })
    const { pending, resized, restarted } = decision
    if (resized.length === 0 && isSameValue(pending, this.#pendingResize)) return
    this.#allocation = decision.allocation
    this.#pendingResize = pending
    for (const container of [...(this.#pod.spec.initContainers ?? []), ...this.#pod.spec.containers])
      if (resized.includes(container.name))
        this.runner(container.name)?.resize(container, restarted.includes(container.name))
    if (resized.length > 0)
      events.event(this.#pod, 'Normal', 'ResizeCompleted', resizeCompletedMessage(this.#pod))
    this.#changed()
  }

  async #run(): Promise<void> {
    const { host, events } = this.#context
    while (!this.#stop.signal.aborted) {
      try {
        await this.#prepare()
        break
      } catch (error) {
        events.event(
          this.#pod,
          'Warning',
          'FailedCreatePodSandBox',
          `Failed to create pod sandbox: ${messageOf(error)}`,
        )
        host.log.warn('a pod could not be prepared, will retry', {
          pod: objectKey(this.#pod.metadata),
          err: error,
        })
        await host.clock.sleep(RETRY_MS, this.#stop.signal).catch(() => undefined)
      }
    }
    if (this.#stop.signal.aborted) return
    this.#join()
    this.#resize()
    const policy = this.#pod.spec.restartPolicy ?? 'Always'
    await this.#runInit(policy)
    if (this.#stop.signal.aborted) return
    if (this.#phase() !== 'Failed')
      await Promise.all(this.#containers.map((container) => container.run(policy)))
    if (this.#stop.signal.aborted) return
    // Only sidecars are left; without the containers they serve they end too, the last first.
    for (const runner of this.#init.toReversed()) await runner.stop(SIDECAR_GRACE_MS)
  }

  /**
   * Starts the ephemeral containers that are new. They run once, also when this node agent is not the one that began
   * with them, and nothing waits for them.
   */
  #join(): void {
    if (['Succeeded', 'Failed'].includes(this.#phase())) return
    const { ephemeralContainers = [] } = this.#pod.spec
    const known = new Set(this.#ephemeral.map(({ container }) => container.name))
    for (const { name, state } of this.#pod.status?.ephemeralContainerStatuses ?? []) {
      if (!state?.waiting) known.add(name)
    }
    for (const container of ephemeralContainers) {
      if (this.#newRunner === undefined || this.#stop.signal.aborted || known.has(container.name)) continue
      const runner = this.#newRunner(container, 'ephemeralContainers')
      this.#ephemeral = [...this.#ephemeral, runner]
      void runner.run('Never')
    }
  }

  /** Sidecars are started and left running; the others must end well, one after another. */
  async #runInit(policy: string): Promise<void> {
    for (const runner of this.#init) {
      if (this.#stop.signal.aborted) return
      if (runner.container.restartPolicy === 'Always') {
        void runner.run('Always')
        await runner.untilStarted()
        continue
      }
      await runner.run(policy === 'Never' ? 'Never' : 'OnFailure')
      const { phase } = runner.state
      if (phase.kind !== 'terminated' || phase.end.exitCode !== 0) return
    }
  }

  async #prepare(): Promise<void> {
    const { podNetwork, host, nodeName, admitted, dns } = this.#context
    const attachment = await podNetwork.attach(this.#pod)
    this.#podIP = attachment.ip
    await admitted(this.#pod, attachment.ip)
    const isolated = podNetwork.name !== 'loopback'
    const network = this.#pod.spec.hostNetwork ? this.#context.nodeNetwork : attachment.network
    this.#sandbox ??= host.sandboxes.create({ network, hostname: hostname(this.#pod, nodeName), isolated })
    const podFiles = isolated ? await this.#writePodFiles(attachment.ip, dns.clusterDomain) : []
    const runner = (this.#newRunner = (container: Container, list: ContainerList): ContainerRunner =>
      new ContainerRunner({
        context: this.#context,
        container,
        list,
        pod: () => this.#pod,
        podIP: attachment.ip,
        sandbox: this.#sandbox as Sandbox,
        isolated,
        podFolder: this.#folder,
        podFiles,
        volumes: this.#volumes,
        tokens: this.#tokens,
        sources: () => this.#sources(),
        changed: () => this.#changed(),
      }))
    this.#init = (this.#pod.spec.initContainers ?? []).map((container) => runner(container, 'initContainers'))
    this.#containers = this.#pod.spec.containers.map((container) => runner(container, 'containers'))
  }

  async #writePodFiles(podIP: string, clusterDomain: string): Promise<readonly BindMount[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const files = [
      { target: '/etc/resolv.conf', text: resolvConf(this.#pod, this.#context.dns) },
      { target: '/etc/hostname', text: `${hostname(this.#pod, this.#context.nodeName)}\n` },
      ...(this.#pod.spec.hostNetwork
        ? []
        : [{ target: '/etc/hosts', text: hostsFile(this.#pod, podIP, clusterDomain) }]),
    ]
    const mounts: BindMount[] = []
    for (const { target, text } of files) {
      const source = join(this.#folder, target.slice('/etc/'.length))
      await writeFile(source, text)
      await chmod(source, 0o644)
      mounts.push({ source, target, readOnly: false })
    }
    return mounts
  }

  #phase(): string {
    return podPhase(this.#pod, {
      init: this.#init.map((one) => one.state),
      containers: this.#containers.map((one) => one.state),
    })
  }

  /** Status is written once for all that changes in one turn of the event loop. */
  #changed(): void {
    if (this.#dirty || this.#isAbandoned) return
    this.#dirty = true
    setImmediate(() => {
      this.#dirty = false
      this.#writing = (this.#writing ?? Promise.resolve()).then(() => this.#writeStatus())
    })
  }

  async #writeStatus(): Promise<void> {
    const { client, host, hostIP } = this.#context
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const seen = {
        podIP: this.#podIP,
        hostIP,
        startedAtMs: this.#startedAtMs,
        init: this.#init.map((one) => one.state),
        containers: this.#containers.map((one) => one.state),
        ephemeral: this.#ephemeral.map((one) => one.state),
        allocation: this.#allocation,
        pendingResize: this.#pendingResize,
      }
      const status = podStatus(this.#pod, seen, host.clock.now())
      try {
        const written = await client.updateStatus(PODS, { ...this.#pod, status })
        if (written.metadata.uid === this.#pod.metadata.uid) this.#adopt(written)
        return
      } catch (error) {
        if (isApiError(error, 'NotFound')) return
        if (!isApiError(error, 'Conflict')) {
          host.log.warn('a pod status could not be written', {
            pod: objectKey(this.#pod.metadata),
            err: error,
          })
          return
        }
        const current = await client.get(PODS, this.#pod.metadata).catch(() => undefined)
        if (current === undefined || current.metadata.uid !== this.#pod.metadata.uid) return
        this.#adopt(current)
      }
    }
  }

  /** Keeps the newer of what the API says and what is known. */
  #adopt(pod: Pod): void {
    if (Number(pod.metadata.resourceVersion ?? 0) >= Number(this.#pod.metadata.resourceVersion ?? 0))
      this.#pod = pod
  }

  /** Stops everything, then lets the object go. Runs once; later calls wait for the same end. */
  end(): Promise<void> {
    this.#ending ??= this.#finish()
    return this.#ending
  }

  async #finish(): Promise<void> {
    const { client, podNetwork, host } = this.#context
    const { deletionGracePeriodSeconds, uid } = this.#pod.metadata
    const graceMs = (deletionGracePeriodSeconds ?? this.#pod.spec.terminationGracePeriodSeconds ?? 30) * 1000
    await this.#tearDown(graceMs)
    await this.#writeStatus()
    if (this.#pod.metadata.deletionTimestamp !== undefined) {
      try {
        await client.delete(PODS, this.#pod.metadata, {
          gracePeriodSeconds: 0,
          ...(uid ? { preconditions: { uid } } : {}),
        })
      } catch (error) {
        if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) {
          host.log.warn('a deleted pod could not be let go', {
            pod: objectKey(this.#pod.metadata),
            err: error,
          })
        }
      }
    }
    if (uid) await podNetwork.detach(uid)
    await removePodFolder(this.#folder)
  }

  /** The node agent stops: what runs ends, the object stays as it is and is taken up again at the next start. */
  async abandon(graceMs: number): Promise<void> {
    this.#isAbandoned = true
    await this.#tearDown(graceMs)
  }

  async #tearDown(graceMs: number): Promise<void> {
    this.#stop.abort()
    await Promise.all([...this.#ephemeral, ...this.#containers].map((runner) => runner.stop(graceMs)))
    await Promise.all(this.#init.map((runner) => runner.stop(graceMs)))
    await this.#running
    await this.#writing
    await this.#tokens[Symbol.asyncDispose]()
    await this.#sandbox?.[Symbol.asyncDispose]()
  }

  runner(container: string): ContainerRunner | undefined {
    return [...this.#containers, ...this.#init, ...this.#ephemeral].find(
      (one) => one.container.name === container,
    )
  }

  get podIP(): string | undefined {
    return this.#podIP
  }

  get sandbox(): Sandbox | undefined {
    return this.#sandbox
  }

  /** Writes the volumes made from a changed ConfigMap or Secret anew, where processes have them mounted. */
  async refreshVolumes(kind: 'ConfigMap' | 'Secret', name: string): Promise<void> {
    const uses = (volume: NonNullable<Pod['spec']['volumes']>[number]): boolean => {
      const all = [volume, ...(volume.projected?.sources ?? [])]
      return all.some((source) =>
        kind === 'ConfigMap'
          ? source.configMap?.name === name
          : ('secret' in source &&
              source.secret &&
              ('secretName' in source.secret
                ? source.secret.secretName
                : (source.secret as { name?: string }).name)) === name,
      )
    }
    for (const volume of (this.#pod.spec.volumes ?? []).filter(uses)) await this.#rewrite(volume)
  }

  async #rewrite(volume: Volume): Promise<void> {
    await this.#volumes.refresh(volume.name, volumeContent(volume, this.#pod, this.#sources()))
  }

  #sources(): VolumeSources {
    const { informers, hostIP } = this.#context
    const namespace = this.#pod.metadata.namespace ?? ''
    return {
      configMap: (name) => informers.of(CONFIG_MAPS).get(`${namespace}/${name}`),
      secret: (name) => informers.of(SECRETS).get(`${namespace}/${name}`),
      token: (source) => this.#tokens.of(source),
      podIP: this.#podIP ?? '',
      hostIP,
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
