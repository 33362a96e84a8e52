/**
 * A claim that names no class gets the class marked as default.
 * kubernetes/kubernetes plugin/pkg/admission/storage/storageclass/setdefault. Pure.
 */

import type { PersistentVolumeClaim } from '../../api/generated/core-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import { STORAGE_CLASSES } from '../../api/scheme.ts'
import type { AdmissionRequest, ClusterView } from './admission-request.ts'
import { defaultClass } from './default-class.ts'

const IS_DEFAULT = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
]
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class'

export function addDefaultStorageClass(request: AdmissionRequest, cluster: ClusterView): KubernetesObject {
  const { operation, resource, object, subresource } = request
  const isClaim = resource.group === '' && resource.resource === 'persistentvolumeclaims'
  if (operation !== 'create' || !isClaim || subresource !== '') return object
  const claim = object as PersistentVolumeClaim
  const annotation = claim.metadata.annotations?.[CLASS_ANNOTATION]
  if (claim.spec?.storageClassName !== undefined || annotation !== undefined) return object
  const chosen = defaultClass(cluster.list(STORAGE_CLASSES), IS_DEFAULT)
  if (chosen === undefined) return object
  const result: PersistentVolumeClaim = {
    ...claim,
    spec: { ...claim.spec, storageClassName: chosen.metadata.name },
  }
  return result
}
