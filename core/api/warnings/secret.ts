/**
 * Whether the key and the certificate in a Secret belong together. Pure.
 * kubernetes/kubernetes pkg/registry/core/secret/strategy.go; the texts are those of Go's crypto/tls X509KeyPair.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto'

import type { Secret } from '../generated/core-v1.ts'
import type { Warnings } from './pod.ts'

const KEY_TYPE = /^(PRIVATE KEY|.* PRIVATE KEY)$/

/** Of a Secret of type kubernetes.io/tls. */
export function secretWarnings({ type, data = {} }: Secret): Warnings {
  if (type !== 'kubernetes.io/tls') return []
  const fault = keyPairFault(textOf(data['tls.crt']), textOf(data['tls.key']))
  return fault === undefined ? [] : [fault]
}

const textOf = (base64 = ''): string => Buffer.from(base64, 'base64').toString()

function keyPairFault(certificate: string, key: string): string | undefined {
  const missing =
    missingBlock(certificate, (type) => type === 'CERTIFICATE', 'certificate') ??
    missingBlock(key, (type) => KEY_TYPE.test(type), 'key')
  if (missing !== undefined) return missing
  try {
    const parsed = new X509Certificate(certificate)
    return parsed.checkPrivateKey(createPrivateKey(key))
      ? undefined
      : 'tls: private key does not match public key'
  } catch {
    return isCertificate(certificate) ? 'tls: failed to parse private key' : 'x509: malformed certificate'
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined
  } catch {
    // No certificate: that is the answer.
    return false
  }
}

function missingBlock(
  pem: string,
  isWanted: (type: string) => boolean,
  where: 'certificate' | 'key',
): string | undefined {
  const types = [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----/g)].map(
    ([, type = '']) => type,
  )
  if (types.some(isWanted)) return undefined
  if (types.length === 0) return `tls: failed to find any PEM data in ${where} input`
  const [only = ''] = types.length === 1 ? types : []
  if (where === 'certificate' && KEY_TYPE.test(only))
    return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'
  if (where === 'key' && only === 'CERTIFICATE')
    return 'tls: found a certificate rather than a key in the PEM for the private key'
  const block =
    where === 'certificate' ? '"CERTIFICATE" PEM block' : 'PEM block with type ending in "PRIVATE KEY"'
  return `tls: failed to find ${block} in ${where} input after skipping PEM blocks of the following types: [${types.join(' ')}]`
}
