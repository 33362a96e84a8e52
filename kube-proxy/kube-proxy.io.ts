/**
 * kube-proxy at work: watches Services and EndpointSlices, keeps the table, and makes the node carry it, in the kernel
 * (iptables) or in this process (userspace).
 */

import type { Node } from '../core/api/generated/core-v1.ts'
import { ENDPOINT_SLICES, NODES, SERVICES } from '../core/api/scheme.ts'
import type { CoalescingRunner } from '../core/client/coalescing-runner.ts'
import { startRunner } from '../core/client/coalescing-runner.ts'
import type { Informers } from '../core/client/informer.ts'
import { applyRecorded, undoChanges } from '../host/host-changes.ts'
import type { Host, HostChange, Ledger, LinkOperation, NetworkNamespace } from '../host/host.ts'
import { conntrackCalls, staleUdpEntries } from './conntrack.ts'
import { HealthChecks } from './health-checks.io.ts'
import { cleanUpIptables, ipTables, IptablesApplier } from './iptables/apply.io.ts'
import { compileIptables } from './iptables/compile.ts'
import { printIptables } from './iptables/print.ts'
import type { ServiceTable } from './service-table.ts'
import { serviceTable } from './service-table.ts'
import type { ConnectionGate } from './userspace/listeners.io.ts'
import { Listeners } from './userspace/listeners.io.ts'
import type { UserspaceProgram } from './userspace/program.ts'
import { compileUserspace, printUserspace } from './userspace/program.ts'

export interface KubeProxyOptions {
  readonly informers: Informers
  readonly host: Pick<Host, 'commands' | 'sockets' | 'links' | 'clock' | 'log'>
  /** given when the node is the host's own namespace: what is written there is recorded first */
  readonly ledger?: Ledger | undefined
  readonly mode: 'iptables' | 'userspace'
  readonly node: {
    readonly name: string
    readonly network?: NetworkNamespace | undefined
    readonly internalIP: string
    /** where node ports answer in userspace mode */
    readonly addresses: readonly string[]
  }
  readonly clusterCIDR: string
  readonly serviceCIDR: string
  readonly loadBalancerCIDR: string
  /** the loopback network: Service addresses are 127/8 ones, bindable as they are */
  readonly loopback: boolean
  readonly gate: ConnectionGate
}

export interface KubeProxy extends AsyncDisposable {
  /** Resolves once the node carries a table at least as new as this call. */
  synced(): Promise<void>
  /** The present program, as `portolan rules` shows it. */
  print(): string
}

/** A change is applied at once; those that follow within this time are one sync. */
const MIN_INTERVAL_MS = 50
const RETRY_INTERVAL_MS = 1_000
const SYNC_INTERVAL_MS = 30_000
/** How often to look whether somebody flushed the tables. */
const WATCH_INTERVAL_MS = 1_000
/** Every so many looks all rules are counted, which finds a single chain that was flushed. */
const LOOKS_PER_COUNT = SYNC_INTERVAL_MS / WATCH_INTERVAL_MS
const NO_TABLE: ServiceTable = { entries: [] }

/** One way of making the node carry the table. */
interface Dataplane extends AsyncDisposable {
  apply(table: ServiceTable, signal: AbortSignal): Promise<void>
  print(table: ServiceTable): string
  /** whether the next sync must write everything */
  isIntact(signal: AbortSignal, thoroughly: boolean): Promise<boolean>
}

export async function startKubeProxy(options: KubeProxyOptions): Promise<KubeProxy> {
  const { informers, host, node } = options
  const services = informers.of(SERVICES)
  const slices = informers.of(ENDPOINT_SLICES)
  const nodes = informers.of(NODES)
  await using starting = new AsyncDisposableStack()
  const dataplane = starting.use(
    options.mode === 'iptables' ? await iptablesDataplane(options) : await userspaceDataplane(options),
  )
  const health = starting.use(
    new HealthChecks({
      sockets: host.sockets,
      log: host.log,
      network: node.network,
      address: options.loopback ? '127.0.0.1' : node.internalIP,
    }),
  )
  let applied = NO_TABLE
  const currentTable = (): ServiceTable =>
    serviceTable({
      services: services.list(),
      slices: slices.list(),
      node: { name: node.name, zone: zoneOf(nodes.get(node.name)) },
    })
  const runner = starting.use(
    startRunner({
      name: `kube-proxy ${options.mode}`,
      async sync(signal) {
        await informers.synced(signal)
        const table = currentTable()
        await dataplane.apply(table, signal)
        await health.apply(table)
        applied = table
      },
      minIntervalMs: MIN_INTERVAL_MS,
      retryIntervalMs: RETRY_INTERVAL_MS,
      resyncIntervalMs: SYNC_INTERVAL_MS,
      clock: host.clock,
      log: host.log,
    }),
  )
  const stop = new AbortController()
  const watching = watchKernel({ dataplane, runner, options, signal: stop.signal })
  const unsubscribe = [
    ...[services, slices].map((source) => source.onChange(() => runner.trigger())),
    // A node's status is written often; only its zone matters here.
    nodes.onChange((change) => {
      const before = change.kind === 'updated' ? zoneOf(change.previous) : undefined
      if (change.object.metadata.name === node.name && zoneOf(change.object) !== before) runner.trigger()
    }),
  ]
  starting.defer(async () => {
    for (const end of unsubscribe) end()
    stop.abort()
    await watching
  })
  const owned = starting.move()
  return {
    synced: () => runner.settled(),
    print: () => dataplane.print(applied),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const zoneOf = (node: Node | undefined): string =>
  node?.metadata.labels?.['topology.kubernetes.io/zone'] ?? ''

interface Watching {
  readonly dataplane: Dataplane
  readonly runner: CoalescingRunner
  readonly options: KubeProxyOptions
  readonly signal: AbortSignal
}

async function watchKernel({ dataplane, runner, options, signal }: Watching): Promise<void> {
  const { clock, log } = options.host
  if (options.mode !== 'iptables') return
  for (let looks = 1; !signal.aborted; looks += 1) {
    await clock.sleep(WATCH_INTERVAL_MS, signal).catch(() => undefined)
    const thoroughly = looks % LOOKS_PER_COUNT === 0
    if (signal.aborted || (await dataplane.isIntact(signal, thoroughly)) || signal.aborted) continue
    log.warn('iptables rules were changed by somebody else: writing them again')
    runner.trigger()
  }
}

async function iptablesDataplane(options: KubeProxyOptions): Promise<Dataplane> {
  const { host, node, ledger, clusterCIDR } = options
  const target = { commands: host.commands, network: node.network }
  const applier = new IptablesApplier(target)
  const tablesBefore = await ipTables(target)
  const record: HostChange = { kind: 'kube-proxy-chains', tablesBefore }
  await ledger?.record(record)
  const restoreNode = await changeNode(options, [
    { kind: 'sysctl', name: 'net.ipv4.conf.all.route_localnet', value: '1' },
  ])
  const compileOptions = {
    clusterCIDR,
    masqueradeAll: false,
    localhostNodePorts: true,
    randomFully: true,
    nodeIP: node.internalIP,
  }
  let before = NO_TABLE
  let warnedOfConntrack = false

  async function forgetStale(table: ServiceTable): Promise<void> {
    for (const argv of conntrackCalls(staleUdpEntries(before, table))) {
      try {
        await host.commands.run(argv, { network: node.network })
      } catch (error) {
        // "0 flow entries have been deleted" is exit code 1, too.
        const isMissing = error instanceof Error && 'code' in error && error.code === 'COMMAND_NOT_FOUND'
        if (isMissing && !warnedOfConntrack)
          host.log.warn('the conntrack tool is missing: UDP clients may stay with endpoints that are gone')
        warnedOfConntrack ||= isMissing
      }
    }
  }

  return {
    async apply(table, signal) {
      const began = host.clock.monotonic()
      const chains = await applier.apply(compileIptables(table, compileOptions), signal)
      await forgetStale(table)
      before = table
      if (chains > 0)
        host.log.info('iptables synced', {
          chains,
          services: table.entries.length,
          durationMs: host.clock.monotonic() - began,
        })
    },
    print: (table) => printIptables(compileIptables(table, compileOptions)),
    async isIntact(signal, thoroughly) {
      const intact = (await applier.isIntact(signal)) && (!thoroughly || (await applier.isWhole(signal)))
      if (!intact) applier.forget()
      return intact
    },
    async [Symbol.asyncDispose]() {
      await cleanUpIptables({ ...target, tablesBefore })
      await ledger?.forget(record)
      await restoreNode()
    },
  }
}

/**
 * Changes the node. Where the node is the host, each change is recorded first and undone at the end; a namespace of
 * the node's own takes its changes with it.
 */
async function changeNode(
  options: KubeProxyOptions,
  operations: readonly LinkOperation[],
): Promise<() => Promise<void>> {
  const { host, node, ledger } = options
  if (ledger === undefined) {
    await host.links.apply(operations, node.network)
    return () => Promise.resolve()
  }
  const recording = { links: host.links, commands: host.commands, ledger }
  const changes = await applyRecorded(operations, recording)
  return () => undoChanges(changes, recording)
}

async function userspaceDataplane(options: KubeProxyOptions): Promise<Dataplane> {
  const { host, node, gate, loopback } = options
  const ranges = loopback ? [] : [options.serviceCIDR, options.loadBalancerCIDR]
  const restoreNode = await changeNode(
    options,
    ranges.map((to) => localRoute(to, node.internalIP)),
  )
  const { sockets, clock, log } = host
  const listeners = new Listeners({
    sockets,
    clock,
    log,
    network: node.network,
    gate,
    preservesSource: loopback,
  })
  const nodeAddresses = loopback ? ['127.0.0.1'] : node.addresses
  const compile = (table: ServiceTable): UserspaceProgram =>
    compileUserspace(table, nodeAddresses, options.clusterCIDR)
  return {
    apply: (table) => listeners.apply(compile(table)),
    print: (table) => printUserspace(compile(table)),
    isIntact: () => Promise.resolve(true),
    async [Symbol.asyncDispose]() {
      await listeners[Symbol.asyncDispose]()
      await restoreNode()
    },
  }
}

/** AnyIP: makes a whole range the node's own, so that every Service address in it can be bound. */
const localRoute = (to: string, source: string): LinkOperation => ({
  kind: 'route',
  to,
  link: 'lo',
  type: 'local',
  source,
})
