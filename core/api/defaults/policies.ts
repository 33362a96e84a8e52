/**
 * Defaults of what decides about other objects: LimitRanges, PriorityClasses, webhooks and admission policies (kubernetes/kubernetes
 * pkg/apis/{core,scheduling,admissionregistration}/v1/defaults.go). Pure and idempotent.
 */

import type {
  MatchResources,
  MutatingWebhookConfiguration,
  NamedRuleWithOperations,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
  WebhookClientConfig,
} from '../generated/admissionregistration-v1.ts'
import type { LimitRange, LimitRangeItem } from '../generated/core-v1.ts'
import type { PriorityClass } from '../generated/scheduling-v1.ts'

/** A container's default limit is at most the maximum; its default request that limit, or at least the minimum. */
export function defaultLimitRange(range: LimitRange): LimitRange {
  const limits = range.spec?.limits?.map((item) => (item.type === 'Container' ? defaultItem(item) : item))
  return limits ? { ...range, spec: { ...range.spec, limits } } : range
}

function defaultItem(item: LimitRangeItem): LimitRangeItem {
  const limit = { ...item.max, ...item.default }
  const request = { ...item.min, ...limit, ...item.defaultRequest }
  return {
    ...item,
    ...(Object.keys(limit).length > 0 ? { default: limit } : {}),
    ...(Object.keys(request).length > 0 ? { defaultRequest: request } : {}),
  }
}

export function defaultPriorityClass(one: PriorityClass): PriorityClass {
  return {
    ...one,
    value: one.value ?? 0,
    preemptionPolicy: one.preemptionPolicy ?? 'PreemptLowerPriority',
  }
}

export function defaultValidatingWebhooks(
  configuration: ValidatingWebhookConfiguration,
): ValidatingWebhookConfiguration {
  const { webhooks } = configuration
  return webhooks ? { ...configuration, webhooks: webhooks.map(defaultWebhook) } : configuration
}

export function defaultMutatingWebhooks(
  configuration: MutatingWebhookConfiguration,
): MutatingWebhookConfiguration {
  const { webhooks } = configuration
  if (!webhooks) return configuration
  return {
    ...configuration,
    webhooks: webhooks.map((webhook) => ({
      ...defaultWebhook(webhook),
      reinvocationPolicy: webhook.reinvocationPolicy ?? 'Never',
    })),
  }
}

function defaultWebhook<T extends ValidatingWebhook>(webhook: T): T {
  const { clientConfig, rules } = webhook
  return {
    ...webhook,
    ...(clientConfig ? { clientConfig: defaultClient(clientConfig) } : {}),
    ...(rules ? { rules: rules.map(defaultRule) } : {}),
    failurePolicy: webhook.failurePolicy ?? 'Fail',
    matchPolicy: webhook.matchPolicy ?? 'Equivalent',
    namespaceSelector: webhook.namespaceSelector ?? {},
    objectSelector: webhook.objectSelector ?? {},
    timeoutSeconds: webhook.timeoutSeconds ?? 10,
  }
}

function defaultClient(client: WebhookClientConfig): WebhookClientConfig {
  const { service } = client
  return service ? { ...client, service: { ...service, port: service.port ?? 443 } } : client
}

const defaultRule = <T extends NamedRuleWithOperations>(rule: T): T => ({ ...rule, scope: rule.scope ?? '*' })

export function defaultAdmissionPolicy(policy: ValidatingAdmissionPolicy): ValidatingAdmissionPolicy {
  const { spec } = policy
  const { matchConstraints } = spec ?? {}
  return {
    ...policy,
    spec: {
      ...spec,
      ...(matchConstraints ? { matchConstraints: defaultMatch(matchConstraints) } : {}),
      failurePolicy: spec?.failurePolicy ?? 'Fail',
    },
  }
}

export function defaultAdmissionPolicyBinding(
  binding: ValidatingAdmissionPolicyBinding,
): ValidatingAdmissionPolicyBinding {
  const { spec } = binding
  return spec?.matchResources
    ? { ...binding, spec: { ...spec, matchResources: defaultMatch(spec.matchResources) } }
    : binding
}

function defaultMatch(match: MatchResources): MatchResources {
  const { resourceRules, excludeResourceRules } = match
  return {
    ...match,
    matchPolicy: match.matchPolicy ?? 'Equivalent',
    namespaceSelector: match.namespaceSelector ?? {},
    objectSelector: match.objectSelector ?? {},
    ...(resourceRules ? { resourceRules: resourceRules.map(defaultRule) } : {}),
    ...(excludeResourceRules ? { excludeResourceRules: excludeResourceRules.map(defaultRule) } : {}),
  }
}
