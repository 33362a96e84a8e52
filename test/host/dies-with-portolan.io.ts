/**
 * Run by dies-with-portolan.test.ts in network and mount namespaces that stand in for the host's. `start LEDGER`
 * starts pods, says what there is, and waits to be killed; `undo LEDGER` does what the next start does first;
 * `plain LEDGER` starts a process without namespaces and kills itself at once.
 */

import { writeSync } from 'node:fs'
import { openPodNetwork } from '../../core/pod-network/open-pod-network.io.ts'
import { undoHostChanges } from '../../host/linux/undo.io.ts'
import type { Host } from '../../host/host.ts'
import { linuxHost } from '../../host/linux/linux-host.io.ts'
import { openLog } from '../../host/linux/log.io.ts'

const [action, ledgerFile = ''] = process.argv.slice(2)
const host = await linuxHost({ ledgerFile, log: openLog() })
const say = (value: unknown): void => void writeSync(1, `${JSON.stringify(value)}\n`)

if (action === 'undo') say({ undone: await undoHostChanges(host), left: host.ledger.entries() })
else if (action === 'plain') await startPlain(host)
else await startPods(host)

async function startPlain({ sandboxes }: Host): Promise<void> {
  const sandbox = sandboxes.create({ hostname: 'x', isolated: false })
  const running = await sandbox.spawn({ argv: ['sleep', '1000'], env: { PATH: '/usr/bin:/bin' } })
  say({ pids: [running.pid] })
  process.kill(process.pid, 'SIGKILL')
}

async function startPods({ sandboxes, ledger }: Host): Promise<void> {
  const network = await openPodNetwork('host', { host })
  const pids: number[] = []
  for (const name of ['pod-0', 'pod-1', 'pod-2', 'pod-3', 'pod-4']) {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, uid: name },
      spec: { containers: [] },
    } as const
    const attached = await network.attach(pod)
    const sandbox = sandboxes.create({ network: attached.network, hostname: name, isolated: true })
    // One that ignores every signal it can, and one that has left its parent and its session.
    const argv = ['sh', '-c', 'trap "" TERM INT HUP; setsid sleep 1000 & sleep 1000 & wait']
    pids.push((await sandbox.spawn({ argv, env: { PATH: '/usr/bin:/bin' } })).pid)
  }
  say({ pids, changes: ledger.entries().length })
  setInterval(() => undefined, 1000)
}
