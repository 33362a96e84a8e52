/**
 * NetworkPolicy at work: watches Pods, Namespaces and NetworkPolicies, keeps the policy table, answers for it (the
 * user-space proxies ask), and keeps the node's nftables equal to it where the network has a kernel in between.
 */

import type { Pod } from '../core/api/generated/core-v1.ts'
import { objectKey } from '../core/api/object.ts'
import { NAMESPACES, NETWORK_POLICIES, PODS } from '../core/api/scheme.ts'
import { startRunner } from '../core/client/coalescing-runner.ts'
import type { Informers } from '../core/client/informer.ts'
import type { Host, Ledger, NetworkNamespace } from '../host/host.ts'
import type { Connection, Verdict } from './evaluate.ts'
import { evaluate, explain } from './evaluate.ts'
import { applyNftables, observeNftables } from './nftables/apply.io.ts'
import { compileNftables } from './nftables/compile.ts'
import { printNftables, TABLE_FAMILY, TABLE_NAME } from './nftables/print.ts'
import type { PolicyTable } from './policy-table.ts'
import { policyTable } from './policy-table.ts'

export interface NetpolOptions {
  readonly informers: Informers
  readonly host: Pick<Host, 'commands' | 'clock' | 'log' | 'random'>
  readonly node: {
    readonly name: string
    readonly network?: NetworkNamespace | undefined
    readonly addresses: readonly string[]
  }
  /** false: no rules in the kernel, the table only answers (the loopback network) */
  readonly enforce: boolean
  /** Service ranges that a user-space proxy on the node answers: it asks `allows` itself */
  readonly proxiedCIDRs: readonly string[]
  /** given when the node is the host's own namespace: the table is recorded before it is made */
  readonly ledger?: Ledger | undefined
}

export interface Netpol extends AsyncDisposable {
  /** Whether the connection may be opened, by the table as of now. */
  allows(connection: Connection): boolean
  explain(connection: Connection): Verdict
  /** To be awaited before a pod's first container starts: resolves once the rules know the pod's address. */
  podAttached(pod: Pod, ip: string): Promise<void>
  /** Resolves once the kernel carries a table at least as new as this call. */
  synced(): Promise<void>
}

/** A change is applied at once; those that follow within this time are one batch. */
const MIN_INTERVAL_MS = 20
const RETRY_INTERVAL_MS = 1_000
/** How soon a table removed by hand is back. */
const RESYNC_INTERVAL_MS = 5_000

const TABLE = { kind: 'nft-table', family: TABLE_FAMILY, name: TABLE_NAME } as const

export async function startNetpol(options: NetpolOptions): Promise<Netpol> {
  const { informers, host, node } = options
  const pods = informers.of(PODS)
  const namespaces = informers.of(NAMESPACES)
  const policies = informers.of(NETWORK_POLICIES)
  /** pods that have an address the API does not know yet, by `namespace/name` */
  const attached = new Map<string, Pod>()
  let table: PolicyTable | undefined
  let generation = Math.floor(host.random.next() * 0x7fff)
  let applied = ''

  const currentTable = (): PolicyTable =>
    (table ??= policyTable({
      pods: withAttached(pods.list(), attached),
      namespaces: namespaces.list(),
      policies: policies.list(),
      nodeName: node.name,
      nodeAddresses: node.addresses,
    }))

  const target = { commands: host.commands, network: node.network }

  async function sync(signal: AbortSignal): Promise<void> {
    const program = compileNftables(currentTable(), { proxiedCIDRs: options.proxiedCIDRs })
    const text = program ? printNftables(program, 0) : ''
    const lost = text !== '' && text === applied && (await observeNftables(target, signal)) === undefined
    if (text === applied && !lost) return
    if (program && applied === '') await options.ledger?.record(TABLE)
    generation += 1
    const began = host.clock.monotonic()
    await applyNftables(target, program, { generation, signal })
    if (!program) await options.ledger?.forget(TABLE)
    applied = text
    const durationMs = host.clock.monotonic() - began
    host.log.info('network policies applied', { chains: program?.chains.length ?? 0, durationMs })
  }

  const runner = options.enforce
    ? startRunner({
        name: 'netpol',
        sync,
        minIntervalMs: MIN_INTERVAL_MS,
        retryIntervalMs: RETRY_INTERVAL_MS,
        resyncIntervalMs: RESYNC_INTERVAL_MS,
        clock: host.clock,
        log: host.log,
      })
    : undefined

  const changed = (): void => {
    table = undefined
    runner?.trigger()
  }
  const unsubscribe = [
    pods.onChange((change) => {
      if (change.kind === 'updated' && !concernsPolicies(change.previous, change.object)) return
      if (change.kind === 'deleted' || change.object.status?.podIP)
        attached.delete(objectKey(change.object.metadata))
      changed()
    }),
    namespaces.onChange(changed),
    policies.onChange(changed),
  ]

  return {
    allows: (connection) => evaluate(connection, currentTable()),
    explain: (connection) => explain(connection, currentTable()),
    async podAttached(pod, ip) {
      if (policies.list().length === 0 || pod.spec.hostNetwork) return
      attached.set(objectKey(pod.metadata), {
        ...pod,
        status: { ...pod.status, podIP: ip, podIPs: [{ ip }] },
      })
      table = undefined
      await runner?.settled()
    },
    synced: async () => runner?.settled(),
    async [Symbol.asyncDispose]() {
      for (const end of unsubscribe) end()
      await runner?.[Symbol.asyncDispose]()
      if (applied === '') return
      await applyNftables(target, undefined, { generation })
      await options.ledger?.forget(TABLE)
    },
  }
}

/** Pods by name, those just attached with the address they were given. */
function withAttached(pods: readonly Pod[], attached: ReadonlyMap<string, Pod>): readonly Pod[] {
  if (attached.size === 0) return pods
  const known = new Set(pods.filter((pod) => pod.status?.podIP).map((pod) => objectKey(pod.metadata)))
  const early = [...attached].filter(([key]) => !known.has(key))
  const earlyKeys = new Set(early.map(([key]) => key))
  return [...pods.filter((pod) => !earlyKeys.has(objectKey(pod.metadata))), ...early.map(([, pod]) => pod)]
}

/** Most pod updates (conditions, restarts) change nothing that policies look at. */
function concernsPolicies(before: Pod, after: Pod): boolean {
  return (
    JSON.stringify(before.metadata.labels) !== JSON.stringify(after.metadata.labels) ||
    before.spec.nodeName !== after.spec.nodeName ||
    before.status?.podIP !== after.status?.podIP ||
    isOver(before) !== isOver(after)
  )
}

const isOver = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
