/** The pieces that kube-proxy's rules are written with. Pure. */

import type { ServicePort } from '../service-port.ts'
import type { Match, Rule, Verdict } from './program.ts'

export const comment = (text: string): Match => ({ kind: 'comment', text })
export const jump = (chain: string): Verdict => ({ kind: 'jump', chain })
export const rule = (matches: readonly Match[], verdict: Verdict): Rule => ({ matches, verdict })

/** `-m tcp -p tcp -d ADDRESS --dport PORT` */
export function to(port: ServicePort, address: string): readonly Match[] {
  const protocol: Match = { kind: 'protocol', protocol: port.protocol.toLowerCase() }
  return [protocol, { kind: 'destination', address }, { kind: 'dport', port: port.port }]
}

export function toNodePort(port: ServicePort): readonly Match[] {
  return [
    { kind: 'protocol', protocol: port.protocol.toLowerCase() },
    { kind: 'dport', port: port.nodePort },
  ]
}
