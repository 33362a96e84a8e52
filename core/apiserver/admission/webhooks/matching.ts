/**
 * Which webhooks a request concerns. Pure.
 * kubernetes/apiserver pkg/admission/plugin/webhook/{generic,predicates}.
 */

import type { MutatingWebhook, ValidatingWebhook } from '../../../api/generated/admissionregistration-v1.ts'
import type { AdmissionRequest, ClusterView } from '../admission.ts'
import { ruleMatches, selectorsMatch } from '../matching.ts'

export type Webhook = MutatingWebhook | ValidatingWebhook

/** Whether rules and selectors of the webhook take the request in; its conditions are not asked here. */
export function concerns(webhook: Webhook, request: AdmissionRequest, cluster: ClusterView): boolean {
  return (
    (webhook.rules ?? []).some((rule) => ruleMatches(rule, request, request.resource)) &&
    selectorsMatch(webhook, request, cluster)
  )
}

/** Configurations of webhooks and policies are out of webhooks' reach: nobody could mend a broken one. */
export function isExempt({ resource }: AdmissionRequest): boolean {
  return resource.group === 'admissionregistration.k8s.io'
}
