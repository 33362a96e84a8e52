/**
 * How devices, pools, attributes and requests may be called
 * (kubernetes/kubernetes pkg/apis/resource/validation/validation.go). Pure.
 */

import type { DeviceClaim } from '../../generated/resource-v1.ts'
import type { Faults } from '../faults.ts'
import { invalidTexts, invalidValue, required, tooLong, when } from '../faults.ts'
import { cIdentifierFaults, dnsLabelFaults, dnsSubdomainFaults } from '../names.ts'
import { driverNameFaults } from '../persistent-volume.ts'

const MAX_POOL_NAME = 253
const MAX_DOMAIN = 63
const MAX_ID = 32
/** `DOMAIN/ID` at its longest. */
export const MAX_QUALIFIED_NAME = MAX_DOMAIN + 1 + MAX_ID

/** Subdomains, joined by slashes. */
export function poolNameFaults(name: string, field: string): Faults {
  if (name === '') return [required(field)]
  return [
    ...when(Buffer.byteLength(name) > MAX_POOL_NAME, () => tooLong(field, MAX_POOL_NAME)),
    ...name.split('/').flatMap((part) => invalidTexts(field, part, dnsSubdomainFaults)),
  ]
}

/** `id`, or `domain/id`. */
export function qualifiedFaults(name: string, field: string): Faults {
  if (name === '') return [required(field, 'name required')]
  const [first = '', second, ...more] = name.split('/')
  if (more.length > 0) return []
  if (second === undefined) return idFaults(first, field)
  return [
    ...(first === '' ? [required(field, 'the domain must not be empty')] : driverNameFaults(first, field)),
    ...(second === '' ? [required(field, 'the name must not be empty')] : idFaults(second, field)),
  ]
}

function idFaults(id: string, field: string): Faults {
  return [
    ...when(Buffer.byteLength(id) > MAX_ID, () => tooLong(field, MAX_ID)),
    ...invalidTexts(field, id, cIdentifierFaults),
  ]
}

/** `domain/id`. */
export function fullyQualifiedFaults(name: string, field: string): Faults {
  return [
    ...qualifiedFaults(name, field),
    ...when(name !== '' && !name.includes('/'), () => invalidValue(field, name, 'must include a domain')),
  ]
}

/** The names of a claim's requests, with those of the alternatives of each. */
export type RequestNames = ReadonlyMap<string, ReadonlySet<string>>

export function requestNames({ requests = [] }: DeviceClaim): RequestNames {
  return new Map(
    requests.map(({ name, firstAvailable = [] }) => [name, new Set(firstAvailable.map((each) => each.name))]),
  )
}

const NO_REQUEST =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"

/** `request`, or `request/alternative`. */
export function requestReferenceFaults(name: string, field: string, known: RequestNames): Faults {
  const parts = name.split('/')
  const [request = '', alternative] = parts
  if (parts.length > 2) return [invalidValue(field, name, NO_REQUEST)]
  const found = known.get(request)
  const isKnown = found !== undefined && (alternative === undefined || found.has(alternative))
  return [
    ...parts.flatMap((part) => invalidTexts(field, part, dnsLabelFaults)),
    ...when(!isKnown, () => invalidValue(field, name, NO_REQUEST)),
  ]
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const NORMALIZED =
  'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters'

/** A UUID as Kubernetes writes it. */
export function uidFaults(uid: string, field: string): Faults {
  const fault = uuidFault(uid)
  if (fault !== undefined) return [invalidValue(field, uid, `error validating uid: ${fault}`)]
  return when(uid.length !== 36 || uid !== uid.toLowerCase(), () => invalidValue(field, uid, NORMALIZED))
}

/** In the words of github.com/google/uuid Validate. */
function uuidFault(text: string): string | undefined {
  const format = 'invalid UUID format'
  switch (Buffer.byteLength(text)) {
    case 36:
      return UUID.test(text) ? undefined : format
    case 45:
      if (text.slice(0, 9).toLowerCase() !== 'urn:uuid:')
        return `invalid urn prefix: ${JSON.stringify(text.slice(0, 9))}`
      return UUID.test(text.slice(9)) ? undefined : format
    case 38:
      if (!text.startsWith('{') || !text.endsWith('}')) return 'invalid bracketed UUID format'
      return UUID.test(text.slice(1, -1)) ? undefined : format
    case 32:
      return /^[0-9a-f]{32}$/i.test(text) ? undefined : format
    default:
      return `invalid UUID length: ${Buffer.byteLength(text)}`
  }
}
