/**
 * What a request must meet and gets beyond its kind's own rules: a short list of pure steps, each looking at the
 * rest of the cluster through a read-only view.
 *
 * kubernetes/kubernetes plugin/pkg/admission has the same steps in the same order; those not here (quotas, limit
 * ranges, webhooks, pod security) are not implemented.
 */

import type { Random } from '../../../host/host.ts'
import type { KubernetesObject, ObjectName } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { addDefaultIngressClass } from './default-ingress-class.ts'
import { refuseNamespaces } from './namespace-lifecycle.ts'
import { addTolerations, mountToken, requireServiceAccount, resolvePriority } from './pods.ts'

export interface AdmissionRequest {
  readonly operation: 'create' | 'update' | 'delete'
  readonly resource: ResourceInfo
  readonly namespace: string | undefined
  /** delete: the object as it is */
  readonly object: KubernetesObject
  readonly random: Pick<Random, 'next'>
}

/** The cluster as stored, at the time of the request. */
export interface ClusterView {
  get(resource: ResourceInfo, name: ObjectName): KubernetesObject | undefined
  list(resource: ResourceInfo): readonly KubernetesObject[]
}

/** @returns the object, changed or not. @throws ApiError when the request is refused */
export type AdmissionStep = (request: AdmissionRequest, cluster: ClusterView) => KubernetesObject

const STEPS: readonly AdmissionStep[] = [
  refuseNamespaces,
  requireServiceAccount,
  mountToken,
  resolvePriority,
  addTolerations,
  addDefaultIngressClass,
]

/** Passes the request through every step. */
export function admitted(request: AdmissionRequest, cluster: ClusterView): KubernetesObject {
  return STEPS.reduce((object, step) => step({ ...request, object }, cluster), request.object)
}
