/**
 * IP addresses and CIDRs in API fields (kubernetes/apimachinery pkg/util/validation/ip.go, kubernetes/kubernetes
 * pkg/apis/core/validation ValidateNonSpecialIP). Pure.
 *
 * Difference: leading zeros are refused and not read as decimal, as KEP-4858 has it for new values.
 */

import { parseCidr } from '../../net/cidr.ts'
import type { IpFamily } from '../../net/ip.ts'
import {
  isIPv4Mapped,
  isLinkLocal,
  isLinkLocalMulticast,
  isLoopback,
  isUnspecified,
  parseIp,
} from '../../net/ip.ts'
import type { Faults } from './faults.ts'
import { invalidValue, when } from './faults.ts'

export const NOT_AN_IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
const NOT_A_CIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

/** A fault when `text` is no address. */
export function ipFaults(field: string, text: string): Faults {
  const address = parseIp(text)
  if (address === undefined) return [invalidValue(field, text, NOT_AN_IP)]
  return when(isIPv4Mapped(address), () =>
    invalidValue(field, text, 'must not be an IPv4-mapped IPv6 address'),
  )
}

/** A fault when `text` is no address of the family. */
export function familyFaults(field: string, text: string, family: IpFamily): Faults {
  const address = parseIp(text)
  if (address === undefined) return [invalidValue(field, text, NOT_AN_IP)]
  return when(address.family !== family, () => invalidValue(field, text, `must be an ${family} address`))
}

/**
 * Faults of an address that cannot be a peer on the network: unspecified, loopback, link-local.
 * @param allowLoopback the loopback network gives pods 127/8 addresses
 */
export function specialIpFaults(field: string, text: string, allowLoopback = false): Faults {
  const address = parseIp(text)
  if (address === undefined) return [invalidValue(field, text, 'must be a valid IP address')]
  const fault = (detail: string) => () => invalidValue(field, text, detail)
  return [
    ...when(isUnspecified(address), fault(`may not be unspecified (${text})`)),
    ...when(
      isLoopback(address) && !allowLoopback,
      fault('may not be in the loopback range (127.0.0.0/8, ::1/128)'),
    ),
    ...when(isLinkLocal(address), fault('may not be in the link-local range (169.254.0.0/16, fe80::/10)')),
    ...when(
      isLinkLocalMulticast(address),
      fault('may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'),
    ),
  ]
}

/** A fault when `text` is no CIDR; host bits may be set. */
export function cidrFaults(field: string, text: string): Faults {
  return when(parseCidr(text) === undefined, () => invalidValue(field, text, NOT_A_CIDR))
}
