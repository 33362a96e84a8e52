/**
 * Makes a namespace's iptables carry a program, as kube-proxy does: one `iptables-restore --noflush` a sync, only chains
 * that changed; everything again when somebody flushed the tables.
 */

import type { Commands, NetworkNamespace } from '../../host/host.ts'
import type { KernelTarget } from './target.ts'
import {
  CANARY,
  emptyTables,
  hasAllRules,
  hasJump,
  missingJumps,
  parseSave,
  removalText,
  staleChains,
  TABLES,
} from './kernel-state.ts'
import { printTable } from './print.ts'
import type { Chain, IptablesProgram } from './program.ts'

const RESTORE = ['iptables-restore', '-w', '5', '--noflush', '--counters']

/** Which `ip` tables exist: those made by kube-proxy's first write can be removed again. */
export async function ipTables(
  { commands, network }: KernelTarget,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const { stdout } = await commands.run(['nft', 'list', 'tables'], { network, signal })
  return [...stdout.matchAll(/^table ip (\S+)$/gm)].map(([, name = '']) => name)
}

export class IptablesApplier {
  readonly #target: KernelTarget
  /** printed chains by table and name, as last applied; undefined: nothing is known, write all */
  #applied: ReadonlyMap<string, string> | undefined

  constructor(target: KernelTarget) {
    this.#target = target
  }

  /** @returns how many chains were written or removed. Rejects with HostError; then the next apply writes all. */
  async apply(program: IptablesProgram, signal?: AbortSignal): Promise<number> {
    const wanted = printedChains(program)
    const before = this.#applied
    this.#applied = undefined
    const changed =
      before === undefined
        ? await this.#writeAll(program, signal)
        : await this.#writeChanges(program, { before, wanted, signal })
    this.#applied = wanted
    return changed
  }

  async #writeAll(program: IptablesProgram, signal?: AbortSignal): Promise<number> {
    const saved = parseSave(await this.#save(signal))
    const stale = staleChains(saved.get('nat'), new Set(program.nat.map(({ name }) => name)))
    const canary = `*mangle\n:${CANARY} - [0:0]\nCOMMIT\n`
    const table = (name: 'filter' | 'nat', chains: readonly Chain[], removed: readonly string[]): string => {
      const text = printTable(name, [{ name: CANARY, rules: [] }, ...chains], removed)
      const jumps = missingJumps(name, saved.get(name))
      return text.replace(/COMMIT\n$/, `${jumps.map((line) => `${line}\n`).join('')}COMMIT\n`)
    }
    await this.#restore(
      canary + table('filter', program.filter, []) + table('nat', program.nat, stale),
      signal,
    )
    return program.filter.length + program.nat.length + stale.length
  }

  async #writeChanges(
    program: IptablesProgram,
    {
      before,
      wanted,
      signal,
    }: {
      readonly before: ReadonlyMap<string, string>
      readonly wanted: ReadonlyMap<string, string>
      readonly signal: AbortSignal | undefined
    },
  ): Promise<number> {
    const differs =
      (table: string) =>
      (chain: Chain): boolean =>
        before.get(`${table} ${chain.name}`) !== wanted.get(`${table} ${chain.name}`)
    const filter = program.filter.filter(differs('filter'))
    const nat = program.nat.filter(differs('nat'))
    const removed = [...before.keys()]
      .filter((key) => key.startsWith('nat ') && !wanted.has(key))
      .map((key) => key.slice(4))
    if (filter.length + nat.length + removed.length === 0) return 0
    const text =
      (filter.length > 0 ? printTable('filter', filter, []) : '') +
      (nat.length + removed.length > 0 ? printTable('nat', nat, removed) : '')
    await this.#restore(text, signal)
    return filter.length + nat.length + removed.length
  }

  /** Whether what was applied is still there, as far as a cheap look can tell. */
  async isIntact(signal?: AbortSignal): Promise<boolean> {
    if (this.#applied === undefined) return true
    const list = async (table: string, chain: string): Promise<string> =>
      (
        await this.#target.commands.run(['iptables', '-w', '5', '-t', table, '-S', chain], {
          network: this.#target.network,
          signal,
        })
      ).stdout
    try {
      const [nat, filter, own] = await Promise.all([
        list('nat', 'PREROUTING'),
        list('filter', 'FORWARD'),
        list('nat', 'KUBE-POSTROUTING'),
      ])
      return hasJump(nat, 'KUBE-SERVICES') && hasJump(filter, 'KUBE-FORWARD') && own.includes('MASQUERADE')
    } catch {
      // A chain that cannot be listed is gone.
      return false
    }
  }

  /** Whether every rule that was applied is still there: reads all tables, so not for every second. */
  async isWhole(signal?: AbortSignal): Promise<boolean> {
    const applied = this.#applied
    if (applied === undefined) return true
    const written = new Map(
      [...applied].map(([chain, text]) => [chain, text.match(/^-A /gm)?.length ?? 0] as const),
    )
    try {
      const saved = parseSave(await this.#save(signal))
      // An apply went on meanwhile: nothing can be told.
      return this.#applied !== applied || hasAllRules(saved, written)
    } catch {
      // What cannot be read is written again; that will tell what is wrong.
      return false
    }
  }

  /** The next apply writes everything. */
  forget(): void {
    this.#applied = undefined
  }

  async observe(signal?: AbortSignal): Promise<string> {
    return await this.#save(signal)
  }

  async #save(signal?: AbortSignal): Promise<string> {
    return (await this.#target.commands.run(['iptables-save'], { network: this.#target.network, signal }))
      .stdout
  }

  async #restore(text: string, signal?: AbortSignal): Promise<void> {
    await this.#target.commands.run(RESTORE, { stdin: text, network: this.#target.network, signal })
  }
}

function printedChains(program: IptablesProgram): ReadonlyMap<string, string> {
  const one = (table: 'filter' | 'nat', chain: Chain): [string, string] => [
    `${table} ${chain.name}`,
    printTable(table, [chain], []),
  ]
  return new Map([
    ...program.filter.map((chain) => one('filter', chain)),
    ...program.nat.map((chain) => one('nat', chain)),
  ])
}

export interface CleanupOptions {
  readonly commands: Commands
  readonly network?: NetworkNamespace | undefined
  /** `ip` tables that were there before kube-proxy's first write */
  readonly tablesBefore: readonly string[]
}

/** Removes all kube-proxy ever wrote, and tables that only its writing made. Needs no earlier apply. */
export async function cleanUpIptables({ commands, network, tablesBefore }: CleanupOptions): Promise<void> {
  const saved = async () => parseSave((await commands.run(['iptables-save'], { network })).stdout)
  const text = removalText(await saved())
  if (text !== '') await commands.run(RESTORE, { stdin: text, network })
  const existing = await ipTables({ commands, network })
  const removable = emptyTables(await saved()).filter(
    (name) => !tablesBefore.includes(name) && existing.includes(name),
  )
  const known: readonly string[] = TABLES
  for (const name of removable.filter((one) => known.includes(one))) {
    await commands.run(['nft', 'delete', 'table', 'ip', name], { network })
  }
}
