/**
 * Validating and mutating webhooks (kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go,
 * kubernetes/apiserver pkg/util/webhook/validation.go). Pure.
 */

import type {
  MutatingWebhook,
  ServiceReference,
  ValidatingWebhook,
  WebhookClientConfig,
} from '../generated/admissionregistration-v1.ts'
import { isSameValue } from '../equality.ts'
import { checkingEnvironment } from '../cel/admission-environment.ts'
import type { Faults } from './faults.ts'
import {
  duplicate,
  invalidTexts,
  invalidValue,
  optionalChoice,
  pointedChoice,
  portFaults,
  repeated,
  required,
  when,
} from './faults.ts'
import { validateLabelSelector } from './label-selector.ts'
import { validateMatchConditions } from './match-conditions.ts'
import { validateOperationRule } from './operation-rules.ts'
import { dns1035LabelFaults, dnsLabelFaults, dnsSubdomainFaults } from './names.ts'

type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>

interface Configuration {
  readonly webhooks?: readonly Webhook[] | undefined
}

const VERSIONS = ['v1', 'v1beta1']
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
    ...validateClient(webhook.clientConfig ?? {}, `${at}.clientConfig`),
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
  if (versions.length === 0) return [required(field, `must specify one of ${VERSIONS.join(', ')}`)]
  const again = repeated(versions, (version) => version)
  return [
    ...versions.flatMap((version, index) =>
      again.includes(index)
        ? [invalidValue(`${field}[${index}]`, version, 'duplicate version')]
        : invalidTexts(`${field}[${index}]`, version, dns1035LabelFaults),
    ),
    ...when(!versions.some((version) => VERSIONS.includes(version)), () =>
      invalidValue(field, versions, `must include at least one of ${VERSIONS.join(', ')}`),
    ),
  ]
}

function validateClient({ url, service }: WebhookClientConfig, at: string): Faults {
  if ((url === undefined) === (service === undefined))
    return [required(at, 'exactly one of url or service is required')]
  if (url !== undefined) return validateUrl(url, `${at}.url`)
  return service ? validateService(service, `${at}.service`) : []
}

const DESIRED = 'desired format: https://host[/path]'

/** The parts of what may be less than a whole URL (RFC 3986, appendix B): scheme, authority, path, query, fragment. */
const REFERENCE = /^(?:([A-Za-z][\w+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s

/** Faults of the URL of a webhook. */
export function validateUrl(text: string, field: string): Faults {
  const [, scheme = '', authority = '', , search = '', hash = ''] = REFERENCE.exec(text) ?? []
  if (scheme && authority && !URL.canParse(text))
    return [required(field, `url must be a valid URL: ${JSON.stringify(text)}; ${DESIRED}`)]
  const at = authority.lastIndexOf('@')
  const [user, host] = [authority.slice(0, Math.max(at, 0)), authority.slice(at + 1)]
  const refused: readonly (readonly [boolean, string, string])[] = [
    [scheme !== 'https', scheme, `'https' is the only allowed URL scheme; ${DESIRED}`],
    [host === '', host, `host must be specified; ${DESIRED}`],
    [user !== '', user, 'user information is not permitted in the URL'],
    [hash !== '', hash, 'fragments are not permitted in the URL'],
    [search !== '', search, 'query parameters are not permitted in the URL'],
  ]
  return refused.flatMap(([isWrong, value, detail]) =>
    when(isWrong, () => invalidValue(field, value, detail)),
  )
}

function validateService({ name, namespace, path, port = 443 }: ServiceReference, at: string): Faults {
  return [
    // Upstream mistakes the one for the other here.
    ...when(!namespace, () => required(`${at}.name`)),
    ...when(!name, () => required(`${at}.namespace`)),
    ...portFaults(`${at}.port`, port).map((fault) => ({
      ...fault,
      detail: `port is not valid: ${fault.detail ?? ''}`,
    })),
    ...validatePath(path, `${at}.path`),
  ]
}

/** Faults of the path of a webhook that is a Service. */
export function validatePath(path: string | undefined, field: string): Faults {
  if (path === undefined || path === '' || path === '/') return []
  // The first letter is taken for the slash, also where it is none.
  const segments = path.slice(1).replace(/\/$/, '').split('/')
  return [
    ...when(!path.startsWith('/'), () => invalidValue(field, path, "must start with a '/'")),
    ...segments.flatMap((segment, index) =>
      segment === ''
        ? [invalidValue(field, path, `segment[${index}] may not be empty`)]
        : dnsSubdomainFaults(segment).map((fault) =>
            invalidValue(field, path, `segment[${index}]: ${fault}`),
          ),
    ),
  ]
}

function conditionFaults({ matchConditions = [] }: Webhook, field: string): Faults {
  if (matchConditions.length === 0) return []
  const scope = checkingEnvironment({ hasParams: false, hasAuthorizer: true })
  return validateMatchConditions(matchConditions, field, scope)
}
