/**
 * Is this request head fit to be forwarded, and as what? Pure. What node:http lets through but a proxy must not:
 * two Hosts, a Host that is none, transfer codings other than chunked, HTTP/1.0 with Transfer-Encoding, fragments.
 * RFC 9112 sections 3.2 and 6.1, RFC 9110 section 7.6.1.
 */

import { normalisedHost, normalisedPath } from './host-and-path.ts'

export interface RequestHead {
  readonly method: string
  /** as in the request line */
  readonly target: string
  readonly httpVersion: string
  /** names and values in turn, as received */
  readonly rawHeaders: readonly string[]
}

export type CheckedHead =
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string }
  | {
      readonly kind: 'fit'
      /** normalised; '' for HTTP/1.0 without Host */
      readonly host: string
      /** what goes to the backend as Host */
      readonly hostField: string
      /** normalised, without query: for matching */
      readonly path: string
      /** what goes to the backend */
      readonly forwardTarget: string
    }

const refused = (status: number, reason: string): CheckedHead => ({ kind: 'refused', status, reason })

export function checkedHead(head: RequestHead): CheckedHead {
  if (head.httpVersion !== '1.1' && head.httpVersion !== '1.0')
    return refused(505, 'only HTTP/1.1 and HTTP/1.0')
  if (head.method === 'CONNECT' || head.method === 'TRACE')
    return refused(405, `${head.method} is not allowed`)
  const framing = framingFault(head)
  if (framing) return framing
  const target = targetParts(head.target)
  if (target === undefined) return refused(400, 'malformed request target')
  const hosts = valuesOf(head.rawHeaders, 'host')
  if (hosts.length > 1 || (hosts.length === 0 && head.httpVersion === '1.1'))
    return refused(400, 'exactly one Host is needed')
  const hostField = target.authority ?? hosts[0] ?? ''
  const host = hostField === '' ? '' : normalisedHost(hostField)
  const path = normalisedPath(target.path)
  if (host === undefined || hosts.some((value) => value !== '' && normalisedHost(value) === undefined)) {
    return refused(400, 'malformed Host')
  }
  if (path === undefined) return refused(400, 'malformed path')
  return { kind: 'fit', host, hostField, path: path.path, forwardTarget: path.forward }
}

function framingFault(head: RequestHead): CheckedHead | undefined {
  const codings = valuesOf(head.rawHeaders, 'transfer-encoding')
  if (codings.length === 0) return undefined
  if (head.httpVersion === '1.0') return refused(400, 'Transfer-Encoding in HTTP/1.0')
  if (valuesOf(head.rawHeaders, 'content-length').length > 0)
    return refused(400, 'Transfer-Encoding with Content-Length')
  if (codings.length > 1 || codings[0]?.trim().toLowerCase() !== 'chunked')
    return refused(501, 'unknown transfer coding')
  return undefined
}

/** Origin form, or absolute form whose authority replaces the Host. */
function targetParts(target: string): { readonly path: string; readonly authority?: string } | undefined {
  if (/[^\x21-\x7e]|#/.test(target)) return undefined
  if (target.startsWith('/')) return { path: target }
  const absolute = /^https?:\/\/([^/?]+)(.*)$/i.exec(target)
  if (absolute === null) return undefined
  const [, authority = '', rest = ''] = absolute
  return { authority, path: rest.startsWith('/') ? rest : `/${rest}` }
}

/** All values of a field, by its lower-case name. */
export function valuesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter(
    (_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name,
  )
}
