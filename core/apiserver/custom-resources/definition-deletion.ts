/**
 * A definition whose deletion begins: it stays until its objects are gone. Pure.
 * kubernetes/apiextensions-apiserver pkg/registry/customresourcedefinition/etcd.go Delete.
 */

import { CLEANUP_FINALIZER } from '../../api/custom-resource.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
} from '../../api/generated/apiextensions-v1.ts'
import { timestamp } from '../../api/timestamp.ts'

/** @returns the definition marked for deletion. @param finalizers it has, those the request asks for included */
export function markedDefinition(
  crd: CustomResourceDefinition,
  finalizers: readonly string[],
  nowMs: number,
): CustomResourceDefinition {
  const now = timestamp(nowMs)
  const pending: CustomResourceDefinitionCondition = {
    type: 'Terminating',
    status: 'True',
    lastTransitionTime: now,
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  }
  const { conditions = [] } = crd.status ?? {}
  return {
    ...crd,
    metadata: {
      ...crd.metadata,
      deletionTimestamp: now,
      finalizers: finalizers.includes(CLEANUP_FINALIZER) ? finalizers : [...finalizers, CLEANUP_FINALIZER],
    },
    status: {
      ...crd.status,
      conditions: [...conditions.filter(({ type }) => type !== pending.type), pending],
    },
  }
}
