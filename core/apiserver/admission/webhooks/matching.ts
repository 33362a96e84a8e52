/**
 * Which webhooks a request concerns. Pure.
 * kubernetes/apiserver pkg/admission/plugin/webhook/predicates/{rules,namespace,object}.
 */

import type {
  MutatingWebhook,
  RuleWithOperations,
  ValidatingWebhook,
} from '../../../api/generated/admissionregistration-v1.ts'
import { matchesLabelSelector } from '../../../api/selectors.ts'
import { NAMESPACES } from '../../../api/scheme.ts'
import type { AdmissionRequest, ClusterView } from '../admission.ts'

export type Webhook = MutatingWebhook | ValidatingWebhook

/** Whether rules and selectors of the webhook take the request in; its conditions are not asked here. */
export function concerns(webhook: Webhook, request: AdmissionRequest, cluster: ClusterView): boolean {
  return (
    (webhook.rules ?? []).some((rule) => ruleMatches(rule, request)) &&
    matchesLabelSelector(webhook.namespaceSelector ?? {}, namespaceLabels(request, cluster)) &&
    objectMatches(webhook, request)
  )
}

const has = (list: readonly string[] | undefined, wanted: string): boolean =>
  list?.some((each) => each === '*' || each === wanted) ?? false

function ruleMatches(
  rule: RuleWithOperations,
  { operation, resource, subresource }: AdmissionRequest,
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

/** A namespace is chosen by its own labels; what is in none, by none. */
function namespaceLabels(
  { resource, namespace, object }: AdmissionRequest,
  cluster: ClusterView,
): Readonly<Record<string, string>> {
  if (resource.group === '' && resource.resource === NAMESPACES.resource) return object.metadata.labels ?? {}
  if (namespace === undefined) return {}
  return cluster.get(NAMESPACES, { name: namespace })?.metadata.labels ?? {}
}

function objectMatches({ objectSelector = {} }: Webhook, { object, old }: AdmissionRequest): boolean {
  return [object, old].some(
    (each) => each !== undefined && matchesLabelSelector(objectSelector, each.metadata.labels),
  )
}

/** Configurations of webhooks are out of their own reach: nobody could mend a broken one. */
export function isExempt({ resource }: AdmissionRequest): boolean {
  return resource.group === 'admissionregistration.k8s.io'
}
