/**
 * The claims of devices a pod makes
 * (kubernetes/kubernetes pkg/apis/core/validation/validation.go validatePodResourceClaims). Pure.
 */

import type { PodResourceClaim } from '../generated/core-v1.ts'
import { MIRROR_POD } from '../pod-references.ts'
import type { Faults } from './faults.ts'
import { duplicate, forbiddenField, invalidTexts, invalidValue, required, when } from './faults.ts'
import { dnsLabelFaults, dnsSubdomainFaults } from './names.ts'

/** Faults of a pod's claims. @param annotations of the pod, or of its template; undefined: there are none yet */
export function validatePodClaims(
  claims: readonly PodResourceClaim[],
  field: string,
  annotations: Readonly<Record<string, string>> | undefined,
): Faults {
  const known = new Set<string>()
  return claims.flatMap((claim, index) => {
    const at = `${field}[${index}]`
    // Upstream's path leads nowhere.
    if (annotations?.[MIRROR_POD] !== undefined)
      return [forbiddenField('[]', 'static pods do not support resource claims')]
    return [...nameFaults(claim.name, `${at}.name`, known), ...sourceFaults(claim, at)]
  })
}

function nameFaults(name: string, field: string, known: Set<string>): Faults {
  if (name === '') return [required(field)]
  if (known.has(name)) return [duplicate(field, name)]
  known.add(name)
  return invalidTexts(field, name, dnsLabelFaults)
}

function sourceFaults(claim: PodResourceClaim, at: string): Faults {
  const { resourceClaimName: name, resourceClaimTemplateName: template } = claim
  const shown = {
    Name: claim.name,
    ResourceClaimName: name ?? null,
    ResourceClaimTemplateName: template ?? null,
  }
  const both = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'
  const none = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'
  return [
    ...when(name !== undefined && template !== undefined, () => invalidValue(at, shown, both)),
    ...when(name === undefined && template === undefined, () => invalidValue(at, shown, none)),
    ...(name === undefined ? [] : invalidTexts(`${at}.resourceClaimName`, name, dnsSubdomainFaults)),
    ...(template === undefined
      ? []
      : invalidTexts(`${at}.resourceClaimTemplateName`, template, dnsSubdomainFaults)),
  ]
}
