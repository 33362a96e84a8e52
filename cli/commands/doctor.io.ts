/** `portolan doctor`: what this host can do, what is missing, and how to get it. Exit code 1 when up would not work well. */

import { accessSync, constants } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { openLog } from '../../host/linux/log.io.ts'
import { linuxHost } from '../../host/linux/linux-host.io.ts'
import { networkAbility } from '../ability.io.ts'
import { chooseModes, DEFAULTS } from '../config.ts'

interface Finding {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  readonly remedy?: string | undefined
}

interface Tool {
  readonly program: string
  readonly package: string
  readonly purpose: string
}

const TOOLS: readonly Tool[] = [
  { program: 'iptables-restore', package: 'iptables', purpose: "kube-proxy's rules" },
  { program: 'nft', package: 'nftables', purpose: 'NetworkPolicy in the kernel' },
  { program: 'conntrack', package: 'conntrack', purpose: 'UDP clients leave endpoints that are gone' },
  { program: 'setpriv', package: 'util-linux', purpose: "pods' processes die with portolan" },
  { program: 'kubectl', package: 'kubernetes-client', purpose: 'looking at the cluster' },
  { program: 'curl', package: 'curl', purpose: 'portolan curl' },
  { program: 'wget', package: 'wget', purpose: 'tool containers (busybox) that call it' },
]

export async function doctor(flags: { output: 'text' | 'json' }): Promise<void> {
  const host = await linuxHost({
    ledgerFile: join(tmpdir(), `portolan-doctor-${process.pid}.json`),
    log: openLog({ level: 'error' }),
  })
  const ability = await networkAbility(host)
  const findings: readonly Finding[] = [
    {
      name: 'root',
      ok: process.getuid?.() === 0,
      detail: process.getuid?.() === 0 ? 'yes' : 'no',
      remedy: 'sudo ./portolan up',
    },
    {
      name: 'network namespaces',
      ok: ability.canCreateNetworks,
      detail: ability.canCreateNetworks ? 'can be made' : ability.reasons.join('; '),
      remedy: 'run as root, or use --network loopback',
    },
    {
      name: 'iptables and nftables',
      ok: ability.hasIptables,
      detail: ability.hasIptables ? 'work in a namespace' : ability.reasons.join('; '),
      remedy: 'apt-get install iptables nftables',
    },
    ...TOOLS.map(toolFinding),
  ]
  const choice = chooseModes(DEFAULTS, ability)
  const chosen =
    choice.kind === 'chosen'
      ? `portolan up would use network ${choice.network}, proxy ${choice.proxyMode}`
      : 'portolan up would fail'
  if (findings.some(({ ok }) => !ok)) process.exitCode = 1
  if (flags.output === 'json') {
    process.stdout.write(`${JSON.stringify({ findings, choice }, null, 2)}\n`)
    return
  }
  for (const { name, ok, detail, remedy } of findings) {
    process.stdout.write(`  ${ok ? '✓' : '✗'} ${name.padEnd(22)} ${detail}\n`)
    if (!ok && remedy) process.stdout.write(`      ${remedy}\n`)
  }
  process.stdout.write(`  ${chosen}\n`)
}

function toolFinding(tool: Tool): Finding {
  const path = programPath(tool.program)
  return {
    name: tool.program,
    ok: path !== undefined,
    detail: path ?? `missing: ${tool.purpose}`,
    remedy: `apt-get install ${tool.package}`,
  }
}

function programPath(program: string): string | undefined {
  const folders = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter)
  return folders
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}
