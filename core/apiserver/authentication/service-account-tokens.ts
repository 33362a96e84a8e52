/**
 * Service account tokens: signed by this server, bound to an account and perhaps to a pod, secret or node, good only
 * as long as these exist.
 *
 * KEP-1205; kubernetes/kubernetes pkg/serviceaccount/{claims,jwt}.go. RFC 7519. Keys are ECDSA P-256 (ES256).
 */

import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { JWTPayload } from 'jose'
import { exportJWK, jwtVerify, SignJWT } from 'jose'
import type { KubernetesObject, ObjectName } from '../../api/object.ts'
import type { Resource } from '../../api/resource.ts'
import { NODES, PODS, SECRETS, SERVICE_ACCOUNTS } from '../../api/scheme.ts'
import { parseTimestamp } from '../../api/timestamp.ts'
import type { Clock, Random } from '../../../host/host.ts'
import { SERVICE_ACCOUNT_PREFIX } from '../authorization/rbac.ts'
import type { User } from '../request.ts'

export const ISSUER = 'https://kubernetes.default.svc.cluster.local'
const ALGORITHM = 'ES256'
/** clocks of one machine do not differ */
const TOLERANCE_SECONDS = 0
/** Tokens whose signatures were found good. Upstream remembers them too, and for ten seconds their being alive. */
const MAX_REMEMBERED = 1024
/** for what a pod does last (kubernetes/kubernetes pkg/serviceaccount/claims.go) */
const DELETION_LEEWAY_MS = 60_000

export interface TokenFacts {
  /** PEM */
  readonly signingKey: string
  readonly clock: Pick<Clock, 'now'>
  readonly random: Pick<Random, 'uuid'>
  /** the object as stored now; undefined when there is none */
  readonly find: (resource: Resource<KubernetesObject>, name: ObjectName) => KubernetesObject | undefined
}

interface Reference {
  readonly name: string
  readonly uid: string
}

/** What a token says of Kubernetes' own. */
interface Claims {
  readonly namespace: string
  readonly serviceaccount: Reference
  readonly pod?: Reference
  readonly secret?: Reference
  readonly node?: Reference
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

export class ServiceAccountTokens {
  readonly #facts: TokenFacts
  readonly #privateKey: KeyObject
  readonly #publicKey: KeyObject
  readonly #keyId: string
  /** by audiences and token, the oldest first */
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

  /** @returns undefined for a token that is not ours, not for these audiences, over, or of something that is gone */
  async verify(token: string, audiences: readonly string[] = [ISSUER]): Promise<VerifiedToken | undefined> {
    const payload = await this.#payload(token, audiences)
    const claims = payload?.['kubernetes.io'] as Claims | undefined
    if (payload === undefined || claims === undefined || !this.#isAlive(claims)) return undefined
    const of = [payload.aud ?? []].flat()
    return { user: userOf(claims, payload.jti), audiences: audiences.filter((each) => of.includes(each)) }
  }

  /** RFC 7517 */
  async keys(): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }> {
    const jwk = await exportJWK(this.#publicKey)
    return { keys: [{ use: 'sig', kid: this.#keyId, alg: ALGORITHM, ...jwk }] }
  }

  /** The signature and all that cannot change are looked at once, the times with every use. */
  async #payload(token: string, audiences: readonly string[]): Promise<JWTPayload | undefined> {
    const key = JSON.stringify([audiences, token])
    const known = this.#good.get(key)
    if (known !== undefined) {
      const nowSeconds = Math.floor(this.#facts.clock.now() / 1000)
      const isNow = (known.nbf ?? 0) <= nowSeconds && nowSeconds < (known.exp ?? 0)
      if (!isNow) this.#good.delete(key)
      return isNow ? known : undefined
    }
    const payload = await this.#verified(token, audiences)
    if (payload === undefined) return undefined
    const [oldest] = this.#good.size < MAX_REMEMBERED ? [] : this.#good.keys()
    if (oldest !== undefined) this.#good.delete(oldest)
    this.#good.set(key, payload)
    return payload
  }

  async #verified(token: string, audiences: readonly string[]): Promise<JWTPayload | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#publicKey, {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: [...audiences],
        clockTolerance: TOLERANCE_SECONDS,
        // oxlint-disable-next-line no-restricted-globals -- the injected clock's moment, not now
        currentDate: new Date(this.#facts.clock.now()),
        requiredClaims: ['exp', 'sub'],
      })
      return payload
    } catch {
      // Whatever is wrong with it, it proves nothing.
      return undefined
    }
  }

  #isAlive({ namespace, serviceaccount, pod, secret, node }: Claims): boolean {
    return (
      this.#exists(SERVICE_ACCOUNTS, namespace, serviceaccount) &&
      (pod === undefined || this.#exists(PODS, namespace, pod)) &&
      (secret === undefined || this.#exists(SECRETS, namespace, secret)) &&
      (pod !== undefined || node === undefined || this.#exists(NODES, undefined, node))
    )
  }

  #exists(
    resource: Resource<KubernetesObject>,
    namespace: string | undefined,
    { name, uid }: Reference,
  ): boolean {
    const found = this.#facts.find(resource, { namespace, name })
    if (found?.metadata.uid !== uid) return false
    const deletedMs = parseTimestamp(found.metadata.deletionTimestamp)
    return deletedMs === undefined || this.#facts.clock.now() <= deletedMs + DELETION_LEEWAY_MS
  }
}

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
