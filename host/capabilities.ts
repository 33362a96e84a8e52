/**
 * What this machine allows and what it lacks, found by doing: in a throw-away namespace, never from version numbers.
 * Pure but for the Host port it is given. Plain data for `portolan doctor` and the choice of a network.
 */

import { HostError, isNotFound } from './errors.ts'
import type { Commands, Host, NetworkNamespace } from './host.ts'

export const CAPABILITIES = [
  'network-namespaces',
  'links',
  'isolated-processes',
  'iptables',
  'nftables',
  'conntrack',
  'low-ports',
  'user-namespaces',
  'dummy-links',
  'vxlan-links',
] as const
export type CapabilityName = (typeof CAPABILITIES)[number]

export interface Finding {
  readonly ok: boolean
  /** version or variant when there is one; otherwise what the machine said */
  readonly detail: string
}

export interface Capabilities {
  readonly isRoot: boolean
  readonly findings: Readonly<Record<CapabilityName, Finding>>
}

type ProbeHost = Pick<Host, 'commands' | 'namespaces' | 'links' | 'sandboxes' | 'sockets'>

/** Takes about 0.1 s. Leaves nothing behind and rejects for no lack of privilege or tool: lacks are findings. */
export async function probeCapabilities(host: ProbeHost): Promise<Capabilities> {
  const { commands } = host
  const network = await attempt(() => host.namespaces.createNetwork())
  using held = network.value
  const inside = (probe: (where: NetworkNamespace) => Promise<string>): Promise<Finding> =>
    held === undefined
      ? Promise.resolve({ ok: false, detail: 'needs a network namespace' })
      : finding(() => probe(held))
  return {
    isRoot: (await attempt(() => commands.run(['id', '-u']))).value?.stdout.trim() === '0',
    findings: {
      'network-namespaces': held === undefined ? { ok: false, detail: network.said } : found(''),
      links: await inside((where) => addProbeLink(host, where)),
      'isolated-processes': await finding(() => isolatedProcess(host)),
      iptables: await inside((where) => iptables(commands, where)),
      nftables: await inside((where) => nftables(commands, where)),
      conntrack: await inside((where) => printed(commands, ['conntrack', '--version'], where)),
      'low-ports': await finding(() => lowPort(host)),
      'user-namespaces': await finding(() => printed(commands, ['unshare', '-Ur', 'true'])),
      'dummy-links': await inside((where) =>
        printed(commands, ['ip', 'link', 'add', 'type', 'dummy'], where),
      ),
      'vxlan-links': await inside((where) =>
        printed(commands, ['ip', 'link', 'add', 'type', 'vxlan', 'id', '1', 'dstport', '8472'], where),
      ),
    },
  }
}

export interface NetworkAbility {
  /** the `host` and `isolated` networks can be had */
  readonly canCreateNetworks: boolean
  readonly hasIptables: boolean
  /** one sentence for each of these that is false */
  readonly reasons: readonly string[]
}

/** The few findings the choice of a network needs, within some 15 ms. */
export async function networkAbility(
  host: Pick<Host, 'namespaces' | 'links' | 'commands'>,
): Promise<NetworkAbility> {
  const network = await attempt(() => host.namespaces.createNetwork())
  using held = network.value
  if (held === undefined) {
    const reason = `network namespaces cannot be made here: ${network.said}`
    return { canCreateNetworks: false, hasIptables: false, reasons: [reason] }
  }
  const links = await attempt(() => addProbeLink(host, held))
  const tables = await attempt(() => iptables(host.commands, held))
  const reasons = [
    ...(links.value === undefined ? [`links between namespaces cannot be made here: ${links.said}`] : []),
    ...(tables.value === undefined ? [`iptables cannot be used here: ${tables.said}`] : []),
  ]
  return { canCreateNetworks: links.value !== undefined, hasIptables: tables.value !== undefined, reasons }
}

async function addProbeLink({ links }: Pick<Host, 'links'>, network: NetworkNamespace): Promise<string> {
  await links.apply([{ kind: 'veth', name: 'probe0', peer: { name: 'probe1' } }], network)
  return ''
}

interface Attempt<T> {
  readonly value: T | undefined
  /** why there is no value */
  readonly said: string
}

async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await work(), said: '' }
  } catch (error) {
    if (!(error instanceof HostError)) throw error
    return { value: undefined, said: isNotFound(error) ? `${error.message}, not installed` : error.message }
  }
}

async function finding(probe: () => Promise<string>): Promise<Finding> {
  const { value, said } = await attempt(probe)
  return value === undefined ? { ok: false, detail: said } : found(value)
}

const found = (detail: string): Finding => ({ ok: true, detail })

/** The first line a program prints. */
async function printed(
  commands: Commands,
  argv: readonly string[],
  network?: NetworkNamespace,
): Promise<string> {
  const { stdout } = await commands.run(argv, { network, timeoutMs: 5000 })
  return stdout.split('\n')[0]?.trim() ?? ''
}

async function isolatedProcess({ sandboxes }: ProbeHost): Promise<string> {
  await using sandbox = sandboxes.create({ hostname: 'probe', isolated: true })
  const { exited } = await sandbox.spawn({ argv: ['true'], env: {} })
  const status = await exited
  if (status.kind === 'exited' && status.code === 0) return ''
  throw new HostError('COMMAND_FAILED', 'a process in namespaces of its own failed')
}

async function lowPort({ sockets }: ProbeHost): Promise<string> {
  const socket = await sockets.bindUdp({ address: '127.255.255.253', port: 1 })
  const { port } = socket.address()
  socket.close()
  if (port === 1) return ''
  throw new HostError('NOT_PRIVILEGED', `ports below 1024 are refused; port 80 of 127/8 is ${80 - 1 + port}`)
}

/** Every match kube-proxy's rules use, loaded for real. */
const IPTABLES_PROBE = `*nat
:PROBE-A - [0:0]
:PROBE-B - [0:0]
-A PROBE-A -m comment --comment probe -m addrtype --dst-type LOCAL -j PROBE-B
-A PROBE-A -m statistic --mode random --probability 0.5 -j PROBE-B
-A PROBE-A -m recent --name probe --rcheck --seconds 10 --reap -j PROBE-B
-A PROBE-A -m conntrack --ctstate INVALID -j RETURN
-A PROBE-A -m mark --mark 0x4000/0x4000 -j RETURN
-A PROBE-B -p tcp -j DNAT --to-destination 127.0.0.1:1
-A PROBE-B -j MASQUERADE --random-fully
COMMIT
`

async function iptables(commands: Commands, network: NetworkNamespace): Promise<string> {
  await commands.run(['iptables-restore', '--noflush'], { network, stdin: IPTABLES_PROBE, timeoutMs: 5000 })
  return await printed(commands, ['iptables', '--version'], network)
}

const NFTABLES_PROBE = `table ip probe {
  map services {
    type ipv4_addr . inet_proto . inet_service : verdict
  }
  chain a {
    meta l4proto tcp dnat to 127.0.0.1:1
  }
  chain b {
    type nat hook output priority -100
    meta mark set mark or 0x4000
    ip daddr . meta l4proto . th dport vmap @services
    numgen random mod 2 vmap { 0 : goto a, 1 : goto a }
  }
}
`

async function nftables(commands: Commands, network: NetworkNamespace): Promise<string> {
  await commands.run(['nft', '-f', '-'], { network, stdin: NFTABLES_PROBE, timeoutMs: 5000 })
  return await printed(commands, ['nft', '--version'], network)
}
