/**
 * What a PersistentVolumeClaim is filled from: of two fields that mean the same, one follows the other (KEP-1495;
 * kubernetes/kubernetes pkg/api/persistentvolumeclaim/util.go). Pure.
 */

import type { PersistentVolumeClaim, TypedLocalObjectReference } from './generated/core-v1.ts'

type ClaimSpec = NonNullable<PersistentVolumeClaim['spec']>

const SNAPSHOTS = 'snapshot.storage.k8s.io'

/** The claim with both of its data sources, or none. @param old the claim as it was, where there is one */
export function withAgreedSources(
  claim: PersistentVolumeClaim,
  old?: PersistentVolumeClaim,
): PersistentVolumeClaim {
  const { spec } = claim
  return spec ? { ...claim, spec: mirrored(withoutUnknown(spec, old?.spec)) } : claim
}

/** Other namespaces may not be named; and the older field knows claims and snapshots only, unless it has long been there. */
function withoutUnknown(spec: ClaimSpec, old: ClaimSpec | undefined): ClaimSpec {
  const { dataSourceRef, ...others } = spec
  const local: ClaimSpec = dataSourceRef?.namespace && !old?.dataSourceRef ? others : spec
  if (old?.dataSource || old?.dataSourceRef || local.dataSourceRef) return local
  const { dataSource, ...rest } = local
  return dataSource && isOldSource(dataSource) ? local : rest
}

const isOldSource = ({ apiGroup = '', kind }: TypedLocalObjectReference): boolean =>
  (apiGroup === '' && kind === 'PersistentVolumeClaim') ||
  (apiGroup === SNAPSHOTS && kind === 'VolumeSnapshot')

function mirrored(spec: ClaimSpec): ClaimSpec {
  const { dataSource, dataSourceRef } = spec
  if (dataSource && !dataSourceRef) return { ...spec, dataSourceRef: dataSource }
  if (!dataSourceRef || dataSource || dataSourceRef.namespace) return spec
  const { namespace: _, ...local } = dataSourceRef
  return { ...spec, dataSource: local }
}
