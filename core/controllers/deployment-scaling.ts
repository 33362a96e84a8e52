/** How large a Deployment's ReplicaSets may be: limits of a rolling update, and proportional scaling. Pure. */

import type { Deployment, ReplicaSet } from '../api/generated/apps-v1.ts'
import { scaledValue } from '../api/int-or-percent.ts'
import { REPLICA_SETS } from '../api/scheme.ts'
import { parseTimestamp } from '../api/timestamp.ts'
import type { PlannedWrite } from './controller.ts'

export const DESIRED = 'deployment.kubernetes.io/desired-replicas'
export const MAX = 'deployment.kubernetes.io/max-replicas'

/** maxSurge rounds up, maxUnavailable down; both 0 means one may be unavailable. Recreate has no surge. */
export function rollingLimits({ spec }: Deployment): {
  readonly maxTotal: number
  readonly minAvailable: number
} {
  const wanted = spec.replicas ?? 1
  if (spec.strategy?.type === 'Recreate') return { maxTotal: wanted, minAvailable: 0 }
  const surge = scaledValue(spec.strategy?.rollingUpdate?.maxSurge ?? '25%', wanted, 'up')
  const unavailable = scaledValue(spec.strategy?.rollingUpdate?.maxUnavailable ?? '25%', wanted, 'down')
  const atLeastOne = surge === 0 && unavailable === 0 ? 1 : unavailable
  return { maxTotal: wanted + surge, minAvailable: Math.max(0, wanted - atLeastOne) }
}

/** spec.replicas of the Deployment when the set was last sized. */
export function desiredReplicas(set: ReplicaSet): number | undefined {
  const text = set.metadata.annotations?.[DESIRED]
  return text === undefined ? undefined : Number(text)
}

/**
 * Spreads a changed replica count over the ReplicaSets in proportion to their sizes, the larger first; with a single
 * active one it simply gets the count.
 */
export function scalingSteps(deployment: Deployment, sets: readonly ReplicaSet[]): readonly PlannedWrite[] {
  const wanted = deployment.spec.replicas ?? 1
  const active = sets.filter((set) => (set.spec.replicas ?? 0) > 0)
  const [only] = active
  if (active.length === 1 && only) return [resize(deployment, only, wanted)]
  const allowed = wanted > 0 ? rollingLimits(deployment).maxTotal : 0
  const total = active.reduce((sum, set) => sum + (set.spec.replicas ?? 0), 0)
  let left = allowed - total
  const newerFirst = left > 0
  const targets = active
    .toSorted((a, b) => bySize(a, b) || byBirth(a, b) * (newerFirst ? -1 : 1))
    .map((set) => {
      const share = proportion(set, allowed)
      const change = left > 0 ? Math.min(Math.max(share, 0), left) : Math.max(Math.min(share, 0), left)
      left -= change
      return { set, target: (set.spec.replicas ?? 0) + change }
    })
  return targets.map(({ set, target }, index) =>
    resize(deployment, set, Math.max(0, target + (index === 0 ? left : 0))),
  )
}

const bySize = (a: ReplicaSet, b: ReplicaSet): number => (b.spec.replicas ?? 0) - (a.spec.replicas ?? 0)
const byBirth = (a: ReplicaSet, b: ReplicaSet): number =>
  (parseTimestamp(a.metadata.creationTimestamp) ?? 0) - (parseTimestamp(b.metadata.creationTimestamp) ?? 0)

function proportion(set: ReplicaSet, allowed: number): number {
  const size = set.spec.replicas ?? 0
  const before = Number(set.metadata.annotations?.[MAX] ?? size)
  return before === 0 ? 0 : Math.round((size * allowed) / before) - size
}

/** The write that sizes a ReplicaSet, and the event that tells of it; none when it only remembers other limits. */
export function resize(deployment: Deployment, set: ReplicaSet, replicas: number): PlannedWrite {
  const from = set.spec.replicas ?? 0
  const direction = replicas > from ? 'up' : 'down'
  const message = `Scaled ${direction} replica set ${set.metadata.name} from ${from} to ${replicas}`
  const metadata = {
    ...set.metadata,
    annotations: { ...set.metadata.annotations, ...sizeAnnotations(deployment) },
  }
  return {
    write: {
      kind: 'update',
      resource: REPLICA_SETS,
      object: { ...set, metadata, spec: { ...set.spec, replicas } } as ReplicaSet,
    },
    onSuccess:
      replicas === from
        ? undefined
        : { about: deployment, type: 'Normal', reason: 'ScalingReplicaSet', message },
  }
}

/** What a ReplicaSet remembers of the Deployment it was sized for. */
export function sizeAnnotations(deployment: Deployment): Readonly<Record<string, string>> {
  const { maxTotal } = rollingLimits(deployment)
  return { [DESIRED]: String(deployment.spec.replicas ?? 1), [MAX]: String(maxTotal) }
}
