import { describe, expect, it } from 'vitest'
import type { Secret, ServiceAccount } from '../api/generated/core-v1.ts'
import { TOKEN_ACCOUNT_NAME, TOKEN_ACCOUNT_UID, TOKEN_SECRET_TYPE } from '../api/token-secret.ts'
import { tokenSecretController } from './token-secrets.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const controller = tokenSecretController({
  caCertificate: 'PEM',
  sign: ({ namespace, account, secret }) => `${namespace}/${account.name}(${account.uid})/${secret}`,
})
const CREATED = '2026-01-01T00:00:00Z'
const CREATED_MS = Date.parse(CREATED)

const account: ServiceAccount = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { namespace: 'ns', name: 'robot', uid: 'u' },
}
const secret = (data?: Secret['data']): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: TOKEN_SECRET_TYPE,
  metadata: {
    namespace: 'ns',
    name: 's',
    creationTimestamp: CREATED,
    annotations: { [TOKEN_ACCOUNT_NAME]: 'robot' },
  },
  ...(data ? { data } : {}),
})
const whole = { 'ca.crt': base64('PEM'), namespace: base64('ns'), token: base64('ns/robot(u)/s') }

describe('a Secret for a token', () => {
  const rows: readonly (readonly [string, Secret['data'], Secret['data'] | undefined])[] = [
    ['gets all there is', undefined, whole],
    [
      'keeps what it has besides',
      { extra: base64('x'), token: base64('mine') },
      { ...whole, extra: base64('x'), token: base64('mine') },
    ],
    ['gets the certificate of now', { ...whole, 'ca.crt': base64('old') }, whole],
    ['is left alone when it is whole', whole, undefined],
  ]
  it.each(rows)('%s', (_what, data, expected) => {
    const { writes } = controller.plan({ secret: secret(data), account }, CREATED_MS)
    const updated = writes.map(({ write }) => ('object' in write ? (write.object as Secret) : undefined))
    expect(updated.map((each) => each?.data)).toEqual(expected === undefined ? [] : [expected])
    for (const each of updated)
      expect(each?.metadata.annotations).toEqual({ [TOKEN_ACCOUNT_NAME]: 'robot', [TOKEN_ACCOUNT_UID]: 'u' })
  })

  it('goes when its account stays away', () => {
    const orphan = { secret: secret(), account: undefined }
    expect(controller.plan(orphan, CREATED_MS + 1000)).toEqual({ writes: [], requeueAfterMs: 2000 })
    const { writes } = controller.plan(orphan, CREATED_MS + 3000)
    expect(writes.map(({ write }) => write.kind)).toEqual(['delete'])
  })
})
