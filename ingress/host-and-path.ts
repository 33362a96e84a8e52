/**
 * What a request asks for, made comparable: its host and its path. Pure. RFC 9110 section 4.2, RFC 3986 section 6.2.
 *
 * For matching only; what is forwarded keeps the client's bytes, but for dot segments (see forwardPath).
 */

/** `host[:port]`; a name, an IPv4 address, or an IPv6 address in brackets. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9_~!$&'()*+;=%-]+(?:\.[a-z0-9_~!$&'()*+;=%-]+)*\.?)(?::(\d{1,5}))?$/i

/** @returns lower case, without port and trailing dot; undefined when `value` is no host */
export function normalisedHost(value: string): string | undefined {
  const match = HOST.exec(value)
  if (match === null || Number(match[1] ?? 0) > 65535) return undefined
  return value
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
}

export interface NormalisedPath {
  /** unreserved escapes decoded, the others in upper case, dot segments resolved */
  readonly path: string
  /** with the query; the client's own bytes unless there were dot segments */
  readonly forward: string
}

const UNRESERVED = /[A-Za-z0-9\-._~]/

/** @param target origin form, `/a/b?c`. @returns undefined for a broken escape, or `..` above the root */
export function normalisedPath(target: string): NormalisedPath | undefined {
  const question = target.indexOf('?')
  const raw = question < 0 ? target : target.slice(0, question)
  const query = question < 0 ? '' : target.slice(question)
  if (!raw.startsWith('/') || /%(?![0-9A-Fa-f]{2})/.test(raw)) return undefined
  const decoded = raw.replace(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
    return UNRESERVED.test(character) ? character : escape.toUpperCase()
  })
  const path = withoutDotSegments(decoded)
  if (path === undefined) return undefined
  return { path, forward: path === decoded ? target : path + query }
}

/** RFC 3986 section 5.2.4, but undefined instead of clamping at the root. */
function withoutDotSegments(path: string): string | undefined {
  if (!/\/\.{1,2}(\/|$)/.test(path)) return path
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1
    if (segment === '..' && kept.pop() === undefined) return undefined
    if (segment !== '..' && segment !== '.') kept.push(segment)
    else if (last) kept.push('')
  }
  return `/${kept.join('/')}`
}
