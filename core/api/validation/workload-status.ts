/**
 * What workloads say of their pods in their status (kubernetes/kubernetes pkg/apis/apps/validation/validation.go,
 * Validate*Status; pkg/apis/core/validation, ValidateReplicationControllerStatus). Pure.
 */

import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../generated/apps-v1.ts'
import type { ReplicationController } from '../generated/core-v1.ts'
import type { Faults } from './faults.ts'
import { invalidValue, nonNegative, when } from './faults.ts'

type Counts = Readonly<Record<string, unknown>>

const numberOf = (status: Counts, name: string): number => {
  const value = status[name]
  return typeof value === 'number' ? value : 0
}

/** Faults of numbers below 0. */
const negative = (status: Counts, names: readonly string[]): Faults =>
  names.flatMap((name) => nonNegative(`status.${name}`, numberOf(status, name)))

/** Faults of parts that are more than the whole. @param ready as the message names it */
function beyond(status: Counts, parts: readonly string[], ready: string): Faults {
  const available = numberOf(status, 'availableReplicas')
  return [
    ...parts.flatMap((name) => {
      const count = numberOf(status, name)
      return when(count > numberOf(status, 'replicas'), () =>
        invalidValue(`status.${name}`, count, 'cannot be greater than status.replicas'),
      )
    }),
    ...when(available > numberOf(status, 'readyReplicas'), () =>
      invalidValue('status.availableReplicas', available, `cannot be greater than ${ready}`),
    ),
  ]
}

/** How often a name had to be drawn again is never forgotten. */
function decremented(now: Counts, before: Counts): Faults {
  const name = 'collisionCount'
  if (before[name] === undefined) return []
  return when(numberOf(now, name) < numberOf(before, name), () =>
    invalidValue(`status.${name}`, numberOf(now, name), 'cannot be decremented'),
  )
}

const of = ({ status = {} }: { readonly status?: object | undefined }): Counts => status as Counts

/** Faults of the status of a Deployment. */
export function validateDeploymentStatus(deployment: Deployment, old: Deployment): Faults {
  const status = of(deployment)
  const parts = ['updatedReplicas', 'readyReplicas', 'availableReplicas']
  const others = ['unavailableReplicas', 'terminatingReplicas', 'collisionCount']
  return [
    ...negative(status, ['observedGeneration', 'replicas', ...parts, ...others]),
    ...beyond(status, parts, 'readyReplicas'),
    ...decremented(status, of(old)),
  ]
}

/** Faults of the status of a ReplicaSet or a ReplicationController. */
export function validateReplicaSetStatus(set: ReplicaSet | ReplicationController): Faults {
  const status = of(set)
  const parts = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']
  return [
    ...negative(status, ['replicas', ...parts, 'observedGeneration', 'terminatingReplicas']),
    ...beyond(status, parts, 'readyReplicas'),
  ]
}

/** Faults of the status of a StatefulSet. */
export function validateStatefulSetStatus(set: StatefulSet, old: StatefulSet): Faults {
  const status = of(set)
  const parts = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas']
  return [
    ...negative(status, ['replicas', ...parts, 'observedGeneration', 'collisionCount']),
    ...beyond(status, parts, 'status.readyReplicas'),
    ...decremented(status, of(old)),
  ]
}

const SCHEDULED = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
]

/** Faults of the status of a DaemonSet. */
export function validateDaemonSetStatus(set: DaemonSet, old: DaemonSet): Faults {
  return [...negative(of(set), SCHEDULED), ...decremented(of(set), of(old))]
}

/** The status without what upstream keeps only behind a feature gate that is off, unless it was there already. */
export function withoutTerminating<T extends Deployment | ReplicaSet>(workload: T, old: T): T {
  const { status } = workload
  if (status?.terminatingReplicas === undefined || old.status?.terminatingReplicas !== undefined)
    return workload
  const { terminatingReplicas: _, ...rest } = status
  return { ...workload, status: rest }
}
