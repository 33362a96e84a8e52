/** kube-proxy's rules as data: two tables of chains of rules. Types only. */

export type Verdict =
  | { readonly kind: 'jump'; readonly chain: string }
  | { readonly kind: 'return' }
  | { readonly kind: 'accept' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'reject' }
  | { readonly kind: 'dnat'; readonly to: string }
  | { readonly kind: 'masquerade'; readonly randomFully: boolean }
  | { readonly kind: 'or-mark' | 'xor-mark'; readonly mark: string }
  /** no target: only counts, or sets a `recent` entry */
  | { readonly kind: 'none' }

/** One match, in the order iptables is given them. */
export type Match =
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'protocol'; readonly protocol: string }
  | { readonly kind: 'destination' | 'source'; readonly address: string; readonly negated?: boolean }
  | { readonly kind: 'dport'; readonly port: number }
  | { readonly kind: 'mark'; readonly value: string; readonly negated?: boolean }
  | { readonly kind: 'addrtype'; readonly side: 'src' | 'dst' }
  | { readonly kind: 'ctstate'; readonly states: string; readonly negated?: boolean }
  | { readonly kind: 'statistic'; readonly probability: string }
  | { readonly kind: 'recent-check'; readonly name: string; readonly seconds: number }
  | { readonly kind: 'recent-set'; readonly name: string }

export interface Rule {
  readonly matches: readonly Match[]
  readonly verdict: Verdict
}

export interface Chain {
  readonly name: string
  readonly rules: readonly Rule[]
}

export interface IptablesProgram {
  readonly filter: readonly Chain[]
  readonly nat: readonly Chain[]
}
