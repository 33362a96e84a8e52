/**
 * PodDisruptionBudgets: how many of the pods they are of may be evicted now
 * (kubernetes/kubernetes pkg/controller/disruption). Pure. What evictions do to it is the server's
 * (core/apiserver/objects/eviction.ts).
 */

import type { DisruptionOutcome } from '../api/disruption-budget.ts'
import {
  DISRUPTION_TIMEOUT_MS,
  disruptionOutcome,
  statusOf,
  withDisruptionCondition,
} from '../api/disruption-budget.ts'
import { isSameValue } from '../api/equality.ts'
import type { Pod } from '../api/generated/core-v1.ts'
import type { OwnerReference } from '../api/generated/meta-v1.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../api/generated/policy-v1.ts'
import { scaledValue } from '../api/int-or-percent.ts'
import type { KubernetesObject } from '../api/object.ts'
import { objectKey } from '../api/object.ts'
import type { Resource } from '../api/resource.ts'
import { apiVersionOf } from '../api/resource.ts'
import {
  CUSTOM_RESOURCE_DEFINITIONS,
  DEPLOYMENTS,
  POD_DISRUPTION_BUDGETS,
  PODS,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  STATEFUL_SETS,
} from '../api/scheme.ts'
import { matchesLabelSelector } from '../api/selectors.ts'
import { parseTimestamp, timestamp } from '../api/timestamp.ts'
import type { Cache, Controller, Plan, PlannedEvent } from './controller.ts'
import { NOTHING } from './controller.ts'
import { customResources } from './custom-resources.ts'
import { controllerOf } from './ownership.ts'
import { isReady } from './pod-state.ts'

/** The pods there should be, or why that cannot be told. */
export type ExpectedScale =
  | { readonly count: number; readonly unmanaged: boolean }
  | { readonly problem: string }

export interface DisruptionSnapshot {
  readonly budget: PodDisruptionBudget
  readonly pods: readonly Pod[]
  /** of the workloads the pods belong to */
  readonly scale: ExpectedScale
}

/** Workloads that pods may belong to, beside those that are made of definitions. */
const SCALED: readonly Resource<KubernetesObject>[] = [
  DEPLOYMENTS,
  REPLICA_SETS,
  STATEFUL_SETS,
  REPLICATION_CONTROLLERS,
]

export const disruptionController: Controller<DisruptionSnapshot> = {
  name: 'disruption-controller',
  watches: [POD_DISRUPTION_BUDGETS, PODS, ...SCALED],
  watchesCustomResources: true,
  keysFor(object, cache) {
    if (object.kind === POD_DISRUPTION_BUDGETS.kind) return [objectKey(object.metadata)]
    const namespace = object.metadata.namespace ?? ''
    return cache
      .of(POD_DISRUPTION_BUDGETS)
      .listIn(namespace)
      .filter((budget) => object.kind !== PODS.kind || chooses(budget, object))
      .map(({ metadata }) => objectKey(metadata))
  },
  snapshot(key, cache) {
    const budget = cache.of(POD_DISRUPTION_BUDGETS).get(key)
    if (budget === undefined) return undefined
    const pods = cache
      .of(PODS)
      .listIn(budget.metadata.namespace ?? '')
      .filter((pod) => chooses(budget, pod))
    return { budget, pods, scale: expectedScale(pods, cache) }
  },
  plan,
}

/** No selector chooses nothing, an empty one all. */
const chooses = ({ spec }: PodDisruptionBudget, { metadata }: KubernetesObject): boolean =>
  spec?.selector !== undefined && matchesLabelSelector(spec.selector, metadata.labels)

function expectedScale(pods: readonly Pod[], cache: Cache): ExpectedScale {
  const scales = new Map<string, number>()
  for (const pod of pods) {
    const owner = controllerOf(pod)
    if (owner === undefined) continue
    const found = scaleOf(owner, pod.metadata.namespace ?? '', cache)
    if (found === undefined) return { problem: `found no controllers for pod "${pod.metadata.name}"` }
    if ('problem' in found) return found
    scales.set(found.uid, found.replicas)
  }
  const count = [...scales.values()].reduce((sum, replicas) => sum + replicas, 0)
  return { count, unmanaged: pods.some((pod) => controllerOf(pod) === undefined) }
}

type FoundScale = { readonly uid: string; readonly replicas: number } | { readonly problem: string }

/** Of a ReplicaSet that belongs to a Deployment that of the Deployment. */
function scaleOf(owner: OwnerReference, namespace: string, cache: Cache): FoundScale | undefined {
  const resource = [...SCALED, ...customResources(cache)].find(
    (each) => each.kind === owner.kind && groupOf(apiVersionOf(each)) === groupOf(owner.apiVersion),
  )
  if (resource === undefined) return undefined
  const path = replicasPath(resource, cache)
  if (path === undefined)
    return { problem: `${resource.resource}.${resource.group} does not implement the scale subresource` }
  const workload = cache.of(resource).get(`${namespace}/${owner.name}`)
  if (workload === undefined || workload.metadata.uid !== owner.uid) return undefined
  const above = controllerOf(workload)
  if (resource.resource === REPLICA_SETS.resource && above?.kind === DEPLOYMENTS.kind)
    return scaleOf(above, namespace, cache)
  return { uid: owner.uid, replicas: Number(valueAt(workload, path) ?? 0) }
}

const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''

/** @returns undefined for a kind that has no scale */
function replicasPath(resource: Resource<KubernetesObject>, cache: Cache): string | undefined {
  if (SCALED.includes(resource)) return '.spec.replicas'
  const definition = cache
    .of(CUSTOM_RESOURCE_DEFINITIONS)
    .list()
    .find(({ metadata }) => metadata.name === `${resource.resource}.${resource.group}`)
  return definition?.spec.versions?.find(({ name }) => name === resource.version)?.subresources?.scale
    ?.specReplicasPath
}

/** @param path a simple one, as definitions may have: `.spec.replicas` */
const valueAt = (object: KubernetesObject, path: string): unknown =>
  path
    .split('.')
    .slice(1)
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined,
      object,
    )

function plan({ budget, pods, scale }: DisruptionSnapshot, nowMs: number): Plan {
  const expected = expectedPods(budget, pods, scale)
  if ('problem' in expected) return failed(budget, expected.problem, nowMs)
  const { disrupted, recheckMs } = stillDisrupted(budget, pods, nowMs)
  const healthy = pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      disrupted[pod.metadata.name] === undefined &&
      isReady(pod),
  ).length
  const spare = healthy - expected.desired
  const allowed = expected.count > 0 && spare > 0 ? spare : 0
  const status: PodDisruptionBudgetStatus = {
    observedGeneration: budget.metadata.generation,
    ...(Object.keys(disrupted).length > 0 ? { disruptedPods: disrupted } : {}),
    disruptionsAllowed: allowed,
    currentHealthy: healthy,
    desiredHealthy: expected.desired,
    expectedPods: expected.count,
    ...(budget.status?.conditions ? { conditions: budget.status.conditions } : {}),
  }
  const told = withDisruptionCondition(status, disruptionOutcome(allowed), timestamp(nowMs))
  return { ...write(budget, told, eventOf(budget, pods, scale)), requeueAfterMs: recheckMs }
}

interface Expected {
  readonly count: number
  readonly desired: number
}

/** The pods there should be, and how many of them should be healthy. */
function expectedPods(
  { spec }: PodDisruptionBudget,
  pods: readonly Pod[],
  scale: ExpectedScale,
): Expected | { readonly problem: string } {
  const { maxUnavailable, minAvailable } = spec ?? {}
  if (typeof minAvailable === 'number' && maxUnavailable === undefined)
    return { count: pods.length, desired: minAvailable }
  if (maxUnavailable === undefined && minAvailable === undefined) return { count: 0, desired: 0 }
  if ('problem' in scale) return scale
  const { count } = scale
  if (maxUnavailable === undefined) return { count, desired: scaledValue(minAvailable, count, 'up') }
  return { count, desired: Math.max(0, count - scaledValue(maxUnavailable, count, 'up')) }
}

/** Of the pods that were evicted those that may still go; the others did not, and count again. */
function stillDisrupted(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  nowMs: number,
): { readonly disrupted: Readonly<Record<string, string>>; readonly recheckMs?: number } {
  const known = budget.status?.disruptedPods ?? {}
  const waiting = pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .flatMap(({ metadata: { name } }) => {
      const since = known[name]
      const leftMs = (parseTimestamp(since) ?? 0) + DISRUPTION_TIMEOUT_MS - nowMs
      return since !== undefined && leftMs >= 0 ? [{ name, since, leftMs }] : []
    })
  const disrupted = Object.fromEntries(waiting.map(({ name, since }) => [name, since]))
  if (waiting.length === 0) return { disrupted }
  return { disrupted, recheckMs: Math.min(...waiting.map(({ leftMs }) => leftMs)) + 1 }
}

/** Nothing may be evicted while nothing is known. */
function failed(budget: PodDisruptionBudget, problem: string, nowMs: number): Plan {
  const outcome: DisruptionOutcome = { status: 'False', reason: 'SyncFailed', message: problem }
  const status = { ...statusOf(budget), disruptionsAllowed: 0 }
  return write(budget, withDisruptionCondition(status, outcome, timestamp(nowMs)), {
    about: budget,
    type: 'Warning',
    reason: 'CalculateExpectedPodCountFailed',
    message: `Failed to calculate the number of expected pods: ${problem}`,
  })
}

function write(budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus, event?: PlannedEvent): Plan {
  if (isSameValue(budget.status, status)) return NOTHING
  const object = { ...budget, status }
  return {
    writes: [{ write: { kind: 'updateStatus', resource: POD_DISRUPTION_BUDGETS, object }, onSuccess: event }],
  }
}

function eventOf(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  scale: ExpectedScale,
): PlannedEvent | undefined {
  if (pods.length === 0)
    return { about: budget, type: 'Normal', reason: 'NoPods', message: 'No matching pods found' }
  const { minAvailable } = budget.spec ?? {}
  if (typeof minAvailable === 'number' || 'problem' in scale || !scale.unmanaged) return undefined
  const message =
    'Pods selected by this PodDisruptionBudget were found to be unmanaged. As a result, the status of the PDB ' +
    'cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ' +
    '".spec.minAvailable" field of the PDB to an integer value.'
  return { about: budget, type: 'Warning', reason: 'UnmanagedPods', message }
}
