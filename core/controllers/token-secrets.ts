/**
 * Secrets of service account tokens (../api/token-secret.ts): they get a token that does not end, for the service account they
 * name, and go with it (kubernetes/kubernetes pkg/controller/serviceaccount/tokens_controller.go). Pure.
 */

import type { Secret, ServiceAccount } from '../api/generated/core-v1.ts'
import { SECRETS, SERVICE_ACCOUNTS } from '../api/scheme.ts'
import { parseTimestamp } from '../api/timestamp.ts'
import type { SecretTokenGrant } from '../api/token-secret.ts'
import { TOKEN_ACCOUNT_NAME, TOKEN_ACCOUNT_UID, TOKEN_SECRET_TYPE } from '../api/token-secret.ts'
import type { Controller, Plan } from './controller.ts'
import { NOTHING } from './controller.ts'

export interface TokenSecretOptions {
  /** PEM */
  readonly caCertificate: string
  readonly sign: (grant: SecretTokenGrant) => string
}

export interface TokenSecretSnapshot {
  readonly secret: Secret
  readonly account: ServiceAccount | undefined
}

/** An account made before its Secret may become known after it. */
const PATIENCE_MS = 3000

export function tokenSecretController(options: TokenSecretOptions): Controller<TokenSecretSnapshot> {
  return {
    name: 'tokens-controller',
    watches: [SECRETS, SERVICE_ACCOUNTS],
    keysFor(object, cache) {
      const { namespace = '', name } = object.metadata
      if (object.kind === SECRETS.kind) return isTokenSecret(object as Secret) ? [`${namespace}/${name}`] : []
      return cache
        .of(SECRETS)
        .list()
        .filter(
          (secret) =>
            isTokenSecret(secret) &&
            secret.metadata.namespace === namespace &&
            secret.metadata.annotations?.[TOKEN_ACCOUNT_NAME] === name,
        )
        .map(({ metadata }) => `${namespace}/${metadata.name}`)
    },
    snapshot(key, cache) {
      const secret = cache.of(SECRETS).get(key)
      if (secret === undefined || !isTokenSecret(secret) || secret.metadata.deletionTimestamp)
        return undefined
      const { namespace, annotations = {} } = secret.metadata
      const account = cache.of(SERVICE_ACCOUNTS).get(`${namespace}/${annotations[TOKEN_ACCOUNT_NAME]}`)
      const uid = annotations[TOKEN_ACCOUNT_UID]
      return { secret, account: !uid || account?.metadata.uid === uid ? account : undefined }
    },
    plan: ({ secret, account }, nowMs) =>
      account === undefined ? orphanPlan(secret, nowMs) : tokenPlan(secret, account, options),
  }
}

const isTokenSecret = ({ type }: Secret): boolean => type === TOKEN_SECRET_TYPE

function orphanPlan(secret: Secret, nowMs: number): Plan {
  const ageMs = nowMs - (parseTimestamp(secret.metadata.creationTimestamp) ?? 0)
  if (ageMs < PATIENCE_MS) return { writes: [], requeueAfterMs: PATIENCE_MS - ageMs }
  return { writes: [{ write: { kind: 'delete', resource: SECRETS, object: secret } }] }
}

function tokenPlan(
  secret: Secret,
  account: ServiceAccount,
  { caCertificate, sign }: TokenSecretOptions,
): Plan {
  const { data = {}, metadata } = secret
  const { namespace = '' } = metadata
  const { name, uid = '' } = account.metadata
  const ca = base64(caCertificate)
  if (data['ca.crt'] === ca && data['namespace'] && data['token']) return NOTHING
  const object: Secret = {
    ...secret,
    metadata: {
      ...metadata,
      annotations: { ...metadata.annotations, [TOKEN_ACCOUNT_NAME]: name, [TOKEN_ACCOUNT_UID]: uid },
    },
    data: {
      ...data,
      'ca.crt': ca,
      namespace: data['namespace'] || base64(namespace),
      token: data['token'] || base64(sign({ namespace, account: { name, uid }, secret: metadata.name })),
    },
  }
  return { writes: [{ write: { kind: 'update', resource: SECRETS, object } }] }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
