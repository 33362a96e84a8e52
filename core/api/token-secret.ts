/** Secrets that hold a service account's token: how they are told from others. Data only. */

export const TOKEN_SECRET_TYPE = 'kubernetes.io/service-account-token'
/** Annotations that say whose token it is. */
export const TOKEN_ACCOUNT_NAME = 'kubernetes.io/service-account.name'
export const TOKEN_ACCOUNT_UID = 'kubernetes.io/service-account.uid'

/** Whose token it is, and the name of the Secret it is kept in. */
export interface SecretTokenGrant {
  readonly namespace: string
  readonly account: { readonly name: string; readonly uid: string }
  readonly secret: string
}
