/** Addresses that endpoints and externalIPs may not be (pkg/apis/core/validation ValidateNonSpecialIP). Pure. */

import { parseCidr, cidrContains } from '../../net/cidr.ts'
import { parseIp } from '../../net/ip.ts'
import type { Faults } from './faults.ts'
import { invalidValue } from './faults.ts'

const SPECIAL: readonly { readonly ranges: readonly string[]; readonly detail: string }[] = [
  { ranges: ['0.0.0.0/32', '::/128'], detail: 'may not be unspecified (0.0.0.0 or ::)' },
  { ranges: ['127.0.0.0/8', '::1/128'], detail: 'may not be in the loopback range (127.0.0.0/8, ::1/128)' },
  {
    ranges: ['169.254.0.0/16', 'fe80::/10'],
    detail: 'may not be in the link-local range (169.254.0.0/16, fe80::/10)',
  },
  {
    ranges: ['224.0.0.0/24', 'ff02::/16'],
    detail: 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  },
]

const NOT_AN_IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'

/** @param allowLoopback the loopback network gives pods 127/8 addresses */
export function ipFaults(text: string, field: string, allowLoopback = false): Faults {
  const address = parseIp(text)
  if (address === undefined) return [invalidValue(field, text, NOT_AN_IP)]
  return SPECIAL.filter(({ detail }) => !(allowLoopback && detail.includes('loopback')))
    .filter(({ ranges }) => ranges.some((range) => within(range, address)))
    .map(({ detail }) => invalidValue(field, text, detail))
}

function within(range: string, address: NonNullable<ReturnType<typeof parseIp>>): boolean {
  const cidr = parseCidr(range)
  return cidr !== undefined && cidrContains(cidr, address)
}
