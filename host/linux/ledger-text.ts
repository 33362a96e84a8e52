/** The ledger's entries and the text they are kept as (see ./ledger.io.ts). Pure. */

import type { HostChange } from '../host.ts'

/** @returns the entries of a ledger file; none when it is of another boot or was never completed */
export function ledgerEntries(text: string, boot: string): readonly HostChange[] {
  const [head, ...lines] = text.split('\n').filter((line) => line !== '')
  if (head === undefined || head !== bootLine(boot)) return []
  return lines.map((line) => JSON.parse(line) as HostChange)
}

export const ledgerText = (entries: readonly HostChange[], boot: string): string =>
  [bootLine(boot), ...entries.map((entry) => JSON.stringify(entry))].map((line) => `${line}\n`).join('')

const bootLine = (boot: string): string => JSON.stringify({ boot })

/** `entries` and `change`; the same array when there is a record of the same thing already. */
export function withChange(entries: readonly HostChange[], change: HostChange): readonly HostChange[] {
  return entries.some((entry) => identity(entry) === identity(change)) ? entries : [...entries, change]
}

/** `entries` without the record of the same thing; the same array when there is none. */
export function withoutChange(entries: readonly HostChange[], change: HostChange): readonly HostChange[] {
  const left = entries.filter((entry) => identity(entry) !== identity(change))
  return left.length === entries.length ? entries : left
}

/** What was changed, without what it was before: the first record of a sysctl knows the true old value. */
function identity(change: HostChange): string {
  switch (change.kind) {
    case 'link':
      return `link ${change.name}`
    case 'address':
      return `address ${change.link} ${change.address}`
    case 'route':
      return `route ${change.to} ${change.link} ${change.type ?? ''}`
    case 'sysctl':
      return `sysctl ${change.name}`
    case 'mount':
      return `mount ${change.target}`
    case 'nft-table':
      return `nft-table ${change.family} ${change.name}`
    case 'iptables-rule':
      return `iptables-rule ${change.table} ${change.chain} ${change.rule.join(' ')}`
    case 'kube-proxy-chains':
      return 'kube-proxy-chains'
  }
}
