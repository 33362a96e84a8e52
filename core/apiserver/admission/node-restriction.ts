/**
 * What a node may write of the objects that its authorizer (../authorization/node-authorizer.ts) lets it write: what is
 * its own. Pure. kubernetes/kubernetes plugin/pkg/admission/noderestriction/admission.go.
 */

import type { ApiError } from '../../api/api-error.ts'
import { forbidden, notFound } from '../../api/api-error.ts'
import { parseCertificateRequest } from '../../api/certificate-request.ts'
import { isSameValue } from '../../api/equality.ts'
import type { CertificateSigningRequest } from '../../api/generated/certificates-v1.ts'
import type { PersistentVolumeClaim, Pod } from '../../api/generated/core-v1.ts'
import { changeText } from '../../api/validation/persistent-volume.ts'
import type { ResourceSlice } from '../../api/generated/resource-v1.ts'
import type { KubernetesObject, NamedMeta } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { groupResource } from '../../api/resource.ts'
import { PODS } from '../../api/scheme.ts'
import { nodeNameOf } from '../authorization/node-identity.ts'
import type { AdmissionRequest, ClusterView } from './admission-request.ts'
import { mirrorPodFault } from './mirror-pods.ts'
import { nodeFault } from './node-objects.ts'

/** Says what is wrong; undefined: nothing. Throws ApiError NotFound where upstream does. */
type Check = (node: string, request: AdmissionRequest, cluster: ClusterView) => string | undefined

const NODE_LEASES = 'kube-node-lease'

const CHECKS: Readonly<Record<string, Check>> = {
  pods: podFault,
  nodes: (node, request) => nodeFault(node, nameOf(request), request),
  persistentvolumeclaims: claimFault,
  'leases.coordination.k8s.io': (node, request) =>
    request.namespace === NODE_LEASES
      ? foreign(node, request, 'node lease')
      : `can only access leases in the "${NODE_LEASES}" system namespace`,
  'csinodes.storage.k8s.io': (node, request) => foreign(node, request, 'CSINode'),
  'resourceslices.resource.k8s.io': sliceFault,
  'certificatesigningrequests.certificates.k8s.io': certificateFault,
}

/** An admission step that changes nothing. @throws ApiError Forbidden, or NotFound for a pod that is gone */
export function restrictNode(request: AdmissionRequest, cluster: ClusterView): KubernetesObject {
  const { context, object, resource } = request
  const node = nodeNameOf(context.user)
  if (node === undefined || request.operation === 'connect') return object
  const fault =
    node === ''
      ? `could not determine node from user ${JSON.stringify(context.user.name)}`
      : CHECKS[groupResource(resource)]?.(node, request, cluster)
  if (fault !== undefined) throw forbidden(resource, subjectOf(request), fault)
  return object
}

const nameOf = ({ name, object }: AdmissionRequest): string => name ?? object.metadata.name ?? ''

/** A name that is yet to be made is what it begins with. */
export function subjectOf(request: AdmissionRequest): string {
  const { generateName } = request.object.metadata as Partial<NamedMeta>
  return nameOf(request) || generateName || 'Unknown'
}

/** As upstream's caches tell of what they do not have. */
export const missing = ({ group, singular }: ResourceInfo, name: string): ApiError =>
  notFound({ group, resource: singular }, name)

const operationOf = ({ operation }: AdmissionRequest): string => JSON.stringify(operation.toUpperCase())

/** Of objects that have the name of their node. */
const foreign = (node: string, request: AdmissionRequest, what: string): string | undefined =>
  nameOf(request) === node ? undefined : `can only access ${what} with the same name as the requesting node`

function podFault(node: string, request: AdmissionRequest, cluster: ClusterView): string | undefined {
  const { subresource, operation } = request
  switch (subresource) {
    case '':
      if (operation === 'create') return mirrorPodFault(node, request.object as Pod, cluster)
      if (operation !== 'delete') {
        return `unexpected operation ${operationOf(request)}, node ${JSON.stringify(node)} can only create and delete mirror pods`
      }
      return existingPod(request, cluster).spec.nodeName === node
        ? undefined
        : `node ${JSON.stringify(node)} can only delete pods with spec.nodeName set to itself`
    case 'status':
      return operation === 'update' ? podStatusFault(node, request) : unexpected(request)
    case 'eviction':
      if (operation !== 'create') return `unexpected operation ${operation.toUpperCase()}`
      return existingPod(request, cluster).spec.nodeName === node
        ? undefined
        : `node ${node} can only evict pods with spec.nodeName set to itself`
    default:
      return `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`
  }
}

const unexpected = (request: AdmissionRequest): string => `unexpected operation ${operationOf(request)}`

function existingPod(request: AdmissionRequest, cluster: ClusterView): Pod {
  const name = nameOf(request)
  const pod = cluster.get(PODS, { namespace: request.namespace, name })
  if (pod === undefined) throw missing(PODS, name)
  return pod as Pod
}

function podStatusFault(node: string, { object, old }: AdmissionRequest): string | undefined {
  const [pod, before] = [object as Pod, old as Pod]
  const who = `node ${JSON.stringify(node)}`
  if (before.spec.nodeName !== node)
    return `${who} can only update pod status for pods with spec.nodeName set to itself`
  if (!isSameValue(pod.metadata.labels, before.metadata.labels))
    return `${who} cannot update labels through pod status`
  if (!isSameValue(claimsOf(pod), claimsOf(before))) return `${who} cannot update resource claim statues`
  return isSameValue(pod.status?.extendedResourceClaimStatus, before.status?.extendedResourceClaimStatus)
    ? undefined
    : `${who} cannot update extended resource claim status`
}

const claimsOf = ({ status }: Pod): unknown =>
  (status?.resourceClaimStatuses ?? []).map(({ name, resourceClaimName }) => ({ name, resourceClaimName }))

function claimFault(node: string, request: AdmissionRequest): string | undefined {
  const { subresource, operation, object, old } = request
  if (subresource !== 'status') return 'may only update PVC status'
  if (operation !== 'update') return unexpected(request)
  const [after, before] = [fixedParts(object), fixedParts(old)]
  if (isSameValue(after, before)) return undefined
  return `node ${JSON.stringify(node)} is not allowed to update fields other than status.quantity and status.conditions: ${changeText(before, after)}`
}

/** Of a claim, what is not for its node to tell of. */
function fixedParts(object: KubernetesObject | undefined): unknown {
  const { metadata, status = {}, ...rest } = object as PersistentVolumeClaim
  const { resourceVersion: _revision, managedFields: _managers, ...fixed } = metadata
  const {
    capacity: _1,
    conditions: _2,
    allocatedResources: _3,
    allocatedResourceStatuses: _4,
    ...told
  } = status
  return { ...rest, metadata: fixed, status: told }
}

function sliceFault(node: string, { operation, object }: AdmissionRequest): string | undefined {
  if (operation !== 'create' && operation !== 'delete') return undefined
  return (object as Partial<ResourceSlice>).spec?.nodeName === node
    ? undefined
    : `can only ${operation} ResourceSlice with the same NodeName as the requesting node`
}

/** Of certificates for nodes: it may ask for its own. */
const NODE_SIGNERS = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet']

function certificateFault(node: string, { operation, object }: AdmissionRequest): string | undefined {
  const { signerName, request } = (object as Partial<CertificateSigningRequest>).spec ?? {}
  if (operation !== 'create' || signerName === undefined || !NODE_SIGNERS.includes(signerName))
    return undefined
  try {
    const { commonName } = parseCertificateRequest(Buffer.from(request ?? '', 'base64').toString())
    return commonName === `system:node:${node}`
      ? undefined
      : `can only create a node CSR with CN=system:node:${node}`
  } catch (error) {
    return `unable to parse csr: ${error instanceof Error ? error.message : String(error)}`
  }
}
