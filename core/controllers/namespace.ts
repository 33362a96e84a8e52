/**
 * Namespaces on their way out: everything in them goes, pods first, then the namespace itself
 * (kubernetes/kubernetes pkg/controller/namespace/deletion). Pure. Event-driven: the next step follows when the last
 * object is gone, not after a poll.
 */

import type { Namespace } from '../api/generated/core-v1.ts'
import type { KubernetesObject } from '../api/object.ts'
import type { Resource } from '../api/resource.ts'
import { NAMESPACES, PODS, STORED_RESOURCES } from '../api/scheme.ts'
import { timestamp } from '../api/timestamp.ts'
import { customResources } from './custom-resources.ts'
import type { Controller, Plan } from './controller.ts'
import { NOTHING } from './controller.ts'
import { isSameValue } from '../api/equality.ts'

export interface NamespaceSnapshot {
  readonly namespace: Namespace
  readonly contents: readonly {
    readonly resource: Resource<KubernetesObject>
    readonly objects: readonly KubernetesObject[]
  }[]
}

const CONTENTS: readonly Resource<KubernetesObject>[] = STORED_RESOURCES.filter(
  (resource) => resource.namespaced,
)

export const namespaceController: Controller<NamespaceSnapshot> = {
  name: 'namespace-controller',
  watches: [NAMESPACES, ...CONTENTS],
  watchesCustomResources: true,
  keysFor(object, cache) {
    if (object.kind === 'Namespace') return [object.metadata.name]
    const name = object.metadata.namespace ?? ''
    return cache.of(NAMESPACES).get(name)?.metadata.deletionTimestamp ? [name] : []
  },
  snapshot(key, cache) {
    const namespace = cache.of(NAMESPACES).get(key)
    if (namespace?.metadata.deletionTimestamp === undefined) return undefined
    const custom = customResources(cache).filter((resource) => resource.namespaced)
    const contents = [...CONTENTS, ...custom].map((resource) => ({
      resource,
      objects: cache.of(resource).listIn(key),
    }))
    return { namespace, contents: contents.filter(({ objects }) => objects.length > 0) }
  },
  plan,
}

function plan({ namespace, contents }: NamespaceSnapshot, nowMs: number): Plan {
  if ((namespace.spec.finalizers ?? []).length === 0) return NOTHING
  const pods = contents.filter(({ resource }) => resource.kind === PODS.kind)
  const next = pods.length > 0 ? pods : contents
  if (next.length === 0) return { writes: [{ write: { kind: 'finalize', object: namespace } }] }
  const status = terminatingStatus(namespace, contents, nowMs)
  const deletions = next.flatMap(({ resource, objects }) =>
    objects
      .filter((object) => object.metadata.deletionTimestamp === undefined)
      .map((object) => ({ write: { kind: 'delete', resource, object } as const })),
  )
  const isSame = isSameValue(status, namespace.status)
  const statusWrite = {
    write: { kind: 'updateStatus', resource: NAMESPACES, object: { ...namespace, status } },
  } as const
  return { writes: [...(isSame ? [] : [statusWrite]), ...deletions] }
}

function terminatingStatus(
  namespace: Namespace,
  contents: NamespaceSnapshot['contents'],
  nowMs: number,
): Namespace['status'] {
  const remaining = contents
    .map(
      ({ resource, objects }) =>
        `${resource.resource}.${resource.group} has ${objects.length} resource instances`,
    )
    .join(', ')
  const wanted = {
    type: 'NamespaceContentRemaining',
    status: 'True',
    reason: 'SomeResourcesRemain',
    message: `Some resources are remaining: ${remaining}`,
  }
  const before = namespace.status?.conditions?.find((condition) => condition.type === wanted.type)
  const lastTransitionTime = before?.status === wanted.status ? before.lastTransitionTime : timestamp(nowMs)
  return { phase: 'Terminating', conditions: [{ ...wanted, lastTransitionTime }] }
}
