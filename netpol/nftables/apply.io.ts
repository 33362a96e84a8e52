/**
 * Makes a node's nftables carry a program: one `nft -f -` batch each time. The text is the same that `print` shows.
 */

import type { Commands, NetworkNamespace } from '../../host/host.ts'
import type { NetpolProgram } from './program.ts'
import { printNftables, printRemoval, TABLE_FAMILY, TABLE_NAME } from './print.ts'

export interface NftablesTarget {
  readonly commands: Commands
  /** the node's namespace; absent: where portolan runs */
  readonly network?: NetworkNamespace | undefined
}

/** Replaces the table as a whole, or removes it for `undefined`. Rejects with HostError; then the old one stands. */
export async function applyNftables(
  target: NftablesTarget,
  program: NetpolProgram | undefined,
  options: { readonly generation: number; readonly signal?: AbortSignal },
): Promise<void> {
  const text = program ? printNftables(program, options.generation) : printRemoval()
  await target.commands.run(['nft', '-f', '-'], {
    stdin: text,
    network: target.network,
    signal: options.signal,
  })
}

/** The table as nft lists it, or undefined when there is none. */
export async function observeNftables(
  target: NftablesTarget,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { stdout } = await target.commands.run(['nft', 'list', 'tables'], { network: target.network, signal })
  if (!stdout.split('\n').includes(`table ${TABLE_FAMILY} ${TABLE_NAME}`)) return undefined
  const listed = await target.commands.run(['nft', 'list', 'table', TABLE_FAMILY, TABLE_NAME], {
    network: target.network,
    signal,
  })
  return listed.stdout
}
