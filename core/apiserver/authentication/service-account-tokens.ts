/**
 * Service account tokens: signed by this server, bound to an account and perhaps to a pod, secret or node, good only
 * as long as these exist.
 *
 * KEP-1205; kubernetes/kubernetes pkg/serviceaccount/{claims,jwt}.go. RFC 7519.
 */

import type { JWTPayload } from 'jose'
import { compactVerify, decodeJwt, decodeProtectedHeader, exportJWK, SignJWT } from 'jose'
import type { Secret, ServiceAccount } from '../../api/generated/core-v1.ts'
import { SECRETS, SERVICE_ACCOUNTS } from '../../api/scheme.ts'
import type { SecretTokenGrant } from '../../api/token-secret.ts'
import type { Clock, Random } from '../../../host/host.ts'
import { SERVICE_ACCOUNT_PREFIX } from '../authorization/rbac.ts'
import type { User } from '../requests/request.ts'
import { SECRET_TOKEN_ISSUER, secretTokenGrant, signedSecretToken } from './secret-tokens.ts'
import type { SigningKey, VerificationKey } from './token-keys.ts'
import type { Claims, Find, Reference } from './token-liveness.ts'
import { claimsFault, markedFault, secretTokenFault } from './token-liveness.ts'
import { usageToTell, usageWarnings } from './token-usage.ts'

export const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local'
/** Tokens whose signatures were found good. Upstream remembers them too, and for ten seconds their being alive. */
const MAX_REMEMBERED = 1024

/** What tokens are signed and known by: kube-apiserver's flags --service-account-*. */
export interface TokenAuthority {
  readonly signingKey: SigningKey
  /** default: the public half of the key that signs */
  readonly verificationKeys?: readonly VerificationKey[] | undefined
  /** the first one issues, those of all are good; default: DEFAULT_ISSUER */
  readonly issuers?: readonly string[] | undefined
}

export interface TokenFacts extends TokenAuthority {
  readonly clock: Pick<Clock, 'now'>
  readonly random: Pick<Random, 'uuid'>
  readonly find: Find
  /** Writes down that a Secret's token was used on that day; never rejects. Absent: nobody wants to know */
  readonly tellUse?: ((secret: Secret, day: string) => Promise<void>) | undefined
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
  /** what whoever shows it is to be told */
  readonly warnings?: readonly string[]
}

/** What a token proves, or why nothing; no reason: it is not of this server. */
export type TokenVerdict = VerifiedToken | { readonly fault: string | undefined }

type Found = Pick<VerifiedToken, 'user' | 'warnings'> | { readonly fault: string }

export class ServiceAccountTokens {
  readonly #facts: TokenFacts
  readonly #keys: readonly VerificationKey[]
  /** of whom tokens are good, and for whom they are if nobody is named */
  readonly issuers: readonly [string, ...string[]]
  /** by token, the oldest first */
  readonly #good = new Map<string, JWTPayload>()

  constructor(facts: TokenFacts) {
    this.#facts = facts
    this.#keys = facts.verificationKeys ?? [facts.signingKey]
    const [issuer = DEFAULT_ISSUER, ...others] = facts.issuers ?? []
    this.issuers = [issuer, ...others]
  }

  /** @returns the token, and when it ends (milliseconds since 1970) */
  async issue(grant: TokenGrant): Promise<{ readonly token: string; readonly expiresMs: number }> {
    const { account, audiences, expirationSeconds, bound } = grant
    const { privateKey, id, algorithm } = this.#facts.signingKey
    const now = Math.floor(this.#facts.clock.now() / 1000)
    const { namespace, name, uid } = account
    const claims: Claims = { namespace, serviceaccount: { name, uid }, ...bound }
    const token = await new SignJWT({ 'kubernetes.io': claims })
      .setProtectedHeader({ alg: algorithm, kid: id })
      .setIssuer(this.issuers[0])
      .setSubject(`${SERVICE_ACCOUNT_PREFIX}${namespace}:${name}`)
      .setAudience([...audiences])
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + expirationSeconds)
      .setJti(this.#facts.random.uuid())
      .sign(privateKey)
    return { token, expiresMs: (now + expirationSeconds) * 1000 }
  }

  /** @returns a token that does not end, to be kept in a Secret */
  secretToken(grant: SecretTokenGrant): string {
    return signedSecretToken(grant, this.#facts.signingKey)
  }

  /** @returns undefined for a token that is not ours, not for these audiences, over, or of something that is gone */
  async verify(token: string, audiences?: readonly string[]): Promise<VerifiedToken | undefined> {
    const verdict = await this.judge(token, audiences)
    return 'user' in verdict ? verdict : undefined
  }

  /** As verify, with the reason. */
  async judge(token: string, audiences: readonly string[] = this.issuers): Promise<TokenVerdict> {
    if (!this.#isOurs(token)) return { fault: undefined }
    const payload = await this.#payload(token)
    if (payload === undefined) return { fault: 'go-jose/go-jose: error in cryptographic primitive' }
    const isOfSecret = payload.iss === SECRET_TOKEN_ISSUER
    const of = isOfSecret ? this.issuers : [payload.aud ?? []].flat()
    const common = audiences.filter((each) => of.includes(each))
    if (common.length === 0) {
      const fault = `token audiences ${printed(of)} is invalid for the target audiences ${printed(audiences)}`
      return { fault }
    }
    const found = isOfSecret ? await this.#ofSecret(payload, token) : this.#bound(payload)
    return 'fault' in found ? found : { ...found, audiences: common }
  }

  #bound(payload: JWTPayload): Found {
    const claims = payload['kubernetes.io'] as Claims | undefined
    const { exp, nbf = 0, jti } = payload
    if (claims === undefined || exp === undefined) return { fault: 'service account token has no claims' }
    const nowMs = this.#facts.clock.now()
    const nowSeconds = Math.floor(nowMs / 1000)
    if (nowSeconds < nbf) return { fault: 'service account token is not valid yet' }
    if (nowSeconds >= exp) return { fault: 'service account token has expired' }
    const fault = claimsFault(claims, this.#facts.find, nowMs)
    return fault === undefined ? { user: userOf(claims, jti) } : { fault }
  }

  async #ofSecret(payload: JWTPayload, token: string): Promise<Found> {
    const grant = secretTokenGrant(payload)
    if (grant === undefined) return { fault: 'service account token has no claims' }
    const { find, clock, tellUse } = this.#facts
    const { namespace, account } = grant
    const fault = secretTokenFault(grant, token, find)
    if (fault !== undefined) return { fault }
    const secret = find(SECRETS, { namespace, name: grant.secret }) as Secret
    // Whoever uses one that was given up is what is looked for.
    const day = usageToTell(secret, clock.now())
    if (day !== undefined) await tellUse?.(secret, day)
    const marked = markedFault(grant, secret)
    if (marked !== undefined) return { fault: marked }
    const found = find(SERVICE_ACCOUNTS, { namespace, name: account.name }) as ServiceAccount | undefined
    const warnings = usageWarnings(found, grant.secret)
    const user = userOf({ namespace, serviceaccount: account }, undefined)
    return { user, ...(warnings.length > 0 ? { warnings } : {}) }
  }

  /** of the keys that tokens are known by */
  get algorithms(): readonly string[] {
    return [...new Set(this.#keys.map(({ algorithm }) => algorithm))].sort()
  }

  /** RFC 7517 */
  async keys(): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }> {
    const keys = this.#keys.map(async ({ publicKey, id, algorithm }) => {
      const jwk = await exportJWK(publicKey)
      return { use: 'sig', kid: id, alg: algorithm, ...jwk }
    })
    return { keys: await Promise.all(keys) }
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

  /** With a key identifier only that key is tried. */
  async #signed(token: string): Promise<JWTPayload | undefined> {
    const named = headerOf(token)?.kid
    for (const { publicKey, id, algorithm } of this.#keys) {
      if (named !== undefined && named !== id) continue
      try {
        // oxlint-disable-next-line no-await-in-loop -- the first key that fits ends it
        const { payload } = await compactVerify(token, publicKey, { algorithms: [algorithm] })
        return JSON.parse(Buffer.from(payload).toString()) as JWTPayload
      } catch {
        // Whatever is wrong with it, by this key it proves nothing.
      }
    }
    return undefined
  }

  /** Whether it says that it is of this server; nothing is proved by that. */
  #isOurs(token: string): boolean {
    try {
      const { iss = '' } = decodeJwt(token)
      return this.issuers.includes(iss) || iss === SECRET_TOKEN_ISSUER
    } catch {
      // No JWT is anybody's.
      return false
    }
  }
}

function headerOf(token: string): { readonly kid?: string | undefined } | undefined {
  try {
    return decodeProtectedHeader(token)
  } catch {
    // What cannot be read is not good by any key.
    return undefined
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
