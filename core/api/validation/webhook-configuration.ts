/** Validating and mutating webhooks (kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go). Pure. */

import type { MutatingWebhook, ValidatingWebhook } from '../generated/admissionregistration-v1.ts'
import { isSameValue } from '../equality.ts'
import { checkingEnvironment } from '../cel/admission-environment.ts'
import type { Faults } from './faults.ts'
import {
  duplicate,
  invalidTexts,
  invalidValue,
  optionalChoice,
  pointedChoice,
  repeated,
  required,
  when,
} from './faults.ts'
import { validateLabelSelector } from './label-selector.ts'
import { validateMatchConditions } from './match-conditions.ts'
import { validateOperationRule } from './operation-rules.ts'
import { dnsLabelFaults, dnsSubdomainFaults } from './names.ts'
import { REVIEW_VERSIONS, reviewVersionFaults, webhookClientFaults } from './webhook-client.ts'

type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>

interface Configuration {
  readonly webhooks?: readonly Webhook[] | undefined
}

const SIDE_EFFECTS = ['None', 'NoneOnDryRun']

/** Faults of a configuration of either kind, metadata aside. Conditions that did not change are not looked at again. */
export function validateWebhooks({ webhooks = [] }: Configuration, old?: Configuration): Faults {
  const again = repeated(webhooks, ({ name }) => name || undefined)
  const conditionsOf = (all: readonly Webhook[] = []): unknown =>
    all.map(({ matchConditions = [] }) => matchConditions)
  const isOld = old !== undefined && isSameValue(conditionsOf(webhooks), conditionsOf(old.webhooks))
  return webhooks.flatMap((webhook, index) => {
    const at = `webhooks[${index}]`
    return [
      ...validateWebhook(webhook, at),
      ...(isOld ? [] : conditionFaults(webhook, `${at}.matchConditions`)),
      ...validateReviewVersions(webhook.admissionReviewVersions ?? [], `${at}.admissionReviewVersions`),
      ...when(again.includes(index), () => duplicate(`${at}.name`, webhook.name)),
    ]
  })
}

function validateWebhook(webhook: Webhook, at: string): Faults {
  const { timeoutSeconds: timeout = 10, sideEffects } = webhook
  return [
    ...validateFullName(webhook.name ?? '', `${at}.name`),
    ...(webhook.rules ?? []).flatMap((rule, index) => validateOperationRule(rule, `${at}.rules[${index}]`)),
    ...optionalChoice(`${at}.failurePolicy`, webhook.failurePolicy, ['Fail', 'Ignore']),
    ...optionalChoice(`${at}.matchPolicy`, webhook.matchPolicy, ['Equivalent', 'Exact']),
    ...(sideEffects !== undefined
      ? pointedChoice(`${at}.sideEffects`, sideEffects, SIDE_EFFECTS)
      : [required(`${at}.sideEffects`, `must specify one of ${SIDE_EFFECTS.join(', ')}`)]),
    ...when(timeout < 1 || timeout > 30, () =>
      invalidValue(`${at}.timeoutSeconds`, timeout, 'the timeout value must be between 1 and 30 seconds'),
    ),
    ...validateLabelSelector(webhook.namespaceSelector, `${at}.namespaceSelector`),
    ...validateLabelSelector(webhook.objectSelector, `${at}.objectSelector`),
    ...optionalChoice(`${at}.reinvocationPolicy`, webhook.reinvocationPolicy, ['IfNeeded', 'Never']),
    ...webhookClientFaults(webhook.clientConfig ?? {}, `${at}.clientConfig`),
  ]
}

function validateFullName(name: string, field: string): Faults {
  if (name === '') return [required(field)]
  const faults = dnsSubdomainFaults(name)
  if (faults.length > 0) return [invalidValue(field, name, faults.join(','))]
  const labels = name.split('.')
  if (labels.length < 3)
    return [invalidValue(field, name, 'should be a domain with at least three segments separated by dots')]
  return labels.flatMap((label) => invalidTexts(field, label, dnsLabelFaults))
}

function validateReviewVersions(versions: readonly string[], field: string): Faults {
  return versions.length === 0
    ? [required(field, `must specify one of ${REVIEW_VERSIONS.join(', ')}`)]
    : reviewVersionFaults(versions, field, true)
}

function conditionFaults({ matchConditions = [] }: Webhook, field: string): Faults {
  if (matchConditions.length === 0) return []
  const scope = checkingEnvironment({ hasParams: false, hasAuthorizer: true })
  return validateMatchConditions(matchConditions, field, scope)
}
