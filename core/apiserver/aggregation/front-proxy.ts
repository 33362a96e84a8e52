/**
 * How extension API servers learn who asks: headers that count because the connection is made with the front proxy's
 * certificate (kubernetes/client-go transport/round_trippers.go, kubernetes/apiserver
 * pkg/authentication/request/headerrequest). Pure.
 */

import type { ConfigMap } from '../../api/generated/core-v1.ts'
import type { User } from '../requests/request.ts'

/** Common name of the front proxy's certificate. */
export const FRONT_PROXY_NAME = 'front-proxy-client'

const EXTRA_PREFIX = 'X-Remote-Extra-'

/** @returns headers that say who the user is */
export function identityHeaders({
  name,
  uid,
  groups,
  extra = {},
}: User): Readonly<Record<string, string | string[]>> {
  const extras = Object.entries(extra).map(([key, values]) => [
    EXTRA_PREFIX + escapedKey(key),
    values.map(headerValue),
  ])
  return {
    'X-Remote-User': headerValue(name),
    ...(uid ? { 'X-Remote-Uid': uid } : {}),
    'X-Remote-Group': groups.map(headerValue),
    ...(Object.fromEntries(extras) as Record<string, string[]>),
  }
}

/** Only what may be in a header's name. */
const escapedKey = (key: string): string =>
  encodeURIComponent(key).replace(/[()]/g, (one) => `%${one.charCodeAt(0).toString(16)}`)

/** Node writes a character as one byte: these are the bytes of the UTF-8 text. */
const headerValue = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** Headers that only a front proxy may send: a client's own are not passed on. */
export const isIdentityHeader = (name: string): boolean => name.startsWith('x-remote-')

/** What extension API servers read to know whom to believe. */
export function authenticationConfigMap(authorities: {
  readonly clients: string
  readonly frontProxies: string
}): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data: {
      'client-ca-file': authorities.clients,
      'requestheader-allowed-names': JSON.stringify([FRONT_PROXY_NAME]),
      'requestheader-client-ca-file': authorities.frontProxies,
      'requestheader-extra-headers-prefix': JSON.stringify([EXTRA_PREFIX]),
      'requestheader-group-headers': JSON.stringify(['X-Remote-Group']),
      'requestheader-uid-headers': JSON.stringify(['X-Remote-Uid']),
      'requestheader-username-headers': JSON.stringify(['X-Remote-User']),
    },
  }
}
