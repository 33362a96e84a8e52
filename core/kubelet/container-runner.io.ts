/**
 * One container's life: prepare, start, probe, end, start again. Owned by its pod's worker, which is told of every
 * change of state.
 */

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BindMount, ExitStatus, ProcessSpec, RunningProcess, Sandbox } from '../../host/host.ts'
import type { Container, Pod } from '../api/generated/core-v1.ts'
import { SERVICES } from '../api/scheme.ts'
import { ContainerLog } from './container-log.io.ts'
import { ContainerProcess } from './container-process.io.ts'
import { ContainerProbes } from './container-probes.io.ts'
import type { ContainerPhase, ContainerState, Termination } from './container-state.ts'
import { containerEnv } from './env.ts'
import type { Behaviour } from './image-behaviour.ts'
import { behaviourOf, standInPorts } from './image-behaviour.ts'
import type { PodContext } from './pod-context.ts'
import { probeEventMessage } from './probe.ts'
import { runHook } from './lifecycle-hook.io.ts'
import type { ProbeTarget } from './prober.io.ts'
import { BACKOFF, backoffMs, shouldRestart } from './restart.ts'
import type { StandIn } from './stand-in.ts'
import { startStandIn } from './stand-ins/stand-ins.io.ts'
import type { PodTokens } from './pod-tokens.io.ts'
import type { VolumeSources } from './volume-files.ts'
import { volumeContent } from './volume-files.ts'
import type { PodVolumes } from './volumes.io.ts'

export type ContainerList = 'containers' | 'initContainers' | 'ephemeralContainers'

export interface RunnerOptions {
  readonly context: PodContext
  readonly container: Container
  /** where in the pod's spec it stands */
  readonly list: ContainerList
  /** the pod as of now */
  readonly pod: () => Pod
  readonly podIP: string
  readonly sandbox: Sandbox
  /** whether processes have namespaces of their own, and with them files of their own */
  readonly isolated: boolean
  readonly podFolder: string
  /** /etc/resolv.conf and the like */
  readonly podFiles: readonly BindMount[]
  readonly volumes: PodVolumes
  readonly tokens: PodTokens
  readonly sources: () => VolumeSources
  readonly changed: () => void
}

type Running =
  | { readonly kind: 'process'; readonly process: RunningProcess }
  | { readonly kind: 'played'; readonly standIn: StandIn }

/** A container that cannot be made yet: waits with a reason, and is tried again. */
class NotYet extends Error {
  readonly reason: string
  constructor(reason: string, message: string) {
    super(message)
    this.reason = reason
  }
}

const RETRY_MS = 1_000
const START_FAILED = 128
/** Upstream sets no limit; one that never ends would otherwise be probed never. */
const HOOK_LIMIT_MS = 600_000

export class ContainerRunner {
  #container: Container
  /** it was ended in order to be started again */
  #mustRestart = false
  readonly #options: RunnerOptions
  readonly #behaviour: Behaviour
  readonly #stop = new AbortController()
  #phase: ContainerPhase
  #lastEnd: Termination | undefined
  #restartCount = 0
  #containerID: string | undefined
  #running: Running | undefined
  #log: ContainerLog | undefined
  #previousLog: ContainerLog | undefined
  readonly #probes: ContainerProbes
  readonly #process: ContainerProcess
  #done: Promise<void> | undefined
  #killed = false
  readonly #firstStart = Promise.withResolvers<void>()

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#container = options.container
    this.#behaviour = behaviourOf(
      options.pod(),
      options.container,
      new Set(options.context.builtInImages.keys()),
    )
    this.#probes = this.#newProbes()
    this.#process = new ContainerProcess({
      ...options,
      clock: options.context.host.clock,
    })
    const reason =
      (options.pod().spec.initContainers ?? []).length > 0 && options.list === 'containers'
        ? 'PodInitializing'
        : 'ContainerCreating'
    this.#phase = { kind: 'waiting', reason }
  }

  /** as it was made, with what it has been given since */
  get container(): Container {
    return this.#container
  }

  /** It has other resources now. Started again, if it asked for that, it can read of them in its environment. */
  resize({ resources }: Container, restarts: boolean): void {
    const { resources: _, ...rest } = this.#container
    this.#container = { ...rest, ...(resources ? { resources } : {}) }
    if (!restarts || this.#running === undefined) return
    this.#event('Normal', 'Killing', `Container ${this.#container.name} resize requires restart`)
    this.#mustRestart = true
    void this.#kill(this.#graceMs())
  }

  get state(): ContainerState {
    const isRunning = this.#phase.kind === 'running'
    const started = isRunning && this.#probes.started
    const isInit = this.#options.list === 'initContainers'
    const isDone = isInit && this.#phase.kind === 'terminated' && this.#phase.end.exitCode === 0
    return {
      container: this.container,
      runtime: this.#behaviour.kind,
      phase: this.#phase,
      lastEnd: this.#lastEnd,
      restartCount: this.#restartCount,
      containerID: this.#containerID,
      started,
      ready: isDone || (started && this.#probes.ready),
    }
  }

  /** Resolves when it has started for the first time, startup probe and all, or will never. */
  async untilStarted(): Promise<void> {
    await Promise.race([this.#firstStart.promise, this.#done])
  }

  /** Runs until stopped or until it has ended for good; resolves then. */
  run(policy: string): Promise<void> {
    this.#done ??= this.#loop(policy)
    return this.#done
  }

  async #loop(policy: string): Promise<void> {
    let backoff = 0
    while (!this.#stop.signal.aborted) {
      const end = await this.#once()
      if (end === undefined) {
        await this.#pause(RETRY_MS)
        continue
      }
      const isAsked = this.#mustRestart
      this.#mustRestart = false
      if (this.#stop.signal.aborted || !(isAsked || shouldRestart(policy, end.exitCode))) return
      this.#lastEnd = end
      const ranMs = end.finishedAtMs - end.startedAtMs
      backoff = ranMs >= BACKOFF.resetMs ? 0 : backoff
      const waitMs = isAsked ? 0 : backoffMs(backoff)
      if (!isAsked) backoff += 1
      if (waitMs > 0) await this.#backOff(waitMs)
      this.#restartCount += 1
    }
  }

  async #backOff(waitMs: number): Promise<void> {
    const pod = this.#options.pod()
    const name = `${this.container.name} in pod ${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`
    const message = `back-off ${waitMs / 1000}s restarting failed container=${this.container.name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`
    this.#event('Warning', 'BackOff', `Back-off restarting failed container ${name}`)
    this.#become({ kind: 'waiting', reason: 'CrashLoopBackOff', message })
    await this.#pause(waitMs)
  }

  async #pause(ms: number): Promise<void> {
    // Stopping ends the pause.
    await this.#options.context.host.clock.sleep(ms, this.#stop.signal).catch(() => undefined)
  }

  /** @returns how it ended; undefined when it could not be made yet */
  async #once(): Promise<Termination | undefined> {
    const { context } = this.#options
    const containerID = `${this.#behaviour.kind}://${context.host.random.uuid().replaceAll('-', '')}`
    const log = new ContainerLog(
      join(this.#options.podFolder, this.container.name, `${this.#restartCount}.log`),
      context.host.clock,
    )
    const startedAtMs = context.host.clock.now()
    try {
      this.#running = await this.#start(log)
    } catch (error) {
      await log.close()
      return this.#notStarted(error, { containerID, startedAtMs })
    }
    this.#previousLog = this.#log
    this.#log = log
    this.#containerID = containerID
    this.#killed = false
    this.#event('Normal', 'Started', `Started container ${this.container.name}`)
    this.#probes.reset()
    this.#become({ kind: 'running', startedAtMs })
    // Stopped while it was being started: nobody else would end it.
    if (this.#stop.signal.aborted) void this.#kill(0)
    const probing = new AbortController()
    const probes = this.#afterStart(AbortSignal.any([probing.signal, this.#stop.signal]), startedAtMs)
    const status = await this.#ended(this.#running)
    probing.abort()
    await probes
    await log.close()
    const end = await this.#termination(status, log, { containerID, startedAtMs })
    this.#running = undefined
    this.#become({ kind: 'terminated', end })
    return end
  }

  #notStarted(error: unknown, begun: { containerID: string; startedAtMs: number }): Termination | undefined {
    const message = error instanceof Error ? error.message : String(error)
    if (error instanceof NotYet) {
      if (error.reason === 'ContainerCreating') this.#event('Warning', 'FailedMount', message)
      else this.#event('Warning', 'Failed', `Error: ${message}`)
      this.#become({ kind: 'waiting', reason: error.reason, message })
      return undefined
    }
    this.#event('Warning', 'Failed', `Error: ${message}`)
    const finishedAtMs = this.#options.context.host.clock.now()
    const end = { exitCode: START_FAILED, reason: 'StartError', message, ...begun, finishedAtMs }
    this.#become({ kind: 'terminated', end })
    return end
  }

  async #start(log: ContainerLog): Promise<Running> {
    const image = this.container.image ?? ''
    const argv =
      this.#behaviour.kind === 'process'
        ? this.#behaviour.argv
        : [...(this.container.command ?? []), ...(this.container.args ?? [])]
    const { env, expandedArgv } = this.#environment(argv)
    this.#checkVolumes()
    if (this.#behaviour.kind === 'process') {
      this.#event(
        'Normal',
        'Pulled',
        `Image "${image}" is not pulled: the command runs as a process on this host's file system`,
      )
      this.#event('Normal', 'Created', `Created container: ${this.container.name}`)
      return { kind: 'process', process: await this.#process.start({ argv: expandedArgv, env }, log) }
    }
    const played = this.#behaviour.kind === 'built-in' ? 'by portolan itself' : 'by a stand-in'
    this.#event('Normal', 'Pulled', `Image "${image}" is not pulled: it is played ${played}`)
    this.#event('Normal', 'Created', `Created container: ${this.container.name}`)
    const ports = standInPorts(this.container).map(({ protocol, port }) => `${port}/${protocol}`)
    log.print(
      `portolan plays ${image} ${played}${ports.length > 0 ? `, listening on ${ports.join(', ')}` : ''}`,
    )
    const context = this.#standInContext(env, expandedArgv, log)
    const factory =
      this.#behaviour.kind === 'built-in'
        ? this.#options.context.builtInImages.get(this.#behaviour.image)
        : undefined
    const standIn =
      this.#behaviour.kind === 'stand-in'
        ? await startStandIn(this.#behaviour.standIn, context)
        : await factory?.(context)
    if (standIn === undefined) throw new Error(`nothing plays ${image}`)
    return { kind: 'played', standIn }
  }

  #standInContext(env: Readonly<Record<string, string>>, argv: readonly string[], log: ContainerLog) {
    const { context, sandbox, podIP, pod } = this.#options
    const { sockets, clock, random } = context.host
    return {
      pod: pod(),
      container: this.container,
      podIP,
      network: sandbox.network ?? (pod().spec.hostNetwork ? context.nodeNetwork : undefined),
      nodeName: context.nodeName,
      env,
      argv,
      sockets,
      sandbox,
      clock,
      random,
      print: (line: string) => log.print(line),
    }
  }

  #environment(argv: readonly string[]): {
    env: Readonly<Record<string, string>>
    expandedArgv: readonly string[]
  } {
    const { context, pod } = this.#options
    const services = context.informers.of(SERVICES).list()
    const sources = { ...this.#options.sources(), services, allocatable: context.allocatable }
    const result = containerEnv(pod(), this.container, sources)
    if (result.kind === 'missing') throw new NotYet('CreateContainerConfigError', result.message)
    const path = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }
    return { env: { ...path, ...result.env }, expandedArgv: result.argv(argv) }
  }

  #checkVolumes(): void {
    const wanted = new Set((this.container.volumeMounts ?? []).map((mount) => mount.name))
    for (const volume of this.#options.pod().spec.volumes ?? []) {
      if (!wanted.has(volume.name)) continue
      // Tokens are asked for when the volume is mounted, not before.
      const sources = { ...this.#options.sources(), token: () => '' }
      const content = volumeContent(volume, this.#options.pod(), sources)
      // What is played reads no files: only what it would wait for in a cluster, it waits for here.
      const blocks = content.kind === 'unsupported' && this.#behaviour.kind === 'process'
      if (content.kind === 'missing' || blocks) {
        throw new NotYet(
          'ContainerCreating',
          `MountVolume.SetUp failed for volume "${volume.name}" : ${content.message}`,
        )
      }
    }
  }

  /** Its end, output and all. */
  #ended(running: Running): Promise<ExitStatus> {
    return running.kind === 'process' ? this.#process.ended(running.process) : running.standIn.exited
  }

  async #termination(
    status: ExitStatus,
    log: ContainerLog,
    begun: { containerID: string; startedAtMs: number },
  ): Promise<Termination> {
    const exitCode = status.kind === 'exited' ? status.code : 128 + status.number
    return {
      exitCode,
      signal: status.kind === 'signalled' ? status.number : undefined,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      message: await this.#process.terminationMessage(exitCode, log),
      ...begun,
      finishedAtMs: this.#options.context.host.clock.now(),
    }
  }

  /** The postStart hook, then the probes. A hook that fails ends the container. */
  async #afterStart(signal: AbortSignal, startedAtMs: number): Promise<void> {
    if (await this.#hook('postStart', HOOK_LIMIT_MS, signal)) await this.#probes.run(startedAtMs, signal)
    else void this.#kill(this.#graceMs())
  }

  #probeTarget(): ProbeTarget {
    const { context, podIP } = this.#options
    // The program an image brings for its probe is not here: what is played passes.
    const passes = async (): Promise<{ code: number; output: string }> => ({ code: 0, output: '' })
    return {
      sockets: context.host.sockets,
      nodeNetwork: context.nodeNetwork,
      podIP,
      container: this.container,
      exec: this.#behaviour.kind === 'process' ? (command, until) => this.#probeExec(command, until) : passes,
    }
  }

  #newProbes(): ContainerProbes {
    const { context } = this.#options
    const { name } = this.container
    return new ContainerProbes({
      container: this.container,
      clock: context.host.clock,
      target: this.#probeTarget(),
      honorsDelays: this.#behaviour.kind === 'process' || context.honorProbeDelays,
      changed: () => this.#tell(),
      unhealthy: (kind, message) => this.#event('Warning', 'Unhealthy', probeEventMessage(kind, message)),
      failed: (kind, graceSeconds) => {
        this.#event('Normal', 'Killing', `Container ${name} failed ${kind} probe, will be restarted`)
        void this.#kill(graceSeconds === undefined ? this.#graceMs() : graceSeconds * 1000)
      },
    })
  }

  #graceMs(): number {
    return (this.#options.pod().spec.terminationGracePeriodSeconds ?? 30) * 1000
  }

  async #probeExec(
    command: readonly string[],
    signal: AbortSignal,
  ): Promise<{ code: number; output: string }> {
    const process = await this.execProcess({ command, terminal: undefined, stdin: false })
    let output = ''
    for (const stream of [process.stdout, process.stderr]) {
      stream?.on('data', (chunk: Buffer) => (output = (output + chunk.toString('utf8')).slice(0, 10 * 1024)))
    }
    const kill = (): void => process.kill('SIGKILL')
    signal.addEventListener('abort', kill, { once: true })
    const status = await process.exited
    signal.removeEventListener('abort', kill)
    return { code: status.kind === 'exited' ? status.code : 128 + status.number, output }
  }

  /** A further process in the container's namespaces, environment and mounts. */
  async execProcess(wanted: {
    readonly command: readonly string[]
    readonly terminal: ProcessSpec['terminal']
    readonly stdin: boolean
  }): Promise<RunningProcess> {
    const { command: argv, terminal, stdin } = wanted
    return await this.#process.exec({ argv, env: this.#environment([]).env }, { terminal, stdin })
  }

  /** The streams of the process itself, for attach; undefined for what is played. */
  get process(): RunningProcess | undefined {
    return this.#running?.kind === 'process' ? this.#running.process : undefined
  }

  log(previous: boolean): ContainerLog | undefined {
    return previous ? this.#previousLog : this.#log
  }

  /** SIGTERM, then SIGKILL after the grace period; stand-ins end at once. */
  async #kill(graceMs: number): Promise<void> {
    const running = this.#running
    if (running === undefined || this.#killed) return
    this.#killed = true
    if (running.kind === 'played') return await running.standIn[Symbol.asyncDispose]()
    running.process.kill('SIGTERM')
    const ended = new AbortController()
    const late = this.#options.context.host.clock.sleep(graceMs, ended.signal).then(
      () => running.process.kill('SIGKILL'),
      () => undefined,
    )
    await running.process.exited
    ended.abort()
    await late
  }

  /** Ends it for good. The preStop hook's time counts against the grace period. */
  async stop(graceMs: number): Promise<void> {
    const { clock } = this.#options.context.host
    const killAt = clock.monotonic() + graceMs
    // From here on it is neither probed nor started again.
    this.#stop.abort()
    if (this.#running) {
      this.#event('Normal', 'Killing', `Stopping container ${this.container.name}`)
      await this.#hook('preStop', graceMs, AbortSignal.any([]))
    }
    await this.#kill(Math.max(0, killAt - clock.monotonic()))
    await this.#done
  }

  /** @returns whether the hook did its work, or there is none */
  async #hook(kind: 'postStart' | 'preStop', timeoutMs: number, stop: AbortSignal): Promise<boolean> {
    const handler = this.container.lifecycle?.[kind]
    if (handler === undefined || timeoutMs <= 0) return true
    const failure = await runHook(handler, {
      target: this.#probeTarget(),
      clock: this.#options.context.host.clock,
      isPlayed: this.#behaviour.kind !== 'process',
      timeoutMs,
      stop,
    })
    if (failure === undefined || stop.aborted) return true
    const name = kind === 'preStop' ? 'PreStop' : 'PostStart'
    this.#event('Warning', `Failed${name}Hook`, `${name}Hook failed: ${failure}`)
    return false
  }

  #become(phase: ContainerPhase): void {
    this.#phase = phase
    this.#tell()
  }

  #tell(): void {
    if (this.state.started) this.#firstStart.resolve()
    this.#options.changed()
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    const fieldPath = `spec.${this.#options.list}{${this.container.name}}`
    this.#options.context.events.event(this.#options.pod(), type, reason, message, { fieldPath })
  }
}

/** Removes all a pod has on disk. */
export async function removePodFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}
