/** Who owns whom: controller references, adoption and release (metav1.OwnerReference). Pure. */

import type { OwnerReference } from '../api/generated/meta-v1.ts'
import type { KubernetesObject } from '../api/object.ts'

/** The reference by which `owner` controls a dependent. */
export function controllerReference(owner: KubernetesObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
}

export function controllerOf(object: KubernetesObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller)
}

export function isControlledBy(object: KubernetesObject, owner: KubernetesObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid
}

/** The object with `owner` as its controller. */
export function adopted<T extends KubernetesObject>(object: T, owner: KubernetesObject): T {
  const ownerReferences = [...(object.metadata.ownerReferences ?? []), controllerReference(owner)]
  return { ...object, metadata: { ...object.metadata, ownerReferences } }
}

/** The object without `owner` among its owners. */
export function released<T extends KubernetesObject>(object: T, owner: KubernetesObject): T {
  const ownerReferences = object.metadata.ownerReferences?.filter((one) => one.uid !== owner.metadata.uid)
  return { ...object, metadata: { ...object.metadata, ownerReferences } }
}
