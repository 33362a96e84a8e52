/**
 * What a PodDisruptionBudget says of itself in its status, for the controller that reckons it and the server that
 * spends it (kubernetes/component-helpers apps/poddisruptionbudget). Pure.
 */

import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from './generated/policy-v1.ts'

export const DISRUPTION_ALLOWED = 'DisruptionAllowed'

/** How long an evicted pod counts as gone, when nobody deletes it (DeletionTimeout). */
export const DISRUPTION_TIMEOUT_MS = 120_000

type Conditions = NonNullable<PodDisruptionBudgetStatus['conditions']>

/** The outcome to be told: the usual two follow from the number of disruptions allowed. */
export interface DisruptionOutcome {
  readonly status: 'True' | 'False'
  readonly reason: 'SufficientPods' | 'InsufficientPods' | 'SyncFailed'
  readonly message: string
}

/** @returns what is to be told of that number of disruptions */
export const disruptionOutcome = (allowed: number): DisruptionOutcome =>
  allowed > 0
    ? { status: 'True', reason: 'SufficientPods', message: '' }
    : { status: 'False', reason: 'InsufficientPods', message: '' }

/** The status with its one condition brought up to date; it keeps its time unless the answer changed. */
export function withDisruptionCondition(
  status: PodDisruptionBudgetStatus,
  outcome: DisruptionOutcome,
  now: string,
): PodDisruptionBudgetStatus {
  const before = status.conditions ?? []
  const index = before.findIndex(({ type }) => type === DISRUPTION_ALLOWED)
  const old = before[index]
  const condition: Conditions[number] = {
    type: DISRUPTION_ALLOWED,
    status: outcome.status,
    observedGeneration: status.observedGeneration,
    lastTransitionTime: old?.status === outcome.status ? old.lastTransitionTime : now,
    reason: outcome.reason,
    message: outcome.message,
  }
  return { ...status, conditions: index < 0 ? [...before, condition] : before.with(index, condition) }
}

/** The budget's status, as an empty one before anyone wrote it. */
export function statusOf({ status }: PodDisruptionBudget): PodDisruptionBudgetStatus {
  return status ?? { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }
}
