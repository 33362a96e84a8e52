/** Where a cluster's state is kept: its data dir and the store in it. Made on a stack that takes them down again. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

/** The store in the data dir, or one in memory when nothing is to be kept. Rejects with CliError. */
export async function openTheStore(config: Keeping, dir: DataDir, host: Host): Promise<Store> {
  if (config.dataDir === undefined) return openMemoryStore({ startRevision: host.clock.now(), clock: host.clock })
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
