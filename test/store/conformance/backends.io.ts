/** The stores the conformance suite is run against: in memory, in a directory, in a real etcd. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEtcdStore } from '../../../core/store/etcd/etcd-store.io.ts'
import { openMemoryStore } from '../../../core/store/memory-store.ts'
import { openStore } from '../../../core/store/open-store.io.ts'
import type { Store } from '../../../core/store/store.ts'
import { systemClock } from '../../../host/linux/clock.io.ts'
import { noEtcd, startEtcd } from '../../support/etcd.io.ts'

/** One place where state is kept; nothing in it at first. */
export interface Backend extends AsyncDisposable {
  open(options?: { readonly historyLimit?: number }): Promise<Store>
}

export interface BackendKind {
  readonly name: string
  /** why it cannot be had here */
  readonly missing: string | undefined
  /** whether what is written is there when it is opened again */
  readonly isDurable: boolean
  /** whether several may have it open */
  readonly isShared: boolean
  readonly start: () => Promise<Backend>
}

export const BACKENDS: readonly BackendKind[] = [
  { name: 'memory', missing: undefined, isDurable: false, isShared: false, start: memory },
  { name: 'embedded', missing: undefined, isDurable: true, isShared: false, start: embedded },
  { name: 'etcd', missing: noEtcd, isDurable: true, isShared: true, start: etcd },
]

async function memory(): Promise<Backend> {
  return await Promise.resolve({
    open: (options = {}) =>
      Promise.resolve(openMemoryStore({ startRevision: 100, clock: systemClock, ...options })),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
}

async function embedded(): Promise<Backend> {
  const parent = await mkdtemp(join(tmpdir(), 'store-'))
  return {
    open: (options = {}) => openStore({ directory: join(parent, 'data'), nowMs: () => 100, ...options }),
    [Symbol.asyncDispose]: () => rm(parent, { recursive: true }),
  }
}

async function etcd(): Promise<Backend> {
  const server = await startEtcd()
  return {
    open: (options = {}) => openEtcdStore({ servers: [server.url], ...options }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
