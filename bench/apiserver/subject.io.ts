/** The API servers that are measured: each in processes of its own, on loopback, in a folder that goes with it. */

import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientConfig } from '../../core/client/kubeconfig.ts'
import { readKubeconfig } from '../../core/client/kubeconfig.io.ts'
import { startEtcd } from '../../test/support/etcd.io.ts'
import { freePort } from '../../test/support/free-port.io.ts'
import { PORTOLAN } from '../../test/support/test-host.io.ts'
import { LoadClient } from './load-client.io.ts'

const READY_MS = 60_000
const POLL_MS = 10
const CLOCK_TICKS_PER_SECOND = 100

export interface Subject extends AsyncDisposable {
  readonly client: LoadClient
  /** from its start to the first 200 of /readyz; a separate etcd runs before that */
  readonly readyMs: number
  /** processor time of all its processes so far */
  cpuSeconds(): number
  /** resident memory of all its processes now */
  residentMb(): number
}

interface Launch {
  readonly command: string
  readonly args: readonly string[]
  /** Reads how to reach it; rejects as long as that is not known. */
  readonly config: () => Promise<ClientConfig>
}

/** `portolan apiserver`, with its embedded store or, given `etcd`, on an etcd of its own. */
export async function portolan(backend: 'embedded' | 'etcd'): Promise<Subject> {
  await using cleanup = new AsyncDisposableStack()
  const folder = await temporaryFolder(cleanup)
  const etcd = backend === 'etcd' ? cleanup.use(await startEtcd()) : undefined
  const kubeconfig = join(folder, 'kubeconfig')
  const store = etcd ? ['--etcd-servers', etcd.url] : []
  const args = ['apiserver', '--data-dir', join(folder, 'data'), '--kubeconfig', kubeconfig, ...store]
  const launch = { command: PORTOLAN, args, config: () => readKubeconfig(kubeconfig) }
  return await started(launch, etcd ? [etcd.pid] : [], cleanup)
}

/** A real kube-apiserver on an etcd of its own, with the flags of a common cluster. */
export async function kubeApiServer(command: string): Promise<Subject> {
  await using cleanup = new AsyncDisposableStack()
  const folder = await temporaryFolder(cleanup)
  const etcd = cleanup.use(await startEtcd())
  const port = await freePort()
  const key = join(folder, 'service-accounts.key')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  await writeFile(join(folder, 'tokens.csv'), 'bench,bench,bench,system:masters\n', { mode: 0o600 })
  await mkdir(join(folder, 'certs'))
  const args = [
    `--etcd-servers=${etcd.url}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--cert-dir=${join(folder, 'certs')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    '--authorization-mode=RBAC',
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
  ]
  const config = async (): Promise<ClientConfig> => ({
    server: `https://127.0.0.1:${port}`,
    caCertificate: readFileSync(join(folder, 'certs', 'apiserver.crt'), 'utf8'),
    token: 'bench',
  })
  return await started({ command, args, config }, [etcd.pid], cleanup)
}

async function temporaryFolder(cleanup: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-apiserver-'))
  cleanup.defer(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function started(
  launch: Launch,
  others: readonly number[],
  cleanup: AsyncDisposableStack,
): Promise<Subject> {
  const begun = performance.now()
  const child = spawn(launch.command, launch.args, { stdio: 'ignore' })
  cleanup.defer(() => ended(child))
  const client = cleanup.use(await answering(child, launch))
  const readyMs = performance.now() - begun
  const pids = [child.pid, ...others].filter((pid) => pid !== undefined)
  const owned = cleanup.move()
  return {
    client,
    readyMs,
    cpuSeconds: () => sum(pids.map(cpuSecondsOf)),
    residentMb: () => sum(pids.map(residentMbOf)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function answering(child: ChildProcess, { command, config }: Launch): Promise<LoadClient> {
  const until = performance.now() + READY_MS
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`)
    const client = await config()
      .then((known) => new LoadClient(known))
      .catch(() => undefined)
    if (client) {
      const status = await client.request('GET', '/readyz').catch(() => undefined)
      if (status?.status === 200) return client
      client[Symbol.dispose]()
    }
    if (performance.now() > until) throw new Error(`${command} is not ready after ${READY_MS} ms`)
    await sleep(POLL_MS)
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** proc(5): utime and stime are fields 14 and 15; the command in brackets may hold anything. */
function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND
}

function residentMbOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}
