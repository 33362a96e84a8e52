/** What the kernel's routing tables say, read from netlink replies. Pure. Only IPv4. */

import { attributes, cString } from './netlink-message.ts'
import type { NetlinkReply } from './netlink-message.ts'
import {
  RTM_NEWLINK,
  RTM_NEWADDR,
  RTM_NEWROUTE,
  AF_INET,
  IFLA_IFNAME,
  IFA_ADDRESS,
  IFA_LOCAL,
  RTA_DST,
  RTA_OIF,
  RTA_GATEWAY,
  RTA_PREFSRC,
  RTN_UNICAST,
  RTN_LOCAL,
} from './rtnetlink-numbers.ts'
/** @returns undefined if the reply is no link */
export function decodeLink(
  reply: NetlinkReply,
): { readonly index: number; readonly name: string } | undefined {
  if (reply.type !== RTM_NEWLINK) return undefined
  const name = attributes(reply.body.subarray(16)).get(IFLA_IFNAME)
  return name === undefined ? undefined : { index: reply.body.readInt32LE(4), name: cString(name) }
}

/** @returns undefined if the reply is no IPv4 address; `address` in CIDR notation */
export function decodeAddress(
  reply: NetlinkReply,
): { readonly linkIndex: number; readonly address: string } | undefined {
  if (reply.type !== RTM_NEWADDR || reply.body.readUInt8(0) !== AF_INET) return undefined
  const found = attributes(reply.body.subarray(8))
  const bytes = found.get(IFA_LOCAL) ?? found.get(IFA_ADDRESS)
  if (bytes === undefined) return undefined
  return { linkIndex: reply.body.readUInt32LE(4), address: `${dotted(bytes)}/${reply.body.readUInt8(1)}` }
}

export interface DecodedRoute {
  readonly to: string
  /** 0 if the route names none (as blackhole routes) */
  readonly linkIndex: number
  readonly via: string | undefined
  readonly source: string | undefined
  readonly type: 'unicast' | 'local' | 'other'
  readonly table: number
}

/** @returns undefined if the reply is no IPv4 route */
export function decodeRoute(reply: NetlinkReply): DecodedRoute | undefined {
  if (reply.type !== RTM_NEWROUTE || reply.body.readUInt8(0) !== AF_INET) return undefined
  const found = attributes(reply.body.subarray(12))
  const bits = reply.body.readUInt8(1)
  const to = found.get(RTA_DST)
  const kind = reply.body.readUInt8(7)
  return {
    to: to === undefined ? 'default' : `${dotted(to)}/${bits}`,
    linkIndex: found.get(RTA_OIF)?.readUInt32LE(0) ?? 0,
    via: optionalDotted(found.get(RTA_GATEWAY)),
    source: optionalDotted(found.get(RTA_PREFSRC)),
    type: kind === RTN_UNICAST ? 'unicast' : kind === RTN_LOCAL ? 'local' : 'other',
    table: reply.body.readUInt8(4),
  }
}

const dotted = (bytes: Uint8Array): string => bytes.join('.')
const optionalDotted = (bytes: Uint8Array | undefined): string | undefined => bytes && dotted(bytes)
