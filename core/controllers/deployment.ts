/**
 * Deployments: which ReplicaSets there should be and how large (kubernetes/kubernetes pkg/controller/deployment). Pure.
 *
 * One plan makes one step: the new ReplicaSet, or scaling up, or scaling down; the watches bring the next.
 */

import type { Deployment, ReplicaSet } from '../api/generated/apps-v1.ts'
import type { KubernetesObject, ObjectKey } from '../api/object.ts'
import { objectKey, parseObjectKey } from '../api/object.ts'
import { DEPLOYMENTS, PODS, REPLICA_SETS } from '../api/scheme.ts'
import { parseTimestamp } from '../api/timestamp.ts'
import type { Pod } from '../api/generated/core-v1.ts'
import type { Cache, Controller, Plan, PlannedWrite } from './controller.ts'
import { NOTHING } from './controller.ts'
import { deploymentStatus, progressRequeueMs } from './deployment-status.ts'
import {
  DESIRED,
  desiredReplicas,
  MAX,
  resize,
  rollingLimits,
  scalingSteps,
  sizeAnnotations,
} from './deployment-scaling.ts'
import { controllerOf, controllerReference, isControlledBy } from './ownership.ts'
import { isOver } from './pod-state.ts'
import { isSameValue } from '../api/equality.ts'
import { isSameTemplate, templateHash } from './template-hash.ts'

export interface DeploymentSnapshot {
  readonly deployment: Deployment
  readonly sets: readonly ReplicaSet[]
  readonly pods: readonly Pod[]
}

export const REVISION = 'deployment.kubernetes.io/revision'
const HISTORY = 'deployment.kubernetes.io/revision-history'
const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  HISTORY,
  DESIRED,
  MAX,
  'deprecated.deployment.rollback.to',
])

export const deploymentController: Controller<DeploymentSnapshot> = {
  name: 'deployment-controller',
  watches: [DEPLOYMENTS, REPLICA_SETS, PODS],
  keysFor,
  snapshot(key, cache) {
    const deployment = cache.of(DEPLOYMENTS).get(key)
    if (deployment === undefined) return undefined
    const namespace = parseObjectKey(key).namespace ?? ''
    const sets = cache
      .of(REPLICA_SETS)
      .listIn(namespace)
      .filter((set) => isControlledBy(set, deployment))
    const owners = new Set(sets.map((set) => set.metadata.uid))
    const pods = cache
      .of(PODS)
      .listIn(namespace)
      .filter((pod) => owners.has(controllerOf(pod)?.uid))
    return { deployment, sets, pods }
  },
  plan,
}

function keysFor(object: KubernetesObject, cache: Cache): readonly ObjectKey[] {
  const namespace = object.metadata.namespace ?? ''
  if (object.kind === 'Deployment') return [objectKey(object.metadata)]
  const owner = controllerOf(object)
  if (object.kind === 'ReplicaSet') return owner?.kind === 'Deployment' ? [`${namespace}/${owner.name}`] : []
  // A pod matters only where old pods must be gone before new ones come.
  const set =
    owner?.kind === 'ReplicaSet' ? cache.of(REPLICA_SETS).get(`${namespace}/${owner.name}`) : undefined
  const grand = set && controllerOf(set)
  const deployment = grand && cache.of(DEPLOYMENTS).get(`${namespace}/${grand.name}`)
  return deployment?.spec.strategy?.type === 'Recreate' ? [objectKey(deployment.metadata)] : []
}

function plan(snapshot: DeploymentSnapshot, nowMs: number): Plan {
  const { deployment, sets } = snapshot
  if (deployment.metadata.deletionTimestamp !== undefined) return NOTHING
  const current = newSet(deployment, sets)
  const old = sets.filter((set) => set !== current)
  const steps = deployment.spec.paused ? pausedSteps(deployment, sets) : activeSteps(snapshot, current, old)
  const status = deploymentStatus({ deployment, current, sets, nowMs })
  const changed = !isSameValue(status, deployment.status)
  const statusWrite: PlannedWrite = {
    write: { kind: 'updateStatus', resource: DEPLOYMENTS, object: { ...deployment, status } as Deployment },
  }
  const cleanup = steps.length === 0 && isComplete(deployment, status) ? surplusHistory(deployment, old) : []
  return {
    writes: [...steps, ...cleanup, ...(changed ? [statusWrite] : [])],
    requeueAfterMs: progressRequeueMs(deployment, status, nowMs),
  }
}

/** The oldest ReplicaSet with the Deployment's template. */
function newSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return sets.filter((set) => isSameTemplate(set.spec.template, deployment.spec.template)).toSorted(byAge)[0]
}

const bornAt = (set: ReplicaSet): number => parseTimestamp(set.metadata.creationTimestamp) ?? 0
const byAge = (a: ReplicaSet, b: ReplicaSet): number =>
  bornAt(a) - bornAt(b) || (a.metadata.name < b.metadata.name ? -1 : 1)

export const revisionOf = (object: KubernetesObject): number =>
  Number(object.metadata.annotations?.[REVISION] ?? 0)

function pausedSteps(deployment: Deployment, sets: readonly ReplicaSet[]): readonly PlannedWrite[] {
  return isScaling(deployment, sets) ? scalingSteps(deployment, sets) : []
}

/** Whether spec.replicas changed since the ReplicaSets were last sized. */
function isScaling(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  const wanted = deployment.spec.replicas ?? 1
  return sets.some(
    (set) =>
      (set.spec.replicas ?? 0) > 0 && desiredReplicas(set) !== undefined && desiredReplicas(set) !== wanted,
  )
}

function activeSteps(
  { deployment, sets, pods }: DeploymentSnapshot,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): readonly PlannedWrite[] {
  const revision = revisionStep(deployment, current, old)
  if (current && isScaling(deployment, sets)) return [...revision, ...scalingSteps(deployment, sets)]
  if (deployment.spec.strategy?.type === 'Recreate') {
    const running = old.filter((set) => (set.spec.replicas ?? 0) > 0)
    if (running.length > 0) return running.map((set) => resize(deployment, set, 0))
    const remaining = pods.filter((pod) => !isOver(pod) && controllerOf(pod)?.uid !== current?.metadata.uid)
    if (remaining.length > 0) return []
  }
  if (current === undefined) return [creation(deployment, old, sets)]
  return [...revision, ...rollingStep(deployment, current, old)]
}

/** Up before down; each plan does one of them. */
function rollingStep(
  deployment: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
): readonly PlannedWrite[] {
  const wanted = deployment.spec.replicas ?? 1
  const { maxTotal, minAvailable } = rollingLimits(deployment)
  const size = (set: ReplicaSet): number => set.spec.replicas ?? 0
  const available = (set: ReplicaSet): number => set.status?.availableReplicas ?? 0
  const total = [current, ...old].reduce((sum, set) => sum + size(set), 0)
  if (size(current) > wanted) return [resize(deployment, current, wanted)]
  if (size(current) < wanted && total < maxTotal) {
    return [resize(deployment, current, size(current) + Math.min(maxTotal - total, wanted - size(current)))]
  }
  const oldTotal = old.reduce((sum, set) => sum + size(set), 0)
  if (oldTotal === 0) return []
  const newUnavailable = Math.max(0, size(current) - available(current))
  let spare = total - minAvailable - newUnavailable
  const targets = new Map(old.map((set) => [set, size(set)]))
  const take = (set: ReplicaSet, most: number): void => {
    const count = Math.max(0, Math.min(spare, most, targets.get(set) ?? 0))
    targets.set(set, (targets.get(set) ?? 0) - count)
    spare -= count
  }
  const oldestFirst = old.toSorted(byAge)
  for (const set of oldestFirst) take(set, size(set) - available(set))
  const availableTotal = [current, ...old].reduce((sum, set) => sum + available(set), 0)
  spare = Math.min(spare, availableTotal - minAvailable)
  for (const set of oldestFirst) take(set, available(set))
  return [...targets]
    .filter(([set, target]) => target !== size(set))
    .map(([set, target]) => resize(deployment, set, target))
}

function creation(
  deployment: Deployment,
  old: readonly ReplicaSet[],
  sets: readonly ReplicaSet[],
): PlannedWrite {
  const { template } = deployment.spec
  const taken = new Set(sets.map((set) => set.metadata.name))
  let collisions = deployment.status?.collisionCount ?? 0
  let hash = templateHash(template, collisions)
  while (taken.has(`${deployment.metadata.name}-${hash}`)) hash = templateHash(template, (collisions += 1))
  const { maxTotal } = rollingLimits(deployment)
  const oldTotal = old.reduce((sum, set) => sum + (set.spec.replicas ?? 0), 0)
  const wanted = deployment.spec.replicas ?? 1
  const replicas = Math.max(0, Math.min(wanted, maxTotal - oldTotal))
  const name = `${deployment.metadata.name}-${hash}`
  const labels = { ...template.metadata?.labels, 'pod-template-hash': hash }
  const selector = deployment.spec.selector ?? {}
  const set = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace: deployment.metadata.namespace,
      labels,
      annotations: {
        ...copiedAnnotations(deployment),
        ...sizeAnnotations(deployment),
        [REVISION]: String(nextRevision(old)),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      minReadySeconds: deployment.spec.minReadySeconds,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, 'pod-template-hash': hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  }
  return {
    write: { kind: 'create', resource: REPLICA_SETS, object: set },
    onSuccess:
      replicas === 0
        ? undefined
        : {
            about: deployment,
            type: 'Normal',
            reason: 'ScalingReplicaSet',
            message: `Scaled up replica set ${name} from 0 to ${replicas}`,
          },
    onRefusal: {
      about: deployment,
      type: 'Warning',
      reason: 'ReplicaSetCreateError',
      message: `Failed to create new replica set "${name}": `,
    },
  }
}

function copiedAnnotations(deployment: Deployment): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !NOT_COPIED.has(key)),
  )
}

const nextRevision = (old: readonly ReplicaSet[]): number => Math.max(0, ...old.map(revisionOf)) + 1

/** A set that is used again remembers the revision it was (upstream's SetNewReplicaSetAnnotations). */
function revisionAnnotations(set: ReplicaSet, wanted: number): Readonly<Record<string, string>> {
  const revision = revisionOf(set)
  if (revision === wanted || revision === 0) return { [REVISION]: String(wanted) }
  const before = set.metadata.annotations?.[HISTORY]
  return { [REVISION]: String(wanted), [HISTORY]: before ? `${before},${revision}` : String(revision) }
}

/**
 * The newest ReplicaSet carries the highest revision (a rollback re-uses an old one), the Deployment the same; and the
 * Deployment's annotations, change-cause among them.
 */
function revisionStep(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): readonly PlannedWrite[] {
  if (current === undefined) return []
  const wanted = Math.max(nextRevision(old), revisionOf(current))
  const steps: PlannedWrite[] = []
  const annotations = {
    ...current.metadata.annotations,
    ...copiedAnnotations(deployment),
    ...revisionAnnotations(current, wanted),
  }
  if (!isSameValue(annotations, current.metadata.annotations)) {
    const metadata = { ...current.metadata, annotations }
    steps.push({ write: { kind: 'update', resource: REPLICA_SETS, object: { ...current, metadata } } })
  }
  if (revisionOf(deployment) !== wanted) {
    const metadata = {
      ...deployment.metadata,
      annotations: { ...deployment.metadata.annotations, [REVISION]: String(wanted) },
    }
    steps.push({ write: { kind: 'update', resource: DEPLOYMENTS, object: { ...deployment, metadata } } })
  }
  return steps
}

function isComplete(deployment: Deployment, status: Deployment['status']): boolean {
  const wanted = deployment.spec.replicas ?? 1
  return (
    status?.updatedReplicas === wanted && status.replicas === wanted && status.availableReplicas === wanted
  )
}

/** Empty old ReplicaSets beyond revisionHistoryLimit, lowest revision first. */
function surplusHistory(deployment: Deployment, old: readonly ReplicaSet[]): readonly PlannedWrite[] {
  const empty = old
    .filter((set) => (set.spec.replicas ?? 0) === 0 && (set.status?.replicas ?? 0) === 0)
    .filter((set) => set.metadata.deletionTimestamp === undefined)
    .toSorted((a, b) => revisionOf(a) - revisionOf(b))
  const surplus = empty.length - (deployment.spec.revisionHistoryLimit ?? 10)
  return empty
    .slice(0, Math.max(0, surplus))
    .map((object) => ({ write: { kind: 'delete', resource: REPLICA_SETS, object } }))
}
