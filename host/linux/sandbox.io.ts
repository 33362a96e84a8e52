/**
 * Where a pod's processes run. Isolated: in namespaces of their own (./pod-namespaces.io.ts), made when the first
 * starts. Otherwise: plain children of portolan that die with it.
 */

import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { closeSync, fchownSync } from 'node:fs'
import { HostError } from '../errors.ts'
import type { ProcessSpec, RunningProcess, Sandbox, Sandboxes, SandboxOptions } from '../host.ts'
import type { NamespaceSwitch } from './network-namespace.io.ts'
import { bindIntoPod, ensureTarget } from './pod-root.io.ts'
import { podNamespaceOpener } from './pod-namespaces.io.ts'
import type { OpenPodNamespaces, PodNamespaces } from './pod-namespaces.io.ts'
import { DEFAULT_PATH, programPath } from './program-path.io.ts'
import { runningProcess } from './running-process.io.ts'
import type { ProcessStreams } from './running-process.io.ts'
import type { Syscalls } from './syscalls.io.ts'
import { openTerminal } from './terminal.io.ts'
import type { Terminal } from './terminal.io.ts'

/** @param syscalls absent: only plain children without a terminal */
export function linuxSandboxes(syscalls: Syscalls | undefined, namespaces: NamespaceSwitch): Sandboxes {
  const openPod = syscalls === undefined ? undefined : podNamespaceOpener(syscalls, namespaces)
  return {
    create: (options) => new LinuxSandbox(options, { syscalls, namespaces, openPod, tools: launchTools() }),
  }
}

interface Machine {
  readonly syscalls: Syscalls | undefined
  readonly namespaces: NamespaceSwitch
  readonly openPod: OpenPodNamespaces | undefined
  readonly tools: LaunchTools
}

/** util-linux's programs that prepare a process before it becomes the wanted one. */
interface LaunchTools {
  /** arms the parent-death signal; undefined where there is none: then children outlive a killed portolan */
  readonly setpriv: string | undefined
  /** makes its terminal the controlling one */
  readonly setsid: string | undefined
}

function launchTools(): LaunchTools {
  const env = { PATH: `${process.env['PATH'] ?? ''}:${DEFAULT_PATH}` }
  const find = (name: string): string | undefined => {
    try {
      return programPath(name, env, '/')
    } catch {
      // Not installed: what needs it says so, what does not goes on.
      return undefined
    }
  }
  return { setpriv: find('setpriv'), setsid: find('setsid') }
}

class LinuxSandbox implements Sandbox {
  readonly network: SandboxOptions['network']
  readonly #options: SandboxOptions
  readonly #machine: Machine
  readonly #running = new Set<RunningProcess>()
  #pod: Promise<PodNamespaces> | undefined
  #disposed = false

  constructor(options: SandboxOptions, machine: Machine) {
    this.network = options.network
    this.#options = options
    this.#machine = machine
  }

  async spawn(spec: ProcessSpec): Promise<RunningProcess> {
    this.#refuseIfDisposed()
    const pod = this.#options.isolated ? await this.#namespaces() : undefined
    this.#refuseIfDisposed()
    const started = this.#start(spec, pod)
    const running = await started
    this.#running.add(running)
    void running.exited.then(() => this.#running.delete(running))
    return running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    const running = [...this.#running]
    for (const one of running) one.kill('SIGKILL')
    // A pod whose namespaces could not be made has none to close; whoever spawned was told.
    const pod = await this.#pod?.catch(() => undefined)
    await pod?.[Symbol.asyncDispose]()
    await Promise.all(running.map(({ exited }) => exited))
  }

  #refuseIfDisposed(): void {
    if (this.#disposed) throw new HostError('NOT_FOUND', 'the sandbox has been closed')
  }

  async #namespaces(): Promise<PodNamespaces> {
    const { openPod } = this.#machine
    if (openPod === undefined) throw new HostError('UNSUPPORTED', 'no isolated processes without koffi')
    const opening = (this.#pod ??= openPod(this.#options))
    try {
      const pod = await opening
      if (pod.isAlive) return pod
      // Somebody killed the pod's first process, and with it all others: start over.
      if (this.#pod === opening) this.#pod = undefined
      await pod[Symbol.asyncDispose]()
    } catch (error) {
      if (this.#pod === opening) this.#pod = undefined // the next spawn tries again
      throw error
    }
    return await this.#namespaces()
  }

  #start(spec: ProcessSpec, pod: PodNamespaces | undefined): Promise<RunningProcess> {
    const { syscalls, namespaces } = this.#machine
    if (pod === undefined) {
      if ((spec.mounts ?? []).length > 0) throw new HostError('UNSUPPORTED', 'no mounts without isolation')
      return this.#launch(spec, (launch) => namespaces.inside(this.network, launch))
    }
    return this.#launch(spec, (launch) =>
      pod.inside(() => {
        if (syscalls === undefined) return launch()
        for (const mount of spec.mounts ?? []) bindIntoPod(syscalls, mount)
        if (spec.cwd !== undefined) ensureTarget(syscalls, spec.cwd, 'folder')
        return launch()
      }),
    )
  }

  /** @param visit calls its argument where the process is to be */
  #launch(spec: ProcessSpec, visit: (launch: () => ChildProcess) => ChildProcess): Promise<RunningProcess> {
    const terminal = this.#terminal(spec)
    try {
      const child = visit(() => {
        const { argv, options } = this.#childOptions(spec, terminal)
        return spawn(argv[0] ?? '', argv.slice(1), options)
      })
      const started = runningProcess(child, spec.argv, streamsOf(child, spec, terminal))
      if (terminal !== undefined) closeSync(terminal.processFd)
      return started
    } catch (error) {
      terminal?.abandon()
      throw error
    }
  }

  #terminal({ terminal, user }: ProcessSpec): Terminal | undefined {
    if (terminal === undefined) return undefined
    const { syscalls, tools } = this.#machine
    if (syscalls === undefined || tools.setsid === undefined) {
      throw new HostError('UNSUPPORTED', 'no terminals without koffi and setsid (package util-linux)')
    }
    const opened = openTerminal(syscalls, terminal)
    if (user !== undefined) fchownSync(opened.processFd, user.uid, user.gid)
    return opened
  }

  /** Called where the process is to be: the program is looked for in the file system it will see. */
  #childOptions(
    spec: ProcessSpec,
    terminal: Terminal | undefined,
  ): { readonly argv: readonly string[]; readonly options: SpawnOptions } {
    const { setpriv, setsid } = this.#machine.tools
    const cwd = spec.cwd ?? '/'
    const program = programPath(spec.argv[0] ?? '', spec.env, cwd)
    const argv = [
      // In a PID namespace of its own a process dies with the namespace's first one.
      ...(this.#options.isolated || setpriv === undefined ? [] : diesWithPortolan(setpriv)),
      ...(terminal === undefined || setsid === undefined ? [] : [setsid, '--ctty', '--']),
      program,
      ...spec.argv.slice(1),
    ]
    const own = terminal?.processFd
    const options: SpawnOptions = {
      cwd,
      env: { ...spec.env },
      ...(argv[0] === program ? { argv0: spec.argv[0] } : {}),
      stdio: own === undefined ? [spec.stdin === true ? 'pipe' : 'ignore', 'pipe', 'pipe'] : [own, own, own],
      // A session of its own; setsid makes it where there is a terminal.
      detached: terminal === undefined,
      ...spec.user,
    }
    return { argv, options }
  }
}

/** Had portolan died before the signal was armed, the process would have another parent by now. */
function diesWithPortolan(setpriv: string): readonly string[] {
  const unlessOrphaned = ['/bin/sh', '-c', '[ "$PPID" = "$0" ] && exec "$@"', String(process.pid)]
  return [setpriv, '--pdeathsig', 'KILL', '--', ...unlessOrphaned]
}

function streamsOf(child: ChildProcess, spec: ProcessSpec, terminal: Terminal | undefined): ProcessStreams {
  if (terminal !== undefined) {
    const { output, input } = terminal.open()
    const stdin = spec.stdin === true ? input : undefined
    return { stdin, stdout: output, stderr: undefined, resize: (size) => terminal.resize(size) }
  }
  if (child.stdout === null || child.stderr === null) throw new Error('a child was started without pipes')
  return {
    stdin: child.stdin ?? undefined,
    stdout: child.stdout,
    stderr: child.stderr,
    resize: () => undefined,
  }
}
