/**
 * Service account tokens: signed by this server, bound to an account and perhaps to a pod, secret or node, good only
 * as long as these exist.
 *
 * KEP-1205; kubernetes/kubernetes pkg/serviceaccount/{claims,jwt}.go. RFC 7519. Keys are ECDSA P-256 (ES256).
 */

import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { JWTPayload } from 'jose'
import { compactVerify, decodeJwt, exportJWK, SignJWT } from 'jose'
import type { SecretTokenGrant } from '../../api/token-secret.ts'
import type { Clock, Random } from '../../../host/host.ts'
import { SERVICE_ACCOUNT_PREFIX } from '../authorization/rbac.ts'
import type { User } from '../request.ts'
import { SECRET_TOKEN_ISSUER, secretTokenGrant, signedSecretToken } from './secret-tokens.ts'
import type { Claims, Find, Reference } from './token-liveness.ts'
import { claimsFault, secretTokenFault } from './token-liveness.ts'

export const ISSUER = 'https://kubernetes.default.svc.cluster.local'
const ALGORITHM = 'ES256'
/** Tokens whose signatures were found good. Upstream remembers them too, and for ten seconds their being alive. */
const MAX_REMEMBERED = 1024

export interface TokenFacts {
  /** PEM */
  readonly signingKey: string
  readonly clock: Pick<Clock, 'now'>
  readonly random: Pick<Random, 'uuid'>
  readonly find: Find
}

export interface TokenGrant {
  readonly account: { readonly namespace: string; readonly name: string; readonly uid: string }
  readonly audiences: readonly string[]
  readonly expirationSeconds: number
  /** the object without which the token is void, and for pods the node they are on */
  readonly bound?:
    | { readonly pod?: Reference; readonly secret?: Reference; readonly node?: Reference }
    | undefined
}

export interface VerifiedToken {
  readonly user: User
  /** those the token is for, of those asked for */
  readonly audiences: readonly string[]
}

/** What a token proves, or why nothing; no reason: it is not of this server. */
export type TokenVerdict = VerifiedToken | { readonly fault: string | undefined }

export class ServiceAccountTokens {
  readonly #facts: TokenFacts
  readonly #privateKey: KeyObject
  readonly #publicKey: KeyObject
  readonly #keyId: string
  /** by token, the oldest first */
  readonly #good = new Map<string, JWTPayload>()

  constructor(facts: TokenFacts) {
    this.#facts = facts
    this.#privateKey = createPrivateKey(facts.signingKey)
    this.#publicKey = createPublicKey(this.#privateKey)
    const der = this.#publicKey.export({ type: 'spki', format: 'der' })
    this.#keyId = createHash('sha256').update(der).digest('base64url')
  }

  /** @returns the token, and when it ends (milliseconds since 1970) */
  async issue(grant: TokenGrant): Promise<{ readonly token: string; readonly expiresMs: number }> {
    const { account, audiences, expirationSeconds, bound } = grant
    const now = Math.floor(this.#facts.clock.now() / 1000)
    const { namespace, name, uid } = account
    const claims: Claims = { namespace, serviceaccount: { name, uid }, ...bound }
    const token = await new SignJWT({ 'kubernetes.io': claims })
      .setProtectedHeader({ alg: ALGORITHM, kid: this.#keyId })
      .setIssuer(ISSUER)
      .setSubject(`${SERVICE_ACCOUNT_PREFIX}${namespace}:${name}`)
      .setAudience([...audiences])
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + expirationSeconds)
      .setJti(this.#facts.random.uuid())
      .sign(this.#privateKey)
    return { token, expiresMs: (now + expirationSeconds) * 1000 }
  }

  /** @returns a token that does not end, to be kept in a Secret */
  secretToken(grant: SecretTokenGrant): string {
    return signedSecretToken(grant, { privateKey: this.#privateKey, keyId: this.#keyId })
  }

  /** @returns undefined for a token that is not ours, not for these audiences, over, or of something that is gone */
  async verify(token: string, audiences?: readonly string[]): Promise<VerifiedToken | undefined> {
    const verdict = await this.judge(token, audiences)
    return 'user' in verdict ? verdict : undefined
  }

  /** As verify, with the reason. */
  async judge(token: string, audiences: readonly string[] = [ISSUER]): Promise<TokenVerdict> {
    if (!isOurs(token)) return { fault: undefined }
    const payload = await this.#payload(token)
    if (payload === undefined) return { fault: 'go-jose/go-jose: error in cryptographic primitive' }
    const isOfSecret = payload.iss === SECRET_TOKEN_ISSUER
    const of = isOfSecret ? [ISSUER] : [payload.aud ?? []].flat()
    const common = audiences.filter((each) => of.includes(each))
    if (common.length === 0) {
      const fault = `token audiences ${printed(of)} is invalid for the target audiences ${printed(audiences)}`
      return { fault }
    }
    const found = isOfSecret ? this.#ofSecret(payload, token) : this.#bound(payload)
    return 'fault' in found ? found : { user: found, audiences: common }
  }

  #bound(payload: JWTPayload): User | { readonly fault: string } {
    const claims = payload['kubernetes.io'] as Claims | undefined
    const { exp, nbf = 0, jti } = payload
    if (claims === undefined || exp === undefined) return { fault: 'service account token has no claims' }
    const nowMs = this.#facts.clock.now()
    const nowSeconds = Math.floor(nowMs / 1000)
    if (nowSeconds < nbf) return { fault: 'service account token is not valid yet' }
    if (nowSeconds >= exp) return { fault: 'service account token has expired' }
    const fault = claimsFault(claims, this.#facts.find, nowMs)
    return fault === undefined ? userOf(claims, jti) : { fault }
  }

  #ofSecret(payload: JWTPayload, token: string): User | { readonly fault: string } {
    const grant = secretTokenGrant(payload)
    if (grant === undefined) return { fault: 'service account token has no claims' }
    const fault = secretTokenFault(grant, token, this.#facts.find)
    if (fault !== undefined) return { fault }
    return userOf({ namespace: grant.namespace, serviceaccount: grant.account }, undefined)
  }

  /** RFC 7517 */
  async keys(): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }> {
    const jwk = await exportJWK(this.#publicKey)
    return { keys: [{ use: 'sig', kid: this.#keyId, alg: ALGORITHM, ...jwk }] }
  }

  /** The signature is looked at once. @returns undefined where it is not good */
  async #payload(token: string): Promise<JWTPayload | undefined> {
    const known = this.#good.get(token)
    if (known !== undefined) return known
    const payload = await this.#signed(token)
    if (payload === undefined) return undefined
    const [oldest] = this.#good.size < MAX_REMEMBERED ? [] : this.#good.keys()
    if (oldest !== undefined) this.#good.delete(oldest)
    this.#good.set(token, payload)
    return payload
  }

  async #signed(token: string): Promise<JWTPayload | undefined> {
    try {
      const { payload } = await compactVerify(token, this.#publicKey, { algorithms: [ALGORITHM] })
      return JSON.parse(Buffer.from(payload).toString()) as JWTPayload
    } catch {
      // Whatever is wrong with it, it proves nothing.
      return undefined
    }
  }
}

/** Whether it says that it is of this server; nothing is proved by that. */
function isOurs(token: string): boolean {
  try {
    const { iss } = decodeJwt(token)
    return iss === ISSUER || iss === SECRET_TOKEN_ISSUER
  } catch {
    // No JWT is anybody's.
    return false
  }
}

/** As Go's %q prints texts. */
const printed = (texts: readonly string[]): string =>
  `[${texts.map((each) => JSON.stringify(each)).join(' ')}]`

const EXTRA = 'authentication.kubernetes.io'

function userOf({ namespace, serviceaccount, pod, node }: Claims, id: string | undefined): User {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated']
  return {
    name: `${SERVICE_ACCOUNT_PREFIX}${namespace}:${serviceaccount.name}`,
    uid: serviceaccount.uid,
    groups,
    extra: {
      ...(id === undefined ? {} : { [`${EXTRA}/credential-id`]: [`JTI=${id}`] }),
      ...(pod === undefined ? {} : { [`${EXTRA}/pod-name`]: [pod.name], [`${EXTRA}/pod-uid`]: [pod.uid] }),
      ...(node === undefined
        ? {}
        : { [`${EXTRA}/node-name`]: [node.name], [`${EXTRA}/node-uid`]: [node.uid] }),
    },
  }
}
