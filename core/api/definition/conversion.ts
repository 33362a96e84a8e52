/**
 * How a definition says its versions are converted
 * (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go validateCustomResourceConversion).
 * Pure.
 */

import type {
  CustomResourceDefinitionSpec,
  WebhookClientConfig,
  WebhookConversion,
} from '../generated/apiextensions-v1.ts'
import type { Faults } from '../validation/faults.ts'
import { choice, forbiddenField, invalidValue, required, when } from '../validation/faults.ts'
import { REVIEW_VERSIONS, reviewVersionFaults, webhookClientFaults } from '../validation/webhook-client.ts'

const AT = 'spec.conversion'

export interface ConversionNeeds {
  /** one of the reviews named must be known here; not where none was before */
  readonly knownReview: boolean
  /** certificates must be some; not before the definition is established, nor where they were none before */
  readonly goodBundle: boolean
}

export function conversionFaults(spec: CustomResourceDefinitionSpec, needs: ConversionNeeds): Faults {
  const { conversion } = spec
  if (conversion === undefined) return []
  const { strategy, webhook } = conversion
  return [
    ...choice(`${AT}.strategy`, strategy, ['None', 'Webhook']),
    ...(strategy === 'Webhook' ? webhookFaults(webhook ?? {}, needs) : unusedFaults(webhook ?? {})),
  ]
}

function unusedFaults({ clientConfig, conversionReviewVersions = [] }: WebhookConversion): Faults {
  const detail = 'should not be set when strategy is not set to Webhook'
  return [
    ...when(clientConfig !== undefined, () => forbiddenField(`${AT}.webhookClientConfig`, detail)),
    ...when(conversionReviewVersions.length > 0, () =>
      forbiddenField(`${AT}.conversionReviewVersions`, detail),
    ),
  ]
}

function webhookFaults(
  { clientConfig, conversionReviewVersions = [] }: WebhookConversion,
  { knownReview, goodBundle }: ConversionNeeds,
): Faults {
  const field = `${AT}.webhookClientConfig`
  return [
    ...(clientConfig
      ? [
          ...webhookClientFaults(clientConfig, field),
          ...(goodBundle ? bundleFaults(clientConfig, field) : []),
        ]
      : [required(field, 'required when strategy is set to Webhook')]),
    ...reviewFaults(conversionReviewVersions, knownReview),
  ]
}

/** Faults of the certificates a webhook is trusted by. */
export function bundleFaults({ caBundle }: WebhookClientConfig, at: string): Faults {
  const text = Buffer.from(caBundle ?? '', 'base64').toString('latin1')
  return when(caBundle && !/-----BEGIN CERTIFICATE-----/.test(text), () =>
    invalidValue(
      `${at}.caBundle`,
      caBundle,
      'unable to load root certificates: unable to parse bytes as PEM block',
    ),
  )
}

function reviewFaults(versions: readonly string[], needsKnown: boolean): Faults {
  const field = `${AT}.conversionReviewVersions`
  return versions.length === 0 ? [required(field)] : reviewVersionFaults(versions, field, needsKnown)
}

export const isKnownReview = (version: string): boolean => REVIEW_VERSIONS.includes(version)
