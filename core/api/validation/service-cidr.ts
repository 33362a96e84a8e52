/** ServiceCIDRs and IPAddresses (kubernetes/kubernetes pkg/apis/networking/validation/validation.go). Pure. */

import { parseCidr } from '../../net/cidr.ts'
import { parseIp, printIp } from '../../net/ip.ts'
import type { IPAddress, ServiceCIDR } from '../generated/networking-v1.ts'
import type { Faults } from './faults.ts'
import { IMMUTABLE, invalidTexts, invalidValue, required, when } from './faults.ts'
import { NOT_AN_IP } from './ip-faults.ts'
import { dnsSubdomainFaults, pathSegmentFaults } from './names.ts'

/** Faults of a ServiceCIDR, metadata aside. */
export function validateServiceCIDR({ spec }: ServiceCIDR): Faults {
  const field = 'spec.cidrs'
  const { cidrs = [] } = spec
  if (cidrs.length === 0) return [required(field, 'at least one CIDR required')]
  if (cidrs.length > 2) return [invalidValue(field, cidrs, 'may only hold up to 2 values')]
  const parsed = cidrs.map((text) => parseCidr(text))
  const isSameFamily = parsed[1] !== undefined && parsed[0]?.family === parsed[1].family
  return [
    ...when(isSameFamily, () =>
      invalidValue(
        field,
        cidrs,
        'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ),
    ),
    ...cidrs.flatMap((text, index) => {
      const cidr = parsed[index]
      const at = `${field}[${index}]`
      if (cidr === undefined)
        return [invalidValue(at, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')]
      return when(!cidr.isCanonical, () =>
        invalidValue(at, text, 'must not have bits set beyond the prefix length'),
      )
    }),
  ]
}

/** Faults of a changed ServiceCIDR: it stays what it is, but a second family may join it. */
export function validateServiceCIDRUpdate(cidr: ServiceCIDR, old: ServiceCIDR): Faults {
  const [now, before] = [cidr.spec.cidrs ?? [], old.spec.cidrs ?? []]
  const changed = before.flatMap((text, index) =>
    when(now[index] !== text, () => invalidValue(`spec.cidrs[${index}]`, now[index], IMMUTABLE)),
  )
  if (now.length === before.length) return changed
  if (before.length === 1 && now.length === 2) return [...changed, ...validateServiceCIDR(cidr)]
  return [invalidValue('spec.cidrs', cidr.spec.cidrs ?? null, IMMUTABLE)]
}

/** Faults of the name of an IPAddress: the address, as it is usually written. */
export function ipAddressNameFaults(name: string): readonly string[] {
  const ip = parseIp(name)
  if (ip === undefined) return [NOT_AN_IP]
  const canonical = printIp(ip)
  return canonical === name ? [] : [`must be a canonical IP address: ${canonical}`]
}

/** Faults of an IPAddress, metadata aside. */
export function validateIPAddress({ spec }: IPAddress): Faults {
  const at = 'spec.parentRef'
  const parent = spec?.parentRef
  if (parent === undefined) return [required(at)]
  const { group, resource, name, namespace } = parent
  return [
    ...(group ? invalidTexts(`${at}.group`, group, dnsSubdomainFaults) : []),
    ...(resource
      ? invalidTexts(`${at}.resource`, resource, pathSegmentFaults)
      : [required(`${at}.resource`)]),
    ...(name ? invalidTexts(`${at}.name`, name, pathSegmentFaults) : [required(`${at}.name`)]),
    ...(namespace ? invalidTexts(`${at}.namespace`, namespace, pathSegmentFaults) : []),
  ]
}

/** Faults of a changed IPAddress: whose it is stays. */
export function validateIPAddressUpdate(address: IPAddress, old: IPAddress): Faults {
  const isSame = JSON.stringify(address.spec) === JSON.stringify(old.spec)
  return [
    ...validateIPAddress(address),
    ...when(!isSame, () => invalidValue('spec.parentRef', shownParent(address), IMMUTABLE)),
  ]
}

/** As Go prints the struct. */
function shownParent({ spec }: IPAddress): unknown {
  if (spec?.parentRef === undefined) return null
  const { group = '', resource = '', namespace = '', name = '' } = spec.parentRef
  return { Group: group, Resource: resource, Namespace: namespace, Name: name }
}
