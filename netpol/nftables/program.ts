/**
 * The netpol rules as data: sets of addresses, one chain per profile, and two verdict maps from a local pod's
 * address to its chains. IPv4. Types only.
 */

export type SetType = 'ipv4_addr' | 'ipv4_addr . inet_proto . inet_service'

export interface NftSet {
  readonly name: string
  readonly type: SetType
  /** whether elements are ranges */
  readonly interval: boolean
  /** as nft prints them: `10.244.0.3`, `10.0.0.0-10.0.0.255`, `10.244.0.3 . tcp . 8080` */
  readonly elements: readonly string[]
}

/** What a packet must match to be let through by one line of a profile's chain. */
export interface AllowRule {
  /** set that the peer's address must be in; undefined: anyone */
  readonly peerSet: string | undefined
  readonly port:
    | undefined
    | {
        readonly kind: 'range'
        readonly protocol: 'tcp' | 'udp' | 'sctp'
        readonly first: number
        readonly last: number
      }
    /** destination address, protocol and port must be in this set */
    | { readonly kind: 'named'; readonly set: string }
  /** policy and rule, for the reader of the rules */
  readonly comment: string
}

export interface ProfileChain {
  readonly name: string
  /** whose address `peerSet` is compared with: the source for ingress, the destination for egress */
  readonly direction: 'ingress' | 'egress'
  readonly rules: readonly AllowRule[]
}

export interface VerdictEntry {
  readonly address: string
  readonly chain: string
}

export interface NetpolProgram {
  readonly sets: readonly NftSet[]
  readonly chains: readonly ProfileChain[]
  /** isolated pods of this node */
  readonly ingress: readonly VerdictEntry[]
  readonly egress: readonly VerdictEntry[]
  /** destinations judged elsewhere: the Service addresses of a user-space proxy */
  readonly proxiedCIDRs: readonly string[]
}
