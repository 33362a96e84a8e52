/** A real etcd of its own for a test: on loopback, in a directory that goes with it. */

import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { issueCertificate, makeAuthority } from '../../core/apiserver/pki/certificates.io.ts'
import { Gateway } from '../../core/store/etcd/gateway.io.ts'
import type { GatewayTls } from '../../core/store/etcd/gateway.io.ts'
import { encoded } from '../../core/store/etcd/wire.ts'
import { freePort } from './free-port.io.ts'

/** Why etcd cannot be had here; undefined: it can. */
export const noEtcd: string | undefined =
  spawnSync('etcd', ['--version']).status === 0 ? undefined : 'etcd (Debian: etcd-server) is not installed'

const READY_MS = 20_000

export interface Etcd extends AsyncDisposable {
  /** `http://127.0.0.1:34567` */
  readonly url: string
  /** PEM files, where it speaks TLS and asks for certificates */
  readonly files: EtcdFiles | undefined
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

export interface EtcdFiles {
  readonly ca: string
  readonly certificate: string
  readonly key: string
}

export interface StartEtcd {
  /** whether it speaks TLS, to those alone who have a certificate */
  readonly isSecure?: boolean
}

/** Resolves when it answers. Dispose of it to have it gone. */
export async function startEtcd(options: StartEtcd = {}): Promise<Etcd> {
  const directory = await mkdtemp(join(tmpdir(), 'etcd-'))
  const [clientPort, peerPort] = [await freePort(), await freePort()]
  const secured = options.isSecure ? await certificates(directory) : undefined
  const url = `${secured ? 'https' : 'http'}://127.0.0.1:${clientPort}`
  const gateway = new Gateway({ servers: [url], tls: secured?.tls })
  let child: ChildProcess | undefined
  const etcd: Etcd = {
    url,
    files: secured?.files,
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
      child = spawn('etcd', [...flags(directory, url, peerPort), ...(secured?.flags ?? [])], {
        stdio: 'ignore',
      })
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

interface Secured {
  readonly files: EtcdFiles
  readonly tls: GatewayTls
  readonly flags: readonly string[]
}

async function certificates(directory: string): Promise<Secured> {
  const now = Date.now()
  const validity = { fromMs: now, untilMs: now + 86_400_000 }
  const subject = (commonName: string) => ({ commonName, organizations: [] })
  const authority = await makeAuthority(subject('etcd-ca'), validity)
  // Its gateway is a client of its own, with the same certificate.
  const server = await issueCertificate(authority, {
    subject: subject('etcd'),
    usages: ['server', 'client'],
    validity,
    addresses: ['127.0.0.1'],
  })
  const client = await issueCertificate(authority, {
    subject: subject('client'),
    usages: ['client'],
    validity,
  })
  const written = async (name: string, text: string): Promise<string> => {
    const path = join(directory, name)
    await writeFile(path, text, { mode: 0o600 })
    return path
  }
  const files = {
    ca: await written('ca.crt', authority.certificate),
    certificate: await written('client.crt', client.certificate),
    key: await written('client.key', client.key),
  }
  return {
    files,
    tls: { ca: authority.certificate, certificate: client.certificate, key: client.key },
    flags: [
      `--cert-file=${await written('server.crt', server.certificate)}`,
      `--key-file=${await written('server.key', server.key)}`,
      `--trusted-ca-file=${files.ca}`,
      '--client-cert-auth',
    ],
  }
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
