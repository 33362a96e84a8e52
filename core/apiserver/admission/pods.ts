/**
 * What pods get on their way in: a service account that exists, a priority, and tolerations for nodes that are away
 * for a while. kubernetes/kubernetes plugin/pkg/admission/{serviceaccount,priority,defaulttolerationseconds}. Pure.
 *
 * Difference: no token volume is added (there are no service account tokens).
 */

import { forbidden } from '../../api/api-error.ts'
import type { Pod, PodSpec, Toleration } from '../../api/generated/core-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import { SERVICE_ACCOUNTS } from '../../api/scheme.ts'
import type { AdmissionRequest, ClusterView } from './admission.ts'

const NEW_PODS_ONLY = (request: AdmissionRequest): Pod | undefined => {
  const { operation, resource, object } = request
  return operation === 'create' && resource.resource === 'pods' && resource.group === ''
    ? (object as Pod)
    : undefined
}

const withSpec = (pod: Pod, spec: Partial<PodSpec>): Pod => ({ ...pod, spec: { ...pod.spec, ...spec } })

export function requireServiceAccount(request: AdmissionRequest, cluster: ClusterView): KubernetesObject {
  const pod = NEW_PODS_ONLY(request)
  if (pod === undefined) return request.object
  const name = pod.spec.serviceAccountName || 'default'
  const { namespace } = request
  if (cluster.get(SERVICE_ACCOUNTS, { namespace, name }) === undefined) {
    const problem = `serviceaccount ${JSON.stringify(name)} not found`
    const detail = `error looking up service account ${namespace ?? ''}/${name}: ${problem}`
    throw forbidden(request.resource, pod.metadata.name, detail)
  }
  return withSpec(pod, { serviceAccountName: name, serviceAccount: name })
}

const PRIORITIES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
}

export function resolvePriority(request: AdmissionRequest): KubernetesObject {
  const pod = NEW_PODS_ONLY(request)
  if (pod === undefined) return request.object
  const name = pod.spec.priorityClassName
  const priority = name ? PRIORITIES[name] : 0
  if (priority === undefined) {
    throw forbidden(request.resource, pod.metadata.name, `no PriorityClass with name ${name ?? ''} was found`)
  }
  return withSpec(pod, { priority, preemptionPolicy: pod.spec.preemptionPolicy ?? 'PreemptLowerPriority' })
}

const TOLERATION_SECONDS = 300
const AWAY_TAINTS: readonly string[] = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

export function addTolerations(request: AdmissionRequest): KubernetesObject {
  const pod = NEW_PODS_ONLY(request)
  if (pod === undefined) return request.object
  const own = pod.spec.tolerations ?? []
  const missing = AWAY_TAINTS.filter((taint) => !own.some((toleration) => tolerates(toleration, taint)))
  const added = missing.map((key) => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: TOLERATION_SECONDS,
  }))
  return added.length === 0
    ? pod
    : withSpec(pod, { tolerations: [...own, ...(added as unknown as Toleration[])] })
}

const tolerates = ({ key, effect }: Toleration, taint: string): boolean =>
  (!key || key === taint) && (!effect || effect === 'NoExecute')
