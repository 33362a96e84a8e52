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
  const deletions = next.flatMap(({ resource, objects }) =>
    objects
      .filter((object) => !isEnding(object))
      .map((object) => ({ write: { kind: 'delete', resource, object } as const })),
  )
  const status = terminatingStatus(namespace, next, nowMs)
  const isSame = isSameValue(status, namespace.status)
  const statusWrite = {
    write: { kind: 'updateStatus', resource: NAMESPACES, object: { ...namespace, status } },
  } as const
  return { writes: [...(isSame ? [] : [statusWrite]), ...deletions] }
}

/** Asked to go, and still there. */
const isEnding = ({ metadata }: KubernetesObject): boolean => metadata.deletionTimestamp !== undefined

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
}

/** As they are when nothing is wrong, and nothing is left. */
const FINE: readonly Condition[] = [
  ['NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'],
  [
    'NamespaceDeletionGroupVersionParsingFailure',
    'ParsedGroupVersions',
    'All legacy kube types successfully parsed',
  ],
  [
    'NamespaceDeletionContentFailure',
    'ContentDeleted',
    'All content successfully deleted, may be waiting on finalization',
  ],
  ['NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'],
  ['NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
].map(([type = '', reason = '', message = '']) => ({ type, status: 'False', reason, message }))

/** The conditions of upstream's deleter (status_condition_utils.go), in its order. */
function terminatingStatus(
  namespace: Namespace,
  contents: NamespaceSnapshot['contents'],
  nowMs: number,
): Namespace['status'] {
  const left = remaining(contents)
  const conditions = FINE.map((fine) => {
    const wanted = left.find(({ type }) => type === fine.type) ?? fine
    const before = namespace.status?.conditions?.find(({ type }) => type === fine.type)
    const isAsBefore = before?.status === wanted.status
    return { ...wanted, lastTransitionTime: isAsBefore ? before.lastTransitionTime : timestamp(nowMs) }
  })
  return { phase: 'Terminating', conditions }
}

function remaining(contents: NamespaceSnapshot['contents']): readonly Condition[] {
  const left = contents
    .map(({ resource, objects }) => ({ resource, objects: objects.filter(isEnding) }))
    .filter(({ objects }) => objects.length > 0)
  const counts = left.map(
    ({ resource, objects }) =>
      `${resource.resource}.${resource.group} has ${objects.length} resource instances`,
  )
  const held = new Map<string, number>()
  for (const { metadata } of left.flatMap(({ objects }) => objects))
    for (const finalizer of metadata.finalizers ?? []) held.set(finalizer, (held.get(finalizer) ?? 0) + 1)
  const holders = [...held].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`)
  return [
    ...listed('NamespaceContentRemaining', 'SomeResourcesRemain', 'Some resources are remaining', counts),
    ...listed(
      'NamespaceFinalizersRemaining',
      'SomeFinalizersRemain',
      'Some content in the namespace has finalizers remaining',
      holders,
    ),
  ]
}

function listed(type: string, reason: string, what: string, items: readonly string[]): readonly Condition[] {
  if (items.length === 0) return []
  return [{ type, status: 'True', reason, message: `${what}: ${items.toSorted().join(', ')}` }]
}
