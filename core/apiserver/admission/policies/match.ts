/**
 * Which requests a ValidatingAdmissionPolicy or its binding is about. Pure.
 * kubernetes/apiserver pkg/admission/plugin/policy/matching/matching.go.
 */

import type {
  MatchResources,
  NamedRuleWithOperations,
} from '../../../api/generated/admissionregistration-v1.ts'
import type { ResourceInfo } from '../../../api/resource.ts'
import type { ServedKinds } from '../../registry/kinds.ts'
import type { AdmissionRequest, ClusterView } from '../admission-request.ts'
import { matchedVersion } from '../equivalents.ts'
import { requestedName, selectorsMatch } from '../matching.ts'

/**
 * @param match absent: everything
 * @returns the resource that the rules mean: the request's, or the same in another version; undefined: not this request
 */
export function matchedResource(
  match: MatchResources | undefined,
  request: AdmissionRequest,
  cluster: ClusterView,
  kinds: Pick<ServedKinds, 'versionsOf'>,
): ResourceInfo | undefined {
  if (match === undefined) return request.resource
  if (!selectorsMatch(match, request, cluster)) return undefined
  const { matchPolicy, resourceRules: rules = [], excludeResourceRules: excluded = [] } = match
  const matched = (some: readonly NamedRuleWithOperations[]): ResourceInfo | undefined =>
    matchedVersion(
      some.filter((rule) => namesIt(rule, request)),
      request,
      { matchPolicy, kinds },
    )
  if (matched(excluded) !== undefined) return undefined
  return rules.length === 0 ? request.resource : matched(rules)
}

const namesIt = ({ resourceNames = [] }: NamedRuleWithOperations, request: AdmissionRequest): boolean =>
  resourceNames.length === 0 || resourceNames.includes(requestedName(request))
