/**
 * Pods that a node runs by itself and only tells of: they must name nothing that it could learn by telling. Pure.
 * kubernetes/kubernetes plugin/pkg/admission/{noderestriction,serviceaccount}/admission.go, pkg/api/pod/util.go.
 */

import { notFound } from '../../api/api-error.ts'
import type { Pod, Volume } from '../../api/generated/core-v1.ts'
import { MIRROR_POD, configMapNames, isMirrorPod, secretNames } from '../../api/pod-references.ts'
import { NODES } from '../../api/scheme.ts'
import type { ClusterView } from './admission-request.ts'

/** @returns why a mirror pod is refused, whoever makes it; undefined when it is not */
export function mirrorReferenceFault(pod: Pod): string | undefined {
  if (pod.spec.serviceAccountName) return 'a mirror pod may not reference service accounts'
  if (secretNames(pod).length > 0) return 'a mirror pod may not reference secrets'
  const sources = (pod.spec.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? [])
  return sources.some(({ serviceAccountToken }) => serviceAccountToken !== undefined)
    ? 'a mirror pod may not use ServiceAccountToken volume projections'
    : undefined
}

/** @returns why a node may not make the pod; undefined when it may. @throws ApiError NotFound when the node is not there */
export function mirrorPodFault(node: string, pod: Pod, cluster: ClusterView): string | undefined {
  const who = `node ${JSON.stringify(node)}`
  if (!isMirrorPod(pod))
    return `pod does not have ${JSON.stringify(MIRROR_POD)} annotation, ${who} can only create mirror pods`
  if (pod.spec.nodeName !== node) return `${who} can only create pods with spec.nodeName set to itself`
  return ownerFault(node, pod, cluster) ?? referenceFault(who, pod)
}

function ownerFault(node: string, { metadata }: Pod, cluster: ClusterView): string | undefined {
  const who = `node ${JSON.stringify(node)}`
  const [owner, ...more] = metadata.ownerReferences ?? []
  if (more.length > 0) return `${who} can only create pods with a single owner reference set to itself`
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node)
    return `${who} can only create pods with an owner reference set to itself`
  if (!owner.controller) return `${who} can only create pods with a controller owner reference set to itself`
  if (owner.blockOwnerDeletion) return `${who} must not set blockOwnerDeletion on an owner reference`
  const found = cluster.get(NODES, { name: node })
  if (found === undefined) throw notFound({ group: '', resource: NODES.singular }, node)
  const { uid = '' } = found.metadata
  return owner.uid === uid ? undefined : `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`
}

function referenceFault(who: string, pod: Pod): string | undefined {
  try {
    const what = referencedKind(pod)
    return what === undefined ? undefined : `${who} can not create pods that reference ${what}`
  } catch (error) {
    return `error checking mirror pod for API references: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** @throws Error for volumes of a kind that is not known */
function referencedKind(pod: Pod): string | undefined {
  if (pod.spec.serviceAccountName) return 'serviceaccounts'
  if (secretNames(pod).length > 0) return 'secrets'
  if (configMapNames(pod).length > 0) return 'configmaps'
  if ((pod.spec.resourceClaims ?? []).length > 0) return 'resourceclaims'
  return (pod.spec.volumes ?? []).map(volumeReference).find((what) => what !== undefined)
}

const REFERRING: readonly (readonly [keyof Volume, string])[] = [
  ['configMap', 'configmaps (via configmap volumes)'],
  ['secret', 'secrets (via secret volumes)'],
  ['csi', 'csidrivers (via CSI volumes)'],
  ['glusterfs', 'endpoints (via glusterFS volumes)'],
  ['persistentVolumeClaim', 'persistentvolumeclaims'],
  ['ephemeral', 'persistentvolumeclaims (via ephemeral volumes)'],
  ['azureFile', 'secrets (via azureFile volumes)'],
]

type Source = NonNullable<NonNullable<Volume['projected']>['sources']>[number]

const PROJECTED: readonly (readonly [keyof Source, string])[] = [
  ['configMap', 'configmaps (via projected volumes)'],
  ['secret', 'secrets (via projected volumes)'],
  ['serviceAccountToken', 'serviceaccounts (via projected volumes)'],
  ['clusterTrustBundle', 'clustertrustbundles'],
  ['podCertificate', 'podcertificates'],
]

function volumeReference(volume: Volume): string | undefined {
  const [, what] = REFERRING.find(([kind]) => volume[kind] !== undefined) ?? []
  if (what !== undefined) return what
  for (const source of volume.projected?.sources ?? []) {
    const [, projected] = PROJECTED.find(([kind]) => source[kind] !== undefined) ?? []
    if (projected !== undefined) return projected
    if (source.downwardAPI === undefined)
      throw new Error(`unknown source for projected volume ${JSON.stringify(volume.name)}`)
  }
  const { name, ...sources } = volume
  if (Object.values(sources).some((source) => source !== undefined)) return undefined
  throw new Error(`unknown volume type for volume  ${JSON.stringify(name)}`)
}
