/**
 * ReplicaSets: as many pods as asked for (kubernetes/kubernetes pkg/controller/replicaset). Pure.
 *
 * Difference: no slow start in batches; all missing pods are created in one plan, in order, and the first refusal
 * ends it until the next try.
 */

import type { ReplicaSet, ReplicaSetCondition } from '../api/generated/apps-v1.ts'
import type { Pod } from '../api/generated/core-v1.ts'
import type { KubernetesObject, ObjectKey } from '../api/object.ts'
import { objectKey, parseObjectKey } from '../api/object.ts'
import { PODS, REPLICA_SETS } from '../api/scheme.ts'
import { matchesLabelSelector } from '../api/selectors.ts'
import { parseTimestamp } from '../api/timestamp.ts'
import type { Cache, Controller, Plan, PlannedWrite } from './controller.ts'
import { adopted, controllerOf, controllerReference, isControlledBy, released } from './ownership.ts'
import { isActive, isAvailable, isReady } from './pod-state.ts'
import { isSameValue } from '../api/equality.ts'

export interface ReplicaSetSnapshot {
  readonly set: ReplicaSet
  /** pods of the namespace that it owns or could adopt */
  readonly pods: readonly Pod[]
}

/** Upstream's burst limit. */
const MAX_PER_PLAN = 500

export const replicaSetController: Controller<ReplicaSetSnapshot> = {
  name: 'replicaset-controller',
  watches: [REPLICA_SETS, PODS],
  keysFor,
  snapshot(key, cache) {
    const set = cache.of(REPLICA_SETS).get(key)
    if (set === undefined) return undefined
    const pods = cache.of(PODS).listIn(parseObjectKey(key).namespace ?? '')
    return {
      set,
      pods: pods.filter((pod) => isControlledBy(pod, set) || (!controllerOf(pod) && selects(set, pod))),
    }
  },
  plan,
}

const selects = (set: ReplicaSet, pod: Pod): boolean =>
  matchesLabelSelector(set.spec.selector, pod.metadata.labels)

function keysFor(object: KubernetesObject, cache: Cache): readonly ObjectKey[] {
  if (object.kind === 'ReplicaSet') return [objectKey(object.metadata)]
  const owner = controllerOf(object)
  const namespace = object.metadata.namespace ?? ''
  if (owner) return owner.kind === 'ReplicaSet' ? [`${namespace}/${owner.name}`] : []
  const sets = cache.of(REPLICA_SETS).listIn(namespace)
  return sets.filter((set) => selects(set, object as Pod)).map((set) => objectKey(set.metadata))
}

function plan({ set, pods }: ReplicaSetSnapshot, nowMs: number): Plan {
  const owned = pods.filter((pod) => isControlledBy(pod, set) && selects(set, pod))
  const active = owned.filter(isActive)
  const changes =
    set.metadata.deletionTimestamp === undefined ? [...claims(set, pods), ...scaling(set, active)] : []
  const status = newStatus(set, active, nowMs)
  const isSame = isSameValue(status, set.status)
  return {
    // Status is of the pods as they are now; the next plan sees those made here.
    writes: isSame
      ? changes
      : [
          ...changes,
          {
            write: { kind: 'updateStatus', resource: REPLICA_SETS, object: { ...set, status } as ReplicaSet },
          },
        ],
    requeueAfterMs: untilAvailable(set, active, nowMs),
  }
}

/** Adopts matching pods without a controller, releases those that match no more. */
function claims(set: ReplicaSet, pods: readonly Pod[]): readonly PlannedWrite[] {
  const orphans = pods.filter((pod) => !controllerOf(pod) && isActive(pod))
  const strays = pods.filter((pod) => isControlledBy(pod, set) && !selects(set, pod))
  return [...orphans.map((pod) => adopted(pod, set)), ...strays.map((pod) => released(pod, set))].map(
    (object) => ({
      write: { kind: 'update', resource: PODS, object },
    }),
  )
}

function scaling(set: ReplicaSet, active: readonly Pod[]): readonly PlannedWrite[] {
  const missing = (set.spec.replicas ?? 1) - active.length
  if (missing > 0) return Array.from({ length: Math.min(missing, MAX_PER_PLAN) }, () => creation(set))
  return active
    .toSorted(firstToGo)
    .slice(0, Math.min(-missing, MAX_PER_PLAN))
    .map((pod) => deletion(set, pod))
}

function creation(set: ReplicaSet): PlannedWrite {
  const template = set.spec.template
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace,
      labels: template?.metadata?.labels,
      annotations: template?.metadata?.annotations,
      finalizers: template?.metadata?.finalizers,
      ownerReferences: [controllerReference(set)],
    },
    spec: template?.spec,
  }
  return {
    write: { kind: 'create', resource: PODS, object: pod },
    onSuccess: { about: set, type: 'Normal', reason: 'SuccessfulCreate', message: 'Created pod: $NAME' },
    onRefusal: { about: set, type: 'Warning', reason: 'FailedCreate', message: 'Error creating: ' },
  }
}

function deletion(set: ReplicaSet, pod: Pod): PlannedWrite {
  const message = `Deleted pod: ${pod.metadata.name}`
  return {
    write: { kind: 'delete', resource: PODS, object: pod },
    onSuccess: { about: set, type: 'Normal', reason: 'SuccessfulDelete', message },
    onRefusal: { about: set, type: 'Warning', reason: 'FailedDelete', message: 'Error deleting: ' },
  }
}

const PHASES = ['Pending', 'Unknown', 'Running']

/** Unassigned, then pending, then not ready, then cheap, then restarting, then young ones go first. */
function firstToGo(a: Pod, b: Pod): number {
  const cost = (pod: Pod): number =>
    Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0)
  const restarts = (pod: Pod): number =>
    Math.max(0, ...(pod.status?.containerStatuses ?? []).map((one) => one.restartCount))
  const born = (pod: Pod): number => parseTimestamp(pod.metadata.creationTimestamp) ?? 0
  const readings: readonly ((pod: Pod) => number)[] = [
    (pod) => (pod.spec.nodeName ? 1 : 0),
    (pod) => PHASES.indexOf(pod.status?.phase ?? 'Pending'),
    (pod) => (isReady(pod) ? 1 : 0),
    cost,
    (pod) => -restarts(pod),
    (pod) => -born(pod),
  ]
  for (const reading of readings) {
    const difference = reading(a) - reading(b)
    if (difference !== 0) return difference
  }
  return (a.metadata.uid ?? '') < (b.metadata.uid ?? '') ? -1 : 1
}

function newStatus(set: ReplicaSet, active: readonly Pod[], nowMs: number): ReplicaSet['status'] {
  const labels = Object.entries(set.spec.template?.metadata?.labels ?? {})
  const carriesAll = (pod: Pod): boolean =>
    labels.every(([key, value]) => pod.metadata.labels?.[key] === value)
  const counts = {
    fullyLabeledReplicas: active.filter(carriesAll).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs)).length,
  }
  const conditions: readonly ReplicaSetCondition[] | undefined = set.status?.conditions
  return {
    replicas: active.length,
    // Zero counts are left out, as upstream's omitempty does.
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    observedGeneration: set.metadata.generation,
    ...(conditions ? { conditions } : {}),
  }
}

/** When the next ready pod will have been so for minReadySeconds. */
function untilAvailable(set: ReplicaSet, active: readonly Pod[], nowMs: number): number | undefined {
  const wantedMs = (set.spec.minReadySeconds ?? 0) * 1000
  const waiting = active.filter(
    (pod) => isReady(pod) && !isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs),
  )
  return waiting.length > 0 ? wantedMs : undefined
}
