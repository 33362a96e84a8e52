/**
 * A claim may ask for more once it is bound, where its class lets volumes grow.
 * kubernetes/kubernetes plugin/pkg/admission/storage/persistentvolume/resize. Pure.
 */

import { forbidden } from '../../api/api-error.ts'
import type { PersistentVolumeClaim } from '../../api/generated/core-v1.ts'
import type { StorageClass } from '../../api/generated/storage-v1.ts'
import { milliOf } from '../../api/quantity.ts'
import { STORAGE_CLASSES } from '../../api/scheme.ts'
import type { AdmissionRequest, ClusterView } from './admission-request.ts'

const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class'

/** @throws ApiError Forbidden */
export function refuseExpansion(request: AdmissionRequest, cluster: ClusterView): void {
  const { operation, resource, subresource } = request
  const isClaim = resource.group === '' && resource.resource === 'persistentvolumeclaims'
  if (operation !== 'update' || !isClaim || subresource !== '') return
  const [claim, old] = [request.object as PersistentVolumeClaim, request.old as PersistentVolumeClaim]
  if (sizeOf(claim) <= sizeOf(old)) return
  const refused = (why: string): Error => forbidden(resource, claim.metadata.name, why)
  if (old.status?.phase !== 'Bound') throw refused('Only bound persistent volume claims can be expanded')
  const name = classOf(claim)
  const found = name === classOf(old) && name ? cluster.get(STORAGE_CLASSES, { name }) : undefined
  if ((found as StorageClass | undefined)?.allowVolumeExpansion) return
  throw refused(
    'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
  )
}

const sizeOf = ({ spec }: PersistentVolumeClaim): bigint => milliOf(spec?.resources?.requests?.['storage'])

const classOf = ({ metadata, spec }: PersistentVolumeClaim): string | undefined =>
  metadata.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName
