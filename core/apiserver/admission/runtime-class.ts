/**
 * What pods get of their RuntimeClass: what running them takes, and where they may run
 * (kubernetes/kubernetes plugin/pkg/admission/runtimeclass, pkg/util/tolerations). Pure.
 */

import { forbidden } from '../../api/api-error.ts'
import { isSameValue } from '../../api/equality.ts'
import type { Pod, PodSpec, Toleration } from '../../api/generated/core-v1.ts'
import type { RuntimeClass } from '../../api/generated/node-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import { compareQuantities } from '../../api/quantity.ts'
import { RUNTIME_CLASSES } from '../../api/scheme.ts'
import type { AdmissionRequest, ClusterView } from './admission-request.ts'
import { newPodOf } from './pods.ts'

/** A new pod gets the overhead and the scheduling of its class. @throws ApiError Forbidden when they do not agree */
export function applyRuntimeClass(request: AdmissionRequest, cluster: ClusterView): KubernetesObject {
  const pod = newPodOf(request)
  const runtimeClass = pod && classOf(pod, request, cluster)
  if (pod === undefined || runtimeClass === undefined) return request.object
  const { overhead, scheduling } = runtimeClass
  const given = pod.spec.overhead
  if (overhead && given && !isSameAmounts(overhead.podFixed, given)) throw mismatch(request, pod)
  const spec: PodSpec = {
    ...pod.spec,
    ...(overhead?.podFixed ? { overhead: overhead.podFixed } : {}),
    ...(scheduling ? schedulingOf(pod, scheduling, request) : {}),
  }
  return { ...pod, spec } as Pod
}

/** @throws ApiError Forbidden for a pod with another overhead than that of its class */
export function refuseOverhead(request: AdmissionRequest, cluster: ClusterView): void {
  const pod = newPodOf(request)
  if (pod === undefined) return
  const { overhead } = classOf(pod, request, cluster) ?? {}
  const given = pod.spec.overhead
  if (overhead) {
    if (!isSameAmounts(overhead.podFixed, given)) throw mismatch(request, pod)
  } else if (given !== undefined) {
    throw refused(request, pod, 'Pod Overhead set without corresponding RuntimeClass defined Overhead')
  }
}

/** An empty name is judged with the rest of the pod. */
function classOf(pod: Pod, request: AdmissionRequest, cluster: ClusterView): RuntimeClass | undefined {
  const name = pod.spec.runtimeClassName
  if (!name) return undefined
  const found = cluster.get(RUNTIME_CLASSES, { name })
  if (found === undefined) throw refused(request, pod, `RuntimeClass ${JSON.stringify(name)} not found`)
  return found as RuntimeClass
}

const refused = ({ resource }: AdmissionRequest, pod: Pod, why: string): Error =>
  forbidden(resource, pod.metadata.name, `pod rejected: ${why}`)

const mismatch = (request: AdmissionRequest, pod: Pod): Error =>
  refused(request, pod, "Pod's Overhead doesn't match RuntimeClass's defined Overhead")

type Amounts = Readonly<Record<string, string>>

function isSameAmounts(a: Amounts = {}, b: Amounts = {}): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].every((name) => {
    const [left, right] = [a[name], b[name]]
    return left !== undefined && right !== undefined && compareQuantities(left, right) === 0
  })
}

function schedulingOf(
  pod: Pod,
  { nodeSelector = {}, tolerations = [] }: NonNullable<RuntimeClass['scheduling']>,
  { resource }: AdmissionRequest,
): Partial<PodSpec> {
  const own = pod.spec.nodeSelector ?? {}
  const conflict = Object.entries(nodeSelector).find(
    ([key, value]) => Object.hasOwn(own, key) && own[key] !== value,
  )
  if (conflict !== undefined) {
    const [key, value] = conflict
    const [ofClass, ofPod] = [`runtimeClass.scheduling.nodeSelector[${key}]`, `pod.spec.nodeSelector[${key}]`]
    const detail = `conflict: ${ofClass} = ${value}; ${ofPod} = ${own[key] ?? ''}`
    throw forbidden(resource, pod.metadata.name, detail)
  }
  const merged = { ...own, ...nodeSelector }
  const all = mergedTolerations([...(pod.spec.tolerations ?? []), ...tolerations])
  return {
    ...(Object.keys(merged).length > 0 ? { nodeSelector: merged } : {}),
    ...(all.length > 0 ? { tolerations: all } : {}),
  }
}

/** Without those that another one includes; of equal ones the first stays. */
export function mergedTolerations(all: readonly Toleration[]): readonly Toleration[] {
  const merged: Toleration[] = []
  for (const [index, one] of all.entries()) {
    const isKept =
      !merged.some((known) => includes(known, one)) &&
      !all.slice(index + 1).some((later) => !isSameValue(one, later) && includes(later, one))
    if (isKept) merged.push(one)
  }
  return merged
}

/** Whether all that `inner` tolerates `outer` tolerates too. */
function includes(outer: Toleration, inner: Toleration): boolean {
  if (isSameValue(outer, inner)) return true
  const isAnyKey = !outer.key && outer.operator === 'Exists'
  if ((inner.key ?? '') !== (outer.key ?? '') && !isAnyKey) return false
  if (outer.effect && inner.effect !== outer.effect) return false
  const [limit, wanted] = [outer.tolerationSeconds, inner.tolerationSeconds]
  const isLonger = limit !== undefined && (wanted === undefined || wanted > limit)
  if (outer.effect === 'NoExecute' && isLonger) return false
  if (outer.operator === 'Exists') return true
  // No operator means Equal, of the one that includes alone.
  const isEqual = !outer.operator || outer.operator === 'Equal'
  return isEqual && inner.operator === 'Equal' && (inner.value ?? '') === (outer.value ?? '')
}
