/**
 * What a webhook's answer means as HTTP, before it is looked at as a review; in the words of the client that upstream
 * calls webhooks with. Pure.
 * kubernetes/client-go rest/request.go (transformResponse), kubernetes/apimachinery pkg/api/errors/errors.go
 * (NewGenericServerResponse).
 */

import { dialFault, goQuoted } from '../../../api/go-text.ts'
import { goSyntaxError, goTypeError } from '../../requests/go-json.ts'
import { isObject } from '../../requests/json-value.ts'

export interface RestAnswer {
  readonly code: number
  /** '' when none was given */
  readonly contentType: string
  readonly body: Buffer
}

/** @returns the document of an answer. @throws Error for another than success, and for what is no document */
export function documentOf({ code, contentType, body }: RestAnswer): unknown {
  const text = body.toString('utf8')
  if (code < 200 || code > 206) throw new Error(refusal(code, contentType, text))
  if (text === '') {
    const type = contentType || 'application/json'
    throw new Error(`0-length response with status code: ${code} and content type: ${type}`)
  }
  const document = parsed(text)
  if (isObject(document)) return document
  const isText = document === undefined && goSyntaxError(body) !== undefined && /^\s*[{[]/.test(text)
  const why = isText ? goSyntaxError(body) : goTypeError(document ?? text, VERSION_AND_KIND)
  throw new Error(`couldn't get version/kind; json parse error: ${why}`)
}

/** What Go's decoder looks for first. */
export const VERSION_AND_KIND =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'

/** @returns undefined for what is no JSON */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

const TEXTS: ReadonlyMap<number, string> = new Map([
  [400, 'the server rejected our request for an unknown reason'],
  [401, 'the server has asked for the client to provide credentials'],
  [404, 'the server could not find the requested resource'],
  [405, 'the server does not allow this method on the requested resource'],
  [409, 'the server reported a conflict'],
  [413, 'the request is too large'],
  [422, 'the server rejected our request due to an error in our request'],
  [429, 'the server has received too many requests and has asked us to try again later'],
  [503, 'the server is currently unable to handle the request'],
  [
    504,
    'the server was unable to return a response in the time allotted, but may still be processing the request',
  ],
])

function refusal(code: number, contentType: string, body: string): string {
  const status = parsed(body)
  const { kind, status: outcome, message } = isObject(status) ? status : {}
  if (kind === 'Status' && outcome !== 'Success' && typeof message === 'string' && message !== '')
    return message
  const isText = contentType === '' || contentType.startsWith('text/')
  const said = isText ? body.trim() : 'unknown'
  if ([403, 406, 415].includes(code)) return said
  const known = TEXTS.get(code)
  if (known !== undefined) return known
  if (code >= 500)
    return `an error on the server (${goQuoted(said)}) has prevented the request from succeeding`
  return `the server responded with the status code ${code} but did not return more information`
}

interface SystemFault {
  readonly code?: string
  /** of a certificate that is of somebody else */
  readonly host?: string
  readonly cert?: { readonly subjectaltname?: string }
}

const UNKNOWN_AUTHORITY: readonly string[] = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]

/** @returns Go's words for why there was no answer at all */
export function connectionFault(
  error: unknown,
  to: { readonly address: string; readonly port: number },
): string {
  const { code = '', host = '', cert } = (error ?? {}) as SystemFault
  const dialing = dialFault(code, to)
  if (dialing !== undefined) return dialing
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${to.address}: no such host`
  if (code === 'ECONNRESET') return 'EOF'
  const verifying = 'tls: failed to verify certificate: x509:'
  if (UNKNOWN_AUTHORITY.includes(code)) return `${verifying} certificate signed by unknown authority`
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return `${verifying} certificate has expired or is not yet valid`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `${verifying} ${otherName(host, cert?.subjectaltname)}`
  return error instanceof Error ? error.message : String(error)
}

/** What a certificate is good for, and that is not the host. */
function otherName(host: string, names = ''): string {
  const isAddress = /^[\d.]+$|:/.test(host)
  const kind = isAddress ? 'IP Address:' : 'DNS:'
  const own = names
    .split(', ')
    .filter((name) => name.startsWith(kind))
    .map((name) => name.slice(kind.length))
  if (own.length > 0) return `certificate is valid for ${own.join(', ')}, not ${host}`
  return isAddress
    ? `cannot validate certificate for ${host} because it doesn't contain any IP SANs`
    : `certificate is not valid for any names, but wanted to match ${host}`
}
