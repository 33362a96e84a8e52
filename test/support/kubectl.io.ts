/**
 * Real kubectl binaries, as many versions as there are: the one in PATH, Debian's (see scripts/debian-kubectl), and
 * those named by KUBECTL_BINARIES (separated by `:`).
 */

import { execFile, execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { resolve } from 'node:path'
import { describe } from 'vitest'

const DEBIAN_KUBECTL = resolve(
  import.meta.dirname,
  '../../node_modules/.cache/debian-kubectl/usr/bin/kubectl',
)

export interface Kubectl {
  /** `v1.32.4` */
  readonly version: string
  readonly minor: number
  readonly path: string
}

/** @returns one per version; empty when there is none */
export function kubectls(): readonly Kubectl[] {
  const named = (process.env['KUBECTL_BINARIES'] ?? '').split(':').filter((path) => path !== '')
  const found = ['kubectl', DEBIAN_KUBECTL, ...named].flatMap((path) => {
    const version = versionOf(path)
    return version === undefined ? [] : [{ path, version, minor: Number(/^v1\.(\d+)/.exec(version)?.[1]) }]
  })
  return [...new Map(found.map((kubectl) => [kubectl.version, kubectl])).values()]
}

/** Tests with each of them, one after the other; a visible skip where there is none. */
export function eachKubectl(tests: (kubectl: Kubectl) => void): void {
  const found = kubectls()
  describe.skipIf(found.length === 0)(
    'kubectl (skipped without a kubectl in PATH or KUBECTL_BINARIES)',
    () => {
      for (const kubectl of found) describe(kubectl.version, () => tests(kubectl))
    },
  )
}

function versionOf(path: string): string | undefined {
  try {
    const text = execFileSync(path, ['version', '--client', '-o', 'json'], {
      encoding: 'utf8',
      stdio: 'pipe',
    })
    return (JSON.parse(text) as { clientVersion: { gitVersion: string } }).clientVersion.gitVersion
  } catch {
    return undefined
  }
}

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A kubectl bound to a cluster, with a cache of its own. */
export class KubectlSession {
  readonly #kubectl: Kubectl
  readonly #base: readonly string[]

  constructor(kubectl: Kubectl, place: { readonly kubeconfig: string; readonly cacheDir: string }) {
    this.#kubectl = kubectl
    this.#base = ['--kubeconfig', place.kubeconfig, '--cache-dir', place.cacheDir]
  }

  /** Runs to the end, 20 s at most. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return new Promise((resolve) => {
      const env = { ...process.env, ...options.env }
      const all = [...this.#base, ...args]
      const child = execFile(this.#kubectl.path, all, { env, timeout: 20_000 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr })
      })
      // kubectl may not want its input and close it first.
      child.stdin?.on('error', () => undefined)
      child.stdin?.end(options.stdin ?? '')
    })
  }

  /** Starts a command that goes on until it is killed. */
  start(args: readonly string[]): ChildProcess {
    return spawn(this.#kubectl.path, [...this.#base, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  }
}

/** Resolves with what was printed once it matches; rejects, showing it, when the process ends or 10 s pass first. */
export function printed(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const fail = (): void => reject(new Error(`no ${String(pattern)} in: ${text}`))
    const timer = setTimeout(fail, 10_000)
    const read = (chunk: Buffer): void => {
      text += chunk.toString()
      if (!pattern.test(text)) return
      clearTimeout(timer)
      resolve(text)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('close', fail)
  })
}
