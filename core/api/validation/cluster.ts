/** Nodes, Namespaces and Leases (kubernetes/kubernetes pkg/apis/{core,coordination}/validation). Pure. */

import { parseCidr } from '../../net/cidr.ts'
import type { Lease } from '../generated/coordination-v1.ts'
import type { Namespace, Node, NodeAddress, ServiceAccount, Taint } from '../generated/core-v1.ts'
import { isSameValue } from '../equality.ts'
import { parseMilli } from '../quantity.ts'
import { isIntegerResource } from './resource-name.ts'
import type { Faults } from './faults.ts'
import {
  choice,
  duplicate,
  forbiddenField,
  invalidTexts,
  invalidValue,
  nonNegative,
  notSupported,
  repeated,
  when,
} from './faults.ts'
import { cidrFaults } from './ip-faults.ts'
import { labelValueFaults, qualifiedNameFaults } from './names.ts'

/** Faults of a Node, metadata aside. */
export function validateNode({ spec, status }: Node): Faults {
  return [
    ...validateTaints(spec?.taints ?? []),
    ...validateAmounts(status?.capacity ?? {}, 'status.capacity'),
    ...validateAmounts(status?.allocatable ?? {}, 'status.allocatable'),
    ...validatePodCIDRs(spec?.podCIDRs ?? []),
  ]
}

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

/** Upstream's path of taints really is in metadata. */
function validateTaints(taints: readonly Taint[]): Faults {
  const again = new Set(repeated(taints, ({ key, effect }) => `${key} ${effect}`))
  return taints.flatMap((taint, index) => {
    const at = `metadata.taints[${index}]`
    return [
      ...invalidTexts(`${at}.key`, taint.key, qualifiedNameFaults),
      ...invalidTexts(`${at}.value`, taint.value ?? '', labelValueFaults),
      ...choice(`${at}.effect`, taint.effect, EFFECTS),
      ...when(again.has(index), () => ({
        ...duplicate(at, shownTaint(taint)),
        detail: 'taints must be unique by key and effect pair',
      })),
    ]
  })
}

/** As upstream shows its internal type. */
const shownTaint = ({ key, value = '', effect, timeAdded = undefined }: Taint): unknown => ({
  Key: key,
  Value: value,
  Effect: effect,
  TimeAdded: timeAdded ?? null,
})

function validateAmounts(amounts: Readonly<Record<string, string>>, field: string): Faults {
  return Object.entries(amounts).flatMap(([name, text]) => {
    const milli = parseMilli(text) ?? 0n
    return [
      ...when(milli < 0n, () => invalidValue(`${field}.${name}`, text, 'must be greater than or equal to 0')),
      ...when(isIntegerResource(name) && milli % 1000n !== 0n, () =>
        invalidValue(`${field}.${name}`, text, 'must be an integer'),
      ),
    ]
  })
}

function validatePodCIDRs(cidrs: readonly string[]): Faults {
  const field = 'spec.podCIDRs'
  const families = new Set(cidrs.map((text) => parseCidr(text)?.family))
  return [
    ...cidrs.flatMap((text, index) => cidrFaults(`${field}[${index}]`, text)),
    ...when(cidrs.length > 1 && (families.size < 2 || cidrs.length > 2), () =>
      invalidValue(field, cidrs, 'may specify no more than one CIDR for each IP family'),
    ),
  ]
}

/** Faults of a changed Node: what identifies it on the network and to its provider stays. */
export function validateNodeUpdate(node: Node, old: Node): Faults {
  const [now, before] = [node.spec ?? {}, old.spec ?? {}]
  return [
    ...validateNode(node),
    ...when((before.podCIDRs ?? []).length > 0 && !isSameValue(now.podCIDRs, before.podCIDRs), () =>
      forbiddenField('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'),
    ),
    ...when(before.providerID && now.providerID !== before.providerID, () =>
      forbiddenField('spec.providerID', 'node updates may not change providerID except from "" to valid'),
    ),
    ...addressFaults(node.status?.addresses ?? []),
  ]
}

function addressFaults(addresses: readonly NodeAddress[]): Faults {
  return repeated(addresses, ({ type, address }) => `${type} ${address}`).map((index) => {
    const { type = '', address = '' } = addresses[index] ?? {}
    // As upstream shows its internal type.
    return duplicate(`status.addresses[${index}]`, { Type: type, Address: address })
  })
}

/** The status without what node agents of old said of their configuration, unless it was there already. */
export function withoutConfig(node: Node, old: Node): Node {
  if (node.status?.config === undefined || old.status?.config !== undefined) return node
  const { config: _, ...status } = node.status
  return { ...node, status }
}

/** Faults of a Namespace, metadata aside. */
export function validateNamespace({ spec }: Namespace): Faults {
  const field = 'spec.finalizers'
  const detail = 'name is neither a standard finalizer name nor is it fully qualified'
  const standard = ['kubernetes', 'orphan', 'foregroundDeletion']
  return (spec?.finalizers ?? []).flatMap((name) => [
    ...invalidTexts(field, name, qualifiedNameFaults),
    ...when(!name.includes('/') && !standard.includes(name), () => invalidValue(field, name, detail)),
  ])
}

/** Faults of a Namespace's status: it says whether the Namespace is being deleted. */
export function validateNamespaceStatus({ metadata, status }: Namespace): Faults {
  const isDeleted = metadata.deletionTimestamp !== undefined
  const expected = isDeleted ? 'Terminating' : 'Active'
  const condition = isDeleted ? 'is not empty' : 'is empty'
  return when(status?.phase !== expected, () =>
    invalidValue(
      'status.Phase',
      status?.phase ?? '',
      `may only be '${expected}' if \`deletionTimestamp\` ${condition}`,
    ),
  )
}

const MOUNTABLE = 'kubernetes.io/enforce-mountable-secrets'

/** Warnings of a ServiceAccount (pkg/registry/core/serviceaccount/strategy.go). */
export function serviceAccountWarnings(
  { metadata }: ServiceAccount,
  old: ServiceAccount | undefined,
): readonly string[] {
  if (metadata.annotations?.[MOUNTABLE] === undefined) return []
  if (old?.metadata.annotations?.[MOUNTABLE] !== undefined) return []
  return [
    `metadata.annotations[${MOUNTABLE}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
  ]
}

/** How leases are given out where servers of several versions compete: one way is known, others have a domain. */
const LEASE_STRATEGIES = ['OldestEmulationVersion']

/** Faults of a Lease, metadata aside. */
export function validateLease({ spec }: Lease): Faults {
  const { leaseDurationSeconds: duration, leaseTransitions, strategy, preferredHolder } = spec ?? {}
  return [
    ...when(duration !== undefined && duration <= 0, () =>
      invalidValue('spec.leaseDurationSeconds', duration, 'must be greater than 0'),
    ),
    ...nonNegative('spec.leaseTransitions', leaseTransitions),
    ...(strategy === undefined ? [] : strategyFaults(strategy)),
    ...when(preferredHolder && !strategy, () =>
      forbiddenField('spec.preferredHolder', 'may only be specified if `strategy` is defined'),
    ),
  ]
}

/** Upstream's path really has the field twice. */
function strategyFaults(strategy: string): Faults {
  if (strategy.includes('/')) return invalidTexts('spec.strategy', strategy, qualifiedNameFaults)
  return when(!LEASE_STRATEGIES.includes(strategy), () =>
    notSupported('spec.strategy.strategy', strategy, LEASE_STRATEGIES),
  )
}
