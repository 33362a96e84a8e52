/** What controllers ask of a pod. Pure (kubernetes/kubernetes pkg/api/v1/pod/util.go). */

import type { Pod } from '../api/generated/core-v1.ts'
import { parseTimestamp } from '../api/timestamp.ts'

/** Neither finished nor on its way out. */
export function isActive(pod: Pod): boolean {
  return !isOver(pod) && pod.metadata.deletionTimestamp === undefined
}

export function isOver(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

const readyCondition = (pod: Pod) => pod.status?.conditions?.find((condition) => condition.type === 'Ready')

export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True'
}

/** How long the pod has been ready, in milliseconds; undefined when it is not. */
export function readyForMs(pod: Pod, nowMs: number): number | undefined {
  if (!isReady(pod)) return undefined
  return nowMs - (parseTimestamp(readyCondition(pod)?.lastTransitionTime) ?? nowMs)
}

export function isAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const ready = readyForMs(pod, nowMs)
  return ready !== undefined && (minReadySeconds === 0 || ready >= minReadySeconds * 1000)
}
