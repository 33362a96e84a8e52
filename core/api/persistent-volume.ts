/**
 * The phase of a PersistentVolume, and since when it is in it. Pure.
 * kubernetes/kubernetes pkg/registry/core/persistentvolume/strategy.go.
 */

import type { PersistentVolume } from './generated/core-v1.ts'

/** A new volume is pending from the start. */
export function pendingVolume(volume: PersistentVolume): PersistentVolume {
  const { creationTimestamp: now } = volume.metadata
  return { ...volume, status: { phase: 'Pending', ...(now ? { lastPhaseTransitionTime: now } : {}) } }
}

/** /status: a change of phase is dated, unless the writer has done so. */
export function volumeInPhase(
  volume: PersistentVolume,
  old: PersistentVolume,
  now: string,
): PersistentVolume {
  const { status } = volume
  const [said, before] = [status?.lastPhaseTransitionTime, old.status?.lastPhaseTransitionTime]
  const isNewPhase = status?.phase !== old.status?.phase
  const isDated = said !== undefined && (!isNewPhase || said !== before)
  const since = isNewPhase ? now : before
  return {
    ...volume,
    spec: old.spec,
    status: { ...status, ...(!isDated && since ? { lastPhaseTransitionTime: since } : {}) },
  } as PersistentVolume
}
