/**
 * Tokens that a node asks for: of accounts of its pods, bound to them, and for whom these want them. Pure, given who decides.
 * kubernetes/kubernetes plugin/pkg/admission/noderestriction/admission.go (KEP-4412).
 */

import { forbidden } from '../../api/api-error.ts'
import type { TokenRequest } from '../../api/generated/authentication-v1.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../api/generated/core-v1.ts'
import type { CSIDriver } from '../../api/generated/storage-v1.ts'
import { isApiError } from '../../api/api-error.ts'
import { claimNameOf } from '../../api/pod-references.ts'
import { CSI_DRIVERS, PERSISTENT_VOLUMES, PERSISTENT_VOLUME_CLAIMS, PODS } from '../../api/scheme.ts'
import type { Authorizer } from '../authorization/attributes.ts'
import { nodeNameOf } from '../authorization/node-identity.ts'
import { faultsText } from '../authorization/rbac.ts'
import type { AdmissionRequest, ClusterView } from './admission-request.ts'
import { missing, subjectOf } from './node-restriction.ts'

/** @throws ApiError Forbidden, or NotFound for a pod that is not there. Whoever is no node is let through */
export function restrictNodeToken(
  request: AdmissionRequest,
  cluster: ClusterView,
  authorizer: Authorizer,
): void {
  const { context, resource, subresource } = request
  const node = nodeNameOf(context.user)
  if (!node || resource.resource !== 'serviceaccounts' || subresource !== 'token') return
  const { spec } = request.object as unknown as TokenRequest
  const refuse = (why: string): Error => forbidden(resource, subjectOf(request), why)
  const pod = boundPod(request, spec, cluster)
  if (typeof pod === 'string') throw refuse(pod)
  if (pod.spec.nodeName !== node)
    throw refuse('node requested token bound to a pod scheduled on a different node')
  const fault = audienceFault(request, { pod, cluster, authorizer, audiences: spec.audiences ?? [] })
  if (fault !== undefined) throw refuse(fault)
}

/** @returns the pod, or what is wrong */
function boundPod(
  { namespace }: AdmissionRequest,
  { boundObjectRef: reference }: TokenRequest['spec'],
  cluster: ClusterView,
): Pod | string {
  if (reference?.apiVersion !== 'v1' || reference.kind !== 'Pod' || !reference.name)
    return 'node requested token not bound to a pod'
  if (!reference.uid) return 'node requested token with a pod binding without a uid'
  const pod = cluster.get(PODS, { namespace, name: reference.name })
  if (pod === undefined) throw missing(PODS, reference.name)
  return reference.uid === pod.metadata.uid
    ? (pod as Pod)
    : `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`
}

interface Wish {
  readonly pod: Pod
  readonly cluster: ClusterView
  readonly authorizer: Authorizer
  readonly audiences: readonly string[]
}

function audienceFault(request: AdmissionRequest, wish: Wish): string | undefined {
  const [audience = '', ...more] = wish.audiences
  if (more.length > 0) return 'node may only request 0 or 1 audiences'
  const { isWanted, faults } = wantedBy(wish, audience)
  if (isWanted) return undefined
  if (faults.length > 0)
    return `error validating audience ${JSON.stringify(audience)}: ${faultsText([...new Set(faults)])}`
  const { user } = request.context
  const { allowed } = wish.authorizer.authorize({
    user,
    verb: 'request-serviceaccounts-token-audience',
    target: {
      kind: 'resource',
      group: '',
      version: 'v1',
      resource: audience,
      subresource: '',
      namespace: request.namespace ?? '',
      name: request.name ?? '',
    },
  })
  return allowed
    ? undefined
    : `audience ${JSON.stringify(audience)} not found in pod spec volume, ${user.name} is not authorized to request tokens for this audience`
}

/** Whether a volume of the pod is of tokens for that audience, or of a driver that needs them. */
function wantedBy(
  { pod, cluster }: Wish,
  audience: string,
): { readonly isWanted: boolean; readonly faults: readonly string[] } {
  const faults: string[] = []
  for (const volume of pod.spec.volumes ?? []) {
    const sources = volume.projected?.sources ?? []
    const isOwn = sources.some(
      ({ serviceAccountToken: token }) => token !== undefined && (token.audience ?? '') === audience,
    )
    if (isOwn) return { isWanted: true, faults }
    try {
      const driver = driverOf(pod, volume, cluster)
      if (driver !== '' && hasAudience(driver, audience, cluster)) return { isWanted: true, faults }
    } catch (error) {
      if (!isApiError(error)) throw error
      faults.push(error.message)
    }
  }
  return { isWanted: false, faults }
}

/** CSI drivers that stand in for old kinds of volumes. */
const MIGRATED: readonly (readonly [keyof Volume & keyof PersistentVolume['spec'], string])[] = [
  ['awsElasticBlockStore', 'ebs.csi.aws.com'],
  ['azureDisk', 'disk.csi.azure.com'],
  ['azureFile', 'file.csi.azure.com'],
  ['cinder', 'cinder.csi.openstack.org'],
  ['gcePersistentDisk', 'pd.csi.storage.gke.io'],
  ['portworxVolume', 'pxd.portworx.com'],
  ['vsphereVolume', 'csi.vsphere.vmware.com'],
]

/** @returns '' for a volume without one. @throws ApiError NotFound on the way to it */
function driverOf(pod: Pod, volume: Volume, cluster: ClusterView): string {
  const name = claimNameOf(pod, volume)
  if (name === '') return driverOfSource(volume)
  const { namespace } = pod.metadata
  const claim = cluster.get(PERSISTENT_VOLUME_CLAIMS, { namespace, name })
  if (claim === undefined) throw missing(PERSISTENT_VOLUME_CLAIMS, name)
  const { volumeName = '' } = (claim as PersistentVolumeClaim).spec
  const bound = cluster.get(PERSISTENT_VOLUMES, { name: volumeName })
  if (bound === undefined) throw missing(PERSISTENT_VOLUMES, volumeName)
  return driverOfSource((bound as PersistentVolume).spec)
}

function driverOfSource(source: Volume | PersistentVolume['spec']): string {
  if (source.csi) return source.csi.driver
  const [, driver = ''] = MIGRATED.find(([kind]) => source[kind] !== undefined) ?? []
  return driver
}

function hasAudience(driver: string, audience: string, cluster: ClusterView): boolean {
  const found = cluster.get(CSI_DRIVERS, { name: driver })
  if (found === undefined) throw missing(CSI_DRIVERS, driver)
  return ((found as CSIDriver).spec.tokenRequests ?? []).some((each) => each.audience === audience)
}
