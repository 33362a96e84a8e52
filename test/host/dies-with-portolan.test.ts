/** kill -9 leaves no process and no link; what it leaves of routes and addresses the next start removes. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { linuxHost } from '../../host/linux/linux-host.io.ts'
import { openLog } from '../../host/linux/log.io.ts'

const unprivileged = process.getuid?.() === 0 ? undefined : 'needs root to make namespaces'

/** Undefined for a process that has ended. */
function pidNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`)
  } catch {
    return undefined
  }
}

function processesIn(namespaces: ReadonlySet<string>): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return all.map(Number).filter((pid) => namespaces.has(pidNamespace(pid) ?? ''))
}

it.skipIf(unprivileged !== undefined)(
  `kill -9 ends every pod${unprivileged === undefined ? '' : ` (${unprivileged})`}`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portolan-kill-'))
    const host = await linuxHost({ ledgerFile: join(folder, 'own'), log: openLog({ level: 'silent' }) })
    using machine = await host.namespaces.createNetwork() // stands in for the host's namespace
    const program = [process.execPath, join(import.meta.dirname, 'dies-with-portolan.io.ts')]
    const argv = [`--net=${machine.path}`, 'unshare', '--mount', ...program]
    const ledger = join(folder, 'ledger')
    const portolan = spawn('nsenter', [...argv, 'start', ledger], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [line] = await once(portolan.stdout, 'data')
      const { pids, changes } = JSON.parse(String(line)) as { pids: number[]; changes: number }
      const namespaces = new Set(pids.flatMap((pid) => pidNamespace(pid) ?? []))
      expect(namespaces.size).toBe(5)
      // the first process, the shell, and two that sleep
      await expect.poll(() => processesIn(namespaces).length, { timeout: 5000 }).toBe(20)

      portolan.kill('SIGKILL')
      await once(portolan, 'exit')
      await expect.poll(() => processesIn(namespaces), { timeout: 5000 }).toEqual([])
      const links = async (): Promise<string[]> => (await host.links.list(machine)).map(({ name }) => name)
      await expect.poll(links, { timeout: 5000 }).toEqual(['lo'])

      expect(await host.links.routes(machine)).not.toEqual([])
      const { stdout } = await host.commands.run(['nsenter', ...argv, 'undo', ledger])
      const { undone, left } = JSON.parse(stdout) as { undone: unknown[]; left: unknown[] }
      expect(undone).toHaveLength(changes)
      expect(left).toEqual([])
      expect(await host.links.routes(machine)).toEqual([])
      expect(await host.links.list(machine)).toEqual([{ name: 'lo', index: 1, addresses: ['127.0.0.1/8'] }])
    } finally {
      portolan.kill('SIGKILL')
      rmSync(folder, { recursive: true })
    }
  },
)

it('kill -9 ends plain children, even at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-kill-'))
  const program = join(import.meta.dirname, 'dies-with-portolan.io.ts')
  const portolan = spawn(process.execPath, [program, 'plain', join(folder, 'ledger')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(portolan.stdout, 'data')
  const { pids } = JSON.parse(String(line)) as { pids: number[] }
  await expect
    .poll(() => pids.filter((pid) => pidNamespace(pid) !== undefined), { timeout: 5000 })
    .toEqual([])
  rmSync(folder, { recursive: true })
})
