/**
 * What `iptables-save` says, and what must be written so that it becomes right: jumps from the built-in chains, the
 * canary, stale chains. Pure.
 */

import { SERVICE_CHAIN } from './names.ts'

export const CANARY = 'KUBE-PROXY-CANARY'
export const TABLES = ['mangle', 'filter', 'nat'] as const
export type TableName = (typeof TABLES)[number]

/** Jumps made once and kept, in the order they stand at the top of each built-in chain. */
export const JUMPS: Readonly<
  Record<TableName, readonly { readonly chain: string; readonly rule: string }[]>
> = {
  mangle: [],
  filter: [
    newConnection('INPUT', 'kubernetes load balancer firewall', 'KUBE-PROXY-FIREWALL'),
    commented('INPUT', 'kubernetes health check service ports', 'KUBE-NODEPORTS'),
    newConnection('INPUT', 'kubernetes externally-visible service portals', 'KUBE-EXTERNAL-SERVICES'),
    { chain: 'INPUT', rule: '-j KUBE-FIREWALL' },
    newConnection('FORWARD', 'kubernetes load balancer firewall', 'KUBE-PROXY-FIREWALL'),
    commented('FORWARD', 'kubernetes forwarding rules', 'KUBE-FORWARD'),
    newConnection('FORWARD', 'kubernetes service portals', 'KUBE-SERVICES'),
    newConnection('FORWARD', 'kubernetes externally-visible service portals', 'KUBE-EXTERNAL-SERVICES'),
    newConnection('OUTPUT', 'kubernetes load balancer firewall', 'KUBE-PROXY-FIREWALL'),
    newConnection('OUTPUT', 'kubernetes service portals', 'KUBE-SERVICES'),
    { chain: 'OUTPUT', rule: '-j KUBE-FIREWALL' },
  ],
  nat: [
    commented('PREROUTING', 'kubernetes service portals', 'KUBE-SERVICES'),
    commented('OUTPUT', 'kubernetes service portals', 'KUBE-SERVICES'),
    commented('POSTROUTING', 'kubernetes postrouting rules', 'KUBE-POSTROUTING'),
  ],
}

function commented(chain: string, text: string, target: string): { chain: string; rule: string } {
  return { chain, rule: `-m comment --comment "${text}" -j ${target}` }
}

/** `iptables-save` prints these matches in this order. */
function newConnection(chain: string, text: string, target: string): { chain: string; rule: string } {
  return { chain, rule: `-m conntrack --ctstate NEW -m comment --comment "${text}" -j ${target}` }
}

export interface SavedTable {
  readonly chains: readonly string[]
  /** `-A CHAIN ...` lines */
  readonly rules: readonly string[]
}

/** Reads `iptables-save`. */
export function parseSave(text: string): ReadonlyMap<string, SavedTable> {
  const tables = new Map<string, { chains: string[]; rules: string[] }>()
  let current: { chains: string[]; rules: string[] } | undefined
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) tables.set(line.slice(1), (current = { chains: [], rules: [] }))
    else if (line.startsWith(':')) current?.chains.push(line.slice(1, line.indexOf(' ')))
    else if (line.startsWith('-A ')) current?.rules.push(line)
  }
  return tables
}

/** `-I CHAIN ...` lines for the jumps a table lacks; the last is inserted first, so that their order is right. */
export function missingJumps(table: TableName, saved: SavedTable | undefined): readonly string[] {
  const present = new Set(saved?.rules)
  return JUMPS[table]
    .filter(({ chain, rule }) => !present.has(`-A ${chain} ${rule}`))
    .toReversed()
    .map(({ chain, rule }) => `-I ${chain} ${rule}`)
}

/** Service chains the kernel has and the program has not. */
export function staleChains(saved: SavedTable | undefined, wanted: ReadonlySet<string>): readonly string[] {
  return (saved?.chains ?? []).filter((chain) => SERVICE_CHAIN.test(chain) && !wanted.has(chain))
}

/** Whether a chain's listing (`iptables -S CHAIN`) still has a jump of ours. */
export function hasJump(listing: string, target: string): boolean {
  return listing.split('\n').some((line) => line.endsWith(`-j ${target}`))
}

/**
 * Whether every chain has as many rules as were written: rules' texts differ from what was written (`/32`, quotes), and
 * who changes a rule in place has meant it.
 *
 * @param written number of rules by `table chain`
 */
export function hasAllRules(
  saved: ReadonlyMap<string, SavedTable>,
  written: ReadonlyMap<string, number>,
): boolean {
  const found = new Map<string, number>()
  for (const [table, { chains, rules }] of saved) {
    for (const chain of chains) found.set(`${table} ${chain}`, 0)
    for (const rule of rules) {
      const key = `${table} ${rule.split(' ', 2)[1] ?? ''}`
      found.set(key, (found.get(key) ?? 0) + 1)
    }
  }
  return [...written].every(([chain, count]) => found.get(chain) === count)
}

/** Restore text that removes every chain and jump of kube-proxy; '' when there are none. */
export function removalText(saved: ReadonlyMap<string, SavedTable>): string {
  return TABLES.map((name) => {
    const table = saved.get(name)
    const ours = (table?.chains ?? []).filter((chain) => chain.startsWith('KUBE-'))
    if (table === undefined || ours.length === 0) return ''
    const jumps = table.rules.filter((rule) => {
      const [, chain = ''] = rule.split(' ')
      const target = / -j (KUBE-\S+)$/.exec(rule)?.[1]
      return !ours.includes(chain) && target !== undefined && ours.includes(target)
    })
    return [
      `*${name}`,
      ...ours.map((chain) => `:${chain} - [0:0]`),
      ...jumps.map((rule) => rule.replace(/^-A/, '-D')),
      ...ours.map((chain) => `-X ${chain}`),
      'COMMIT',
      '',
    ].join('\n')
  }).join('')
}

/** Tables that hold nothing at all any more. */
export function emptyTables(saved: ReadonlyMap<string, SavedTable>): readonly string[] {
  const builtIn = new Set(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'])
  return [...saved]
    .filter(([, { chains, rules }]) => rules.length === 0 && chains.every((chain) => builtIn.has(chain)))
    .map(([name]) => name)
}
