/**
 * How a definition says its versions are converted
 * (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go validateCustomResourceConversion).
 * Pure.
 */

import type {
  CustomResourceDefinitionSpec,
  ServiceReference,
  WebhookClientConfig,
  WebhookConversion,
} from '../generated/apiextensions-v1.ts'
import type { Faults } from '../validation/faults.ts'
import { choice, forbiddenField, invalidValue, portFaults, required, when } from '../validation/faults.ts'
import { dns1035LabelFaults } from '../validation/names.ts'
import { validatePath, validateUrl } from '../validation/webhook-configuration.ts'

const AT = 'spec.conversion'
const REVIEWS = ['v1', 'v1beta1']

export interface ConversionNeeds {
  /** one of the reviews named must be known here; not where none was before */
  readonly knownReview: boolean
  /** certificates must be some; not before the definition is established, nor where they were none before */
  readonly goodBundle: boolean
}

export function conversionFaults(spec: CustomResourceDefinitionSpec, needs: ConversionNeeds): Faults {
  const { conversion, versions = [] } = spec
  if (conversion === undefined) return []
  const { strategy, webhook } = conversion
  // Webhooks that convert are not called here: only where nothing has to be converted may they be named.
  const isNeeded = versions.filter(({ served }) => served).length > 1
  return [
    ...choice(`${AT}.strategy`, strategy, ['None', 'Webhook']),
    ...when(strategy === 'Webhook' && isNeeded, () =>
      invalidValue(
        `${AT}.strategy`,
        strategy,
        'conversion by webhook is not supported here: serve one version, or use None',
      ),
    ),
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
      ? [...clientFaults(clientConfig, field), ...(goodBundle ? bundleFaults(clientConfig, field) : [])]
      : [required(field, 'required when strategy is set to Webhook')]),
    ...reviewFaults(conversionReviewVersions, knownReview),
  ]
}

function clientFaults({ url, service }: WebhookClientConfig, at: string): Faults {
  if ((url === undefined) === (service === undefined))
    return [required(at, 'exactly one of url or service is required')]
  if (url !== undefined) return validateUrl(url, `${at}.url`)
  return service ? serviceFaults(service, `${at}.service`) : []
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

/** Upstream hands over name and namespace in each other's place: an empty one is told of as the other. */
function serviceFaults({ name, namespace, path, port = 443 }: ServiceReference, at: string): Faults {
  return [
    ...when(!namespace, () => required(`${at}.name`)),
    ...when(!name, () => required(`${at}.namespace`)),
    ...portFaults(`${at}.port`, port).map((fault) => ({
      ...fault,
      detail: `port is not valid: ${fault.detail ?? ''}`,
    })),
    ...validatePath(path, `${at}.path`),
  ]
}

function reviewFaults(versions: readonly string[], needsKnown: boolean): Faults {
  const field = `${AT}.conversionReviewVersions`
  if (versions.length === 0) return [required(field)]
  return [
    ...versions.flatMap((version, index) => {
      const at = `${field}[${index}]`
      if (versions.indexOf(version) < index) return [invalidValue(at, version, 'duplicate version')]
      return dns1035LabelFaults(version).map((detail) => invalidValue(at, version, detail))
    }),
    ...when(needsKnown && !versions.some(isKnownReview), () =>
      invalidValue(field, versions, `must include at least one of ${REVIEWS.join(', ')}`),
    ),
  ]
}

export const isKnownReview = (version: string): boolean => REVIEWS.includes(version)
