/**
 * ResourceQuotas: an object is let in only with what it uses charged to every quota that concerns it, in one
 * transaction. Pure.
 * kubernetes/apiserver pkg/admission/plugin/resourcequota/controller.go.
 */

import { forbidden } from '../../api/api-error.ts'
import type { ResourceQuota } from '../../api/generated/core-v1.ts'
import { amountText, milliOf } from '../../api/quantity.ts'
import { isInScope } from '../../api/quota-scopes.ts'
import { unsaid, usageOf } from '../../api/resource-usage.ts'
import type { Usage } from '../../api/resource-usage.ts'
import { RESOURCE_QUOTAS } from '../../api/scheme.ts'
import type { StoredValue } from '../../store/store.ts'
import type { AlsoWritten } from '../registry/commit-object.ts'
import type { AdmissionRequest } from './admission-request.ts'

/**
 * @param quotas those of the namespace, as stored
 * @returns what changes of them; empty for what no quota counts
 * @throws ApiError Forbidden when one would be exceeded, or does not hear what it must know
 */
export function charges(request: AdmissionRequest, quotas: readonly StoredValue[]): readonly AlsoWritten[] {
  const { resource, operation, subresource, object, old } = request
  if (quotas.length === 0 || operation === 'delete') return []
  // What a pod uses changes when it is resized, and not otherwise; a quota does not count itself.
  const isPod = resource.group === '' && resource.resource === 'pods'
  const isResize = isPod && subresource === 'resize'
  if (subresource !== '' && !isResize) return []
  if (isPod && operation === 'update' && !isResize) return []
  const used = usageOf(resource, object)
  const before = old === undefined ? {} : usageOf(resource, old)
  return quotas.flatMap((stored) => {
    const quota = stored.value as ResourceQuota
    if (!isInScope(quota, resource, object)) return []
    return charged(request, { stored, quota }, delta(used, before))
  })
}

interface Quota {
  readonly stored: StoredValue
  readonly quota: ResourceQuota
}

/** What grew, and what shrank. */
function delta(now: Usage, before: Usage): Usage {
  const names = new Set([...Object.keys(now), ...Object.keys(before)])
  return Object.fromEntries([...names].map((name) => [name, (now[name] ?? 0n) - (before[name] ?? 0n)]))
}

function charged(request: AdmissionRequest, { stored, quota }: Quota, more: Usage): readonly AlsoWritten[] {
  const { resource, object, operation } = request
  const { hard = {}, used = {} } = quota.status ?? {}
  const { name } = quota.metadata
  const silent = operation === 'create' ? unsaid(quota, resource, object) : ''
  if (silent !== '') throw refused(request, `failed quota: ${name}: must specify ${silent}`)
  const counted = Object.keys(hard).filter((each) => (more[each] ?? 0n) !== 0n)
  if (counted.length === 0) return []
  const total = (each: string): bigint => milliOf(used[each]) + (more[each] ?? 0n)
  const exceeded = counted
    .filter((each) => (more[each] ?? 0n) > 0n && total(each) > milliOf(hard[each]))
    .toSorted()
  if (exceeded.length > 0) {
    const list = (amount: (each: string) => string): string =>
      exceeded.map((each) => `${each}=${amount(each)}`).join(',')
    const requested = list((each) => amountText(more[each] ?? 0n, each))
    const now = list((each) => used[each] ?? '0')
    const limited = list((each) => hard[each] ?? '0')
    throw refused(
      request,
      `exceeded quota: ${name}, requested: ${requested}, used: ${now}, limited: ${limited}`,
    )
  }
  const fresh = Object.fromEntries(counted.map((each) => [each, amountText(total(each), each)]))
  const next = { ...quota, status: { ...quota.status, hard, used: { ...used, ...fresh } } }
  return [{ key: stored.key, modRevision: stored.modRevision, object: next }]
}

const refused = ({ resource, object }: AdmissionRequest, why: string): Error =>
  forbidden(resource, object.metadata.name, why)

/** Where a namespace's quotas are. */
export const QUOTAS = RESOURCE_QUOTAS
