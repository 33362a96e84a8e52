/**
 * Makes the roles and bindings every cluster is born with, and puts back what was taken from them.
 * kubernetes/kubernetes pkg/registry/rbac/rest/storage_rbac.go, pkg/registry/rbac/reconciliation: an annotation of
 * `rbac.authorization.kubernetes.io/autoupdate: "false"` leaves an object as it is.
 */

import { isApiError } from '../../api/api-error.ts'
import { isSameValue } from '../../api/equality.ts'
import type { PolicyRule, RoleRef, Subject } from '../../api/generated/rbac-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { Resource } from '../../api/resource.ts'
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES } from '../../api/scheme.ts'
import type { Client } from '../../client/client.ts'
import {
  BOOTSTRAP_BINDINGS,
  BOOTSTRAP_NAMESPACED_ROLES,
  BOOTSTRAP_ROLE_BINDINGS,
} from './bootstrap-bindings.ts'
import { BOOTSTRAP_ROLES } from './bootstrap-roles.ts'
import { CONTROLLER_ROLES } from './controller-roles.ts'
import { uncovered } from './rules.ts'

type Policy = KubernetesObject & {
  readonly rules?: readonly PolicyRule[] | undefined
  readonly aggregationRule?: object | undefined
  readonly subjects?: readonly Subject[] | undefined
  readonly roleRef?: RoleRef | undefined
}

/** @param client one that may do everything; namespace kube-system is there. Rejects with what the API refuses */
export async function ensureBootstrapPolicy(client: Client): Promise<void> {
  const wanted: readonly (readonly [Resource<KubernetesObject>, readonly KubernetesObject[]])[] = [
    [CLUSTER_ROLES, [...BOOTSTRAP_ROLES, ...CONTROLLER_ROLES]],
    [CLUSTER_ROLE_BINDINGS, BOOTSTRAP_BINDINGS],
    [ROLES, BOOTSTRAP_NAMESPACED_ROLES],
    [ROLE_BINDINGS, BOOTSTRAP_ROLE_BINDINGS],
  ]
  // Side by side: a store that waits for the disk waits once for many.
  await Promise.all(
    wanted.flatMap(([resource, objects]) => objects.map((object) => ensure(client, resource, object))),
  )
}

async function ensure(
  client: Client,
  resource: Resource<KubernetesObject>,
  wanted: KubernetesObject,
): Promise<void> {
  const existing = await client.get(resource, wanted.metadata).catch((error: unknown) => {
    if (isApiError(error, 'NotFound')) return undefined
    throw error
  })
  if (existing === undefined) {
    await client.create(resource, wanted).catch((error: unknown) => {
      // Another server on the same store was first.
      if (!isApiError(error, 'AlreadyExists')) throw error
    })
    return
  }
  const mended = reconciled(existing as Policy, wanted as Policy)
  if (mended !== undefined) await client.update(resource, mended)
}

const AUTOUPDATE = 'rbac.authorization.kubernetes.io/autoupdate'

/** @returns the object with what it lacks of `wanted`; undefined when it lacks nothing, or is to be left alone */
export function reconciled(existing: Policy, wanted: Policy): Policy | undefined {
  if (existing.metadata.annotations?.[AUTOUPDATE] === 'false') return undefined
  if (wanted.roleRef !== undefined && !isSameValue(existing.roleRef, wanted.roleRef)) return undefined
  const rules = wanted.aggregationRule ? [] : uncovered(existing.rules ?? [], wanted.rules ?? [])
  const subjects = (wanted.subjects ?? []).filter(
    (subject) => !(existing.subjects ?? []).some((known) => isSameValue(known, subject)),
  )
  const { labels, annotations } = existing.metadata
  const metadata = {
    ...existing.metadata,
    labels: { ...labels, ...wanted.metadata.labels },
    annotations: { ...annotations, ...wanted.metadata.annotations },
  }
  const isAggregation = isSameValue(existing.aggregationRule, wanted.aggregationRule)
  const isWhole = rules.length === 0 && subjects.length === 0 && isAggregation
  if (isWhole && isSameValue(metadata, existing.metadata)) return undefined
  return {
    ...existing,
    metadata,
    ...(rules.length > 0 ? { rules: [...(existing.rules ?? []), ...rules] } : {}),
    ...(isAggregation ? {} : { aggregationRule: wanted.aggregationRule }),
    ...(subjects.length > 0 ? { subjects: [...(existing.subjects ?? []), ...subjects] } : {}),
  }
}
