/**
 * Keeps status of ResourceQuotas true: what the spec allows, and what is used now
 * (kubernetes/kubernetes pkg/controller/resourcequota). Admission charges what is created; this gives back what went.
 * Pure.
 */

import { amountText } from '../api/quantity.ts'
import { isSameValue } from '../api/equality.ts'
import type { ResourceQuota } from '../api/generated/core-v1.ts'
import type { KubernetesObject } from '../api/object.ts'
import type { Resource } from '../api/resource.ts'
import { isInScope } from '../api/quota-scopes.ts'
import { usageOf } from '../api/resource-usage.ts'
import { EVENTS, RESOURCE_QUOTAS, STORED_RESOURCES } from '../api/scheme.ts'
import type { Controller } from './controller.ts'
import { NOTHING } from './controller.ts'
import { customResources } from './custom-resources.ts'

export interface QuotaSnapshot {
  readonly quota: ResourceQuota
  readonly contents: readonly {
    readonly resource: Resource<KubernetesObject>
    readonly objects: readonly KubernetesObject[]
  }[]
}

const COUNTED: readonly Resource<KubernetesObject>[] = STORED_RESOURCES.filter(
  (resource) => resource.namespaced && resource.resource !== EVENTS.resource,
)

export const resourceQuotaController: Controller<QuotaSnapshot> = {
  name: 'resourcequota-controller',
  watches: COUNTED,
  watchesCustomResources: true,
  keysFor(object, cache) {
    const namespace = object.metadata.namespace ?? ''
    if (object.kind === RESOURCE_QUOTAS.kind) return [`${namespace}/${object.metadata.name}`]
    return cache
      .of(RESOURCE_QUOTAS)
      .listIn(namespace)
      .map(({ metadata }) => `${namespace}/${metadata.name}`)
  },
  snapshot(key, cache) {
    const quota = cache.of(RESOURCE_QUOTAS).get(key)
    if (quota === undefined) return undefined
    const namespace = quota.metadata.namespace ?? ''
    const custom = customResources(cache).filter((resource) => resource.namespaced)
    const contents = [...COUNTED, ...custom].map((resource) => ({
      resource,
      objects: cache.of(resource).listIn(namespace),
    }))
    return { quota, contents }
  },
  plan({ quota, contents }) {
    const hard = quota.spec?.hard ?? {}
    const sums: Record<string, bigint> = Object.fromEntries(Object.keys(hard).map((name) => [name, 0n]))
    for (const { resource, objects } of contents) {
      for (const object of objects.filter((each) => isInScope(quota, resource, each))) {
        for (const [name, milli] of Object.entries(usageOf(resource, object))) {
          if (Object.hasOwn(sums, name)) sums[name] = (sums[name] ?? 0n) + milli
        }
      }
    }
    const used = Object.fromEntries(
      Object.entries(sums).map(([name, milli]) => [name, amountText(milli, name)]),
    )
    const status = { hard, used }
    if (isSameValue(quota.status, status)) return NOTHING
    return {
      writes: [{ write: { kind: 'updateStatus', resource: RESOURCE_QUOTAS, object: { ...quota, status } } }],
    }
  },
}
