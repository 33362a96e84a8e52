/**
 * Which name servers a zone claims: the Services in front of this server's own addresses, else `ns.dns.ZONE`. Pure.
 *
 * coredns/coredns plugin/kubernetes/ns.go.
 */

import { familyOf } from '../core/net/ip.ts'
import { serviceName } from './lookup.ts'
import type { Name } from './names.ts'
import type { AddressRecord, Records, SliceRecord } from './records.ts'

export interface NameServer extends AddressRecord {
  readonly name: Name
}

/** @param own canonical addresses the server listens on; none: no name servers */
export function nameServers(own: readonly string[], records: Records, zone: Name): readonly NameServer[] {
  const found = own.flatMap((address) =>
    records.slicesAt(address).flatMap((slice) => serversBehind(slice, records, zone)),
  )
  if (found.length > 0) return distinct(found)
  return own.flatMap((address) => {
    const family = familyOf(address)
    return family ? [{ address, family, name: ['ns', 'dns', ...zone] }] : []
  })
}

function serversBehind(slice: SliceRecord, records: Records, zone: Name): readonly NameServer[] {
  const service = records.service(slice.namespace, slice.service)
  if (service === undefined) return []
  const name = serviceName(service, zone)
  if (service.kind !== 'headless') {
    return service.addresses.map(({ address, family }) => ({ address, family, name }))
  }
  return slice.endpoints.map(({ address, family, label }) => ({ address, family, name: [label, ...name] }))
}

function distinct(servers: readonly NameServer[]): readonly NameServer[] {
  const byText = new Map(servers.map((server) => [`${server.address} ${server.name.join('.')}`, server]))
  return [...byText.values()]
}
