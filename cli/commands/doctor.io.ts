/** `portolan doctor`: what this host can do, what is missing, and how to get it. Exit code 1 when up would not work well. */

import { accessSync, constants } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { openLog } from '../../host/linux/log.io.ts'
import { linuxHost } from '../../host/linux/linux-host.io.ts'
import type { CapabilityName } from '../../host/capabilities.ts'
import { CAPABILITIES, networkAbility, probeCapabilities } from '../../host/capabilities.ts'
import { chooseModes, DEFAULTS } from '../config.ts'

interface Finding {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  readonly remedy?: string | undefined
  /** portolan does without */
  readonly optional?: boolean | undefined
}

interface Tool {
  readonly program: string
  readonly package: string
  readonly purpose: string
}

const TOOLS: readonly Tool[] = [
  { program: 'setpriv', package: 'util-linux', purpose: "pods' processes die with portolan" },
  { program: 'kubectl', package: 'kubernetes-client', purpose: 'looking at the cluster' },
  { program: 'curl', package: 'curl', purpose: 'portolan curl' },
  { program: 'wget', package: 'wget', purpose: 'tool containers (busybox) that call it' },
]

/** What each finding of the machine is good for, and how to get it. */
const REMEDIES: Readonly<
  Record<CapabilityName, { readonly name: string; readonly remedy: string; readonly optional?: boolean }>
> = {
  'network-namespaces': { name: 'network namespaces', remedy: 'run as root, or use --network loopback' },
  links: { name: 'links between them', remedy: 'run as root, or use --network loopback' },
  'isolated-processes': { name: 'isolated processes', remedy: 'run as root' },
  iptables: { name: 'iptables', remedy: 'apt-get install iptables' },
  nftables: { name: 'nftables', remedy: 'apt-get install nftables' },
  conntrack: { name: 'conntrack', remedy: 'apt-get install conntrack' },
  'low-ports': {
    name: 'ports below 1024',
    remedy: 'run as root, or sysctl net.ipv4.ip_unprivileged_port_start=0',
  },
  'user-namespaces': { name: 'user namespaces', remedy: 'not needed yet', optional: true },
  'dummy-links': { name: 'dummy links', remedy: 'not needed', optional: true },
  'vxlan-links': { name: 'VXLAN links', remedy: 'not needed on one host', optional: true },
}

export async function doctor(flags: { output: 'text' | 'json' }): Promise<void> {
  const host = await linuxHost({
    ledgerFile: join(tmpdir(), `portolan-doctor-${process.pid}.json`),
    log: openLog({ level: 'error' }),
  })
  const { isRoot, findings: found } = await probeCapabilities(host)
  const findings: readonly Finding[] = [
    { name: 'root', ok: isRoot, detail: isRoot ? 'yes' : 'no', remedy: 'sudo ./portolan up' },
    ...CAPABILITIES.map((capability): Finding => {
      const { name, remedy, optional } = REMEDIES[capability]
      return { name, ...found[capability], remedy, optional }
    }),
    ...TOOLS.map(toolFinding),
  ]
  const choice = chooseModes(DEFAULTS, await networkAbility(host))
  const chosen =
    choice.kind === 'chosen'
      ? `portolan up would use network ${choice.network}, proxy ${choice.proxyMode}`
      : 'portolan up would fail'
  if (findings.some(({ ok, optional }) => !ok && !optional)) process.exitCode = 1
  if (flags.output === 'json') {
    process.stdout.write(`${JSON.stringify({ findings, choice }, null, 2)}\n`)
    return
  }
  for (const { name, ok, optional, detail, remedy } of findings) {
    process.stdout.write(`  ${ok ? '✓' : optional ? '-' : '✗'} ${name.padEnd(22)} ${detail}\n`)
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
