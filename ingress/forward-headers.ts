/**
 * Which header fields go to the backend and back. Pure. Hop-by-hop fields go no further (RFC 9110 section 7.6.1);
 * order and letter case of the rest stay; X-Forwarded-* tell the backend who asked.
 */

import { valuesOf } from './request-head.ts'

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  // Some CGI programs take this one for the environment variable HTTP_PROXY.
  'proxy',
])

/** Fields a client's Connection header may not make us drop. */
const PROTECTED = new Set(['host', 'content-length', 'authorization', 'cookie', 'x-real-ip'])

export interface ForwardedFacts {
  readonly clientAddress: string
  readonly protocol: 'http' | 'https'
  /** port the client connected to */
  readonly port: number
  readonly hostField: string
  readonly requestId: string
}

/** Set by us alone; a client's own are replaced. */
const REPLACED = new Set([
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
  'host',
])

/** @returns names and values in turn, for the backend */
export function requestFields(rawHeaders: readonly string[], facts: ForwardedFacts): string[] {
  const kept = endToEnd(rawHeaders).filter(([name]) => {
    const lower = name.toLowerCase()
    // An underscore becomes a dash in CGI-like backends: X_Real_IP would pass for X-Real-IP.
    return !REPLACED.has(lower) && lower !== 'x-request-id' && !lower.includes('_')
  })
  const ours: readonly (readonly [string, string])[] = [
    ['X-Request-ID', valuesOf(rawHeaders, 'x-request-id')[0] ?? facts.requestId],
    ['X-Real-IP', facts.clientAddress],
    ['X-Forwarded-For', facts.clientAddress],
    ['X-Forwarded-Host', facts.hostField],
    ['X-Forwarded-Port', String(facts.port)],
    ['X-Forwarded-Proto', facts.protocol],
  ]
  const te = valuesOf(rawHeaders, 'te').some((value) => value.toLowerCase() === 'trailers')
  return [
    ['Host', facts.hostField] as const,
    ...kept,
    ...ours,
    ...(te ? [['TE', 'trailers'] as const] : []),
  ].flat()
}

/** @returns names and values in turn, for the client; a Server field is always there */
export function responseFields(rawHeaders: readonly string[]): string[] {
  const kept = endToEnd(rawHeaders)
  const hasServer = kept.some(([name]) => name.toLowerCase() === 'server')
  return [...kept, ...(hasServer ? [] : [['Server', 'portolan'] as const])].flat()
}

function endToEnd(rawHeaders: readonly string[]): readonly (readonly [string, string])[] {
  const named = valuesOf(rawHeaders, 'connection')
    .flatMap((value) => value.split(','))
    .map((token) => token.trim().toLowerCase())
    .filter((token) => !PROTECTED.has(token) && !token.startsWith('x-forwarded-'))
  const dropped = new Set([...HOP_BY_HOP, ...named])
  return pairs(rawHeaders).filter(([name]) => !dropped.has(name.toLowerCase()))
}

function pairs(raw: readonly string[]): readonly (readonly [string, string])[] {
  return raw.flatMap((value, index) => (index % 2 === 1 ? [[raw[index - 1] ?? '', value] as const] : []))
}
