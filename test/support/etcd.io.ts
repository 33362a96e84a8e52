/** A real etcd of its own for a test: on loopback, in a directory that goes with it. */

import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Gateway } from '../../core/store/etcd/gateway.io.ts'
import { encoded } from '../../core/store/etcd/wire.ts'
import { freePort } from './free-port.io.ts'

/** Why etcd cannot be had here; undefined: it can. */
export const noEtcd: string | undefined =
  spawnSync('etcd', ['--version']).status === 0 ? undefined : 'etcd (Debian: etcd-server) is not installed'

const READY_MS = 20_000

export interface Etcd extends AsyncDisposable {
  /** `http://127.0.0.1:34567` */
  readonly url: string
  /** of the process that runs now */
  readonly pid: number
  /** kill -9 */
  kill(): Promise<void>
  /** Starts it again in the same directory and at the same address. Resolves when it answers. */
  start(): Promise<void>
  /** Forgets history up to the newest revision. */
  compact(): Promise<void>
  /** Sets a key as some other program would. */
  put(key: string, value: string): Promise<void>
}

/** Resolves when it answers. Dispose of it to have it gone. */
export async function startEtcd(extra: readonly string[] = []): Promise<Etcd> {
  const directory = await mkdtemp(join(tmpdir(), 'etcd-'))
  const [clientPort, peerPort] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${clientPort}`
  const gateway = new Gateway({ servers: [url] })
  let child: ChildProcess | undefined
  const etcd: Etcd = {
    url,
    get pid() {
      if (child?.pid === undefined) throw new Error('etcd does not run')
      return child.pid
    },
    async kill() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
    async start() {
      child = spawn('etcd', [...flags(directory, url, peerPort), ...extra], { stdio: 'ignore' })
      await ready(gateway)
    },
    async compact() {
      const { header } = (await gateway.call('/v3/kv/range', { key: encoded('x') }, 5000)) as {
        readonly header: { readonly revision: string }
      }
      await gateway.call('/v3/kv/compaction', { revision: header.revision, physical: true }, 5000)
    },
    async put(key, value) {
      await gateway.call('/v3/kv/put', { key: encoded(key), value: encoded(value) }, 5000)
    },
    async [Symbol.asyncDispose]() {
      await etcd.kill()
      gateway[Symbol.dispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
  try {
    await etcd.start()
  } catch (error) {
    await etcd[Symbol.asyncDispose]()
    throw error
  }
  return etcd
}

function flags(directory: string, url: string, peerPort: number): readonly string[] {
  const peer = `http://127.0.0.1:${peerPort}`
  return [
    '--name=test',
    `--data-dir=${join(directory, 'data')}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=test=${peer}`,
    '--log-level=error',
  ]
}

async function ready(gateway: Gateway): Promise<void> {
  const deadline = performance.now() + READY_MS
  for (;;) {
    try {
      await gateway.call('/v3/kv/range', { key: encoded('x') }, 1000)
      return
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise((done) => setTimeout(done, 20))
    }
  }
}
