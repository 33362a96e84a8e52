/** Which names an address has: PTR in `in-addr.arpa` and `ip6.arpa` (RFC 1035 section 3.5, RFC 3596 section 2.5). Pure. */

import { canonicalIp } from '../core/net/ip.ts'
import { serviceName } from './lookup.ts'
import type { Name } from './names.ts'
import { isAtOrBelow, lowerName } from './names.ts'
import type { Records } from './records.ts'

/** @returns the canonical address that a reverse name spells in full, else undefined */
export function addressOfReverseName(name: Name): string | undefined {
  const labels = lowerName(name).slice(0, -2).toReversed()
  if (isAtOrBelow(name, ['in-addr', 'arpa'])) return canonicalIp(labels.join('.'))
  if (!isAtOrBelow(name, ['ip6', 'arpa']) || labels.length !== 32) return undefined
  if (!labels.every((label) => /^[0-9a-f]$/.test(label))) return undefined
  return canonicalIp(labels.join('').replace(/.{4}(?=.)/g, '$&:'))
}

/** The reverse name of a canonical IPv4 address: `96.10.in-addr.arpa` is that of `10.96`. */
export function reverseNameIPv4(address: string): Name {
  return [...address.split('.').toReversed(), 'in-addr', 'arpa']
}

/**
 * A Service by its cluster IP has one name; otherwise every ready endpoint with the address has one, so an address
 * behind two Services has two.
 */
export function namesAt(address: string, records: Records, zone: Name): readonly Name[] {
  const service = records.serviceAt(address)
  if (service !== undefined) return [serviceName(service, zone)]
  return records
    .slicesAt(address)
    .flatMap((slice) =>
      slice.endpoints
        .filter((endpoint) => endpoint.address === address)
        .map(({ label }) => [
          label,
          ...serviceName({ namespace: slice.namespace, name: slice.service }, zone),
        ]),
    )
}
