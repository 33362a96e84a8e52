/**
 * NetworkPolicies (kubernetes/kubernetes pkg/apis/networking/validation/validation.go, ValidateNetworkPolicy*). Pure.
 * CIDRs may have host bits set, as upstream allows; whoever evaluates them has to mask them.
 */

import { isStrictSubset, parseCidr } from '../../net/cidr.ts'
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from '../generated/networking-v1.ts'
import type { Faults } from './faults.ts'
import {
  forbiddenField,
  invalidTexts,
  invalidValue,
  optionalChoice,
  portFaults,
  required,
  when,
} from './faults.ts'
import { cidrFaults } from './ip-faults.ts'
import { validateLabelSelector } from './label-selector.ts'
import { portNameFaults } from './names.ts'

const PROTOCOLS = ['TCP', 'UDP', 'SCTP']
const POLICY_TYPES = ['Ingress', 'Egress']

/** What an old object had already, and may therefore go on having. */
interface Leniency {
  /** CIDRs not looked at again */
  readonly knownCIDRs: ReadonlySet<string>
  readonly allowInvalidValues: boolean
}

/** Faults of a new policy, metadata aside. */
export function validateNetworkPolicy(policy: NetworkPolicy): Faults {
  return validateSpec(policy, { knownCIDRs: new Set(), allowInvalidValues: false })
}

/** Faults of a changed policy. */
export function validateNetworkPolicyUpdate(policy: NetworkPolicy, old: NetworkPolicy): Faults {
  return validateSpec(policy, {
    knownCIDRs: new Set(cidrsOf(old)),
    allowInvalidValues: validateLabelSelector(old.spec.podSelector, '').length > 0,
  })
}

function cidrsOf({ spec }: NetworkPolicy): readonly string[] {
  const peers = [
    ...(spec.ingress ?? []).flatMap(({ from = [] }) => from),
    ...(spec.egress ?? []).flatMap(({ to = [] }) => to),
  ]
  return peers.flatMap(({ ipBlock }) => (ipBlock ? [ipBlock.cidr, ...(ipBlock.except ?? [])] : []))
}

function validateSpec({ spec }: NetworkPolicy, leniency: Leniency): Faults {
  return [
    ...validateLabelSelector(spec.podSelector, 'spec.podSelector', leniency),
    ...(spec.ingress ?? []).flatMap(({ ports = [], from = [] }, index) => [
      ...validatePorts(ports, `spec.ingress[${index}].ports`),
      ...validatePeers(from, `spec.ingress[${index}].from`, leniency),
    ]),
    ...(spec.egress ?? []).flatMap(({ ports = [], to = [] }, index) => [
      ...validatePorts(ports, `spec.egress[${index}].ports`),
      ...validatePeers(to, `spec.egress[${index}].to`, leniency),
    ]),
    ...validatePolicyTypes(spec.policyTypes ?? []),
  ]
}

function validatePolicyTypes(types: readonly string[]): Faults {
  const field = 'spec.policyTypes'
  if (types.length > POLICY_TYPES.length)
    return [invalidValue(field, types, 'may not specify more than two policyTypes')]
  return types.flatMap((type, index) => optionalChoice(`${field}[${index}]`, type, POLICY_TYPES))
}

function validatePorts(ports: readonly NetworkPolicyPort[], field: string): Faults {
  return ports.flatMap(({ port, endPort, protocol }, index) => {
    const at = `${field}[${index}]`
    return [
      ...optionalChoice(`${at}.protocol`, protocol, PROTOCOLS),
      ...(typeof port === 'number' ? portFaults(`${at}.port`, port) : []),
      ...(endPort === undefined ? [] : endPortFaults(port, endPort, `${at}.endPort`)),
      ...(typeof port === 'string' ? invalidTexts(`${at}.port`, port, portNameFaults) : []),
    ]
  })
}

function endPortFaults(port: number | string | undefined, endPort: number, field: string): Faults {
  if (port === undefined)
    return [invalidValue(field, endPort, 'may not be specified when `port` is not specified')]
  if (typeof port === 'string')
    return [invalidValue(field, endPort, 'may not be specified when `port` is non-numeric')]
  return [
    // The value shown is really the port's.
    ...when(endPort < port, () => invalidValue(field, port, 'must be greater than or equal to `port`')),
    ...portFaults(field, endPort),
  ]
}

function validatePeers(peers: readonly NetworkPolicyPeer[], field: string, leniency: Leniency): Faults {
  return peers.flatMap(({ podSelector, namespaceSelector, ipBlock }, index) => {
    const at = `${field}[${index}]`
    const hasSelector = podSelector !== undefined || namespaceSelector !== undefined
    return [
      ...validateLabelSelector(podSelector, `${at}.podSelector`, leniency),
      ...validateLabelSelector(namespaceSelector, `${at}.namespaceSelector`, leniency),
      ...(ipBlock ? validateBlock(ipBlock, `${at}.ipBlock`, leniency) : []),
      ...when(!hasSelector && !ipBlock, () => required(at, 'must specify a peer')),
      ...when(hasSelector && ipBlock, () =>
        forbiddenField(at, 'may not specify both ipBlock and another peer'),
      ),
    ]
  })
}

function validateBlock({ cidr, except = [] }: IPBlock, at: string, { knownCIDRs }: Leniency): Faults {
  if (!cidr) return [required(`${at}.cidr`)]
  const faultsOf = (field: string, text: string): Faults =>
    knownCIDRs.has(text) ? [] : cidrFaults(field, text)
  const whole = parseCidr(cidr)
  if (whole === undefined) return faultsOf(`${at}.cidr`, cidr)
  return except.flatMap((text, index) => {
    const field = `${at}.except[${index}]`
    const hole = parseCidr(text)
    if (hole === undefined) return faultsOf(field, text)
    return when(!isStrictSubset(hole, whole), () =>
      invalidValue(field, text, 'must be a strict subset of `cidr`'),
    )
  })
}
