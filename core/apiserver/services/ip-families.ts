/**
 * Which IP families a Service has, and whether it may. Pure.
 * kubernetes/kubernetes pkg/registry/core/service/storage/alloc.go, initIPFamilyFields.
 */

import type { ServiceSpec } from '../../api/generated/core-v1.ts'
import type { FieldError } from '../../api/field-error.ts'
import type { IpFamily } from '../../net/ip.ts'
import { invalidValue, when } from '../../api/validation/faults.ts'
import { IP_FAMILIES, familyOf } from '../../net/ip.ts'
import { validateBeforeAllocation } from '../../api/validation/service-addresses.ts'
import { HEADLESS, isHeadless, usesClusterIP } from './service-fields.ts'

export interface FamilyChoice {
  readonly ipFamilyPolicy: string
  readonly ipFamilies: readonly string[]
}

/** @param cluster the families of the cluster's Service CIDRs, the preferred one first */
export function chosenFamilies(
  spec: ServiceSpec,
  cluster: readonly IpFamily[],
): { readonly choice: FamilyChoice; readonly errors: readonly FieldError[] } {
  const isSelectorless = isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0
  const policy = spec.ipFamilyPolicy ?? (isSelectorless ? 'RequireDualStack' : 'SingleStack')
  const given = spec.ipFamilies?.length ? spec.ipFamilies : familiesOf(spec.clusterIPs ?? [])
  const errors = isSelectorless ? [] : familyErrors(spec, policy, cluster)
  return {
    choice: { ipFamilyPolicy: policy, ipFamilies: completed(given, policy, isSelectorless, cluster) },
    errors,
  }
}

/**
 * Faults of families that the cluster does not have: told before, and instead of, all but those of the addresses
 * themselves.
 */
export function familyFaults(
  spec: ServiceSpec,
  old: ServiceSpec | undefined,
  cluster: readonly IpFamily[],
): readonly FieldError[] {
  if (!usesClusterIP(spec) || validateBeforeAllocation(spec, old).length > 0) return []
  return chosenFamilies(spec, cluster).errors
}

const familiesOf = (addresses: readonly string[]): readonly string[] =>
  addresses.filter((address) => address !== HEADLESS).flatMap((address) => familyOf(address) ?? [])

function completed(
  given: readonly string[],
  policy: string,
  isSelectorless: boolean,
  cluster: readonly IpFamily[],
): readonly string[] {
  const available = isSelectorless ? [...cluster, ...IP_FAMILIES] : cluster
  const wanted = policy === 'SingleStack' ? 1 : 2
  const all = [...new Set<string>([...given, ...available])]
  return all.slice(0, Math.max(given.length, Math.min(wanted, new Set(available).size)))
}

function familyErrors(
  spec: ServiceSpec,
  policy: string,
  cluster: readonly IpFamily[],
): readonly FieldError[] {
  const isServed = (family: string | undefined): boolean => cluster.some((each) => each === family)
  const { ipFamilies = [], clusterIPs = [] } = spec
  // Of an address whose family was asked for, it is the family that is told of.
  const addresses = clusterIPs.flatMap((address, index): FieldError[] => {
    const family = address === HEADLESS || index < ipFamilies.length ? undefined : familyOf(address)
    if (family === undefined || isServed(family)) return []
    const detail = `${family} is not configured on this cluster`
    return [{ type: 'invalid', field: `spec.clusterIPs[${index}]`, value: clusterIPs, detail }]
  })
  if (addresses.length > 0) return addresses
  const isDual = policy !== 'RequireDualStack' || cluster.length > 1
  return [
    ...when(!isDual, () =>
      invalidValue('spec.ipFamilyPolicy', policy, 'this cluster is not configured for dual-stack services'),
    ),
    ...ipFamilies.flatMap((family, index) =>
      when(!isServed(family), () =>
        invalidValue(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'),
      ),
    ),
  ]
}
