/**
 * What the server itself writes into a ServiceCIDR. Pure.
 * KEP-1880; kubernetes/kubernetes pkg/controller/servicecidrs.
 */

import type { ServiceCIDR } from '../../api/generated/networking-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import { timestamp } from '../../api/timestamp.ts'

export const CIDR_FINALIZER = 'networking.k8s.io/service-cidr-finalizer'

/** @returns the CIDR with its finalizer and condition: usable at once, and no more once it is being deleted */
export function completedServiceCIDR(object: KubernetesObject, nowMs: number): KubernetesObject {
  const cidr = object as ServiceCIDR
  const { finalizers = [], deletionTimestamp } = cidr.metadata
  const known = cidr.status?.conditions?.find(({ type }) => type === 'Ready')
  const isEnding = deletionTimestamp !== undefined
  const status = isEnding ? 'False' : 'True'
  const ready = {
    type: 'Ready',
    status,
    reason: isEnding ? 'Terminating' : '',
    message: isEnding
      ? 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR'
      : 'Kubernetes Service CIDR is ready',
    lastTransitionTime: known?.status === status ? known.lastTransitionTime : timestamp(nowMs),
  }
  const isHeld = isEnding || finalizers.includes(CIDR_FINALIZER)
  return {
    ...cidr,
    metadata: { ...cidr.metadata, ...(isHeld ? {} : { finalizers: [...finalizers, CIDR_FINALIZER] }) },
    status: { ...cidr.status, conditions: [ready] },
  } as KubernetesObject
}
