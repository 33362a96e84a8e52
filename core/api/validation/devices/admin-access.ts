/**
 * Who may have devices that others use: claims in namespaces that are labelled for it
 * (kubernetes/kubernetes pkg/registry/resource/utils.go). Pure.
 */

import type {
  DeviceRequest,
  DeviceRequestAllocationResult,
  ResourceClaim,
  ResourceClaimTemplate,
} from '../../generated/resource-v1.ts'
import type { ClusterFacts } from '../../rules.ts'
import type { Faults } from '../faults.ts'
import { forbiddenField, when } from '../faults.ts'

const LABEL = 'resource.kubernetes.io/admin-access'

/** Faults of a claim that is new, or of one whose status is. @param old undefined: it is new */
export function claimAccessFaults(
  claim: ResourceClaim,
  old: ResourceClaim | undefined,
  facts: ClusterFacts,
): Faults {
  if (old === undefined) return requestAccessFaults(claim.spec.devices?.requests, claim, facts)
  const [before, now] = [old, claim].map(({ status }) => adminResult(status?.allocation?.devices?.results))
  // What has been given does not change.
  if (before !== undefined || now === undefined) return []
  return accessFaults(`status.allocation.devices.results[${now}].adminAccess`, claim, facts)
}

/** Upstream's path of a template's requests is that of a claim's. */
export function templateAccessFaults(
  template: ResourceClaimTemplate,
  old: ResourceClaimTemplate | undefined,
  facts: ClusterFacts,
): Faults {
  return old === undefined ? requestAccessFaults(template.spec.spec.devices?.requests, template, facts) : []
}

type Named = Pick<ResourceClaim, 'metadata'>

function requestAccessFaults(
  requests: readonly DeviceRequest[] = [],
  object: Named,
  facts: ClusterFacts,
): Faults {
  const index = requests.findIndex(({ exactly }) => exactly?.adminAccess)
  return index < 0 ? [] : accessFaults(`spec.devices.requests[${index}].adminAccess`, object, facts)
}

function adminResult(results: readonly DeviceRequestAllocationResult[] = []): number | undefined {
  const index = results.findIndex(({ adminAccess }) => adminAccess)
  return index < 0 ? undefined : index
}

function accessFaults(field: string, { metadata }: Named, facts: ClusterFacts): Faults {
  const labels = facts.namespaceLabels?.(metadata.namespace ?? '') ?? {}
  return when(labels[LABEL] !== 'true', () =>
    forbiddenField(
      field,
      `admin access to devices requires the \`${LABEL}: true\` label on the containing namespace`,
    ),
  )
}
