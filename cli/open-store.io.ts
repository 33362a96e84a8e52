/** Where a cluster's state is kept: its data dir and the store in it. Made on a stack that takes them down again. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEtcdStore } from '../core/store/etcd/etcd-store.io.ts'
import { openMemoryStore } from '../core/store/memory-store.ts'
import { openStore } from '../core/store/open-store.io.ts'
import type { Store } from '../core/store/store.ts'
import type { Host } from '../host/host.ts'
import { CliError, EXIT } from './errors.ts'
import type { DataDir } from './instance.io.ts'
import { dataDirAt, prepareDataDir } from './instance.io.ts'

/** What is told of where state is kept. */
export interface Keeping {
  /** absent: nothing is kept on disk but what the run needs */
  readonly dataDir: string | undefined
  /** absent: objects are kept in the data dir */
  readonly etcd?: EtcdConfig | undefined
}

/** How etcd is reached: kube-apiserver's flags of the same names. */
export interface EtcdConfig {
  readonly servers: readonly string[]
  /** files with PEM texts */
  readonly cafile?: string | undefined
  readonly certfile?: string | undefined
  readonly keyfile?: string | undefined
}

export interface EtcdFlags {
  readonly etcdServers?: string
  readonly etcdCafile?: string
  readonly etcdCertfile?: string
  readonly etcdKeyfile?: string
}

/** @returns undefined when no servers are named */
export function etcdConfigOf(flags: EtcdFlags): EtcdConfig | undefined {
  if (flags.etcdServers === undefined) return undefined
  const servers = flags.etcdServers.split(',').map((text) => text.trim())
  return { servers, cafile: flags.etcdCafile, certfile: flags.etcdCertfile, keyfile: flags.etcdKeyfile }
}

/** The data dir asked for, or one that lasts as long as the cluster. @throws CliError */
export function openDataDir(config: Keeping, stack: AsyncDisposableStack): DataDir {
  if (config.dataDir !== undefined) {
    const dir = dataDirAt(config.dataDir)
    prepareDataDir(dir)
    return dir
  }
  const temporary = mkdtempSync(join(tmpdir(), 'portolan-'))
  stack.defer(() => rmSync(temporary, { recursive: true, force: true }))
  return dataDirAt(temporary)
}

/** etcd, the store in the data dir, or one in memory when nothing is to be kept. Rejects with CliError. */
export async function openTheStore(config: Keeping, dir: DataDir, host: Host): Promise<Store> {
  if (config.etcd !== undefined) return await openEtcd(config.etcd, host)
  if (config.dataDir === undefined)
    return openMemoryStore({ startRevision: host.clock.now(), clock: host.clock })
  mkdirSync(dir.store, { recursive: true, mode: 0o700 })
  try {
    return await openStore({
      directory: dir.store,
      nowMs: () => host.clock.now(),
      clock: host.clock,
      warn: (message: string) => host.log.warn(message),
    })
  } catch (error) {
    throw new CliError(
      `the store in ${dir.store} cannot be opened: ${error instanceof Error ? error.message : String(error)}`,
      {
        exitCode: EXIT.host,
        cause: error,
      },
    )
  }
}

async function openEtcd(etcd: EtcdConfig, host: Host): Promise<Store> {
  try {
    return await openEtcdStore({
      servers: etcd.servers,
      tls: {
        ca: textOf(etcd.cafile),
        certificate: textOf(etcd.certfile),
        key: textOf(etcd.keyfile),
      },
      warn: (message, fields) => host.log.warn(message, fields),
    })
  } catch (error) {
    throw new CliError(
      `etcd (${etcd.servers.join(', ')}) cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      { exitCode: EXIT.host, cause: error },
    )
  }
}

const textOf = (path: string | undefined): string | undefined =>
  path === undefined ? undefined : readFileSync(path, 'utf8')
