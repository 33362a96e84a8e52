/**
 * Which requests a ValidatingAdmissionPolicy or its binding is about. Pure.
 * kubernetes/apiserver pkg/admission/plugin/policy/matching/matching.go.
 */

import type {
  MatchResources,
  NamedRuleWithOperations,
} from '../../../api/generated/admissionregistration-v1.ts'
import type { ResourceInfo } from '../../../api/resource.ts'
import { versionedResource } from '../../../api/resource.ts'
import { EVENTS, NEW_EVENTS } from '../../../api/scheme.ts'
import type { ServedKinds } from '../../kinds.ts'
import type { AdmissionRequest, ClusterView } from '../admission.ts'
import { requestedName, ruleMatches, selectorsMatch } from '../matching.ts'

/**
 * @param match absent: everything
 * @returns the resource that the rules mean: the request's, or the same in another version; undefined: not this request
 */
export function matchedResource(
  match: MatchResources | undefined,
  request: AdmissionRequest,
  cluster: ClusterView,
  kinds: ServedKinds,
): ResourceInfo | undefined {
  if (match === undefined) return request.resource
  if (!selectorsMatch(match, request, cluster)) return undefined
  const others =
    match.matchPolicy === 'Exact'
      ? () => []
      : (): readonly ResourceInfo[] => equivalents(request.resource, kinds)
  if (meant(match.excludeResourceRules ?? [], request, others) !== undefined) return undefined
  const rules = match.resourceRules ?? []
  return rules.length === 0 ? request.resource : meant(rules, request, others)
}

function meant(
  rules: readonly NamedRuleWithOperations[],
  request: AdmissionRequest,
  others: () => readonly ResourceInfo[],
): ResourceInfo | undefined {
  const isMeant = (resource: ResourceInfo): boolean =>
    rules.some((rule) => ruleMatches(rule, request, resource) && namesIt(rule, request))
  if (isMeant(request.resource)) return request.resource
  return others().find(isMeant)
}

const namesIt = ({ resourceNames = [] }: NamedRuleWithOperations, request: AdmissionRequest): boolean =>
  resourceNames.length === 0 || resourceNames.includes(requestedName(request))

/** Events are in two groups; everything else that is in two versions is in one group. */
const SAME_IN_OTHER_GROUPS = [EVENTS, NEW_EVENTS].map(versionedResource)

function equivalents(resource: ResourceInfo, kinds: ServedKinds): readonly ResourceInfo[] {
  const own = versionedResource(resource)
  const isSame = (other: ResourceInfo): boolean =>
    (other.group === resource.group && other.resource === resource.resource) ||
    (SAME_IN_OTHER_GROUPS.includes(own) && SAME_IN_OTHER_GROUPS.includes(versionedResource(other)))
  return kinds.resources.filter((other) => versionedResource(other) !== own && isSame(other))
}
