/** Secrets that get a service account's token, and what the token is good for, over HTTP. */

import { expect, it } from 'vitest'
import { SECRETS, SERVICE_ACCOUNTS } from '../../core/api/scheme.ts'
import { TOKEN_ACCOUNT_NAME, TOKEN_SECRET_TYPE } from '../../core/api/token-secret.ts'
import { inProcessClient } from '../../core/apiserver/in-process-client.ts'
import { sharedInformers } from '../../core/client/shared-informers.ts'
import { startControllers } from '../../core/controllers/controllers.ts'
import { systemClock } from '../../host/linux/clock.io.ts'
import { testApiServer } from '../support/api-server.io.ts'
import { ask } from '../support/ask.io.ts'
import { eventually } from '../support/test-host.io.ts'

const namespace = 'default'
const name = { namespace, name: 'robot-token' }
const account = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { namespace, name: 'robot' },
} as const

it('a token kept in a Secret is good until its Secret or its account goes', async () => {
  await using stack = new AsyncDisposableStack()
  const api = stack.use(await testApiServer())
  const { registry, log, pki } = api
  const client = inProcessClient(registry, { user: 'test', fieldManager: 'test' })
  const informers = stack.use(sharedInformers({ client, clock: systemClock, log }))
  stack.use(
    startControllers({
      client,
      informers,
      clock: systemClock,
      log,
      caCertificate: pki.caCertificate,
      loadBalancerCIDR: '192.0.2.0/28',
      signToken: (grant) => registry.tokens?.secretToken(grant) ?? '',
    }),
  )
  const asked = async (token: string): Promise<string> => {
    const headers = { Authorization: `Bearer ${token}` }
    const { code, text } = await ask(api, '/api/v1/namespaces/default/pods', { as: 'nobody', headers })
    return `${code} ${(JSON.parse(text) as { message: string }).message}`
  }
  const tokenOf = async (): Promise<string> =>
    await eventually('the token', async () => {
      const { data } = await client.get(SECRETS, name)
      if (!data?.['token']) return undefined
      expect(Buffer.from(data['ca.crt'] ?? '', 'base64').toString()).toBe(pki.caCertificate)
      expect(Buffer.from(data['namespace'] ?? '', 'base64').toString()).toBe(namespace)
      return Buffer.from(data['token'], 'base64').toString()
    })
  const made = async (): Promise<string> => {
    await client.create(SECRETS, {
      apiVersion: 'v1',
      kind: 'Secret',
      type: TOKEN_SECRET_TYPE,
      metadata: { ...name, annotations: { [TOKEN_ACCOUNT_NAME]: 'robot' } },
    })
    return await tokenOf()
  }
  const KNOWN =
    '403 pods is forbidden: User "system:serviceaccount:default:robot" cannot list resource "pods" in API group "" in the namespace "default"'

  await client.create(SERVICE_ACCOUNTS, account)
  const first = await made()
  expect(await asked(first)).toBe(KNOWN)

  await client.delete(SECRETS, name)
  expect(await asked(first)).toBe('401 Unauthorized')

  const second = await made()
  expect(await asked(second)).toBe(KNOWN)
  await client.delete(SERVICE_ACCOUNTS, { namespace, name: 'robot' })
  expect(await asked(second)).toBe('401 Unauthorized')
  await eventually('the end of the Secret', async () =>
    client.get(SECRETS, name).then(
      () => undefined,
      () => true,
    ),
  )

  // Another account of the name is not who the token was for.
  await client.create(SERVICE_ACCOUNTS, account)
  expect(await asked(second)).toBe('401 Unauthorized')
  expect(log.entries.filter(({ level }) => level === 'error')).toEqual([])
})
