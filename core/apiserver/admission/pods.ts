/**
 * What pods get on their way in: a service account that exists, a token, a priority, and tolerations for nodes that are away
 * for a while. kubernetes/kubernetes plugin/pkg/admission/{serviceaccount,priority,defaulttolerationseconds}. Pure.
 */

import { forbidden } from '../../api/api-error.ts'
import type {
  Container,
  Pod,
  PodSpec,
  ServiceAccount,
  Toleration,
  Volume,
} from '../../api/generated/core-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { PriorityClass } from '../../api/generated/scheduling-v1.ts'
import { isMirrorPod } from '../../api/pod-references.ts'
import { SYSTEM_PRIORITIES } from '../../api/system-priorities.ts'
import { PRIORITY_CLASSES, SERVICE_ACCOUNTS } from '../../api/scheme.ts'
import { mirrorReferenceFault } from './mirror-pods.ts'
import { generatedName } from '../registry/object-meta.ts'
import type { AdmissionRequest, ClusterView } from './admission-request.ts'

/** @returns undefined for requests that are about something else, a part of a pod included */
export const podOf = ({ resource, subresource, object }: AdmissionRequest): Pod | undefined =>
  resource.resource === 'pods' && resource.group === '' && subresource === '' ? (object as Pod) : undefined

/** As podOf, of one that is to be made. */
export const newPodOf = (request: AdmissionRequest): Pod | undefined =>
  request.operation === 'create' ? podOf(request) : undefined

const withSpec = (pod: Pod, spec: Partial<PodSpec>): Pod => ({ ...pod, spec: { ...pod.spec, ...spec } })

export function requireServiceAccount(request: AdmissionRequest, cluster: ClusterView): KubernetesObject {
  const pod = newPodOf(request)
  if (pod === undefined) return request.object
  if (isMirrorPod(pod)) {
    const fault = mirrorReferenceFault(pod)
    if (fault !== undefined) throw forbidden(request.resource, pod.metadata.name, fault)
    return pod
  }
  const name = pod.spec.serviceAccountName || 'default'
  const { namespace } = request
  if (cluster.get(SERVICE_ACCOUNTS, { namespace, name }) === undefined) {
    const problem = `serviceaccount ${JSON.stringify(name)} not found`
    const detail = `error looking up service account ${namespace ?? ''}/${name}: ${problem}`
    throw forbidden(request.resource, pod.metadata.name, detail)
  }
  return withSpec(pod, { serviceAccountName: name, serviceAccount: name })
}

const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
const TOKEN_VOLUME_PREFIX = 'kube-api-access-'
/** A little more than an hour, by which upstream tells these tokens from those users ask for. */
const TOKEN_SECONDS = 3607

/** The token of its account for every container that has nothing else in that place. */
export function mountToken(request: AdmissionRequest, cluster: ClusterView): KubernetesObject {
  const pod = newPodOf(request)
  // The node would not know again what it told of.
  if (pod === undefined || isMirrorPod(pod)) return request.object
  const { namespace } = request
  const name = pod.spec.serviceAccountName ?? ''
  const account = cluster.get(SERVICE_ACCOUNTS, { namespace, name }) as ServiceAccount | undefined
  const { imagePullSecrets } = account ?? {}
  const hasOwn = (pod.spec.imagePullSecrets ?? []).length > 0
  const withSecrets = imagePullSecrets && !hasOwn ? withSpec(pod, { imagePullSecrets }) : pod
  const isWanted = pod.spec.automountServiceAccountToken ?? account?.automountServiceAccountToken ?? true
  return isWanted ? withToken(withSecrets, request) : withSecrets
}

function withToken(pod: Pod, { random }: AdmissionRequest): Pod {
  const { containers, initContainers, volumes = [] } = pod.spec
  const isMissing = ({ volumeMounts = [] }: Container): boolean =>
    !volumeMounts.some(({ mountPath }) => mountPath === TOKEN_PATH)
  if (![...containers, ...(initContainers ?? [])].some(isMissing)) return pod
  const existing = volumes.find((volume) => volume.name.startsWith(TOKEN_VOLUME_PREFIX))
  const name = existing?.name ?? generatedName(TOKEN_VOLUME_PREFIX, () => random.next())
  const mounted = (container: Container): Container =>
    isMissing(container)
      ? {
          ...container,
          volumeMounts: [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: TOKEN_PATH }],
        }
      : container
  return withSpec(pod, {
    containers: containers.map(mounted),
    ...(initContainers ? { initContainers: initContainers.map(mounted) } : {}),
    volumes: existing ? volumes : [...volumes, tokenVolume(name)],
  })
}

function tokenVolume(name: string): Volume {
  const namespace = { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [namespace] } },
      ],
      defaultMode: 0o644,
    },
  }
}

/**
 * The priority of the pod's class; without one that of the class for all, of several the lowest. An update that leaves it
 * out keeps it.
 */
export function resolvePriority(request: AdmissionRequest, cluster: ClusterView): KubernetesObject {
  if (request.operation === 'update') return withKeptPriority(request)
  const pod = newPodOf(request)
  if (pod === undefined) return request.object
  const { name, value, preemptionPolicy = 'PreemptLowerPriority' } = priorityOf(pod, request, cluster)
  const given = pod.spec.priority
  if (given !== undefined && given !== value) {
    const detail = `the integer value of priority (${given}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`
    throw forbidden(request.resource, pod.metadata.name, detail)
  }
  const wished = pod.spec.preemptionPolicy
  if (wished !== undefined && wished !== preemptionPolicy) {
    const detail = `the string value of PreemptionPolicy (${wished}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`
    throw forbidden(request.resource, pod.metadata.name, detail)
  }
  return withSpec(pod, {
    ...(name === '' ? {} : { priorityClassName: name }),
    priority: value,
    preemptionPolicy,
  })
}

function withKeptPriority(request: AdmissionRequest): KubernetesObject {
  const pod = podOf(request)
  if (pod === undefined) return request.object
  const { priority, preemptionPolicy } = (request.old as Pod).spec
  return withSpec(pod, {
    ...(priority === undefined || pod.spec.priority !== undefined ? {} : { priority }),
    ...(preemptionPolicy === undefined || pod.spec.preemptionPolicy !== undefined
      ? {}
      : { preemptionPolicy }),
  })
}

function priorityOf(
  pod: Pod,
  request: AdmissionRequest,
  cluster: ClusterView,
): { readonly name: string; readonly value: number; readonly preemptionPolicy?: string | undefined } {
  const name = pod.spec.priorityClassName ?? ''
  if (name === '') {
    const [usual] = (cluster.list(PRIORITY_CLASSES) as readonly PriorityClass[])
      .filter(({ globalDefault }) => globalDefault)
      .toSorted((a, b) => (a.value ?? 0) - (b.value ?? 0))
    if (usual === undefined) return { name: '', value: 0 }
    return { name: usual.metadata.name, value: usual.value ?? 0, preemptionPolicy: usual.preemptionPolicy }
  }
  const found = cluster.get(PRIORITY_CLASSES, { name }) as PriorityClass | undefined
  if (found !== undefined) return { name, value: found.value ?? 0, preemptionPolicy: found.preemptionPolicy }
  // For clusters whose classes are not made yet.
  const value = SYSTEM_PRIORITIES.get(name)?.value
  if (value !== undefined) return { name, value }
  throw forbidden(request.resource, pod.metadata.name, `no PriorityClass with name ${name} was found`)
}

const TOLERATION_SECONDS = 300
const AWAY_TAINTS: readonly string[] = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

/** For a while on nodes that are away; an update that leaves them out gets them too. */
export function addTolerations(request: AdmissionRequest): KubernetesObject {
  const pod = request.operation === 'delete' ? undefined : podOf(request)
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
