/**
 * Which IP families a Service has, and whether it may. Pure.
 * kubernetes/kubernetes pkg/registry/core/service/storage/alloc.go, initIPFamilyFields.
 */

import type { ServiceSpec } from '../../api/generated/core-v1.ts'
import type { FieldError } from '../../api/field-error.ts'
import type { IpFamily } from '../../net/ip.ts'
import { IP_FAMILIES, familyOf } from '../../net/ip.ts'
import { HEADLESS, isHeadless } from './service-fields.ts'

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
  const errors: FieldError[] = []
  if (policy === 'RequireDualStack' && cluster.length < 2) {
    const detail = 'this cluster is not configured for dual-stack services'
    errors.push({ type: 'invalid', field: 'spec.ipFamilyPolicy', value: policy, detail })
  }
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    if (isServed(family)) continue
    errors.push({
      type: 'invalid',
      field: `spec.ipFamilies[${index}]`,
      value: family,
      detail: 'not configured on this cluster',
    })
  }
  for (const [index, address] of (spec.clusterIPs ?? []).entries()) {
    const family = address === HEADLESS ? undefined : familyOf(address)
    if (family === undefined || isServed(family)) continue
    const detail = `${family} is not configured on this cluster`
    errors.push({ type: 'invalid', field: `spec.clusterIPs[${index}]`, value: address, detail })
  }
  return errors
}
