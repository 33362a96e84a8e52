/** What processes of a pod see of files, names and addresses, with namespaces of their own. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const unprivileged = process.getuid?.() === 0 ? undefined : 'needs root to make namespaces'

interface Report {
  readonly seen: Readonly<Record<string, string>>
  readonly refreshed: string
  readonly failed: { readonly exitCode: number; readonly message: string; readonly log: string }
  readonly terminal: { readonly screen: string; readonly result: unknown }
  readonly warnings: readonly string[]
}

it.skipIf(unprivileged)(
  `pods with namespaces of their own${unprivileged ? ` (${unprivileged})` : ''}`,
  async () => {
    const script = 'ip link set lo up; mount -t sysfs sysfs /sys; exec "$0" "$@"'
    const program = join(import.meta.dirname, 'in-namespace.io.ts')
    const argv = ['-nm', 'sh', '-euc', script, process.execPath, program]
    const { stdout } = await promisify(execFile)('unshare', argv, { timeout: 25_000, killSignal: 'SIGKILL' })
    const { seen, refreshed, failed, terminal, warnings } = JSON.parse(stdout) as Report
    expect(warnings).toEqual([])
    expect(seen).toEqual({
      init: 'Frontend is reachable.',
      resolver:
        'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 127.64.0.10\noptions ndots:5',
      hosts: '# Entries added by HostAliases.\n192.0.2.7\talias.test',
      hostname: 'given\ngiven',
      user: '1000',
      volume: 'blue',
      readOnly: expect.stringContaining('refused'),
      subPath: 'blue',
      scratch: 'kept',
      web: '2',
      token: expect.stringMatching(/^\{"alg":"ES256","kid":"[^"]+"\}defaultca.crt\nnamespace\ntoken$/),
      addresses: '1',
    })
    expect(refreshed).toBe('green')
    expect(terminal.screen).toMatch(/24 80\r\n\/dev\/pts\/\d+\r\n/)
    // how it ended is for the pod's status to say
    expect(terminal.result).toEqual({ kind: 'exited', exitCode: 0 })
    expect(failed).toEqual({ exitCode: 4, message: 'because', log: '/dev/fd\n/dev/pts\n/dev/shm\n' })
  },
)
