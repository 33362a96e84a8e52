/** `portolan down`: stops the cluster of a data dir, or cleans up after one that crashed. */

import { cleanUpAfter } from '../clean-up.io.ts'
import { CliError, EXIT } from '../errors.ts'
import { dataDirAt, occupantOf, processStart } from '../instance.io.ts'

/** Pods get their grace period (30 s by default); after this something hangs. */
const STOP_TIMEOUT_MS = 60_000
const POLL_MS = 20

export async function down(flags: { dataDir?: string }): Promise<void> {
  const dir = dataDirAt(flags.dataDir)
  const occupant = occupantOf(dir)
  if (occupant.kind === 'running') {
    const { pid, processStart: start } = occupant.instance
    signal(pid)
    const deadline = performance.now() + STOP_TIMEOUT_MS
    while (processStart(pid) === start) {
      if (performance.now() > deadline) {
        throw new CliError(`portolan (pid ${pid}) did not stop within ${STOP_TIMEOUT_MS / 1000} s`, {
          exitCode: EXIT.host,
        })
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    process.stdout.write('portolan is stopped\n')
    return
  }
  const undone = await cleanUpAfter(dir)
  if (occupant.kind === 'dead' || undone > 0) {
    process.stdout.write(`portolan had crashed; removed what it left (${undone} changes to this host)\n`)
    return
  }
  throw new CliError(`portolan is not running on ${dir.path}`)
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return
    throw new CliError(`portolan (pid ${pid}) cannot be stopped: ${(error as Error).message}`, {
      exitCode: EXIT.host,
      cause: error,
      remedy: 'run this as the user who started it',
    })
  }
}
