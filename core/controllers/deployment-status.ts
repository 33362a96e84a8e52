/** What a Deployment's status says: counts and the conditions Available and Progressing. Pure. */

import type { Deployment, DeploymentCondition, ReplicaSet } from '../api/generated/apps-v1.ts'
import { parseTimestamp, timestamp } from '../api/timestamp.ts'
import { rollingLimits } from './deployment-scaling.ts'

export interface StatusFacts {
  readonly deployment: Deployment
  readonly current: ReplicaSet | undefined
  readonly sets: readonly ReplicaSet[]
  readonly nowMs: number
}

type Status = NonNullable<Deployment['status']>

/** Upstream's number for "no deadline". */
const NO_DEADLINE = 2_147_483_647

export function deploymentStatus(facts: StatusFacts): Status {
  const { deployment, current, sets } = facts
  const sum = (read: (status: NonNullable<ReplicaSet['status']>) => number | undefined): number =>
    sets.reduce((total, set) => total + (set.status ? (read(set.status) ?? 0) : 0), 0)
  const available = sum((status) => status.availableReplicas)
  const counts = {
    replicas: sum((status) => status.replicas),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum((status) => status.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(
      0,
      sets.reduce((total, set) => total + (set.spec.replicas ?? 0), 0) - available,
    ),
  }
  const shown = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)) as Partial<
    typeof counts
  >
  const base = { observedGeneration: deployment.metadata.generation, ...shown }
  return { ...base, conditions: conditions(facts, { ...base, ...counts }) }
}

type Wanted = Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>

function conditions(facts: StatusFacts, status: Status): readonly DeploymentCondition[] {
  const before = facts.deployment.status?.conditions ?? []
  const wanted = [availability(facts.deployment, status), progress(facts, status)]
  return wanted.map((one) =>
    merged(
      one,
      before.find((old) => old.type === one.type),
      facts,
      status,
    ),
  )
}

/** An unchanged condition keeps its times; progress refreshes lastUpdateTime. */
function merged(
  wanted: Wanted,
  old: DeploymentCondition | undefined,
  facts: StatusFacts,
  status: Status,
): DeploymentCondition {
  const now = timestamp(facts.nowMs)
  if (!old) return { ...wanted, lastUpdateTime: now, lastTransitionTime: now }
  const isSame =
    old.status === wanted.status && old.reason === wanted.reason && old.message === wanted.message
  const hasProgressed =
    wanted.type === 'Progressing' &&
    wanted.reason === 'ReplicaSetUpdated' &&
    progressed(facts.deployment.status, status)
  return {
    ...wanted,
    lastUpdateTime: isSame && !hasProgressed ? old.lastUpdateTime : now,
    lastTransitionTime: old.status === wanted.status ? old.lastTransitionTime : now,
  }
}

function progressed(before: Deployment['status'], now: Status): boolean {
  const more = (read: (status: Status) => number | undefined): boolean =>
    (read(now) ?? 0) > (before ? (read(before) ?? 0) : 0)
  return (
    more((one) => one.updatedReplicas) ||
    more((one) => one.readyReplicas) ||
    more((one) => one.availableReplicas)
  )
}

function availability(deployment: Deployment, status: Status): Wanted {
  const enough = (status.availableReplicas ?? 0) >= rollingLimits(deployment).minAvailable
  return enough
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      }
}

function progress(facts: StatusFacts, status: Status): Wanted {
  const { deployment, current } = facts
  const type = 'Progressing'
  if (deployment.spec.paused)
    return { type, status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' }
  const name = current?.metadata.name ?? ''
  if (current === undefined) {
    return {
      type,
      status: 'True',
      reason: 'ReplicaSetUpdated',
      message: `Deployment "${deployment.metadata.name}" is progressing.`,
    }
  }
  if (isDone(deployment, status)) {
    return {
      type,
      status: 'True',
      reason: 'NewReplicaSetAvailable',
      message: `ReplicaSet "${name}" has successfully progressed.`,
    }
  }
  if (isLate(facts, status)) {
    return {
      type,
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: `ReplicaSet "${name}" has timed out progressing.`,
    }
  }
  return {
    type,
    status: 'True',
    reason: 'ReplicaSetUpdated',
    message: `ReplicaSet "${name}" is progressing.`,
  }
}

function isDone(deployment: Deployment, status: Status): boolean {
  const wanted = deployment.spec.replicas ?? 1
  return (
    status.updatedReplicas === wanted && status.replicas === wanted && status.availableReplicas === wanted
  )
}

/** A rollout that was complete once is never late: its pods merely failed later. */
function isLate({ deployment, nowMs }: StatusFacts, status: Status): boolean {
  const deadline = deployment.spec.progressDeadlineSeconds ?? NO_DEADLINE
  const condition = deployment.status?.conditions?.find((one) => one.type === 'Progressing')
  if (deadline === NO_DEADLINE || condition === undefined || condition.reason === 'NewReplicaSetAvailable')
    return false
  if (condition.reason === 'ProgressDeadlineExceeded') return true
  if (progressed(deployment.status, status)) return false
  return nowMs >= (parseTimestamp(condition.lastUpdateTime) ?? nowMs) + deadline * 1000
}

/** When the deadline of an unfinished rollout must be looked at again. */
export function progressRequeueMs(deployment: Deployment, status: Status, nowMs: number): number | undefined {
  const deadline = deployment.spec.progressDeadlineSeconds ?? NO_DEADLINE
  const condition = status.conditions?.find((one) => one.type === 'Progressing')
  if (deadline === NO_DEADLINE || condition?.reason !== 'ReplicaSetUpdated') return undefined
  return Math.max(0, (parseTimestamp(condition.lastUpdateTime) ?? nowMs) + deadline * 1000 - nowMs) + 1000
}
