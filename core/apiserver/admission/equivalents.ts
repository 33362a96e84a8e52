/**
 * `matchPolicy: Equivalent`: in which version of its resource a request is what rules are about, and its objects in that
 * version. Pure.
 *
 * kubernetes/apiserver pkg/admission/plugin/webhook/generic/webhook.go (ShouldCallHook),
 * pkg/admission/plugin/policy/matching, pkg/admission/conversion.go; kubernetes/apimachinery pkg/runtime/mapper.go.
 */

import type { MatchResources, RuleWithOperations } from '../../api/generated/admissionregistration-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { apiVersionOf, versionedResource } from '../../api/resource.ts'
import type { ServedKinds } from '../registry/kinds.ts'
import type { AdmissionRequest } from './admission-request.ts'
import { ruleMatches } from './matching.ts'

type Asked = Pick<AdmissionRequest, 'operation' | 'resource' | 'subresource'>

/** What rules are tried on beside the request's own resource. */
export interface Matching {
  /** absent: Equivalent, the API's default */
  readonly matchPolicy?: MatchResources['matchPolicy'] | undefined
  readonly kinds: Pick<ServedKinds, 'versionsOf'>
}

/**
 * The request's own version comes before all others, then earlier rules before later ones.
 *
 * @returns the version some rule means; undefined: none means the request
 */
export function matchedVersion(
  rules: readonly RuleWithOperations[],
  request: Asked,
  { matchPolicy, kinds }: Matching,
): ResourceInfo | undefined {
  const { resource } = request
  if (rules.some((rule) => ruleMatches(rule, request, resource))) return resource
  if (matchPolicy === 'Exact' || rules.length === 0) return undefined
  const others = otherVersions(request, kinds)
  for (const rule of rules) {
    const found = others.find((other) => ruleMatches(rule, request, other))
    if (found !== undefined) return found
  }
  return undefined
}

/** A sub-resource is the same only in versions that have it. */
function otherVersions({ resource, subresource }: Asked, kinds: Matching['kinds']): readonly ResourceInfo[] {
  const own = versionedResource(resource)
  return kinds
    .versionsOf(resource)
    .filter((other) => versionedResource(other) !== own)
    .filter(({ subresources }) => subresource === '' || subresources.some(({ name }) => name === subresource))
}

/** @returns the object in another version of its resource; itself when it is of another kind (a Scale, an Eviction). @throws Unconverted */
export function inVersion(
  object: KubernetesObject,
  { from, to }: { readonly from: ResourceInfo; readonly to: ResourceInfo },
  kinds: Pick<ServedKinds, 'of'>,
): KubernetesObject {
  if (versionedResource(from) === versionedResource(to) || object.apiVersion !== apiVersionOf(from))
    return object
  const { converted, fromStorage = same } = kinds.of(to)
  return converted?.(object) ?? fromStorage((kinds.of(from).toStorage ?? same)(object))
}

const same = (object: KubernetesObject): KubernetesObject => object
