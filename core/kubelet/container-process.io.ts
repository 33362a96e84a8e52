/**
 * A container's processes on this machine: the one it was started for, and those of exec and probes. All get the
 * pod's files and the container's volumes, as far as processes have a file system of their own here.
 */

import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { isNotFound } from '../../host/errors.ts'
import type { BindMount, Clock, ExitStatus, ProcessSpec, RunningProcess, Sandbox } from '../../host/host.ts'
import type { Container, Pod } from '../api/generated/core-v1.ts'
import type { ContainerLog } from './container-log.io.ts'
import type { PodTokens } from './pod-tokens.io.ts'
import type { VolumeContent, VolumeSources } from './volume-files.ts'
import { volumeContent } from './volume-files.ts'
import type { PodVolumes } from './volumes.io.ts'

export interface ContainerProcessOptions {
  readonly container: Container
  readonly clock: Clock
  /** the pod as of now */
  readonly pod: () => Pod
  readonly sandbox: Sandbox
  /** whether processes have namespaces of their own, and with them files of their own */
  readonly isolated: boolean
  readonly podFolder: string
  /** /etc/resolv.conf and the like */
  readonly podFiles: readonly BindMount[]
  readonly volumes: PodVolumes
  readonly tokens: PodTokens
  readonly sources: () => VolumeSources
}

export interface Program {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** A program that left its group may hold its output open for ever. */
const LAST_OUTPUT_MS = 500
/** until the client that attaches says how large its terminal is */
const TERMINAL = { width: 80, height: 24 } as const
const MAX_MESSAGE_BYTES = 4096
/** of the log, where it stands in for a message (kubernetes/kubernetes pkg/kubelet/container, 2 KiB and 80 lines) */
const MAX_LOG_MESSAGE_CHARACTERS = 2048
const LOG_MESSAGE_LINES = 80

export class ContainerProcess {
  readonly #options: ContainerProcessOptions
  readonly #folder: string

  constructor(options: ContainerProcessOptions) {
    this.#options = options
    this.#folder = join(options.podFolder, options.container.name)
  }

  /** Starts what the container is for; its output goes to `log`. Rejects as the container runtime would say it. */
  async start(program: Program, log: ContainerLog): Promise<RunningProcess> {
    const { container, sandbox } = this.#options
    const spec = await this.#spec(program)
    const mounts = [...(spec.mounts ?? []), ...(await this.#terminationMount())]
    const terminal = container.tty ? TERMINAL : undefined
    try {
      const process = await sandbox.spawn({ ...spec, mounts, stdin: container.stdin, terminal })
      process.stdout.on('data', (chunk: Buffer) => log.write(chunk, 'stdout'))
      process.stderr?.on('data', (chunk: Buffer) => log.write(chunk, 'stderr'))
      return process
    } catch (error) {
      if (!isNotFound(error)) throw error
      throw new Error(`exec: "${program.argv[0]}": executable file not found in $PATH`, { cause: error })
    }
  }

  /** A further process beside it. Rejects with HostError. */
  async exec(
    { argv, env }: Program,
    streams: Pick<ProcessSpec, 'terminal' | 'stdin'>,
  ): Promise<RunningProcess> {
    const spec = await this.#spec({ argv, env: streams.terminal ? { TERM: 'xterm', ...env } : env })
    return await this.#options.sandbox.spawn({ ...spec, ...streams })
  }

  /** Its end, and with it the end of its output: what it said last belongs to its log. */
  async ended({ exited, stdout, stderr }: RunningProcess): Promise<ExitStatus> {
    const outputs = [stdout, stderr].filter((stream) => stream !== undefined)
    // A stream that breaks has also said all it had to say.
    const allRead = Promise.allSettled(outputs.map((stream) => finished(stream, { writable: false })))
    const status = await exited
    const late = new AbortController()
    const limit = this.#options.clock.sleep(LAST_OUTPUT_MS, late.signal).catch(() => undefined)
    await Promise.race([allRead, limit])
    late.abort()
    await limit
    return status
  }

  /** What it left in its termination message file, or what the policy puts in its place; undefined for nothing. */
  async terminationMessage(exitCode: number, log: ContainerLog): Promise<string | undefined> {
    const written = await readFile(this.#messageFile()).catch(() => Buffer.alloc(0))
    if (written.length > 0) return written.subarray(0, MAX_MESSAGE_BYTES).toString('utf8')
    const { terminationMessagePolicy } = this.#options.container
    if (terminationMessagePolicy !== 'FallbackToLogsOnError' || exitCode === 0) return undefined
    return (await log.tail(LOG_MESSAGE_LINES)).slice(-MAX_LOG_MESSAGE_CHARACTERS) || undefined
  }

  #messageFile(): string {
    return join(this.#folder, 'termination-log')
  }

  async #terminationMount(): Promise<readonly BindMount[]> {
    const source = this.#messageFile()
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await writeFile(source, '')
    // Whoever the process runs as may say why it ended.
    await chmod(source, 0o666)
    const target = this.#options.container.terminationMessagePath ?? '/dev/termination-log'
    return this.#options.isolated ? [{ source, target, readOnly: false }] : []
  }

  async #spec({ argv, env }: Program): Promise<ProcessSpec> {
    const { container, isolated, pod } = this.#options
    const { runAsUser, runAsGroup } = { ...pod().spec.securityContext, ...container.securityContext }
    const user =
      runAsUser !== undefined && isolated ? { uid: runAsUser, gid: runAsGroup ?? runAsUser } : undefined
    return { argv, env, cwd: container.workingDir, mounts: await this.#mounts(), user }
  }

  async #mounts(): Promise<readonly BindMount[]> {
    const { container, isolated, podFiles, volumes, tokens, pod, sources } = this.#options
    if (!isolated) return []
    const mounts: BindMount[] = []
    for (const mount of container.volumeMounts ?? []) {
      const volume = (pod().spec.volumes ?? []).find(({ name }) => name === mount.name)
      if (volume === undefined) continue
      const content = (): VolumeContent => {
        const wanted = volumeContent(volume, pod(), sources())
        // Only beside a stand-in, whose volumes nobody reads: a process would not have been started.
        return wanted.kind === 'unsupported' ? { kind: 'empty' } : wanted
      }
      await tokens.issued(volume)
      const folder = await volumes.mounted(volume.name, content)
      const source = mount.subPath ? join(folder, mount.subPath) : folder
      if (mount.subPath && volume.emptyDir) {
        await mkdir(source, { recursive: true })
        await chmod(source, 0o777)
      }
      const readOnly = mount.readOnly ?? (volume.emptyDir === undefined && volume.hostPath === undefined)
      mounts.push({ source, target: mount.mountPath, readOnly })
    }
    return [...podFiles, ...mounts]
  }
}
