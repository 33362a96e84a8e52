/**
 * Which webhooks a request concerns. Pure.
 * kubernetes/apiserver pkg/admission/plugin/webhook/{generic,predicates}.
 */

import type { MutatingWebhook, ValidatingWebhook } from '../../../api/generated/admissionregistration-v1.ts'
import type { ResourceInfo } from '../../../api/resource.ts'
import type { ServedKinds } from '../../registry/kinds.ts'
import type { AdmissionRequest, ClusterView } from '../admission-request.ts'
import { matchedVersion } from '../equivalents.ts'
import { selectorsMatch } from '../matching.ts'

export type Webhook = MutatingWebhook | ValidatingWebhook

/**
 * Its conditions are not asked here.
 * @returns the version in which the webhook is to be told of the request; undefined: rules or selectors leave it out
 */
export function matchedVersionOf(
  webhook: Webhook,
  request: AdmissionRequest,
  cluster: ClusterView,
  kinds: Pick<ServedKinds, 'versionsOf'>,
): ResourceInfo | undefined {
  const { rules = [], matchPolicy } = webhook
  const matched = matchedVersion(rules, request, { matchPolicy, kinds })
  return matched !== undefined && selectorsMatch(webhook, request, cluster) ? matched : undefined
}

/** Configurations of webhooks and policies are out of webhooks' reach: nobody could mend a broken one. */
export function isExempt({ resource }: AdmissionRequest): boolean {
  return resource.group === 'admissionregistration.k8s.io'
}
