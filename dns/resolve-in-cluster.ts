/**
 * What a name is in the cluster, without any socket: for proxies and commands inside portolan. Pure.
 *
 * The same answers as a pod would get, `search` included (RFC 1535 as libc has it: names with dots are tried as they
 * are first when there are at least `ndots` of them).
 */

import { answer } from './answer.ts'
import type { ZoneConfig } from './answer.ts'
import type { ResourceRecord } from './message.ts'
import { CLASS_IN, RCODE, TYPE } from './message.ts'
import { isAtOrBelow, nameText, parseName } from './names.ts'
import type { Name } from './names.ts'
import type { Records } from './records.ts'

export type ClusterName =
  /** `addresses` is all of them, IPv4 first; `address` the first */
  | {
      readonly kind: 'address'
      readonly address: string
      readonly addresses: readonly string[]
    }
  /** an ExternalName Service: this name of somebody else's, without the final dot */
  | { readonly kind: 'alias'; readonly name: string }
  /** the cluster's domain, but nothing there */
  | { readonly kind: 'missing' }
  /** none of the cluster's */
  | { readonly kind: 'foreign' }

export interface ClusterNames {
  readonly records: Records
  readonly config: ZoneConfig
}

/** @param search domains tried after the name itself: `['svc.cluster.local']` makes `web.shop` a name of the cluster */
export function resolveInCluster(
  text: string,
  cluster: ClusterNames,
  search: readonly string[] = [],
): ClusterName {
  const name = parseName(text)
  if (name === undefined) return { kind: 'foreign' }
  const found = resolveName(name, cluster)
  if (found.kind !== 'foreign' || text.endsWith('.')) return found
  const candidates = search.flatMap((domain) => {
    const under = parseName(domain)
    return under === undefined ? [] : [[...name, ...under]]
  })
  const hit = candidates
    .map((candidate) => resolveName(candidate, cluster))
    .find(({ kind }) => kind === 'address' || kind === 'alias')
  return hit ?? found
}

function resolveName(name: Name, { records, config }: ClusterNames): ClusterName {
  const domain = config.zones[0] ?? []
  if (!isAtOrBelow(name, domain)) return { kind: 'foreign' }
  const answers = [TYPE.A, TYPE.AAAA].map((type) =>
    answer({ name, type, class: CLASS_IN }, { records, config, ownAddresses: [] }),
  )
  const alias = answers.find((one) => one.kind === 'chase')
  if (alias !== undefined) return { kind: 'alias', name: nameText(alias.target).slice(0, -1) }
  const addresses = answers.flatMap((one) =>
    one.kind === 'answered' && one.rcode === RCODE.NOERROR ? one.answers.flatMap(addressesOf) : [],
  )
  const [address] = addresses
  return address === undefined ? { kind: 'missing' } : { kind: 'address', address, addresses }
}

const addressesOf = ({ data }: ResourceRecord): readonly string[] =>
  data.kind === 'address' ? [data.address] : []
