/**
 * What portolan asks of the kernel's routing tables, as netlink request bodies. Pure. Only IPv4.
 *
 * Layout: rtnetlink(7), linux/rtnetlink.h, linux/if_link.h.
 */

import { attribute } from './netlink-message.ts'
import type { NetlinkRequest } from './netlink-message.ts'
import {
  RTM_NEWLINK,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_NEWADDR,
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_NEWROUTE,
  RTM_DELROUTE,
  RTM_GETROUTE,
  AF_INET,
  IFF_UP,
  IFLA_IFNAME,
  IFLA_LINKINFO,
  IFLA_NET_NS_FD,
  IFLA_INFO_KIND,
  IFLA_INFO_DATA,
  VETH_INFO_PEER,
  IFA_ADDRESS,
  IFA_LOCAL,
  RTA_DST,
  RTA_OIF,
  RTA_GATEWAY,
  RTA_PREFSRC,
  RT_TABLE_MAIN,
  RT_TABLE_LOCAL,
  RTPROT_STATIC,
  RT_SCOPE_UNIVERSE,
  RT_SCOPE_LINK,
  RT_SCOPE_HOST,
  RT_SCOPE_NOWHERE,
  RTN_UNICAST,
  RTN_LOCAL,
} from './rtnetlink-numbers.ts'
import { ipv4Bytes } from './socket-address.ts'

const NLM_F_REQUEST = 1
const NLM_F_ACK = 4
const NLM_F_DUMP = 0x300
const NLM_F_CREATE = 0x400
const NLM_F_EXCL = 0x200
/** `ip link add NAME type veth peer name PEER [netns FD]` */
export function newVeth(
  name: string,
  peer: { readonly name: string; readonly networkFd: number | undefined },
): NetlinkRequest {
  const peerAttributes = [
    attribute(IFLA_IFNAME, Buffer.from(`${peer.name}\0`)),
    ...(peer.networkFd === undefined ? [] : [attribute(IFLA_NET_NS_FD, uint32(peer.networkFd))]),
  ]
  return {
    type: RTM_NEWLINK,
    flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    body: Buffer.concat([
      linkHeader(0),
      attribute(IFLA_IFNAME, Buffer.from(`${name}\0`)),
      attribute(
        IFLA_LINKINFO,
        Buffer.concat([
          attribute(IFLA_INFO_KIND, Buffer.from('veth\0')),
          attribute(
            IFLA_INFO_DATA,
            // The peer's flags stay 0: a peer asked to be up before its partner exists is refused (ENOTCONN).
            attribute(VETH_INFO_PEER, Buffer.concat([linkHeader(0), ...peerAttributes])),
          ),
        ]),
      ),
    ]),
  }
}

/** `ip link set NAME up` */
export const linkUp = (name: string): NetlinkRequest => ({
  type: RTM_NEWLINK,
  flags: NLM_F_REQUEST | NLM_F_ACK,
  body: Buffer.concat([linkHeader(IFF_UP), attribute(IFLA_IFNAME, Buffer.from(`${name}\0`))]),
})

/** `ip link del NAME` */
export const deleteLink = (name: string): NetlinkRequest => ({
  type: RTM_DELLINK,
  flags: NLM_F_REQUEST | NLM_F_ACK,
  body: Buffer.concat([linkHeader(0), attribute(IFLA_IFNAME, Buffer.from(`${name}\0`))]),
})

/** Asks for one link; the answer is a link or an error. */
export const getLink = (name: string): NetlinkRequest => ({
  type: RTM_GETLINK,
  flags: NLM_F_REQUEST,
  body: Buffer.concat([linkHeader(0), attribute(IFLA_IFNAME, Buffer.from(`${name}\0`))]),
})

/** `ip addr add|del ADDRESS dev LINK` */
export function changeAddress(change: 'add' | 'delete', linkIndex: number, cidr: string): NetlinkRequest {
  const { bytes, bits } = parseCidr(cidr)
  const head = Buffer.alloc(8)
  head.writeUInt8(AF_INET, 0)
  head.writeUInt8(bits, 1)
  head.writeUInt8(bytes[0] === 127 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE, 3)
  head.writeUInt32LE(linkIndex, 4)
  return {
    type: change === 'add' ? RTM_NEWADDR : RTM_DELADDR,
    flags: NLM_F_REQUEST | NLM_F_ACK | (change === 'add' ? NLM_F_CREATE | NLM_F_EXCL : 0),
    body: Buffer.concat([head, attribute(IFA_LOCAL, bytes), attribute(IFA_ADDRESS, bytes)]),
  }
}

export interface RouteRequest {
  readonly to: string
  readonly linkIndex: number
  readonly via?: string | undefined
  readonly source?: string | undefined
  readonly scope?: 'link' | undefined
  readonly type?: 'local' | undefined
}

/** `ip route add|del [local] TO dev LINK [via VIA] [src SOURCE] [scope link]` */
export function changeRoute(change: 'add' | 'delete', route: RouteRequest): NetlinkRequest {
  const isLocal = route.type === 'local'
  const { bytes, bits } = parseCidr(route.to === 'default' ? '0.0.0.0/0' : route.to)
  const head = Buffer.alloc(12)
  head.writeUInt8(AF_INET, 0)
  head.writeUInt8(bits, 1)
  head.writeUInt8(isLocal ? RT_TABLE_LOCAL : RT_TABLE_MAIN, 4)
  head.writeUInt8(change === 'add' ? RTPROT_STATIC : 0, 5)
  head.writeUInt8(change === 'add' ? routeScope(route) : RT_SCOPE_NOWHERE, 6)
  head.writeUInt8(isLocal ? RTN_LOCAL : change === 'add' ? RTN_UNICAST : 0, 7)
  return {
    type: change === 'add' ? RTM_NEWROUTE : RTM_DELROUTE,
    flags: NLM_F_REQUEST | NLM_F_ACK | (change === 'add' ? NLM_F_CREATE | NLM_F_EXCL : 0),
    body: Buffer.concat([
      head,
      ...(bits === 0 ? [] : [attribute(RTA_DST, bytes)]),
      attribute(RTA_OIF, uint32(route.linkIndex)),
      ...(route.via === undefined ? [] : [attribute(RTA_GATEWAY, ipv4Bytes(route.via))]),
      ...(route.source === undefined ? [] : [attribute(RTA_PREFSRC, ipv4Bytes(route.source))]),
    ]),
  }
}

function routeScope(route: RouteRequest): number {
  if (route.type === 'local') return RT_SCOPE_HOST
  return route.via === undefined || route.scope === 'link' ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE
}

/** `ip route get ADDRESS` */
export function routeTo(address: string): NetlinkRequest {
  const head = Buffer.alloc(12)
  head.writeUInt8(AF_INET, 0)
  head.writeUInt8(32, 1)
  return {
    type: RTM_GETROUTE,
    flags: NLM_F_REQUEST,
    body: Buffer.concat([head, attribute(RTA_DST, ipv4Bytes(address))]),
  }
}

/** Asks for all links, IPv4 addresses or IPv4 routes. */
export function dump(type: typeof RTM_GETLINK | typeof RTM_GETADDR | typeof RTM_GETROUTE): NetlinkRequest {
  const body = type === RTM_GETLINK ? linkHeader(0) : Buffer.alloc(type === RTM_GETADDR ? 8 : 12)
  if (type !== RTM_GETLINK) body.writeUInt8(AF_INET, 0)
  return { type, flags: NLM_F_REQUEST | NLM_F_DUMP, body }
}

function linkHeader(flags: number): Buffer {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt32LE(flags, 8)
  bytes.writeUInt32LE(flags, 12)
  return bytes
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function parseCidr(cidr: string): { readonly bytes: Uint8Array; readonly bits: number } {
  const [address = '', bits = ''] = cidr.split('/')
  if (!/^\d{1,2}$/.test(bits) || Number(bits) > 32) throw new RangeError(`not IPv4 CIDR notation: ${cidr}`)
  return { bytes: ipv4Bytes(address), bits: Number(bits) }
}
