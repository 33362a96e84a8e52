/**
 * Which requests webhooks and policies are about: rules, and selectors of namespaces and objects. Pure.
 * kubernetes/apiserver pkg/admission/plugin/webhook/predicates/{rules,namespace,object}.
 */

import type { RuleWithOperations } from '../../api/generated/admissionregistration-v1.ts'
import type { LabelSelector } from '../../api/generated/meta-v1.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { NAMESPACES } from '../../api/scheme.ts'
import { matchesLabelSelector } from '../../api/selectors.ts'
import type { AdmissionRequest, ClusterView } from './admission-request.ts'

export interface Selectors {
  readonly namespaceSelector?: LabelSelector | undefined
  readonly objectSelector?: LabelSelector | undefined
}

/** Whether both selectors take the request in; an absent one takes in everything. */
export function selectorsMatch(
  { namespaceSelector = {}, objectSelector = {} }: Selectors,
  request: AdmissionRequest,
  cluster: ClusterView,
): boolean {
  const labels = namespaceLabels(request, cluster)
  return (
    (labels === undefined || matchesLabelSelector(namespaceSelector, labels)) &&
    (isEmpty(objectSelector) ||
      [request.object, request.old].some(
        (each) => each?.metadata !== undefined && matchesLabelSelector(objectSelector, each.metadata.labels),
      ))
  )
}

const isEmpty = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean =>
  Object.keys(matchLabels).length === 0 && matchExpressions.length === 0

/** A namespace is chosen by its own labels. undefined: what is in no namespace is chosen whatever the selector. */
function namespaceLabels(
  { resource, subresource, operation, namespace, object }: AdmissionRequest,
  cluster: ClusterView,
): Readonly<Record<string, string>> | undefined {
  if (isNamespaces(resource)) {
    const stored = subresource !== '' || operation === 'delete'
    const from = stored ? cluster.get(NAMESPACES, { name: object.metadata.name }) : object
    return from?.metadata.labels ?? {}
  }
  if (namespace === undefined) return undefined
  return cluster.get(NAMESPACES, { name: namespace })?.metadata.labels ?? {}
}

export const isNamespaces = ({ group, resource }: ResourceInfo): boolean =>
  group === '' && resource === NAMESPACES.resource

const has = (list: readonly string[] | undefined, wanted: string): boolean =>
  list?.some((each) => each === '*' || each === wanted) ?? false

/** @param resource the request's, or what is the same in another version */
export function ruleMatches(
  rule: RuleWithOperations,
  { operation, subresource }: Pick<AdmissionRequest, 'operation' | 'subresource'>,
  resource: ResourceInfo,
): boolean {
  const { scope = '*' } = rule
  return (
    has(rule.operations, operation.toUpperCase()) &&
    has(rule.apiGroups, resource.group) &&
    has(rule.apiVersions, resource.version) &&
    (rule.resources ?? []).some((each) => resourceMatches(each, resource.resource, subresource)) &&
    (scope === '*' || scope === (resource.namespaced ? 'Namespaced' : 'Cluster'))
  )
}

function resourceMatches(rule: string, resource: string, subresource: string): boolean {
  const [wanted, part] = rule.split('/')
  const isResource = wanted === '*' || wanted === resource
  // `*` alone is every resource, but no sub-resource; `*/*` is all of both.
  return isResource && (part === undefined ? subresource === '' : part === '*' || part === subresource)
}

/** The name the request is about; '' for one of a whole collection. */
export const requestedName = ({ name, object }: AdmissionRequest): string =>
  name ?? object.metadata?.name ?? ''
