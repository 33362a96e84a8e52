/**
 * The fields of a Service that say what addresses it has, and how they may change (kubernetes/kubernetes
 * pkg/apis/core/validation/validation.go: ValidateServiceClusterIPsRelatedFields, validateUpgradeDowngrade*). Pure.
 * Whether the cluster has such families, and whether an address is free, is the registry's to say.
 */

import { familyOf } from '../../net/ip.ts'
import type { Service, ServiceSpec } from '../generated/core-v1.ts'
import type { Faults } from './faults.ts'
import { duplicate, forbiddenField, invalidValue, optionalChoice, repeated, when } from './faults.ts'
import { ipFaults } from './ip-faults.ts'

const NONE = 'None'
const FAMILIES = ['IPv4', 'IPv6']
const FAMILY_POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack']

/** Whether the Service has no address of its own: clusterIPs is `[None]`. */
export function isHeadless({ clusterIP, clusterIPs = [] }: ServiceSpec): boolean {
  return clusterIPs.length === 0 ? clusterIP === NONE : clusterIPs.length === 1 && clusterIPs[0] === NONE
}

/** Faults of clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy. */
function validateClusterIPs(spec: ServiceSpec): Faults {
  // For ExternalName all of these must be absent, which is checked elsewhere.
  if (spec.type === 'ExternalName') return []
  const { clusterIPs = [], ipFamilies = [] } = spec
  const again = new Set(repeated(ipFamilies, (family) => family))
  const each = validateEach(clusterIPs)
  return [
    ...validateAgreement(spec),
    ...ipFamilies.flatMap((family, index) => [
      ...optionalChoice(`spec.ipFamilies[${index}]`, family, FAMILIES),
      ...when(again.has(index), () => duplicate(`spec.ipFamilies[${index}]`, family)),
    ]),
    ...optionalChoice('spec.ipFamilyPolicy', spec.ipFamilyPolicy, FAMILY_POLICIES),
    ...each,
    ...when(clusterIPs.length > 2, () =>
      invalidValue('spec.clusterIPs', clusterIPs, 'may only hold up to 2 values'),
    ),
    // With bad addresses among them, what follows would only mislead.
    ...(each.length > 0 ? [] : validateTogether(spec)),
  ]
}

function validateAgreement({ clusterIP, clusterIPs = [] }: ServiceSpec): Faults {
  const field = 'spec.clusterIPs'
  if (!clusterIP)
    return when(clusterIPs.length > 0, () =>
      invalidValue(field, clusterIPs, 'must be empty when `clusterIP` is not specified'),
    )
  // Upstream requires the list here; its registry, like ours, has made the two agree by then.
  return when(clusterIPs.length > 0 && clusterIPs[0] !== clusterIP, () =>
    invalidValue(field, clusterIPs, 'first value must match `clusterIP`'),
  )
}

function validateEach(clusterIPs: readonly string[]): Faults {
  return clusterIPs.flatMap((ip, index) =>
    index === 0 && ip === NONE
      ? when(clusterIPs.length > 1, () =>
          invalidValue('spec.clusterIPs', clusterIPs, "'None' must be the first and only value"),
        )
      : ipFaults(`spec.clusterIPs[${index}]`, ip),
  )
}

function validateTogether(spec: ServiceSpec): Faults {
  const { clusterIPs = [], ipFamilies = [] } = spec
  const families = clusterIPs.map(familyOf)
  const isDual = clusterIPs.length < 2 || new Set(families).size === 2
  return [
    ...when(!isDual, () =>
      invalidValue('spec.clusterIPs', clusterIPs, 'may specify no more than one IP for each IP family'),
    ),
    ...clusterIPs.flatMap((ip, index) => {
      const expected = ipFamilies[index]
      const differs = expected !== undefined && FAMILIES.includes(expected) && families[index] !== expected
      return when(differs && !isHeadless(spec), () =>
        invalidValue(
          `spec.clusterIPs[${index}]`,
          ip,
          `expected an ${expected} value as indicated by \`ipFamilies[${index}]\``,
        ),
      )
    }),
  ]
}

/**
 * Faults of how many addresses and families there are, by the policy (pkg/registry/core/service/storage/alloc.go,
 * initIPFamilyFields).
 */
function validateFamilyPolicy(spec: ServiceSpec, old: ServiceSpec | undefined): Faults {
  const isSelectorless = isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0
  const policy = spec.ipFamilyPolicy ?? (isSelectorless ? 'RequireDualStack' : 'SingleStack')
  const parts = [
    { now: spec.clusterIPs ?? [], before: old?.clusterIPs ?? [], one: 'cluster IP', many: 'cluster IPs' },
    { now: spec.ipFamilies ?? [], before: old?.ipFamilies ?? [], one: 'IP family', many: 'IP families' },
  ]
  return parts.flatMap(({ now, before, one, many }) => {
    const isSingle = policy === 'SingleStack'
    const refused = isSingle ? now.length === 2 : now.length > 0 && now.length < before.length
    const detail = isSingle
      ? `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${many} are specified`
      : `must be 'SingleStack' to release the secondary ${one}`
    return when(refused, () => invalidValue('spec.ipFamilyPolicy', policy, detail))
  })
}

/** What is wrong before addresses can be allocated; with any of it, nothing else is looked at. */
export function validateBeforeAllocation(spec: ServiceSpec, old?: ServiceSpec): Faults {
  if (spec.type === 'ExternalName') return []
  const faults = validateClusterIPs(spec)
  return faults.length > 0 ? faults : validateFamilyPolicy(spec, old)
}

const UNCHANGEABLE = 'may not change once set'

/** Faults of a change, beyond those of the new Service on its own (ValidateServiceUpdate). */
export function validateServiceChange({ spec }: Service, { spec: old }: Service): Faults {
  const bothBalanced = spec.type === 'LoadBalancer' && old.type === 'LoadBalancer'
  const isLocal = (one: ServiceSpec): boolean => one.externalTrafficPolicy === 'Local'
  return [
    ...validateAddressChange(spec, old),
    ...validateFamilyChange(spec, old),
    ...when(bothBalanced && spec.loadBalancerClass !== old.loadBalancerClass, () =>
      invalidValue('spec.loadBalancerClass', spec.loadBalancerClass, UNCHANGEABLE),
    ),
    ...when(
      bothBalanced && isLocal(spec) && isLocal(old) && spec.healthCheckNodePort !== old.healthCheckNodePort,
      () => forbiddenField('spec.healthCheckNodePort', 'field is immutable'),
    ),
  ]
}

/** The first address stays; a second may come, and go where the policy lets it. */
function validateAddressChange(spec: ServiceSpec, old: ServiceSpec): Faults {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return []
  if (isHeadless(spec) && isHeadless(old)) return []
  const [now, before] = [spec.clusterIPs ?? [], old.clusterIPs ?? []]
  const changed = (index: number): Faults => [invalidValue(`spec.clusterIPs[${index}]`, now, UNCHANGEABLE)]
  if (now.length === before.length)
    return before.flatMap((ip, index) => (ip === now[index] ? [] : changed(index)))
  if (now.length === 0) return [invalidValue('spec.clusterIPs[0]', now, 'primary clusterIP can not be unset')]
  return before.length > 0 && now[0] !== before[0] ? changed(0) : []
}

/** As addresses do; headless Services may change families. */
function validateFamilyChange(spec: ServiceSpec, old: ServiceSpec): Faults {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return []
  if (isHeadless(spec) || isHeadless(old)) return []
  const [now, before] = [spec.ipFamilies ?? [], old.ipFamilies ?? []]
  const field = 'spec.ipFamilies[0]'
  const changed = (): Faults => [invalidValue(field, now, UNCHANGEABLE)]
  if (now.length === before.length)
    return before.flatMap((family, index) => (family === now[index] ? [] : changed()))
  if (now.length === 0) return [invalidValue(field, now, 'primary ipFamily can not be unset')]
  return before.length > 0 && now[0] !== before[0] ? changed() : []
}
