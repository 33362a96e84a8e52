/**
 * The form of tokens that are kept in Secrets (../../api/token-secret.ts): they do not end
 * (kubernetes/kubernetes pkg/serviceaccount/legacy.go). Pure.
 */

import { sign } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { SecretTokenGrant } from '../../api/token-secret.ts'
import { SERVICE_ACCOUNT_PREFIX } from '../authorization/rbac.ts'
import type { SigningKey } from './token-keys.ts'

export const SECRET_TOKEN_ISSUER = 'kubernetes/serviceaccount'

const CLAIMS = {
  namespace: 'kubernetes.io/serviceaccount/namespace',
  secret: 'kubernetes.io/serviceaccount/secret.name',
  account: 'kubernetes.io/serviceaccount/service-account.name',
  uid: 'kubernetes.io/serviceaccount/service-account.uid',
} as const

/** @returns a JWT; another one with every call */
export function signedSecretToken(
  { namespace, account, secret }: SecretTokenGrant,
  { privateKey, id, algorithm, digest }: SigningKey,
): string {
  const header = { alg: algorithm, kid: id }
  const payload = {
    iss: SECRET_TOKEN_ISSUER,
    [CLAIMS.namespace]: namespace,
    [CLAIMS.secret]: secret,
    [CLAIMS.account]: account.name,
    [CLAIMS.uid]: account.uid,
    sub: `${SERVICE_ACCOUNT_PREFIX}${namespace}:${account.name}`,
  }
  const text = [header, payload].map((part) => encoded(JSON.stringify(part))).join('.')
  const signature = sign(digest, Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${text}.${encoded(signature)}`
}

const encoded = (bytes: string | Buffer): string => Buffer.from(bytes).toString('base64url')

/** @returns undefined where a claim is missing, or the subject is another account */
export function secretTokenGrant(payload: JWTPayload): SecretTokenGrant | undefined {
  const [namespace, secret, name, uid] = Object.values(CLAIMS).map((claim) => payload[claim])
  if (![namespace, secret, name, uid].every((each) => typeof each === 'string' && each !== ''))
    return undefined
  if (payload.sub !== `${SERVICE_ACCOUNT_PREFIX}${String(namespace)}:${String(name)}`) return undefined
  return {
    namespace: String(namespace),
    account: { name: String(name), uid: String(uid) },
    secret: String(secret),
  }
}
