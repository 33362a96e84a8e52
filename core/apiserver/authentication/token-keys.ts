/**
 * Keys of service account tokens: what they are called, and which algorithm goes with each. Pure.
 * kubernetes/kubernetes pkg/serviceaccount/jwt.go (signerFromRSAPrivateKey, keyIDFromPublicKey); RFC 7518.
 */

import type { KeyObject } from 'node:crypto'
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'

export interface VerificationKey {
  readonly publicKey: KeyObject
  /** `kid`: SHA-256 of the public key's DER form */
  readonly id: string
  /** `alg` */
  readonly algorithm: string
}

export interface SigningKey extends VerificationKey {
  readonly privateKey: KeyObject
  /** what the algorithm digests with */
  readonly digest: string
}

const ALGORITHMS_OF_CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
}

/** @param pem a private key, RSA or ECDSA. @throws Error when it is none */
export function signingKey(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem)
  const known = verificationKey(pem)
  return { ...known, privateKey, digest: `sha${known.algorithm.slice(-3)}` }
}

/** @param pem a public key, a certificate or a private key, RSA or ECDSA. @throws Error when it is none */
export function verificationKey(pem: string): VerificationKey {
  const publicKey = createPublicKey(pem)
  const der = publicKey.export({ type: 'spki', format: 'der' })
  const id = createHash('sha256').update(der).digest('base64url')
  return { publicKey, id, algorithm: algorithmOf(publicKey) }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  if (asymmetricKeyType === 'rsa') return 'RS256'
  const algorithm = ALGORITHMS_OF_CURVES[asymmetricKeyDetails?.namedCurve ?? '']
  if (algorithm === undefined)
    throw new Error('only RSA keys and ECDSA keys of P-256, P-384 and P-521 sign tokens')
  return algorithm
}

const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g

/** @returns the keys of a file, in order; EC parameters that stand before a key are none. @throws Error without any */
export function verificationKeys(text: string): readonly VerificationKey[] {
  const blocks = [...text.matchAll(PEM_BLOCK)].filter(([, label]) => label !== 'EC PARAMETERS')
  if (blocks.length === 0) throw new Error('data does not contain any valid RSA or ECDSA public keys')
  return blocks.map(([pem]) => verificationKey(pem))
}
