/** Numbers of the rtnetlink protocol (linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h), by their names there. */

export const RTM_NEWLINK = 16
export const RTM_DELLINK = 17
export const RTM_GETLINK = 18
export const RTM_NEWADDR = 20
export const RTM_DELADDR = 21
export const RTM_GETADDR = 22
export const RTM_NEWROUTE = 24
export const RTM_DELROUTE = 25
export const RTM_GETROUTE = 26

export const AF_INET = 2
export const IFF_UP = 1
export const IFLA_IFNAME = 3
export const IFLA_LINKINFO = 18
export const IFLA_NET_NS_FD = 28
export const IFLA_INFO_KIND = 1
export const IFLA_INFO_DATA = 2
export const VETH_INFO_PEER = 1
export const IFA_ADDRESS = 1
export const IFA_LOCAL = 2
export const RTA_DST = 1
export const RTA_OIF = 4
export const RTA_GATEWAY = 5
export const RTA_PREFSRC = 7
export const RT_TABLE_MAIN = 254
export const RT_TABLE_LOCAL = 255
export const RTPROT_STATIC = 4
export const RT_SCOPE_UNIVERSE = 0
export const RT_SCOPE_LINK = 253
export const RT_SCOPE_HOST = 254
export const RT_SCOPE_NOWHERE = 255
export const RTN_UNICAST = 1
export const RTN_LOCAL = 2
