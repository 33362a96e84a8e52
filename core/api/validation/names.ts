/**
 * Which texts may be names, labels and the like, with upstream's explanations
 * (kubernetes/apimachinery pkg/util/validation/validation.go). Each returns the faults found; empty when valid. Pure.
 */

export const DNS_LABEL_MAX = 63
const SUBDOMAIN_MAX = 253

const regexFault = (message: string, pattern: string, ...examples: readonly string[]): string => {
  const list = examples.map((example) => `'${example}'`).join(', or ')
  return `${message} (e.g. ${list}, regex used for validation is '${pattern}')`
}
const lengthFault = (max: number): string => `must be no more than ${max} bytes`

export function dnsLabelFaults(text: string): readonly string[] {
  const pattern = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
  const message =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
  return [
    ...(text.length > DNS_LABEL_MAX ? [lengthFault(DNS_LABEL_MAX)] : []),
    ...(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text)
      ? []
      : [regexFault(message, pattern, 'my-name', '123-abc')]),
  ]
}

/** RFC 1035: the names of Services, which may not begin with a digit. */
export function dns1035LabelFaults(text: string): readonly string[] {
  const pattern = '[a-z]([-a-z0-9]*[a-z0-9])?'
  const message =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
  return [
    ...(text.length > DNS_LABEL_MAX ? [lengthFault(DNS_LABEL_MAX)] : []),
    ...(/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(text)
      ? []
      : [regexFault(message, pattern, 'my-name', 'abc-123')]),
  ]
}

export function dnsSubdomainFaults(text: string): readonly string[] {
  const pattern = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'
  const message =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
  return [
    ...(text.length > SUBDOMAIN_MAX ? [lengthFault(SUBDOMAIN_MAX)] : []),
    ...(new RegExp(`^${pattern}$`).test(text) ? [] : [regexFault(message, pattern, 'example.com')]),
  ]
}

/** `*.example.com` */
export function wildcardSubdomainFaults(text: string): readonly string[] {
  const pattern = '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'
  const message =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
  return [
    ...(text.length > SUBDOMAIN_MAX ? [lengthFault(SUBDOMAIN_MAX)] : []),
    ...(new RegExp(`^${pattern}$`).test(text) ? [] : [regexFault(message, pattern, '*.example.com')]),
  ]
}

const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/

/** `name`, or `prefix/name` with a DNS subdomain before the slash: label and annotation keys. */
export function qualifiedNameFaults(text: string): readonly string[] {
  const parts = text.split('/')
  const pattern = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
  const message =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
  if (parts.length > 2) {
    const whole = `a qualified name ${message.replace('name part ', '')}`
    return [
      `${regexFault(whole, pattern, 'MyName', 'my.name', '123-abc')} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  }
  const name = parts.at(-1) ?? ''
  const prefix = parts.length === 2 ? (parts[0] ?? '') : undefined
  return [
    ...(prefix === '' ? ['prefix part must be non-empty'] : []),
    ...(prefix ? dnsSubdomainFaults(prefix).map((fault) => `prefix part ${fault}`) : []),
    ...(name === '' ? ['name part must be non-empty'] : []),
    ...(name.length > DNS_LABEL_MAX ? [`name part ${lengthFault(DNS_LABEL_MAX)}`] : []),
    ...(QUALIFIED.test(name) ? [] : [regexFault(message, pattern, 'MyName', 'my.name', '123-abc')]),
  ]
}

export function labelValueFaults(text: string): readonly string[] {
  const pattern = '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?'
  const message =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
  return [
    ...(text.length > DNS_LABEL_MAX ? [lengthFault(DNS_LABEL_MAX)] : []),
    ...(new RegExp(`^${pattern}$`).test(text)
      ? []
      : [regexFault(message, pattern, 'MyValue', 'my_value', '12345')]),
  ]
}

/** IANA service names: named ports of containers and targetPorts. */
export function portNameFaults(text: string): readonly string[] {
  return [
    ...(text.length > 15 ? ['must be no more than 15 characters'] : []),
    ...(/^[-a-z0-9]+$/.test(text)
      ? []
      : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
    ...(/[a-z]/.test(text) ? [] : ['must contain at least one letter (a-z)']),
    ...(text.includes('--') ? ['must not contain consecutive hyphens'] : []),
    ...(/^-|-$/.test(text) ? ['must not begin or end with a hyphen'] : []),
  ]
}

export const PORT_RANGE = 'must be between 1 and 65535, inclusive'

export function isPortNumber(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535
}
