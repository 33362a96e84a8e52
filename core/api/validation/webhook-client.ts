/**
 * What webhooks of admission and of conversion have in common: where they are, and which reviews they understand
 * (kubernetes/apiserver pkg/util/webhook/validation.go). Pure.
 */

import type { ServiceReference, WebhookClientConfig } from '../generated/admissionregistration-v1.ts'
import type { Faults } from './faults.ts'
import { invalidTexts, invalidValue, portFaults, repeated, required, when } from './faults.ts'
import { dns1035LabelFaults, dnsSubdomainFaults } from './names.ts'

/** Of reviews, those that are known here. */
export const REVIEW_VERSIONS: readonly string[] = ['v1', 'v1beta1']

/** @param needsKnown whether one of them must be known here */
export function reviewVersionFaults(versions: readonly string[], field: string, needsKnown: boolean): Faults {
  const again = repeated(versions, (version) => version)
  return [
    ...versions.flatMap((version, index) =>
      again.includes(index)
        ? [invalidValue(`${field}[${index}]`, version, 'duplicate version')]
        : invalidTexts(`${field}[${index}]`, version, dns1035LabelFaults),
    ),
    ...when(needsKnown && !versions.some((version) => REVIEW_VERSIONS.includes(version)), () =>
      invalidValue(field, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`),
    ),
  ]
}

/** Faults of how a webhook is reached: by URL, or as a Service. */
export function webhookClientFaults({ url, service }: WebhookClientConfig, at: string): Faults {
  if ((url === undefined) === (service === undefined))
    return [required(at, 'exactly one of url or service is required')]
  if (url !== undefined) return validateUrl(url, `${at}.url`)
  return service ? validateService(service, `${at}.service`) : []
}

const DESIRED = 'desired format: https://host[/path]'

/** The parts of what may be less than a whole URL (RFC 3986, appendix B): scheme, authority, path, query, fragment. */
const REFERENCE = /^(?:([A-Za-z][\w+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s

function validateUrl(text: string, field: string): Faults {
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
    // Upstream hands over name and namespace in each other's place: an empty one is told of as the other.
    ...when(!namespace, () => required(`${at}.name`)),
    ...when(!name, () => required(`${at}.namespace`)),
    ...portFaults(`${at}.port`, port).map((fault) => ({
      ...fault,
      detail: `port is not valid: ${fault.detail ?? ''}`,
    })),
    ...validatePath(path, `${at}.path`),
  ]
}

function validatePath(path: string | undefined, field: string): Faults {
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
