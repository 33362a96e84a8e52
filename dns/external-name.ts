/**
 * Where the alias of an ExternalName Service leads, through further aliases of the cluster. Pure.
 *
 * coredns/coredns plugin/backend_lookup.go: an alias that leads to its own name or below, into a loop, or past ten
 * others, leads nowhere.
 */

import type { Item, Lookup } from './lookup.ts'
import type { Name } from './names.ts'
import { isAtOrBelow, sameName } from './names.ts'

const MAX_PREVIOUS_ALIASES = 10

export interface AliasLink {
  readonly from: Name
  readonly to: Name
}

export type AliasChain = { readonly links: readonly AliasLink[]; readonly end: Name } & (
  | { readonly kind: 'found'; readonly items: readonly Item[] }
  /** the end is a name of somebody else's */
  | { readonly kind: 'outside' }
  | { readonly kind: 'dead' }
)

/** @param lookup what a name stands for in the cluster; 'outside' when it is none of the zone's */
export function cnameChain(
  name: Name,
  target: Name,
  lookupName: (name: Name) => Lookup | 'outside',
): AliasChain {
  const links: AliasLink[] = []
  let from = name
  let end = target
  for (;;) {
    const isLoop = links.some(({ to }) => sameName(to, end)) || isAtOrBelow(end, from)
    if (isLoop || links.length > MAX_PREVIOUS_ALIASES) return { kind: 'dead', links, end }
    links.push({ from, to: end })
    const items = lookupName(end)
    if (items === undefined) return { kind: 'dead', links, end }
    if (items === 'outside') return { kind: 'outside', links, end }
    const alias = items.find((item) => item.kind === 'alias')
    if (alias === undefined) return { kind: 'found', links, end, items }
    from = end
    end = alias.target
  }
}
