/**
 * Which texts may be names, labels and the like, with upstream's explanations
 * (kubernetes/apimachinery pkg/util/validation/validation.go). Each returns the faults found; empty when valid. Pure.
 */

export const DNS_LABEL_MAX = 63
const SUBDOMAIN_MAX = 253

/** Upstream's odd double space between examples included. */
const regexFault = (message: string, pattern: string, ...examples: readonly string[]): string => {
  const list = examples.map((example) => `'${example}', `).join(' or ')
  return `${message} (e.g. ${list}regex used for validation is '${pattern}')`
}
const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
const whole = (pattern: string): RegExp => new RegExp(`^${pattern}$`)
const LABEL_REGEX = whole(LABEL)
const SUBDOMAIN_REGEX = whole(SUBDOMAIN)
const WILDCARD_REGEX = whole(`\\*\\.${SUBDOMAIN}`)

/** Upstream says characters and counts bytes. */
const tooLong = (text: string, max: number): readonly string[] =>
  Buffer.byteLength(text) > max ? [`must be no more than ${max} characters`] : []

export function dnsLabelFaults(text: string): readonly string[] {
  const message =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
  const long = tooLong(text, DNS_LABEL_MAX)
  if (LABEL_REGEX.test(text)) return long
  if (SUBDOMAIN_REGEX.test(text)) return [...long, 'must not contain dots']
  return [...long, regexFault(message, LABEL, 'my-name', '123-abc')]
}

/** RFC 1035: the names of Services, which may not begin with a digit. */
export function dns1035LabelFaults(text: string): readonly string[] {
  const pattern = '[a-z]([-a-z0-9]*[a-z0-9])?'
  const message =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
  return [
    ...tooLong(text, DNS_LABEL_MAX),
    ...(/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(text)
      ? []
      : [regexFault(message, pattern, 'my-name', 'abc-123')]),
  ]
}

export function dnsSubdomainFaults(text: string): readonly string[] {
  const message =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
  return [
    ...tooLong(text, SUBDOMAIN_MAX),
    ...(SUBDOMAIN_REGEX.test(text) ? [] : [regexFault(message, SUBDOMAIN, 'example.com')]),
  ]
}

/** As a DNS subdomain; labels may have underscores in them. */
export function searchFaults(text: string): readonly string[] {
  const label = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
  const pattern = `${label}(\\.${label})*`
  const message =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character"
  return [
    ...tooLong(text, SUBDOMAIN_MAX),
    ...(whole(pattern).test(text) ? [] : [regexFault(message, pattern, 'example.com')]),
  ]
}

/** `*.example.com` */
export function wildcardSubdomainFaults(text: string): readonly string[] {
  const message =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
  return [
    ...tooLong(text, SUBDOMAIN_MAX),
    ...(WILDCARD_REGEX.test(text) ? [] : [regexFault(message, `\\*\\.${SUBDOMAIN}`, '*.example.com')]),
  ]
}

/** A domain name of at least two labels; a dot at its end is no fault. */
export function fullDomainFaults(text: string): readonly string[] {
  const name = text.replace(/\.$/, '')
  const faults = dnsSubdomainFaults(name)
  if (faults.length > 0) return [faults.join(',')]
  if (!name.includes('.')) return ['should be a domain with at least two segments separated by dots']
  const long = name.split('.').find((label) => dnsLabelFaults(label).length > 0)
  return long === undefined ? [] : [dnsLabelFaults(long).join(',')]
}

const QUALIFIED_PATTERN = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const QUALIFIED = whole(QUALIFIED_PATTERN)
const LABEL_VALUE = whole(`(${QUALIFIED_PATTERN})?`)

/** `name`, or `prefix/name` with a DNS subdomain before the slash: label and annotation keys. */
export function qualifiedNameFaults(text: string): readonly string[] {
  const message =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
  const badForm = regexFault(message, QUALIFIED_PATTERN, 'MyName', 'my.name', '123-abc')
  const parts = text.split('/')
  if (parts.length > 2)
    return [
      `a qualified name ${badForm} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  const name = parts.at(-1) ?? ''
  const prefix = parts.length === 2 ? parts[0] : undefined
  return [
    ...(prefix === '' ? ['prefix part must be non-empty'] : []),
    ...(prefix ? dnsSubdomainFaults(prefix).map((fault) => `prefix part ${fault}`) : []),
    ...(name === '' ? ['name part must be non-empty'] : []),
    ...tooLong(name, DNS_LABEL_MAX).map((fault) => `name part ${fault}`),
    ...(QUALIFIED.test(name) ? [] : [`name part ${badForm}`]),
  ]
}

export function labelValueFaults(text: string): readonly string[] {
  const message =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
  return [
    ...tooLong(text, DNS_LABEL_MAX),
    ...(LABEL_VALUE.test(text)
      ? []
      : [regexFault(message, `(${QUALIFIED_PATTERN})?`, 'MyValue', 'my_value', '12345')]),
  ]
}

/** IANA service names: named ports of containers and targetPorts. */
export function portNameFaults(text: string): readonly string[] {
  return [
    ...tooLong(text, 15),
    ...(/^[-a-z0-9]+$/.test(text)
      ? []
      : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
    ...(/[a-z]/.test(text) ? [] : ['must contain at least one letter (a-z)']),
    ...(text.includes('--') ? ['must not contain consecutive hyphens'] : []),
    ...(/^-|-$/.test(text) ? ['must not begin or end with a hyphen'] : []),
  ]
}

/** What may stand for one part of a URL's path. */
export function pathSegmentFaults(text: string): readonly string[] {
  if (text === '.' || text === '..') return [`may not be '${text}'`]
  return ['/', '%'].filter((one) => text.includes(one)).map((one) => `may not contain '${one}'`)
}

/** Names of attributes of devices. */
export function cIdentifierFaults(text: string): readonly string[] {
  const message =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'"
  const pattern = '[A-Za-z_][A-Za-z0-9_]*'
  return whole(pattern).test(text) ? [] : [regexFault(message, pattern, 'my_name', 'MY_NAME', 'MyName')]
}

/** Keys of ConfigMaps and Secrets: they become file names. */
export function configKeyFaults(text: string): readonly string[] {
  const message = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
  const pattern = '[-._a-zA-Z0-9]+'
  return [
    ...tooLong(text, SUBDOMAIN_MAX),
    ...(/^[-._a-zA-Z0-9]+$/.test(text)
      ? []
      : [regexFault(message, pattern, 'key.name', 'KEY_NAME', 'key-name')]),
    ...upwardFaults(text),
  ]
}

/** Names of environment variables: printable ASCII without `=`. */
export function environmentNameFaults(text: string): readonly string[] {
  const message =
    "a valid environment variable name must consist only of printable ASCII characters other than '='"
  return /^[ -<>-~]*$/.test(text) ? [] : [message]
}

/** `..` at the beginning leads out of the directory. */
export function upwardFaults(text: string): readonly string[] {
  if (text === '.' || text === '..') return [`must not be '${text}'`]
  return text.startsWith('..') ? ["must not start with '..'"] : []
}

/** `25%` */
export function percentFaults(text: string): readonly string[] {
  const message = "a valid percent string must be a numeric string followed by an ending '%'"
  return /^[0-9]+%$/.test(text) ? [] : [regexFault(message, '[0-9]+%', '1%', '93%')]
}

/** Names of HTTP headers. */
export function headerNameFaults(text: string): readonly string[] {
  const message = "a valid HTTP header must consist of alphanumeric characters or '-'"
  return /^[-A-Za-z0-9]+$/.test(text) ? [] : [regexFault(message, '[-A-Za-z0-9]+', 'X-Header-Name')]
}

const HTTP_PATH = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/

/** `example.org/controller`: the fault found first, and the part of the text it is in. */
export function domainPathFaults(
  text: string,
): readonly { readonly value: string; readonly detail: string }[] {
  const slash = text.indexOf('/')
  const [host, path] = [text.slice(0, slash), text.slice(slash + 1)]
  if (slash < 1 || path === '')
    return [{ value: text, detail: 'must be a domain-prefixed path (such as "acme.io/foo")' }]
  const pattern = HTTP_PATH.source.slice(1, -1)
  return [
    ...dnsSubdomainFaults(host).map((detail) => ({ value: host, detail })),
    ...(HTTP_PATH.test(path)
      ? []
      : [{ value: path, detail: `Invalid path (regex used for validation is '${pattern}')` }]),
  ]
}

export const PORT_RANGE = 'must be between 1 and 65535, inclusive'

const CONDITION_REASON = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?'

/** Why a condition is as it is, in one word. */
export function conditionReasonFaults(text: string): readonly string[] {
  const message =
    "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'"
  const examples = ['my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB']
  return whole(CONDITION_REASON).test(text) ? [] : [regexFault(message, CONDITION_REASON, ...examples)]
}
