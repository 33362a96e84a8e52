/** `./portolan` driven as a user drives it, in a test host: up, commands against it, down. */

import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Outcome, TestHost } from './test-host.io.ts'
import { eventually, PORTOLAN } from './test-host.io.ts'

export interface RunningPortolan {
  readonly process: ChildProcess
  readonly dataDir: string
  /** all it printed so far */
  output(): string
  kubectl(...args: readonly string[]): Promise<Outcome>
  /** stdout of kubectl; throws with stderr when it fails */
  get(...args: readonly string[]): Promise<string>
  portolan(...args: readonly string[]): Promise<Outcome>
  /** SIGTERM, and wait. @returns the exit code */
  stop(): Promise<number>
}

export interface UpOptions {
  readonly args: readonly string[]
  readonly dataDir?: string
  /** resolves when this is printed; default: the line of ready deployments */
  readonly until?: RegExp
  readonly timeoutMs?: number
}

const READY = /✓ (\d+)\/\1 deployments ready/

/** Starts `portolan up` and waits until it says that all is ready. */
export async function portolanUp(host: TestHost, options: UpOptions): Promise<RunningPortolan> {
  const dataDir = options.dataDir ?? join(host.folder, 'data')
  const child = host.start([PORTOLAN, 'up', '--data-dir', dataDir, ...options.args])
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (printed += String(chunk)))
  const outcome = await eventually(
    'portolan up',
    async () => {
      if (child.exitCode !== null) return 'ended'
      if ((options.until ?? READY).test(printed)) return 'ready'
      throw new Error(printed)
    },
    options.timeoutMs ?? 30_000,
  )
  if (outcome === 'ended') throw new Error(`portolan ended with ${child.exitCode}: ${printed}`)
  const kubectl = (...args: readonly string[]): Promise<Outcome> =>
    host.run(['kubectl', `--kubeconfig=${dataDir}/kubeconfig`, `--cache-dir=${host.folder}/cache`, ...args])
  return {
    process: child,
    dataDir,
    output: () => printed,
    kubectl,
    async get(...args) {
      const outcome = await kubectl(...args)
      if (outcome.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${outcome.stderr}`)
      return outcome.stdout
    },
    portolan: (...args) => {
      const [command = '', ...rest] = args
      return host.run([PORTOLAN, command, '--data-dir', dataDir, ...rest])
    },
    async stop() {
      if (child.exitCode === null) {
        const ended = new Promise((done) => child.once('exit', done))
        // nsenter has become the launcher, and that the pinned Node: one pid all along.
        child.kill('SIGTERM')
        await ended
      }
      return child.exitCode ?? -1
    },
  }
}

/** What a host shows of itself that portolan might change: to be equal before and after. */
export async function hostState(host: TestHost): Promise<string> {
  const commands = [
    ['ip', '-o', 'link'],
    ['ip', '-o', '-4', 'address'],
    ['ip', 'route', 'show', 'table', 'all'],
    ['nft', 'list', 'ruleset'],
    ['cat', '/etc/resolv.conf'],
    ['sysctl', 'net.ipv4.ip_forward', 'net.ipv4.conf.all.route_localnet', 'net.ipv4.conf.lo.forwarding'],
    ['findmnt', '-rno', 'TARGET'],
  ]
  const shown = await Promise.all(
    commands.map(async (argv) => `${argv.join(' ')}\n${(await host.run(argv)).stdout}`),
  )
  return shown.join('\n')
}
