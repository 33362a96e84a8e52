/**
 * Requests to the kernel's routing tables and what it answers, as bytes (NETLINK_ROUTE). Pure.
 *
 * Layout: rtnetlink(7), linux/rtnetlink.h, linux/if_link.h. A message is a 16-byte header (length, type, flags,
 * sequence, port), a fixed part by type, and attributes (length, type, value, padded to 4). Byte order is the
 * machine's; the machines Node runs on here are little-endian. Only IPv4.
 */

import { ipv4Bytes } from './socket-address.ts'

export const RTM_NEWLINK = 16
export const RTM_DELLINK = 17
export const RTM_GETLINK = 18
export const RTM_NEWADDR = 20
export const RTM_DELADDR = 21
export const RTM_GETADDR = 22
export const RTM_NEWROUTE = 24
export const RTM_DELROUTE = 25
export const RTM_GETROUTE = 26

const NLMSG_ERROR = 2
const NLMSG_DONE = 3

const NLM_F_REQUEST = 1
const NLM_F_ACK = 4
const NLM_F_DUMP = 0x300
const NLM_F_CREATE = 0x400
const NLM_F_EXCL = 0x200
const NLM_F_CAPPED = 0x100
const NLM_F_ACK_TLVS = 0x200

const AF_INET = 2
const IFF_UP = 1
const IFLA_IFNAME = 3
const IFLA_LINKINFO = 18
const IFLA_NET_NS_FD = 28
const IFLA_INFO_KIND = 1
const IFLA_INFO_DATA = 2
const VETH_INFO_PEER = 1
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const RTA_DST = 1
const RTA_OIF = 4
const RTA_GATEWAY = 5
const RTA_PREFSRC = 7
const NLMSGERR_ATTR_MSG = 1

export const RT_TABLE_MAIN = 254
export const RT_TABLE_LOCAL = 255
const RTPROT_STATIC = 4
const RT_SCOPE_UNIVERSE = 0
const RT_SCOPE_LINK = 253
const RT_SCOPE_HOST = 254
const RT_SCOPE_NOWHERE = 255
const RTN_UNICAST = 1
const RTN_LOCAL = 2

const HEADER_BYTES = 16

/** One request without its header; the sequence number is given when it is sent. */
export interface NetlinkRequest {
  readonly type: number
  readonly flags: number
  readonly body: Buffer
}

export interface NetlinkReply {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly body: Buffer
}

export interface NetlinkAck {
  /** 0: done; else the errno */
  readonly errno: number
  /** the kernel's own words, when it has any */
  readonly message: string | undefined
}

/** @param sequence of the first request; the next ones count up. @returns one datagram */
export function encodeRequests(requests: readonly NetlinkRequest[], sequence: number): Buffer {
  return Buffer.concat(
    requests.map(({ type, flags, body }, index) => {
      const header = Buffer.alloc(HEADER_BYTES)
      header.writeUInt32LE(HEADER_BYTES + body.length, 0)
      header.writeUInt16LE(type, 4)
      header.writeUInt16LE(flags, 6)
      header.writeUInt32LE(sequence + index, 8)
      return Buffer.concat([header, padded(body)])
    }),
  )
}

/** @returns the messages of one datagram; bytes too short to be one end the list */
export function decodeReplies(datagram: Buffer): readonly NetlinkReply[] {
  const replies: NetlinkReply[] = []
  let offset = 0
  while (offset + HEADER_BYTES <= datagram.length) {
    const length = datagram.readUInt32LE(offset)
    if (length < HEADER_BYTES || offset + length > datagram.length) break
    replies.push({
      type: datagram.readUInt16LE(offset + 4),
      flags: datagram.readUInt16LE(offset + 6),
      sequence: datagram.readUInt32LE(offset + 8),
      body: datagram.subarray(offset + HEADER_BYTES, offset + length),
    })
    offset += aligned(length)
  }
  return replies
}

export const isDone = (reply: NetlinkReply): boolean => reply.type === NLMSG_DONE

/** @returns undefined if the reply is no acknowledgement */
export function decodeAck(reply: NetlinkReply): NetlinkAck | undefined {
  if (reply.type !== NLMSG_ERROR || reply.body.length < 4) return undefined
  const errno = -reply.body.readInt32LE(0)
  if ((reply.flags & NLM_F_ACK_TLVS) === 0) return { errno, message: undefined }
  // errno, then the request: its header only when capped, the whole of it otherwise
  const requestBytes = (reply.flags & NLM_F_CAPPED) === 0 ? reply.body.readUInt32LE(4) : HEADER_BYTES
  const text = attributes(reply.body.subarray(4 + aligned(requestBytes))).get(NLMSGERR_ATTR_MSG)
  return { errno, message: text === undefined ? undefined : cString(text) }
}

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

function linkHeader(flags: number): Buffer {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt32LE(flags, 8)
  bytes.writeUInt32LE(flags, 12)
  return bytes
}

function attribute(type: number, value: Uint8Array): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16LE(4 + value.length, 0)
  head.writeUInt16LE(type, 2)
  return padded(Buffer.concat([head, value]))
}

function attributes(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>()
  let offset = 0
  while (offset + 4 <= bytes.length) {
    const length = bytes.readUInt16LE(offset)
    if (length < 4 || offset + length > bytes.length) break
    // The two highest bits say "nested" and "network byte order".
    found.set(bytes.readUInt16LE(offset + 2) & 0x3fff, bytes.subarray(offset + 4, offset + length))
    offset += aligned(length)
  }
  return found
}

const aligned = (length: number): number => (length + 3) & ~3

const padded = (bytes: Buffer): Buffer =>
  bytes.length % 4 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length) - bytes.length)])

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

const dotted = (bytes: Uint8Array): string => bytes.join('.')
const optionalDotted = (bytes: Uint8Array | undefined): string | undefined => bytes && dotted(bytes)
const cString = (bytes: Buffer): string => bytes.toString('utf8').replace(/\0.*$/s, '')
